"""People who sign in, their teams, and what the system remembers about its own working."""

from datetime import date, timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.foundation.fields import IdField, json_list, json_object
from genjin.foundation.insert_only import InsertOnly


class Team(models.Model):
    """A group of people under one supervisor; the scope of what they may see."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    is_active = models.BooleanField(_("active"), default=True)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=username.strip(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in. `role` is a code of policy/roles.toml, where its rights stand.

    `spoken` are languages and dialects (cmn, yue, nan, wuu, en …), `skills` free codes; a
    follow-up that needs one is handed only to someone who has it (FU6).
    """

    username = models.CharField(_("sign-in name"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=80)
    staff_number = models.CharField(_("staff number"), max_length=20, blank=True)
    role = models.CharField(_("role"), max_length=30)
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="members", verbose_name=_("team")
    )
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    time_zone = models.CharField(_("time zone"), max_length=60, default="Asia/Shanghai")
    spoken = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    must_change_password = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name", "role"]
    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("username"), name="user_username_unique"),
            models.UniqueConstraint(
                fields=["staff_number"],
                condition=~models.Q(staff_number=""),
                name="user_staff_number_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.staff_number})" if self.staff_number else self.name

    def get_short_name(self) -> str:
        """The name that the frame of every page shows."""
        return self.name


class SignInAttempt(InsertOnly):
    """One try to sign in, right or wrong; the lock-out counts these (PL4).

    `is_unlock` is no try: an administrator opened the name, and the count begins anew.
    """

    id = IdField()
    at = models.DateTimeField(default=timezone.now)
    username = models.CharField(max_length=60)
    address = models.GenericIPAddressField(null=True)
    was_right = models.BooleanField()
    was_locked = models.BooleanField(default=False)
    is_unlock = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["username", "at"], name="sign_in_by_name")]


class UserSession(models.Model):
    """One open sign-in of a person: shown in the session list, ended from there (PL4)."""

    session_key = models.CharField(max_length=40, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="sessions")
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True)


class ApiToken(models.Model):
    """A key by which another program acts for a person through the API (PL6).

    The token reads `gj_<handle>_<secret>`; `digest` is the SHA-256 of its secret, which is kept
    nowhere. It may what its person may, and no more than `scope`. Rows are kept for good: one that
    was revoked or ran out opens nothing.
    """

    class Scope(models.TextChoices):
        READ = "read", pgettext_lazy("of an access token", "Read")
        WRITE = "write", pgettext_lazy("of an access token", "Read and write")

    id = IdField()
    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80)
    scope = models.CharField(max_length=5, choices=Scope.choices)
    handle = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    used_at = models.DateTimeField(null=True)
    used_from = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-made_at"], name="api_token_by_person")]

    def __str__(self) -> str:
        return self.name

    @property
    def last_day(self) -> date | None:
        """The last day on which it opens, in the time zone that is active."""
        if self.expires_at is None:
            return None
        return timezone.localdate(self.expires_at - timedelta(microseconds=1))


class AuditEntry(InsertOnly):
    """Who changed what from what to what (PL5). Insert-only.

    `changes` maps a field to [before, after]. `source` is screen, command, import, job or api.
    A bulk change is one entry whose `changes` says how many and by what selection.
    """

    id = IdField()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=60)
    label = models.CharField(max_length=200, blank=True)
    changes = json_object()
    reason = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=12, default="screen")
    address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["object_kind", "object_id", "-at"], name="audit_by_object"),
            models.Index(fields=["-at"], name="audit_by_time"),
            models.Index(fields=["by", "-at"], name="audit_by_person"),
        ]


class PolicySetting(models.Model):
    """A value that an administrator set over the one shipped in policy/. One row for each key."""

    key = models.CharField(max_length=120, primary_key=True)
    value = models.JSONField()
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")


class Heartbeat(models.Model):
    """When a part of the system last said that it is well; /healthz reads it."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField(db_default=Now())
    data = json_object()


class LongTask(models.Model):
    """Something long that runs in the worker: its progress, its result, its error (PL8, PL9)."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Stopped")

    id = IdField()
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    done_count = models.BigIntegerField(default=0)
    total_count = models.BigIntegerField(null=True)
    result = json_object()
    error = models.TextField(blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-created_at"], name="long_task_newest")]


class Approval(models.Model):
    """A decision asked of a named person or role (PL11). Kinds stand in policy/approvals.toml.

    `subject` names the thing it is about, `evidence` what the decider sees: a list of
    {"label", "value", "url"} as data for sentences; `payload` what the executor of the kind needs
    to carry it out. Who may decide is worked out from the kind, the amount and the team when it
    is asked and again when it is decided; never the one who asked. Deciding carries the decision
    out in the same transaction. Past `due_at` it escalates to `escalates_to`.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Waits for a decision")
        APPROVED = "approved", pgettext_lazy("approval", "Approved")
        REFUSED = "refused", pgettext_lazy("approval", "Refused")
        WITHDRAWN = "withdrawn", pgettext_lazy("approval", "Withdrawn")
        LAPSED = "lapsed", pgettext_lazy("approval", "Lapsed")

    id = IdField()
    kind = models.CharField(max_length=30)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.CharField(max_length=60)
    title = json_object()
    evidence = json_list()
    payload = json_object()
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=20)
    excluded = json_list()
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["role", "due_at"], condition=models.Q(state="asked"),
                         name="approval_waiting"),
            models.Index(fields=["asked_by", "-asked_at"], name="approval_by_asker"),
            models.Index(fields=["subject_kind", "subject_id"], name="approval_by_subject"),
        ]  # fmt: skip


class Delegation(models.Model):
    """Someone decides for a person who is away, from a day until a day (both included)."""

    person = models.ForeignKey(User, models.CASCADE, related_name="delegations")
    to = models.ForeignKey(User, models.CASCADE, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField()
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)


class NumberSeries(models.Model):
    """What the numbers of one kind of paper look like, and when they begin at one again (SA12).

    The codes stand in policy/numbering.toml. Written by `numbering.series` alone.
    """

    class Reset(models.TextChoices):
        NEVER = "never", pgettext_lazy("numbers", "Never")
        YEAR = "year", pgettext_lazy("numbers", "Every year")
        MONTH = "month", pgettext_lazy("numbers", "Every month")

    code = models.CharField(max_length=30, primary_key=True)
    pattern = models.CharField(max_length=40)
    stem = models.CharField(max_length=40)
    reset = models.CharField(max_length=6, choices=Reset.choices)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return self.code


class NumberCounter(models.Model):
    """The last number drawn of a series, for one shape and one span ("2026", "2026-11", "").

    Its row is locked from a draw until the end of that transaction: `numbering.drawing`.
    """

    series = models.ForeignKey(NumberSeries, models.PROTECT, related_name="counters")
    stem = models.CharField(max_length=40)
    period = models.CharField(max_length=7, blank=True)
    last = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["series", "stem", "period"], name="number_counter_unique"
            ),
        ]
