from django.apps import AppConfig


class InsightConfig(AppConfig):
    name = "genjin.insight"
    label = "insight"
