from django.urls import path

from genjin.web.commitments import views

urlpatterns = [
    path("promises", views.index, name="promises"),
    path("promises/new", views.new, name="promise-new"),
    path("promises/<uuid:pk>/keep", views.keep, name="promise-keep"),
    path("promises/<uuid:pk>/end", views.end, name="promise-end"),
    path("promises/<uuid:pk>/move", views.move, name="promise-move"),
]
