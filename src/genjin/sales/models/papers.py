"""Papers that went out: number, customer, what they are about, and the file itself (SA12)."""

from django.db import models
from django.db.models import Q

from genjin.customers.models import Customer
from genjin.foundation.fields import IdField
from genjin.foundation.insert_only import InsertOnly
from genjin.foundation.models import User
from genjin.sales import states


class IssuedPaper(InsertOnly):
    """One paper as it was made. A correction is a new one that names the old in `replaces`.

    `source_kind` and `source_id` name what it is about ("order" and its id; "statement" and the
    month); a source has one paper of a kind, until that is replaced. `edition` counts papers of one
    number, as when an order is confirmed anew. `day` is the day on the paper, `sha256` and `size`
    are the file's. `shows_contact` says that it carries whole numbers or addresses, which not
    everybody sees.
    """

    id = IdField()
    kind = models.CharField(max_length=20, choices=states.PaperKind.choices)
    number = models.CharField(max_length=60)
    edition = models.PositiveSmallIntegerField(default=1)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="papers")
    title = models.CharField(max_length=120)
    language = models.CharField(max_length=10)
    day = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)
    source_kind = models.CharField(max_length=30, blank=True)
    source_id = models.CharField(max_length=80, blank=True)
    shows_contact = models.BooleanField(default=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    reason = models.CharField(max_length=300, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "number", "edition"], name="paper_number_once"),
            models.UniqueConstraint(
                fields=["kind", "source_kind", "source_id"],
                condition=~Q(source_id="") & Q(replaces=None),
                name="paper_of_source_once",
            ),
        ]
        indexes = [models.Index(fields=["customer", "-made_at"], name="paper_of_customer")]

    def __str__(self) -> str:
        return f"{self.title} {self.number}"


class PaperFile(InsertOnly):
    """The bytes of a paper, in a table of their own so that lists never read them.

    They lie in the database: written in the transaction that draws the number, covered by the same
    backup, out of reach of whoever can write files.
    """

    paper = models.OneToOneField(IssuedPaper, models.PROTECT, primary_key=True, related_name="file")
    content = models.BinaryField()
