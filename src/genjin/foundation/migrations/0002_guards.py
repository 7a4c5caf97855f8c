"""Makes the tables of facts insert-only."""

from django.db import migrations

from genjin.foundation.insert_only import guard


class Migration(migrations.Migration):
    dependencies = [("foundation", "0001_initial")]
    operations = [guard("foundation_auditentry"), guard("foundation_signinattempt")]
