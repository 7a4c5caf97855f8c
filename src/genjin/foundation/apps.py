from django.apps import AppConfig


class FoundationConfig(AppConfig):
    name = "genjin.foundation"
    label = "foundation"

    def ready(self) -> None:
        from genjin.foundation import checks  # noqa: F401 - registers the start-up checks
