"""A file of customers on its way in (CU11)."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers import states
from genjin.customers.models.card import Customer
from genjin.foundation.fields import IdField, json_list, json_object
from genjin.foundation.models import LongTask, User


class ImportMapping(models.Model):
    """How the columns of one layout become card fields; found again by the file's header."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    header_digest = models.CharField(max_length=64, blank=True, db_index=True)
    mapping = json_object()
    used_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")


class CustomerImport(models.Model):
    """One run of one file. `next_row` is the first row not yet written: where a resume starts.

    `file_digest` (SHA-256) is taken when the file comes in and compared before every chunk's
    source is opened: a file that changed meanwhile is refused. Rows and `next_row` are written in
    the same transaction, so no row comes in twice.
    """

    id = IdField()
    file_name = models.CharField(max_length=200)
    stored_path = models.CharField(max_length=500)
    file_size = models.BigIntegerField()
    file_digest = models.CharField(max_length=64, db_index=True)
    format = models.CharField(max_length=8)
    encoding = models.CharField(max_length=12, blank=True)
    delimiter = models.CharField(max_length=2, blank=True)
    sheet = models.CharField(max_length=120, blank=True)
    columns = json_list()
    mapping = json_object()
    on_duplicate = models.CharField(
        max_length=8,
        choices=[("skip", _("Skip")), ("update", _("Update")), ("ask", _("Ask"))],
        default="skip",
    )
    state = models.CharField(max_length=10, choices=states.ImportState.choices, default="uploaded")
    next_row = models.BigIntegerField(default=0)
    total_rows = models.BigIntegerField(null=True)
    created_count = models.BigIntegerField(default=0)
    updated_count = models.BigIntegerField(default=0)
    skipped_count = models.BigIntegerField(default=0)
    error_count = models.BigIntegerField(default=0)
    asked_count = models.BigIntegerField(default=0)
    report = json_object()
    error = models.CharField(max_length=500, blank=True)
    task = models.ForeignKey(LongTask, models.SET_NULL, null=True, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)


class ImportRow(models.Model):
    """A row of a file that did not simply go in: an error, a duplicate, or one to ask about."""

    class Fate(models.TextChoices):
        ERROR = "error", _("Error")
        SKIPPED = "skipped", _("Skipped as a duplicate")
        ASK = "ask", _("Waits for a decision")
        UPDATED = "updated", _("Updated")
        CREATED = "created", _("Created")

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(CustomerImport, models.CASCADE, related_name="rows", db_index=False)
    row_number = models.BigIntegerField()
    fate = models.CharField(max_length=8, choices=Fate.choices)
    values = json_list()
    problems = json_list()
    duplicate_of = models.ForeignKey(Customer, models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["run", "fate", "row_number"], name="import_row_by_fate")]
