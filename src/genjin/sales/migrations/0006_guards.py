from django.db import migrations

from genjin.foundation.insert_only import guard


class Migration(migrations.Migration):
    dependencies = [("sales", "0005_orders_and_credit")]
    operations = [
        guard("sales_termsagreement"),
        guard("sales_creditdecision"),
        guard("sales_creditinquiry"),
    ]
