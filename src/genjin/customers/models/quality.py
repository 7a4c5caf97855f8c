"""How many cards there were, how full and how fresh they were, day by day (CU14)."""

from django.db import models

from genjin.foundation.models import Team, User


class CardCount(models.Model):
    """The cards of one custodian, team and province at the end of one day.

    `new_cards` were opened in the month of `day` until its end. `asked` is how many core fields
    these cards have, `filled` how many of them say something, `fresh` how many cards were
    confirmed lately; `with_email` have an address in order, `with_consent` besides agreed to get
    offers there. Rows with no `cards` were made afterwards for a month that nobody counted:
    they know the new cards alone. `province` is a division code, empty where none is known.
    """

    day = models.DateField()
    custodian = models.ForeignKey(User, models.CASCADE, null=True, related_name="+", db_index=False)
    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="+", db_index=False)
    province = models.CharField(max_length=12, blank=True)
    cards = models.PositiveIntegerField()
    new_cards = models.PositiveIntegerField()
    filled = models.PositiveIntegerField()
    asked = models.PositiveIntegerField()
    fresh = models.PositiveIntegerField()
    with_email = models.PositiveIntegerField(db_default=0)
    with_consent = models.PositiveIntegerField(db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "team", "custodian", "province"],
                name="card_count_once",
                nulls_distinct=False,
            )
        ]
