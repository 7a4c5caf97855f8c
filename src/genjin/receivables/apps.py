from django.apps import AppConfig


class ReceivablesConfig(AppConfig):
    name = "genjin.receivables"
    label = "receivables"
