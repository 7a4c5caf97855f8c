from django.urls import path

from genjin.web.exports import views

urlpatterns = [
    path("exports", views.exports, name="exports"),
    path("exports/new", views.new, name="export-new"),
    path("exports/trace", views.trace_page, name="export-trace"),
    path("exports/<uuid:pk>", views.export_page, name="export"),
    path("exports/<uuid:pk>/file", views.export_file, name="export-file"),
]
