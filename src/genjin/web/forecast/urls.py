from django.urls import path

from genjin.web.forecast import views

urlpatterns = [
    path("forecast", views.forecast, name="forecast"),
    path("forecast/began/<str:month>", views.began, name="forecast-began"),
]
