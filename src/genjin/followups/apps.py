from django.apps import AppConfig


class FollowupsConfig(AppConfig):
    name = "genjin.followups"
    label = "followups"
