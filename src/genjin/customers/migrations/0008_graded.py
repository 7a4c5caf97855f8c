"""Finds graded prospects without a walk through every card: lists, and the review of grades."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0007_facet_bits")]
    operations = [
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                fields=["grade", "grade_set_at"],
                name="customer_graded",
                condition=~models.Q(grade=""),
            ),
        ),
    ]
