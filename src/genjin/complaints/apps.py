from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    name = "genjin.complaints"
    label = "complaints"
