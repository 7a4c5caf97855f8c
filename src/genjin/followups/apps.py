from django.apps import AppConfig


class FollowupsConfig(AppConfig):
    name = "genjin.followups"
    label = "followups"

    def ready(self) -> None:
        # models exist only now
        from genjin.followups.operations.scores import register_kinds

        register_kinds()
