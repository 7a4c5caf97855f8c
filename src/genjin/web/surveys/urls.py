from django.urls import path

from genjin.web.surveys import public, staff

urlpatterns = [
    path("s/<str:token>", public.survey, name="survey"),
    path("customers/<uuid:pk>/survey", staff.invitation, name="survey-new"),
]
