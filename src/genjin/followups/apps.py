from django.apps import AppConfig


class FollowupsConfig(AppConfig):
    name = "genjin.followups"
    label = "followups"

    def ready(self) -> None:
        # models exist only now
        from genjin.customers.importing import updating
        from genjin.followups import resettling_jobs
        from genjin.followups.operations import hold_occasions, permissions, scores

        permissions.register_kinds()
        hold_occasions.register_kinds()
        scores.register_kinds()
        updating.when_moved(resettling_jobs.after_import)
