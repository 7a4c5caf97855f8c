"""Puts rules into sentences in the reader's language, built from their data (FU2)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from genjin.customers import events
from genjin.customers.events import Fact, FactType
from genjin.customers.fields import worded
from genjin.followups.models import FollowUpRule
from genjin.followups.rulebook import facts
from genjin.followups.states import Channel, Purpose
from genjin.foundation import policy

# Which fact of an event tells best what its contact is about.
_TELLING = ("item", "product", "festival", "papers", "text", "about", "person")
ASSIGNED = {
    "queue": gettext_lazy("whoever is free"),
    "custodian": gettext_lazy("the custodian"),
    "creator": gettext_lazy("whoever did it"),
}
RESULTS = {
    "expired": gettext_lazy("Came too late to make sense"),
    "capped": gettext_lazy("Too soon after the last one of this rule"),
}


def language() -> str:
    """The reader's language."""
    return get_language() or "en"


def name_of(rule: FollowUpRule, in_language: str = "") -> str:
    """What a rule is called."""
    return worded(rule.labels, in_language or language(), rule.code)


def festival_labels(in_language: str) -> dict[str, str]:
    """What the festivals of the policy are called, by their codes."""
    listed = policy.value("rulebook.festivals", [])
    return {one["code"]: worded(one["labels"], in_language, one["code"]) for one in listed}


class Subjects:
    """What the contacts of rules are about, in one language: the rule's words and what it is."""

    def __init__(self, rules: Iterable[FollowUpRule], in_language: str) -> None:
        self._language = in_language
        self._labels = {rule.code: rule.subject for rule in rules}
        self._festivals = festival_labels(in_language)

    @classmethod
    def for_organisation(cls, rules: QuerySet[FollowUpRule] | None = None) -> "Subjects":
        """In the organisation's language, as it is stored with a follow-up."""
        rows = FollowUpRule.objects.all() if rules is None else rules
        return cls(rows, policy.value("organisation.language"))

    def of(self, code: str, told: Mapping[str, Any]) -> str:
        """The subject of a follow-up of rule `code` for an event that told these facts."""
        text = worded(self._labels.get(code, {}), self._language, code)
        for name in _TELLING:
            if name == "person" and told.get("is_self"):
                continue
            if value := told.get(name):
                what = self._festivals.get(value, value) if name == "festival" else value
                return f"{text} · {what}"
        return text


def number(value: Any) -> str:
    """A figure as the reader writes it."""
    return number_format(value, use_l10n=True, force_grouping=True)


def choice(fact: Fact, code: Any) -> str:
    """What a choice of a fact is called; other values as they are."""
    return next((str(label) for known, label in fact.choices if known == code), str(code))


def _values(fact: Fact, value: Any) -> str:
    many = value if isinstance(value, list) else [value]
    quoted = [choice(fact, one) if fact.choices else f"“{one}”" for one in many]
    return either(quoted)


def either(parts: Sequence[str]) -> str:
    """Clauses of which one must hold."""
    return pgettext("between alternatives", " or ").join(parts)


def _clause(event: str, condition: Mapping[str, Any]) -> str:
    fact = facts.fact(event, condition["field"])
    if fact is None:
        return str(condition["field"])
    op, value = condition["op"], condition["value"]
    if fact.type is FactType.FLAG:
        return str(fact.label if value else fact.denied)
    words = {"fact": str(fact.label)}
    if fact.type is FactType.NUMBER:
        words["value"] = " ".join(filter(None, (number(value), str(fact.unit))))
        if op == "at_least":
            return _("%(fact)s is at least %(value)s") % words
        return _("%(fact)s is at most %(value)s") % words
    words["value"] = _values(fact, value)
    if op == "contains":
        return _("%(fact)s contains %(value)s") % words
    return _("%(fact)s is %(value)s") % words


def condition(event: str, entry: Mapping[str, Any]) -> str:
    """One condition as a clause."""
    if "any" in entry:
        return either([_clause(event, part) for part in entry["any"]])
    return _clause(event, entry)


def _delay(rule: FollowUpRule) -> str:
    days, hours = rule.delay_days, rule.delay_hours
    if days < 0:
        text = ngettext("%(n)s day before", "%(n)s days before", -days) % {"n": -days}
    elif days:
        text = ngettext("%(n)s day after", "%(n)s days after", days) % {"n": days}
    elif hours and rule.at_hour is None:
        return ngettext("%(n)s hour after", "%(n)s hours after", hours) % {"n": hours}
    else:
        text = _("the same day")
    if rule.at_hour is not None:
        return _("%(day)s from %(hour)s:00") % {"day": text, "hour": rule.at_hour}
    return text


_DO = {
    Channel.CALL: gettext_lazy("call"),
    Channel.VISIT: gettext_lazy("visit"),
    Channel.LETTER: gettext_lazy("write a letter"),
    Channel.EMAIL: gettext_lazy("send an e-mail"),
    Channel.MESSAGE: gettext_lazy("send a message"),
    Channel.FAX: gettext_lazy("send a fax"),
    Channel.WEB: gettext_lazy("answer on the web"),
}


def sentence(rule: FollowUpRule) -> str:
    """The whole rule as one sentence: when, if, what, how soon, within how long, by whom."""
    kind = events.TYPES.get(rule.event)
    when = str(kind.when) if kind else rule.event
    clauses = [condition(rule.event, entry) for entry in rule.conditions]
    if clauses:
        both = pgettext("between conditions", " and ").join(clauses)
        when = _("%(when)s, if %(conditions)s") % {"when": when, "conditions": both}
    window = ngettext("within %(n)s day", "within %(n)s days", rule.window_days)
    return _("%(when)s: %(do)s %(delay)s, %(window)s, by %(who)s.") % {
        "when": when,
        "do": _DO[Channel(rule.channel)],
        "delay": _delay(rule),
        "window": window % {"n": rule.window_days},
        "who": ASSIGNED.get(rule.assign_to, rule.assign_to),
    }


def remarks(rule: FollowUpRule) -> list[str]:
    """What else the rule says: purpose, cap, when it loses its sense."""
    found = [_("Purpose: %(purpose)s.") % {"purpose": Purpose(rule.purpose).label}]
    if rule.once_per_days is not None:
        found.append(
            ngettext(
                "At most once in %(n)s day for a customer.",
                "At most once in %(n)s days for a customer.",
                rule.once_per_days,
            )
            % {"n": rule.once_per_days}
        )
    if rule.expires_days is not None:
        found.append(
            ngettext(
                "Loses its sense %(n)s day after the event.",
                "Loses its sense %(n)s days after the event.",
                rule.expires_days,
            )
            % {"n": rule.expires_days}
            if rule.expires_days
            else _("Loses its sense after the day of the event.")
        )
    return found
