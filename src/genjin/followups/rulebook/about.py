"""What a follow-up of the rulebook is about, for the person who is to make the contact (FU2)."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from genjin.customers import events
from genjin.customers.events import Fact, FactType
from genjin.customers.fields import worded
from genjin.customers.models import Event
from genjin.followups.models import FollowUp, FollowUpRule
from genjin.followups.rulebook import sentences

SOURCE = "rule"


@dataclass(frozen=True)
class About:
    """The rule's words, what happened and when, and what is to be asked."""

    subject: str
    happened: str
    on: date
    facts: tuple[tuple[str, str], ...]
    questions: tuple[dict[str, Any], ...]


def _value(fact: Fact, value: Any, festivals: dict[str, str]) -> str:
    if fact.code == "festival":
        return festivals.get(value, str(value))
    if fact.type is FactType.NUMBER:
        return " ".join(filter(None, (sentences.number(value), str(fact.unit))))
    return sentences.choice(fact, value)


def facts_in_words(event: Event) -> tuple[tuple[str, str], ...]:
    """The facts of an event as (label, value); flags are said by themselves, with no value."""
    kind = events.TYPES.get(event.code)
    if kind is None:
        return ()
    festivals = sentences.festival_labels(sentences.language())
    found = []
    for fact in kind.facts:
        value = event.data.get(fact.code)
        if value in (None, "") or fact.code == "order":
            continue
        if fact.type is FactType.FLAG:
            if value:
                found.append((capfirst(str(fact.label)), ""))
            continue
        found.append((capfirst(str(fact.label)), _value(fact, value, festivals)))
    return tuple(found)


def about(followup: FollowUp) -> About | None:
    """Why this contact was planned, in the reader's language; None unless a rule planned it."""
    if followup.source_kind != SOURCE:
        return None
    rule = FollowUpRule.objects.filter(code=followup.source_id).first()
    event = Event.objects.filter(pk=UUID(followup.cause_key[-36:])).first()
    if rule is None or event is None:
        return None
    kind = events.TYPES.get(event.code)
    language = sentences.language()
    return About(
        subject=sentences.Subjects([rule], language).of(rule.code, event.data),
        happened=_("%(what)s, %(day)s")
        % {
            "what": kind.label if kind else event.code,
            "day": date_format(event.on, "SHORT_DATE_FORMAT"),
        },
        on=event.on,
        facts=facts_in_words(event),
        questions=tuple(
            {
                "code": question["code"],
                "text": worded(question["labels"], language, question["code"]),
                "is_scored": bool(question.get("scored")),
            }
            for question in rule.questions
        ),
    )
