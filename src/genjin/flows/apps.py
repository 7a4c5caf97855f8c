from django.apps import AppConfig


class FlowsConfig(AppConfig):
    name = "genjin.flows"
    label = "flows"
