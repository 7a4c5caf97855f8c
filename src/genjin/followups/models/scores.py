"""Scores that customers gave our people, chained so that a change is found out (FU8)."""

from django.db import models
from django.utils import timezone

from genjin.customers.models import Customer
from genjin.followups.models.queue import FollowUp, Interaction
from genjin.foundation.fields import IdField, json_object
from genjin.foundation.insert_only import InsertOnly
from genjin.foundation.models import User


class Score(InsertOnly):
    """One link of the chain: a score, a correction or an erasure. Insert-only.

    `sequence` runs 1, 2, 3 … without a gap. `digest` is HMAC-SHA-256 with the key named by
    `key_id` (kept outside the database) over the canonical content and the predecessor's digest.
    `text_digest` is the keyed digest of the words, which lie in `ScoreText`. A correction names
    what it corrects and the approval that allowed it; both stay readable. `points` runs from 1 to
    `out_of`; null in an erasure.
    """

    sequence = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=10)
    role = models.CharField(max_length=12)
    scored = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="+")
    interaction = models.ForeignKey(Interaction, models.PROTECT, null=True, related_name="+")
    followup = models.ForeignKey(FollowUp, models.PROTECT, null=True, related_name="+",
                                 db_index=False)  # fmt: skip
    question = models.CharField(max_length=60)
    points = models.SmallIntegerField(null=True)
    out_of = models.PositiveSmallIntegerField(default=5)
    corrects = models.ForeignKey("self", models.PROTECT, null=True, related_name="corrections")
    approval = models.UUIDField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    text_digest = models.BinaryField(max_length=32, null=True)
    source = models.CharField(max_length=12)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()
    key_id = models.CharField(max_length=16)
    digest = models.BinaryField(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["scored", "-at"], name="score_by_person")]


class ScoreText(models.Model):
    """The words beside a score, encrypted under a key of their own; erasing destroys the row."""

    score = models.OneToOneField(Score, models.CASCADE, primary_key=True, related_name="text")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    key = models.BinaryField()
    body = models.BinaryField()


class ScoreAnchor(models.Model):
    """A daily digest of the chain's end that was sent outside, and where it went."""

    day = models.DateField(unique=True)
    sequence = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)
    sent_to = models.CharField(max_length=300)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)


class SurveyInvitation(models.Model):
    """A link by which a customer answers a survey without a login; used once.

    `token_digest` is the SHA-256 of the token in the link: the link itself is not kept.
    `questions` is the list of {"code", "role", "scored", "labels"} asked.
    """

    id = IdField()
    token_digest = models.CharField(max_length=64, unique=True)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    followup = models.ForeignKey(FollowUp, models.SET_NULL, null=True, related_name="+")
    interaction = models.ForeignKey(Interaction, models.PROTECT, null=True, related_name="+")
    questions = json_object()
    language = models.CharField(max_length=12, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
