from django.apps import AppConfig


class FlowsConfig(AppConfig):
    name = "genjin.flows"
    label = "flows"

    def ready(self) -> None:
        # models exist only now
        from genjin.flows.merging import register_kinds

        register_kinds()
