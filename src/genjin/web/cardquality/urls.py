from django.urls import path

from genjin.web.cardquality import views

urlpatterns = [
    path("cards/quality", views.page, name="card-quality"),
    path("cards/quality/count", views.count, name="card-quality-count"),
]
