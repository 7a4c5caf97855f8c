"""Which event plans which follow-up (FU2)."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.followups import states
from genjin.foundation.fields import json_list, json_object
from genjin.foundation.models import Team, User


class FollowUpRule(models.Model):
    """One rule: when `event` happens and `conditions` hold, plan a follow-up.

    Shipped rules come from policy/rulebook.toml and are synchronised after each migration; what an
    administrator changed (`changed_fields`) stays. `conditions` is a list of {"field", "op",
    "value"} over the event's typed data, all of which must hold. The follow-up may begin
    `delay_days` (and `delay_hours`) after the event's day, at the hour `at_hour` where given, is
    due `window_days` later, and expires with `expires_days` (null: it escalates instead and stays
    takeable). `rank` orders within the rulebook's queue for its purpose, lower first.
    `assign_to` is custodian, creator or queue. `once_per_days` plans at most one follow-up of this
    rule for a customer in so many days (null: one for each event).
    """

    code = models.SlugField(max_length=40, unique=True)
    labels = json_object()
    event = models.CharField(_("event"), max_length=30)
    conditions = json_list()
    channel = models.CharField(_("channel"), max_length=12, choices=states.Channel.choices)
    purpose = models.CharField(_("purpose"), max_length=12, choices=states.Purpose.choices)
    subject = json_object()
    questions = json_list()
    delay_days = models.SmallIntegerField(_("days after"), default=0)
    delay_hours = models.SmallIntegerField(_("hours after"), default=0)
    at_hour = models.PositiveSmallIntegerField(_("at hour"), null=True, blank=True)
    window_days = models.PositiveSmallIntegerField(_("days to do it in"), default=3)
    expires_days = models.PositiveSmallIntegerField(_("loses its sense after days"), null=True,
                                                    blank=True)  # fmt: skip
    once_per_days = models.PositiveSmallIntegerField(null=True, blank=True)
    rank = models.IntegerField(_("priority"), default=100)
    assign_to = models.CharField(max_length=10, default="queue")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")
    is_on = models.BooleanField(_("switched on"), default=True)
    is_shipped = models.BooleanField(default=False)
    is_waiting_for_event = models.BooleanField(default=False)
    changed_fields = json_list()
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    position = models.PositiveIntegerField(default=1000)

    def __str__(self) -> str:
        return self.code


class RuleResult(models.Model):
    """What a rule did with an event that it did not turn into a follow-up, and why.

    Follow-ups that were planned name their rule and event in `cause_key`.
    """

    event = models.ForeignKey("customers.Event", models.CASCADE, related_name="+")
    rule = models.ForeignKey(FollowUpRule, models.CASCADE, related_name="+")
    result = models.CharField(max_length=20)
    detail = json_object()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "rule"], name="rule_result_once")]
        indexes = [models.Index(fields=["rule", "-at"], name="rule_result_by_rule")]
