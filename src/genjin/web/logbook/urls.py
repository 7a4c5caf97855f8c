from django.urls import path

from genjin.web.logbook import records, views

urlpatterns = [
    path("logbook", views.page, name="logbook"),
    path("logbook/records", records.index, name="logbook-records"),
    path("logbook/records/<uuid:pk>", records.page, name="logbook-record"),
    path("logbook/records/<uuid:pk>/correct", records.correct, name="logbook-correct"),
]
