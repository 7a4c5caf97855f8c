"""Urls of bringing customers in."""

from django.urls import path

from genjin.web.imports import rows, views

urlpatterns = [
    path("imports", views.import_list, name="imports"),
    path("imports/new", views.upload, name="import-new"),
    path("imports/<uuid:pk>", views.detail, name="import"),
    path("imports/<uuid:pk>/mapping", views.mapping, name="import-mapping"),
    path("imports/<uuid:pk>/layout", views.layout, name="import-layout"),
    path("imports/<uuid:pk>/progress", views.progress, name="import-progress"),
    path("imports/<uuid:pk>/check", views.check, name="import-check"),
    path("imports/<uuid:pk>/write", views.write, name="import-write"),
    path("imports/<uuid:pk>/stop", views.stop, name="import-stop"),
    path("imports/<uuid:pk>/errors.<str:kind>", rows.faults, name="import-errors"),
    path("imports/<uuid:pk>/decide", rows.decide_rows, name="import-decide"),
]
