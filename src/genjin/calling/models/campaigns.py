"""Campaigns (CA1): a list, a script, a goal, a team and a schedule."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.calling import states
from genjin.calling.models.scripts import Script
from genjin.customers.models import Segment
from genjin.followups.models import Queue
from genjin.foundation.fields import json_list, json_object
from genjin.foundation.models import Team, User
from genjin.sales.models import Product


class Campaign(models.Model):
    """One campaign. Its follow-ups wait in `queue`, which opens and closes with its state.

    `goals` is {"month": n, "day": n, "hour": n} of successes; `retry_plan` maps an outcome (busy,
    no_answer, away, voicemail …) to {"delay_minutes": n, "tries": n}; `sheet` has the four
    blocks product, price, process, people; `briefing_questions` a list of {"question",
    "answers": […], "right": index}; `order` is "list", "newest", "oldest", "random" or a card
    field. Agents rotate out after `rotation_days` (S2: two months).
    """

    class Selection(models.TextChoices):
        FROZEN = "frozen", _("Frozen when it starts")
        LIVE = "live", _("Live: who enters the segment is called too")

    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=16, choices=states.CampaignKind.choices)
    state = models.CharField(max_length=10, choices=states.CampaignState.choices, default="draft")
    queue = models.OneToOneField(Queue, models.PROTECT, related_name="campaign")
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("segment"),
    )  # fmt: skip
    selection = models.CharField(
        _("selection"), max_length=8, choices=Selection.choices, default="frozen"
    )
    script = models.ForeignKey(
        Script, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("script")
    )
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    weekly = models.CharField(_("hours"), max_length=400, blank=True)
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    goals = json_object()
    closings_wanted = models.PositiveIntegerField(_("closings wanted"), null=True, blank=True)
    retry_plan = json_object()
    order = models.CharField(_("order"), max_length=40, default="list")
    wrap_up_seconds = models.PositiveIntegerField(_("wrap-up time (seconds)"), default=60)
    rotation_days = models.PositiveIntegerField(_("rotation (days)"), default=60)
    payment_terms = json_list()
    sheet = json_object()
    briefing = models.TextField(_("briefing"), blank=True)
    briefing_questions = json_list()
    briefing_version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    pilot_since = models.DateField(null=True, blank=True)
    filled_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class CampaignAgent(models.Model):
    """A person who works on a campaign, from when, and until when before they rotate out."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="agents")
    user = models.ForeignKey(User, models.PROTECT, related_name="campaigns")
    since = models.DateField()
    rotates_on = models.DateField()
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "user"], name="agent_of_campaign_once")
        ]


class BriefingPass(models.Model):
    """Proof that a person read a campaign's briefing and answered its questions (CA1)."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="passes")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    answers = json_list()
    passed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "user", "version"], name="briefing_passed_once"
            )
        ]
