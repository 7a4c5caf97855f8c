"""A script made ready for one customer, one caller and one product.

`render` gathers the values (`values_for`) and fills every part; it reads and writes no row beyond
those it is given.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from babel.dates import format_skeleton
from django.utils import timezone

from genjin.calling.models import Introduction, ScriptVersion
from genjin.calling.scripts.content import (
    Card,
    Content,
    Part,
    introduction_part,
    problems_of_introduction,
)
from genjin.calling.scripts.placeholders import FIELD_FAMILY, Filled, fill, price_values
from genjin.calling.states import IntroductionState
from genjin.customers import fields
from genjin.customers.models import Customer, FieldDefinition
from genjin.foundation import policy
from genjin.foundation.models import User
from genjin.kernel.address import place_name
from genjin.kernel.chinese import surname_length
from genjin.kernel.problems import Reason
from genjin.kernel.text import speaking_seconds
from genjin.sales.models import Product
from genjin.sales.queries import price_fields

KEYS = "123456789"
BABEL_LOCALES = {
    "zh-hans": "zh_Hans_CN",
    "zh-hant": "zh_Hant_TW",
    "zh-hk": "zh_Hant_HK",
    "en": "en",
}


@dataclass(frozen=True)
class RenderedBranch:
    key: str
    label: str
    target: str


@dataclass(frozen=True)
class RenderedPart:
    """A part to read out; `missing` names what could not be said of this customer.

    `note` is for the agent's eyes; `is_own` marks the agent's own introduction.
    """

    code: str
    kind: str
    title: str
    text: str
    seconds: int
    is_fixed: bool
    branches: tuple[RenderedBranch, ...]
    missing: tuple[str, ...]
    note: str = ""
    is_own: bool = False


@dataclass(frozen=True)
class ObjectionCard:
    code: str
    label: str
    replies: tuple[str, ...]

    @property
    def reply(self) -> str:
        return self.replies[0] if self.replies else ""


@dataclass(frozen=True)
class Rendered:
    """The whole script for one call. `is_usp_computed` is false where the neutral words stand."""

    parts: tuple[RenderedPart, ...]
    cards: tuple[ObjectionCard, ...]
    usp: str
    is_usp_computed: bool
    seconds: int
    problems: tuple[Reason, ...]


def form_of_address(customer: Customer, language: str) -> str:
    """How the customer is spoken to: their own wish, else surname and title, else the name.

    Titles stand in policy/speech.toml by language and sex. An organisation and a person of unknown
    sex are called by the name.
    """
    if customer.form_of_address:
        return customer.form_of_address
    if customer.kind != "person" or not customer.sex:
        return customer.name
    form = str(policy.value(f"speech.titles.{language}.{customer.sex}", "{name}"))
    surname = customer.name[: surname_length(customer.name)]
    return form.format(name=customer.name, surname=surname)


def day_text(day: datetime | date | None, language: str) -> str:
    """A day as it is said in the script's language; empty where there is none."""
    if day is None:
        return ""
    if isinstance(day, datetime):
        day = timezone.localtime(day)
    return format_skeleton("MMMMd", day, locale=BABEL_LOCALES.get(language, "en"), fuzzy=True)


def spoken_field(definition: FieldDefinition, value: Any, language: str) -> str:
    """A field of the card as it is said; yes and no are not said, they decide nothing aloud."""
    shown = fields.display(definition, value, language)
    if isinstance(shown, bool):
        return ""
    if isinstance(shown, date):
        return day_text(shown, language)
    if isinstance(shown, list):
        return str(policy.value(f"speech.list_comma.{language}", ", ")).join(map(str, shown))
    return str(shown)


def values_for(
    *,
    customer: Customer,
    agent: User,
    product: Product | None,
    language: str,
    definitions: Iterable[FieldDefinition] | None = None,
) -> dict[str, str]:
    """Every placeholder that has a value for this call; `definitions` saves asking for them."""
    values = {
        "customer.name": customer.name,
        "customer.address": form_of_address(customer, language),
        "customer.region": place_name(customer.region) if customer.region else "",
        "agent.name": agent.name,
        "agent.staff_number": agent.staff_number,
        "organisation": str(policy.value("organisation.name", "") or ""),
        "last.contact": day_text(customer.last_contact_at, language),
    }
    for definition in fields.definitions() if definitions is None else definitions:
        if definition.code in customer.fields:
            value = spoken_field(definition, customer.fields[definition.code], language)
            values[f"{FIELD_FAMILY}{definition.code}"] = value
    if product is not None:
        values["product.name"] = product.name
        months = str(policy.value(f"speech.months.{language}", "{months}"))
        values |= price_values(price_fields(product), language, months)
    return values


def _rendered_part(part: Part, text: str, values: dict[str, str], speed: int) -> RenderedPart:
    filled = fill(text, values)
    return RenderedPart(
        code=part.code,
        kind=part.kind,
        title=part.title,
        text=filled.text,
        seconds=speaking_seconds(filled.text, speed),
        is_fixed=part.is_fixed,
        branches=tuple(
            RenderedBranch(key, branch.label, branch.target)
            for key, branch in zip(KEYS, part.branches, strict=False)
        ),
        missing=filled.missing,
        note=part.note,
        is_own=text != part.text,
    )


def _selling_point(content: Content, values: dict[str, str]) -> tuple[Filled, bool]:
    """The selling point with this customer's figures, else the neutral words."""
    computed = fill(content.usp, values)
    if computed.missing:
        return fill(content.usp_neutral, values), False
    return computed, True


def _rendered_card(card: Card, values: dict[str, str]) -> ObjectionCard:
    """A card with the replies that can be said whole; a reply with a gap is left out."""
    filled = [fill(reply, values) for reply in card.replies]
    return ObjectionCard(
        card.code, card.label, tuple(reply.text for reply in filled if not reply.missing)
    )


def render_content(
    content: Content,
    *,
    customer: Customer,
    agent: User,
    product: Product | None,
    introduction: str = "",
    language: str = "zh-hans",
    definitions: Iterable[FieldDefinition] | None = None,
) -> Rendered:
    """Fills `content` for one call; what could not be said is listed in `problems`.

    An agent's own introduction stands in the place of the script's first one, unless it lacks
    what this content asks of it: then the script's words stay and `problems` says so.
    """
    values = values_for(
        customer=customer, agent=agent, product=product, language=language, definitions=definitions
    )
    usp, is_computed = _selling_point(content, values)
    values["usp"] = usp.text
    problems = [Reason("not_known_for_usp", {"name": name}) for name in usp.missing]
    own_at = introduction_part(content) if introduction else None
    if own_at and (unfit := problems_of_introduction(introduction, content)):
        own_at = None
        problems += unfit
    speed = int(policy.value("speech.chars_per_minute", 240))
    parts = tuple(
        _rendered_part(part, introduction if part is own_at else part.text, values, speed)
        for part in content.parts
    )
    problems += [
        Reason("not_known_for_customer", {"part": part.code, "name": name})
        for part in parts
        for name in part.missing
    ]
    return Rendered(
        parts=parts,
        cards=tuple(_rendered_card(card, values) for card in content.cards),
        usp=usp.text,
        is_usp_computed=is_computed,
        seconds=sum(part.seconds for part in parts),
        problems=tuple(problems),
    )


def render(
    version: ScriptVersion,
    *,
    customer: Customer,
    agent: User,
    product: Product | None = None,
    introduction: Introduction | None = None,
    definitions: Iterable[FieldDefinition] | None = None,
) -> Rendered:
    """A published version made ready for one call, in the script's own language.

    `introduction` counts only when it is approved; `definitions` saves asking for them.
    """
    is_approved = introduction is not None and introduction.state == IntroductionState.APPROVED
    return render_content(
        Content.from_json(version.content),
        customer=customer,
        agent=agent,
        product=product or version.script.product,
        introduction=introduction.text if introduction and is_approved else "",
        language=version.script.language,
        definitions=definitions,
    )
