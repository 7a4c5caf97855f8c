"""Makes the tables of facts insert-only."""

from django.db import migrations

from genjin.foundation.insert_only import guard


class Migration(migrations.Migration):
    dependencies = [("calling", "0001_initial")]
    operations = [guard("calling_agentstatechange"), guard("calling_scriptversion")]
