from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "genjin.customers"
    label = "customers"

    def ready(self) -> None:
        from genjin.customers.exporting import operations as exporting
        from genjin.foundation import approvals

        approvals.register(exporting.KIND, carry_out=exporting.carry_out, give_up=exporting.give_up)
