"""Makes the tables of facts insert-only."""

from django.db import migrations

from genjin.foundation.insert_only import guard


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]
    operations = [guard("customers_consent"), guard("customers_timelineentry")]
