from django.apps import AppConfig


class ServiceConfig(AppConfig):
    name = "genjin.service"
    label = "service"
