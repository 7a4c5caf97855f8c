"""Sorts and finds names by their pinyin with one index, whatever the database's collation."""

from django.db import migrations, models
from django.db.models.functions import Collate


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_folded_prefix")]
    operations = [
        migrations.RemoveIndex(model_name="customer", name="customer_pinyin_prefix"),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(Collate("name_key", "C"), "id", name="customer_by_pinyin"),
        ),
    ]
