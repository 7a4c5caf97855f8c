"""The audit trail in words: what kind of thing, what was done, from what to what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from genjin.customers import fields as card_fields
from genjin.customers.models import FieldDefinition
from genjin.followups import profiles
from genjin.followups.sentences import policy_sentences
from genjin.foundation.models import AuditEntry
from genjin.web.accounts.words import role_label
from genjin.web.settings.forms import HeadForm, OrganisationForm, WorkForm

KINDS = {
    "user": gettext_lazy("person"),
    "team": gettext_lazy("team"),
    "apitoken": gettext_lazy("access token"),
    "policy": gettext_lazy("setting"),
    "job": gettext_lazy("job"),
    "numberseries": gettext_lazy("series of numbers"),
    "longtask": gettext_lazy("long task"),
    "customer": gettext_lazy("customer"),
    "contactperson": gettext_lazy("contact person"),
    "contactpoint": gettext_lazy("number or address"),
    "address": gettext_lazy("postal address"),
    "consent": gettext_lazy("consent"),
    "hold": gettext_lazy("hold"),
    "newsclip": gettext_lazy("news clip"),
    "wanteditem": gettext_lazy("wanted fact"),
    "segment": gettext_lazy("segment"),
    "fielddefinition": gettext_lazy("card field"),
    "importmapping": gettext_lazy("mapping of an import"),
    "customerimport": gettext_lazy("import"),
    "queue": gettext_lazy("queue"),
    "followup": gettext_lazy("follow-up"),
    "contact": gettext_lazy("contact"),
    "interaction": gettext_lazy("interaction"),
    "commitment": gettext_lazy("promise"),
    "campaign": gettext_lazy("campaign"),
    "campaignagent": gettext_lazy("place in a campaign"),
    "script": gettext_lazy("script"),
    "scriptversion": gettext_lazy("version of a script"),
    "introduction": gettext_lazy("introduction"),
    "opportunity": gettext_lazy("opportunity"),
    "order": gettext_lazy("order"),
    "complaint": gettext_lazy("complaint"),
    "orderline": gettext_lazy("line of an order"),
    "delivery": gettext_lazy("delivery"),
    "creditaccount": gettext_lazy("credit"),
    "security": gettext_lazy("security for a debt"),
    "product": gettext_lazy("product"),
    "price": gettext_lazy("price"),
    "comparison": gettext_lazy("comparison"),
    "invoicingdetails": gettext_lazy("what invoices must say"),
    "invoicerequest": gettext_lazy("tax invoice"),
    "issuedpaper": pgettext_lazy("of a customer", "paper"),
    "knowledgecard": gettext_lazy("knowledge card"),
}
ACTIONS = {
    "allocate": gettext_lazy("gave a payment to debts"),
    "bill": gettext_lazy("entered a bill"),
    "bill_many": gettext_lazy("entered bills of a file"),
    "classify": gettext_lazy("moved to another class"),
    "interrupt": gettext_lazy("interrupted the limitation period"),
    "move_due_date": gettext_lazy("moved the due day"),
    "payment": gettext_lazy("entered a payment"),
    "credit_note": gettext_lazy("entered a credit note"),
    "payment_calendar": gettext_lazy("set the payment calendar"),
    "payment_news": gettext_lazy("said how far payments are known"),
    "promise": gettext_lazy("recorded a promise to pay"),
    "receive_many": gettext_lazy("entered payments of a file"),
    "reset": gettext_lazy("set back"),
    "reverse": gettext_lazy("reversed"),
    "share": gettext_lazy("changed who shares the credit"),
    "withhold": gettext_lazy("kept back"),
    "ask": gettext_lazy("asked for a decision"),
    "confirm": gettext_lazy("confirmed"),
    "continue": gettext_lazy("let the numbers go on from"),
    "decide": gettext_lazy("decided"),
    "delegate": gettext_lazy("named who decides"),
    "drop": gettext_lazy("lowered the grade"),
    "end_delegation": gettext_lazy("ended who decides"),
    "end_loan": gettext_lazy("ended the loan"),
    "erase_scores": gettext_lazy("erased words of scores"),
    "escalate": gettext_lazy("raised a level"),
    "fetch": gettext_lazy("fetched the file"),
    "issue": gettext_lazy("gave out"),
    "lend": gettext_lazy("lent"),
    "note": gettext_lazy("noted"),
    "redecide": gettext_lazy("decided what waits anew"),
    "refresh": gettext_lazy("worked out anew"),
    "return_to_pool": gettext_lazy("returned to the pool"),
    "review": gettext_lazy("reviewed"),
    "set": gettext_lazy("set"),
    "add": gettext_lazy("added"),
    "create": gettext_lazy("added"),
    "plan": gettext_lazy("planned"),
    "change": gettext_lazy("changed"),
    "correct": gettext_lazy("corrected"),
    "transition": gettext_lazy("changed the state"),
    "assign": gettext_lazy("gave to a custodian"),
    "reassign": gettext_lazy("gave to somebody else"),
    "agents": gettext_lazy("changed the team"),
    "rotation": gettext_lazy("moved the rotation"),
    "fill": gettext_lazy("filled the queue"),
    "open": gettext_lazy("opened"),
    "close": gettext_lazy("closed"),
    "cancel": gettext_lazy("cancelled"),
    "archive": gettext_lazy("archived"),
    "remove": gettext_lazy("removed"),
    "retire": gettext_lazy("retired"),
    "publish": gettext_lazy("published"),
    "propose": gettext_lazy("proposed"),
    "approve": gettext_lazy("approved"),
    "refuse": gettext_lazy("refused"),
    "consent": gettext_lazy("recorded consent or refusal"),
    "hold": gettext_lazy("placed a hold"),
    "release": gettext_lazy("released a hold"),
    "import": gettext_lazy("imported"),
    "import_decided": gettext_lazy("decided about doubles of an import"),
    "import_stopped": gettext_lazy("stopped an import"),
    "policy": gettext_lazy("set"),
    "unlock": gettext_lazy("opened a locked name"),
    "locked_out": gettext_lazy("was locked out"),
    "reset_password": gettext_lazy("made a new password"),
    "change_password": gettext_lazy("changed the password"),
    "end_sessions": gettext_lazy("ended sessions"),
    "revoke": gettext_lazy("revoked"),
    "retry": gettext_lazy("tried again"),
}
SOURCES = {
    "screen": gettext_lazy("on screen"),
    "command": gettext_lazy("command line"),
    "import": gettext_lazy("import"),
    "job": gettext_lazy("by itself"),
    "api": gettext_lazy("interface"),
}
# Entries of `changes` that are no columns, and columns without a name for people.
FIELDS = {
    "is_active": gettext_lazy("active"),
    "spoken": gettext_lazy("languages spoken"),
    "skills": gettext_lazy("skills"),
    "sessions": gettext_lazy("open sessions"),
    "scope": gettext_lazy("what it may do"),
    "last_day": gettext_lazy("last day"),
    "user": gettext_lazy("person"),
    "external_key": gettext_lazy("key of another system"),
    "version": gettext_lazy("version"),
    "agents": gettext_lazy("agents"),
    "count": gettext_lazy("how many"),
    "follow-ups": gettext_lazy("follow-ups"),
    "definition": gettext_lazy("definition"),
    "criteria": gettext_lazy("criteria"),
    "purposes": gettext_lazy("purposes"),
    "answer": gettext_lazy("answer"),
    "ends_at": gettext_lazy("until"),
}
_LONGEST_VALUE = 300


@dataclass(frozen=True)
class Change:
    """One line of an entry. `has_before` is False where there was nothing to compare with."""

    label: str
    before: str
    after: str
    has_before: bool


def kind_words(code: str) -> str:
    return str(KINDS.get(code, code))


def action_words(code: str) -> str:
    return str(ACTIONS.get(code, code))


def source_words(code: str) -> str:
    return str(SOURCES.get(code, code))


@lru_cache
def _model(kind: str) -> type[models.Model] | None:
    for model in apps.get_models():
        if model._meta.model_name == kind and model.__module__.startswith("genjin."):
            return model
    return None


def _column(kind: str, name: str) -> Any:
    model = _model(kind)
    if model is None:
        return None
    try:
        found = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return found if found.concrete else None


class Names:
    """The names of the rows that the entries of one page point at, read with one query a table."""

    def __init__(self, entries: Iterable[AuditEntry]) -> None:
        wanted: dict[type[models.Model], set[str]] = {}
        for entry in entries:
            for name, pair in entry.changes.items():
                column = _column(entry.object_kind, name)
                if isinstance(column, models.ForeignKey) and _is_pair(pair):
                    keys = {str(key) for key in pair if key}
                    wanted.setdefault(column.related_model, set()).update(keys)
        self.known = {
            model: {str(row.pk): str(row) for row in model._default_manager.filter(pk__in=keys)}
            for model, keys in wanted.items()
        }
        self.card_fields = {row.code: row for row in FieldDefinition.objects.all()}

    def of(self, model: type[models.Model], key: Any) -> str:
        return self.known.get(model, {}).get(str(key), str(key))


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2


def changes_of(entry: AuditEntry, names: Names) -> list[Change]:
    """What an entry changed, field by field; a note that is no pair is shown as it is."""
    if entry.object_kind == "policy":
        return [_policy_change(key, pair) for key, pair in entry.changes.items()]
    found = []
    for name, value in entry.changes.items():
        label = _label(entry.object_kind, name, names)
        if _is_pair(value):
            before, after = (_value(entry.object_kind, name, one, names) for one in value)
            found.append(Change(label, before, after, value[0] is not None))
        else:
            found.append(Change(label, "", _plain(value), has_before=False))
    return found


def _policy_change(key: str, pair: Any) -> Change:
    """A setting that was changed: for the contact policy the sentences before and after."""
    before, after = pair if _is_pair(pair) else (None, pair)
    code = _profile_of(key)
    if code:
        was, now = (_rule_sentence(code, key, value) for value in (before, after))
        return Change(str(_("rule")), was, now, has_before=True)
    return Change(_setting_label(key), _plain(before), _plain(after), has_before=True)


def _profile_of(key: str) -> str:
    parts = key.split(".")
    is_rule = len(parts) > 3 and parts[:2] == ["contact", "profiles"]
    return parts[2] if is_rule and parts[2] in profiles.codes() else ""


def _rule_sentence(code: str, key: str, value: Any) -> str:
    changed = {} if value is None else {key: value}
    return dict(policy_sentences(code, changed=changed)).get(key, _plain(value))


def setting_told(key: str) -> str:
    """What a setting is called; a rule of the contact policy is told as it stands now."""
    code = _profile_of(key)
    told = dict(policy_sentences(code)).get(key) if code else None
    return told or _setting_label(key)


def _setting_label(key: str) -> str:
    if key == profiles.PROFILE_KEY:
        return _("legal profile")
    if key.startswith("calendar."):
        return _("official days of %(year)s") % {"year": key.rsplit(".", 1)[-1]}
    for form in (OrganisationForm, HeadForm, WorkForm):
        for name, own_key in form.keys.items():
            if own_key == key:
                return str(form.base_fields[name].label)
    return key


def _label(kind: str, name: str, names: Names) -> str:
    if name.startswith("fields.") and (row := names.card_fields.get(name[7:])):
        return card_fields.label(row, get_language() or "en")
    if name in FIELDS:
        return str(FIELDS[name])
    column = _column(kind, name)
    return str(column.verbose_name) if column is not None else name.replace("_", " ")


def _value(kind: str, name: str, value: Any, names: Names) -> str:
    if value is None or value == "":
        return "–"
    if kind == "user" and name == "role":
        return role_label(str(value))
    if name.startswith("fields.") and (row := names.card_fields.get(name[7:])):
        return _plain(card_fields.display(row, value, get_language() or "en"))
    column = _column(kind, name)
    if isinstance(column, models.ForeignKey):
        return names.of(column.related_model, value)
    if column is not None and getattr(column, "choices", None):
        return str(dict(column.flatchoices).get(value, value))
    return _plain(value)


def _plain(value: Any) -> str:
    """Any stored value for people: yes and no, lists with commas, long texts cut."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        text = "; ".join(f"{key}: {_plain(item)}" for key, item in value.items())
    elif isinstance(value, list | tuple):
        text = ", ".join(map(_plain, value)) or "–"
    else:
        text = str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


_PAGES = {"customer": "customer", "user": "user", "campaign": "campaign"}


def page_of(entry: AuditEntry) -> str:
    """The page of the thing that was changed, or "" where it has none."""
    name = _PAGES.get(entry.object_kind)
    if name is None:
        return ""
    try:
        return reverse(name, args=[entry.object_id])
    except NoReverseMatch:
        return ""
