from django.apps import AppConfig


class CallingConfig(AppConfig):
    name = "genjin.calling"
    label = "calling"
