"""What agents are doing, and what they have typed but not yet recorded."""

from django.db import models
from django.utils import timezone

from genjin.calling import states
from genjin.calling.models.campaigns import Campaign
from genjin.followups.models import FollowUp
from genjin.foundation.fields import IdField, json_object
from genjin.foundation.insert_only import InsertOnly
from genjin.foundation.models import User


class AgentPresence(models.Model):
    """What one agent is doing now; the floor reads it. One row for each person."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="presence")
    state = models.CharField(max_length=8, choices=states.AgentState.choices, default="off")
    since = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=80, blank=True)
    campaign = models.ForeignKey(Campaign, models.SET_NULL, null=True, related_name="+")
    followup = models.ForeignKey(FollowUp, models.SET_NULL, null=True, related_name="+")
    seen_at = models.DateTimeField(default=timezone.now)


class AgentStateChange(InsertOnly):
    """A state that an agent left, with how long it lasted; the logbook adds these up."""

    id = IdField()
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=states.AgentState.choices)
    reason = models.CharField(max_length=80, blank=True)
    campaign_id = models.BigIntegerField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "-started_at"], name="agent_states_by_person")]


class DeskDraft(models.Model):
    """What an agent has typed for a follow-up and not yet recorded (CA4).

    `revision` grows with every save; an older browser's save is refused, nothing is overwritten.
    """

    followup = models.ForeignKey(FollowUp, models.CASCADE, related_name="drafts")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    content = json_object()
    revision = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["followup", "user"], name="draft_of_person_once")
        ]
