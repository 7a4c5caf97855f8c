from django.apps import AppConfig


class SalesConfig(AppConfig):
    name = "genjin.sales"
    label = "sales"
