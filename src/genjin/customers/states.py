"""Choices of the customer's floor."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.kernel.states import StateTable


class Kind(models.TextChoices):
    PERSON = "person", pgettext_lazy("kind of customer", "Person")
    ORGANISATION = "organisation", _("Organisation")


class Sex(models.TextChoices):
    UNKNOWN = "", _("Not known")
    FEMALE = "f", _("Female")
    MALE = "m", _("Male")


class Grade(models.TextChoices):
    """How soon a prospect should close (S2): A in a week, B in a month."""

    NONE = "", _("Not graded")
    A = "A", _("A: within a week")
    B = "B", _("B: within a month")
    C = "C", _("C: interested")
    D = "D", _("D: may become interested")
    E = "E", _("E: ordinary")


class ValueClass(models.TextChoices):
    """What a customer is worth by deal amount (CU3)."""

    NONE = "", _("No class")
    A = "A", pgettext_lazy("class", "A: key")
    B = "B", pgettext_lazy("class", "B: second")
    C = "C", pgettext_lazy("class", "C: ordinary")


class CustomerList(models.TextChoices):
    """Which list a customer stands on (CU4)."""

    EXISTING = "existing", pgettext_lazy("list", "Existing")
    PROBABLE = "probable", pgettext_lazy("list", "Probable")
    POTENTIAL = "potential", pgettext_lazy("list", "Potential")


class CardSet(models.TextChoices):
    """In which box a card stands for one product category (CU4)."""

    FIXED = "fixed", pgettext_lazy("card set", "Fixed card")
    ATTACK = "attack", pgettext_lazy("card set", "Attack card")
    DEVELOPMENT = "development", pgettext_lazy("card set", "Development card")
    UNKNOWN = "", pgettext_lazy("card set", "To be found out")


class ProspectState(models.TextChoices):
    """What to do with a prospect (CU5)."""

    NONE = "", _("Not decided")
    KEEP = "keep", _("Keep visiting")
    PAUSE = "pause", _("Pause until a date")
    HOLD_ON = "hold_on", _("Do not give up")


class VisitingGrade(models.TextChoices):
    """How often a prospect to keep visiting is visited and phoned (CU5)."""

    NONE = "", _("Not set")
    OFTEN = "1", pgettext_lazy("visiting grade", "1: often")
    REGULAR = "2", pgettext_lazy("visiting grade", "2: regularly")
    SELDOM = "3", pgettext_lazy("visiting grade", "3: now and then")


class DatePrecision(models.TextChoices):
    DAY = "day", _("To the day")
    MONTH = "month", _("To the month")
    YEAR = "year", _("To the year")


class Condition(models.TextChoices):
    """How an owned product is."""

    UNKNOWN = "", _("Not known")
    GOOD = "good", pgettext_lazy("condition", "Good")
    WORN = "worn", pgettext_lazy("condition", "Worn")
    FAULTY = "faulty", pgettext_lazy("condition", "Faulty")


class AccessAction(models.TextChoices):
    """What someone did with a card without changing it (CU8)."""

    VIEWED = "viewed", _("Looked at")
    NUMBER = "number", _("Saw the whole number")
    LENT = "lent", _("Lent")
    RETURNED = "returned", _("Loan ended")
    EXPORTED = "exported", _("Exported")
    PRINTED = "printed", _("Printed")


class ExportState(models.TextChoices):
    ASKED = "asked", _("Waits for approval")
    APPROVED = "approved", _("Being made")
    READY = "ready", pgettext_lazy("export", "Ready")
    REFUSED = "refused", pgettext_lazy("export", "Refused")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", pgettext_lazy("export", "Expired")


EXPORT_STATES = StateTable(
    states=list(ExportState.values),
    transitions={
        ExportState.ASKED: {ExportState.APPROVED, ExportState.REFUSED, ExportState.FAILED},
        ExportState.APPROVED: {ExportState.READY, ExportState.FAILED},
        ExportState.READY: {ExportState.EXPIRED},
        ExportState.FAILED: {ExportState.APPROVED},
    },
)


class PairState(models.TextChoices):
    """What was decided about two cards that may be one customer."""

    OPEN = "open", pgettext_lazy("pair", "Open")
    MERGED = "merged", _("Merged")
    DISTINCT = "distinct", _("Two customers")


PAIR_STATES = StateTable(
    states=list(PairState.values),
    transitions={
        PairState.OPEN: {PairState.MERGED, PairState.DISTINCT},
        PairState.MERGED: {PairState.OPEN},
        PairState.DISTINCT: {PairState.OPEN},
    },
)


class PointKind(models.TextChoices):
    PHONE = "phone", _("Phone")
    EMAIL = "email", _("E-mail")
    FAX = "fax", _("Fax")
    MESSAGE = "message", _("Message account")
    WEB = "web", _("Website")


class PointLabel(models.TextChoices):
    MOBILE = "mobile", _("Mobile")
    WORK = "work", _("Work")
    HOME = "home", _("Home")
    OTHER = "other", _("Other")


class PointStatus(models.TextChoices):
    """Only `ok` may be dialled or written to; the other states say why not."""

    OK = "ok", _("In order")
    UNASSIGNED = "unassigned", _("Prefix not assigned")
    INVALID = "invalid", _("Not a valid number")
    DEAD = "dead", _("Out of service")
    WRONG = "wrong", _("Wrong number")


class PersonRole(models.TextChoices):
    DECIDES = "decides", _("Decides")
    PAYS = "pays", _("Pays")
    USES = "uses", _("Uses")
    GATEKEEPER = "gatekeeper", _("Keeps the gate")
    INFORMANT = "informant", _("Informs us")


class FieldType(models.TextChoices):
    TEXT = "text", _("Text")
    NUMBER = "number", pgettext_lazy("kind of value", "Number")
    DATE = "date", _("Date")
    CHOICE = "choice", _("Choice")
    CHOICES = "choices", _("Several choices")
    BOOLEAN = "boolean", _("Yes or no")


class Block(models.TextChoices):
    """The four blocks of the paper card, and the administrator's own."""

    BASIC = "basic", _("Basic")
    TRAITS = "traits", _("Traits")
    BUSINESS = "business", _("Business")
    TRADE = "trade", _("Trade")
    CUSTOM = "custom", _("Own fields")


class ConsentAnswer(models.TextChoices):
    GIVEN = "given", _("Agreed")
    REFUSED = "refused", _("Refused")


class HoldReason(models.TextChoices):
    COMPLAINT = "complaint", _("Open complaint")
    DISPUTE = "dispute", _("Disputed amount")
    CREDIT = "credit", _("Credit hold")
    BEREAVEMENT = "bereavement", _("Bereavement")
    REQUEST = "request", _("The customer asked for it")
    OTHER = "other", _("Other")


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", _("Uploaded")
    MAPPED = "mapped", _("Mapped")
    CHECKING = "checking", _("Checking")
    CHECKED = "checked", _("Checked")
    WRITING = "writing", _("Writing")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    STOPPED = "stopped", _("Stopped")


_I = ImportState
IMPORT_STATES = StateTable(
    states=list(ImportState.values),
    transitions={
        _I.UPLOADED: {_I.MAPPED, _I.STOPPED, _I.FAILED},
        _I.MAPPED: {_I.CHECKING, _I.WRITING, _I.STOPPED, _I.FAILED},
        _I.CHECKING: {_I.CHECKED, _I.MAPPED, _I.FAILED, _I.STOPPED},
        _I.CHECKED: {_I.MAPPED, _I.CHECKING, _I.WRITING, _I.STOPPED, _I.FAILED},
        _I.WRITING: {_I.DONE, _I.FAILED, _I.STOPPED},
        _I.FAILED: {_I.MAPPED, _I.CHECKING, _I.WRITING, _I.STOPPED},
        _I.STOPPED: {_I.WRITING},
    },
)
