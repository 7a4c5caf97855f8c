"""A script as its writer sees it: read out for a sample customer, with what to mend where."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from genjin.calling.models import Script
from genjin.calling.scripts.content import Content, problems
from genjin.calling.scripts.hints import Hint, hints
from genjin.calling.scripts.library import words
from genjin.calling.scripts.render import Rendered, RenderedPart, render_content
from genjin.customers import fields
from genjin.customers.models import Customer, FieldDefinition
from genjin.customers.states import FieldType
from genjin.foundation import policy
from genjin.foundation.models import User
from genjin.web.scripts.sentences import advice, sentence

KNOWN, UNKNOWN = "known", "unknown"
_AROUND = 14


@dataclass
class Advice:
    """A hint as it is shown: the place in its own words, and what to do."""

    text: str
    box: str
    start: int
    end: int
    before: str = ""
    word: str = ""
    after: str = ""


@dataclass
class Place:
    """What belongs beside one part, card or the selling point."""

    problems: list[str] = field(default_factory=list)
    advice: list[Advice] = field(default_factory=list)
    part: RenderedPart | None = None


@dataclass
class Review:
    """The whole: `places` by code, "usp", and "" for the script itself."""

    rendered: Rendered
    places: dict[str, Place]
    count: int

    def place(self, code: str) -> Place:
        return self.places.get(code, Place())


def _sample_value(definition: FieldDefinition, text: str) -> Any:
    if definition.type == FieldType.NUMBER:
        return 12
    if definition.type == FieldType.DATE:
        return timezone.localdate().isoformat()
    if definition.type == FieldType.BOOLEAN:
        return True
    if definition.type in (FieldType.CHOICE, FieldType.CHOICES):
        first = next((choice["code"] for choice in definition.choices), text)
        return [first] if definition.type == FieldType.CHOICES else first
    return text


def sample_customer(language: str, kind: str, definitions: Iterable[FieldDefinition]) -> Customer:
    """A made-up customer who is never saved: one of whom all is known, or only the name."""
    data = policy.value(f"speech.sample.{language}") or policy.value("speech.sample.en")
    if kind == UNKNOWN:
        return Customer(name=data["name"], kind="person")
    return Customer(
        name=data["name"],
        kind="person",
        sex=data["sex"],
        region=data["region"],
        last_contact_at=timezone.now() - timedelta(days=30),
        fields={
            definition.code: _sample_value(definition, data["text"]) for definition in definitions
        },
    )


def _reader(user: User) -> User:
    """Who reads out in the preview: the person at the screen, with a staff number at any rate."""
    return User(name=user.name, staff_number=user.staff_number or "8001")


def _shown(hint: Hint, text: str) -> Advice:
    start, end = hint.start, hint.end
    shown = Advice(advice(hint.reason), hint.box, start, end)
    if end > start:
        shown.before = ("…" if start > _AROUND else "") + text[max(0, start - _AROUND) : start]
        shown.word = text[start:end]
        shown.after = text[end : end + _AROUND] + ("…" if end + _AROUND < len(text) else "")
    return shown


def _text_of(content: Content, hint: Hint) -> str:
    if hint.place == "usp":
        return content.usp if hint.box == "usp" else content.usp_neutral
    for part in content.parts:
        if part.code == hint.place:
            return part.text
    replies = next(card.replies for card in content.cards if card.code == hint.place)
    return replies[int(hint.box)]


def review(
    script: Script,
    content: Content,
    *,
    user: User,
    sample: str = KNOWN,
    introduction: str = "",
) -> Review:
    """Reads `content` out for the sample customer and gathers problems and hints by place."""
    definitions = fields.definitions()
    language = script.language
    rendered = render_content(
        content,
        customer=sample_customer(language, sample, definitions),
        agent=_reader(user),
        product=script.product,
        introduction=introduction,
        language=language,
        definitions=definitions,
    )
    places: dict[str, Place] = {}
    for part in rendered.parts:
        places.setdefault(part.code, Place()).part = part
    found = problems(content, [definition.code for definition in definitions])
    for problem in found:
        places.setdefault(problem.place, Place()).problems.append(sentence(problem.reason))
    for hint in hints(content, words(language)):
        shown = _shown(hint, _text_of(content, hint))
        places.setdefault(hint.place, Place()).advice.append(shown)
    return Review(rendered, places, len(found))
