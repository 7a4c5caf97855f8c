"""Tables of the queue. Rows change through `operations` alone; interactions never."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers.models import ContactPerson, ContactPoint, Customer
from genjin.followups import states
from genjin.foundation.fields import IdField, json_list, json_object
from genjin.foundation.insert_only import InsertOnly
from genjin.foundation.models import Team, User


class Queue(models.Model):
    """A group of follow-ups that wait together, for example those of one campaign.

    `take_next` is always led by a queue. `weekly` narrows the hours of the gate to those of the
    queue (empty: no narrowing); `is_open` false stops taking at once. A person must have all its
    `skills` to get its follow-ups (FU6). `band` orders the queues of one person, lower first.
    `source` names what owns it: ("campaign", id).
    """

    name = models.CharField(max_length=160)
    source_kind = models.CharField(max_length=20)
    source_id = models.CharField(max_length=60, blank=True)
    purpose = models.CharField(max_length=12, choices=states.Purpose.choices)
    channel = models.CharField(max_length=12, choices=states.Channel.choices, default="call")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")
    weekly = models.CharField(max_length=400, blank=True)
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    is_open = models.BooleanField(default=False)
    band = models.SmallIntegerField(default=50)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_kind", "source_id"], name="queue_of_source")
        ]

    def __str__(self) -> str:
        return self.name


class Lane(models.Model):
    """Follow-ups that may be worked at the same hours by the same people.

    A lane is what the hot query looks at instead of at single rows: the customer's time zone, the
    hours that count for them (`weekly`, empty: the policy's quiet hours for the purpose), the
    language and skills needed, and whether they are important (mornings first, FU6). Lanes are
    shared, found by their columns, and never change; there are few of them.
    """

    purpose = models.CharField(max_length=12)
    time_zone = models.CharField(max_length=60)
    weekly = models.CharField(max_length=400, blank=True)
    language = models.CharField(max_length=12, blank=True)
    skills = ArrayField(models.CharField(max_length=40), default=list)
    is_important = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "time_zone", "weekly", "language", "skills", "is_important"],
                name="lane_once",
            )
        ]


class FollowUp(models.Model):
    """One planned contact with one customer (FU1).

    `cause_key` is unique: planning the same thing twice plans it once. `rank` orders inside a
    queue, lower first. `not_before` is the earliest moment (with `planned` until then); past
    `due_at` it escalates and stays takeable; only with `expires_at` does it lose its sense.
    `assigned_to` waits for one person. `asked_at` is the time the customer asked to be called
    back at: such a row passes quiet hours and the sales cap. `withheld` keeps the gate's last
    reasons. `lease_until` bounds `taken`: a lease that runs out returns the row. One that a
    machine delivers is `taken` by nobody until its message ends. `tries` counts the contacts
    made. `source` names the thing it is about.
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="followups")
    person = models.ForeignKey(
        ContactPerson, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="followups")
    lane = models.ForeignKey(Lane, models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=12, choices=states.Channel.choices, default="call")
    purpose = models.CharField(max_length=12, choices=states.Purpose.choices)
    cause_key = models.CharField(max_length=120, unique=True)
    source_kind = models.CharField(max_length=20, blank=True)
    source_id = models.CharField(max_length=60, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=states.State.choices, default="planned")
    rank = models.BigIntegerField(default=0)
    not_before = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    assigned_to = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    taken_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    taken_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    last_outcome = models.CharField(max_length=24, blank=True)
    withheld = json_list()
    escalated_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["queue", "lane", "rank", "id"],
                condition=models.Q(state="ready", assigned_to__isnull=True),
                name="followup_ready",
            ),
            models.Index(
                fields=["assigned_to", "not_before"],
                condition=models.Q(state__in=["planned", "ready"], assigned_to__isnull=False),
                name="followup_own",
            ),
            models.Index(
                fields=["queue", "not_before"],
                condition=models.Q(state="planned"),
                name="followup_planned",
            ),
            models.Index(
                fields=["lease_until"], condition=models.Q(state="taken"), name="followup_leased"
            ),
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["planned", "ready"], escalated_at__isnull=True),
                name="followup_due",
            ),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(state__in=["planned", "ready"], expires_at__isnull=False),
                name="followup_expiring",
            ),
            models.Index(
                fields=["escalated_at"],
                condition=models.Q(state__in=["planned", "ready"], escalated_at__isnull=False),
                name="followup_escalated",
            ),
            models.Index(
                fields=["not_before"],
                condition=models.Q(state="ready", channel="email"),
                name="followup_for_machine",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="taken_has_holder_and_lease",
                condition=~models.Q(state="taken")
                | models.Q(taken_by__isnull=False, lease_until__isnull=False)
                | models.Q(channel__in=states.MACHINE_CHANNELS, lease_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.subject or str(self.id)


class Contact(models.Model):
    """A contact that someone or something began: written before it is made (the gate's own row).

    The caps count these rows, so a call that never got its outcome counts too. `decision` is the
    gate's answer at that moment. Begun and left without an outcome it becomes `unknown`.
    """

    id = IdField()
    followup = models.ForeignKey(
        FollowUp, models.PROTECT, null=True, blank=True, related_name="contacts"
    )
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    point = models.ForeignKey(ContactPoint, models.SET_NULL, null=True, related_name="+",
                              db_index=False)  # fmt: skip
    channel = models.CharField(max_length=12, choices=states.Channel.choices)
    purpose = models.CharField(max_length=12, choices=states.Purpose.choices)
    address = models.CharField(max_length=254)
    state = models.CharField(max_length=8, choices=states.ContactState.choices, default="started")
    is_conversation = models.BooleanField(default=False)
    decision = json_object()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    started_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-started_at"], name="contact_by_customer"),
            models.Index(fields=["address", "-started_at"], name="contact_by_address"),
            models.Index(
                fields=["by", "started_at"], condition=models.Q(state="started"),
                name="contact_unclosed",
            ),
        ]  # fmt: skip


class Interaction(InsertOnly):
    """One contact that took place, on any channel (FU7). Insert-only.

    A correction is a new row whose `corrects` names the old one, with the whole corrected content
    and the reason in `detail["reason"]`; figures count the newest row of such a chain.
    `is_connected` someone answered (接通), `is_reached` it was the right party (接触),
    `is_success` the purpose's success was agreed. Seconds are whole. `local_day`/`local_hour` are
    in the organisation's zone, for the logbook. `detail` holds what the purpose records: grade,
    expected date and amount, needs, concerns, objection card, product, next step, message left.
    `decision` is the gate's answer under which it was made. `script_version` is the id of the
    script's version in `calling`.
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="interactions",
                                 db_index=False)  # fmt: skip
    person = models.ForeignKey(ContactPerson, models.PROTECT, null=True, related_name="+",
                               db_index=False)  # fmt: skip
    followup = models.ForeignKey(FollowUp, models.PROTECT, null=True, related_name="interactions")
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+",
                                db_index=False)  # fmt: skip
    queue = models.ForeignKey(Queue, models.PROTECT, null=True, related_name="+", db_index=False)
    channel = models.CharField(max_length=12, choices=states.Channel.choices)
    is_inbound = models.BooleanField(default=False)
    purpose = models.CharField(max_length=12, choices=states.Purpose.choices)
    address = models.CharField(max_length=254, blank=True)
    outcome = models.CharField(max_length=24)
    is_connected = models.BooleanField(default=False)
    is_reached = models.BooleanField(default=False)
    is_success = models.BooleanField(default=False)
    at = models.DateTimeField()
    local_day = models.DateField()
    local_hour = models.PositiveSmallIntegerField()
    talk_seconds = models.PositiveIntegerField(default=0)
    wrap_seconds = models.PositiveIntegerField(default=0)
    note = models.TextField(blank=True)
    next_step = models.CharField(max_length=300, blank=True)
    detail = json_object()
    decision = json_object()
    script_version = models.BigIntegerField(null=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    staff_number = models.CharField(max_length=20, blank=True)
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="corrected_by"
    )

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-at"], name="interaction_by_customer"),
            models.Index(fields=["by", "local_day"], name="interaction_by_person"),
            models.Index(fields=["queue", "local_day"], name="interaction_by_queue"),
            models.Index(fields=["local_day"], name="interaction_by_day"),
            models.Index(
                fields=["-at"],
                condition=models.Q(detail__has_key="message"),
                name="interaction_with_message",
            ),
        ]


class Commitment(models.Model):
    """Something that we promised a customer, with an owner and a date (FU9)."""

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="commitments")
    text = models.CharField(_("promise"), max_length=300)
    owner = models.ForeignKey(User, models.PROTECT, related_name="+")
    due_at = models.DateTimeField(_("due"))
    state = models.CharField(max_length=10, choices=states.CommitmentState.choices, default="open")
    interaction = models.ForeignKey(
        Interaction, models.PROTECT, null=True, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=300, blank=True)
    kind = models.CharField(
        _("kind"), max_length=10, choices=states.CommitmentKind.choices, default="other"
    )
    source_kind = models.CharField(max_length=20, blank=True)
    source_id = models.CharField(max_length=60, blank=True)
    remind_at = models.DateTimeField(_("remind"), null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "due_at"], condition=models.Q(state="open"),
                         name="commitment_open_by_owner"),
            models.Index(fields=["due_at"], condition=models.Q(state="open"),
                         name="commitment_open_by_due"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.text
