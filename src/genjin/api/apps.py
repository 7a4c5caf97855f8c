from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "genjin.api"
    label = "api"

    def ready(self) -> None:
        from genjin.api import checks  # noqa: F401 - registers itself
