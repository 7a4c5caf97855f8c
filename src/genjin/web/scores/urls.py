from django.urls import path

from genjin.web.scores import views

urlpatterns = [
    path("scores", views.index, name="scores"),
    path("scores/records", views.records, name="score-records"),
    path("scores/mine", views.mine, name="my-scores"),
    path("scores/check", views.check, name="score-check"),
    path("scores/<int:pk>", views.score, name="score"),
]
