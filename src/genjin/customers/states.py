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
