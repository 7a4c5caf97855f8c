"""Finds names that begin as typed in either script; replaces the index on the name as written."""

from django.contrib.postgres.indexes import OpClass
from django.db import migrations, models
from django.db.models.functions import Left


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_guards")]
    operations = [
        migrations.RemoveIndex(model_name="customer", name="customer_name_prefix"),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                OpClass(Left("search_text", 30), name="text_pattern_ops"),
                name="customer_folded_prefix",
            ),
        ),
    ]
