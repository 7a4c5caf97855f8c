from django.urls import path

from genjin.web.segments import views

urlpatterns = [
    path("segments", views.segments, name="segments"),
    path("segments/new", views.segment_new, name="segment-new"),
    path("segments/<int:pk>", views.segment, name="segment"),
    path("segments/<int:pk>/change", views.segment_change, name="segment-change"),
    path("segments/<int:pk>/archive", views.segment_archive, name="segment-archive"),
]
