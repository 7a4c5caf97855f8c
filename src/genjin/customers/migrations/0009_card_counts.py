"""How many cards there are, how full and how fresh, counted each night."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0008_graded"),
        ("foundation", "0004_approvals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CardCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("province", models.CharField(blank=True, max_length=12)),
                ("cards", models.PositiveIntegerField()),
                ("new_cards", models.PositiveIntegerField()),
                ("filled", models.PositiveIntegerField()),
                ("asked", models.PositiveIntegerField()),
                ("fresh", models.PositiveIntegerField()),
                (
                    "custodian",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="foundation.team",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "team", "custodian", "province"),
                        name="card_count_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
    ]
