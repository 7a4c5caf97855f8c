"""Messages that a machine sends: written in the transaction of their cause, before they go."""

from django.db import models
from django.utils import timezone

from genjin.customers.models import ContactPerson, ContactPoint, Customer
from genjin.followups import states
from genjin.followups.models.queue import Contact, FollowUp, Interaction
from genjin.foundation.fields import IdField, json_list, json_object
from genjin.foundation.models import User


class OutgoingMessage(models.Model):
    """One message to one address of one customer, and what became of it.

    `cause_key` is unique: asked for twice it is written once. `source` names the thing it is
    about; its domain cancels by it. `wanted_at` is when it was to go at the earliest, `not_before`
    when it is tried next (a hold, a retry). `claim` is the token of the worker that holds it until
    `lease_until`; `begun_at` the moment from which the server may have it. `attachments` is a list
    of {"kind", "id", "name", "type"}: the bytes are loaded by kind when it goes. `headers` are
    added as they are. `reply` is the server's last answer, `reasons` why it waits or ended unsent.
    `contact` is the row that the caps count, `interaction` the memory of a sent one.
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="messages",
                                 db_index=False)  # fmt: skip
    person = models.ForeignKey(ContactPerson, models.SET_NULL, null=True, related_name="+",
                               db_index=False)  # fmt: skip
    followup = models.ForeignKey(FollowUp, models.PROTECT, null=True, related_name="messages")
    point = models.ForeignKey(ContactPoint, models.SET_NULL, null=True, related_name="+")
    channel = models.CharField(max_length=12, choices=states.Channel.choices)
    purpose = models.CharField(max_length=12, choices=states.Purpose.choices)
    address = models.CharField(max_length=254)
    cause_key = models.CharField(max_length=120, unique=True)
    source_kind = models.CharField(max_length=20, blank=True)
    source_id = models.CharField(max_length=60, blank=True)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = json_object()
    attachments = json_list()
    state = models.CharField(
        max_length=12, choices=states.MessageState.choices, default=states.MessageState.WAITING
    )
    wanted_at = models.DateTimeField()
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reply = models.CharField(max_length=300, blank=True)
    reasons = json_list()
    decision = json_object()
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="messages")
    interaction = models.ForeignKey(Interaction, models.PROTECT, null=True, related_name="+",
                                    db_index=False)  # fmt: skip
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+",
                                   db_index=False)  # fmt: skip

    class Meta:
        indexes = [
            models.Index(
                fields=["channel", "purpose", "not_before", "id"],
                condition=models.Q(state="waiting"),
                name="message_waiting",
            ),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(state__in=["claimed", "sending"]),
                name="message_leased",
            ),
            models.Index(
                fields=["customer"],
                condition=models.Q(state__in=["waiting", "claimed"]),
                name="message_unbegun_by_customer",
            ),
            models.Index(
                fields=["ended_at"],
                condition=models.Q(state="sent", interaction__isnull=True),
                name="message_to_remember",
            ),
            models.Index(fields=["channel", "claimed_at"], name="message_by_claim"),
            models.Index(fields=["source_kind", "source_id"], name="message_by_source"),
            models.Index(fields=["customer", "-created_at"], name="message_by_customer"),
            models.Index(fields=["state", "-created_at"], name="message_by_state"),
        ]
        constraints = [
            models.CheckConstraint(
                name="claimed_message_has_lease",
                condition=~models.Q(state__in=["claimed", "sending"])
                | models.Q(claim__isnull=False, lease_until__isnull=False),
            ),
            models.CheckConstraint(
                name="message_under_way_was_begun",
                condition=~models.Q(state__in=["sending", "unknown"])
                | models.Q(begun_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.subject
