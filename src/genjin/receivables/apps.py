from django.apps import AppConfig


class ReceivablesConfig(AppConfig):
    name = "genjin.receivables"
    label = "receivables"

    def ready(self) -> None:
        # models exist only now
        from genjin.receivables import news
        from genjin.receivables.operations import approving, classes, promises

        news.register()
        classes.register_kinds()
        promises.register_kinds()
        approving.register_kinds()
