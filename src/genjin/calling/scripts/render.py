"""A script made ready for one customer, one caller and one product.

`render` gathers the values (`values_for`) and fills every part; it reads and writes no row beyond
those it is given.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone, translation
from django.utils.formats import date_format

from genjin.calling.models import Introduction, ScriptVersion
from genjin.calling.scripts.content import Content, Part
from genjin.calling.scripts.placeholders import Filled, PriceField, fill, price_values
from genjin.customers import fields
from genjin.customers.models import Customer
from genjin.foundation import policy
from genjin.foundation.models import User
from genjin.kernel.chinese import surname_length
from genjin.kernel.problems import Reason
from genjin.kernel.text import speaking_seconds
from genjin.sales.models import Price, Product

KEYS = "123456789"


@dataclass(frozen=True)
class RenderedBranch:
    key: str
    label: str
    target: str


@dataclass(frozen=True)
class RenderedPart:
    """A part to read out; `missing` names what could not be said of this customer."""

    code: str
    kind: str
    title: str
    text: str
    seconds: int
    is_fixed: bool
    branches: tuple[RenderedBranch, ...]
    missing: tuple[str, ...]


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


def day_text(at: datetime | None, language: str) -> str:
    """A day as it is said in the script's language; empty where there is none."""
    if at is None:
        return ""
    with translation.override(language):
        return date_format(timezone.localtime(at), "MONTH_DAY_FORMAT")


def price_fields(prices: Iterable[Price]) -> dict[str, PriceField]:
    return {p.code: PriceField(p.amount, p.currency, p.months) for p in prices}


def values_for(
    *,
    customer: Customer,
    agent: User,
    product: Product | None,
    last_contact: datetime | None,
    language: str,
) -> dict[str, str]:
    """Every placeholder that has a value for this call."""
    values = {
        "customer.name": customer.name,
        "customer.address": form_of_address(customer, language),
        "agent.name": agent.name,
        "agent.staff_number": agent.staff_number,
        "organisation": str(policy.value("organisation.name", "") or ""),
        "last.contact": day_text(last_contact, language),
    }
    for definition in fields.definitions():
        if definition.code in customer.fields:
            value = fields.display(definition, customer.fields[definition.code], language)
            values[f"customer.field.{definition.code}"] = str(value)
    if product is not None:
        values["product.name"] = product.name
        values.update(price_values(price_fields(product.prices.all()), language))
    return values


def _rendered_part(part: Part, values: dict[str, str]) -> RenderedPart:
    filled = fill(part.text, values)
    return RenderedPart(
        code=part.code,
        kind=part.kind,
        title=part.title,
        text=filled.text,
        seconds=speaking_seconds(filled.text, int(policy.value("speech.chars_per_minute", 240))),
        is_fixed=part.is_fixed,
        branches=tuple(
            RenderedBranch(key, branch.label, branch.target)
            for key, branch in zip(KEYS, part.branches, strict=False)
        ),
        missing=filled.missing,
    )


def _selling_point(content: Content, values: dict[str, str]) -> tuple[Filled, bool]:
    computed = fill(content.usp, values)
    if computed.missing:
        return fill(content.usp_neutral, values), False
    return computed, True


def render_content(
    content: Content,
    *,
    customer: Customer,
    agent: User,
    product: Product | None,
    introduction: str = "",
    language: str = "zh-hans",
) -> Rendered:
    """Fills `content` for one call; what could not be said is listed in `problems`."""
    values = values_for(
        customer=customer,
        agent=agent,
        product=product,
        last_contact=customer.last_contact_at,
        language=language,
    )
    usp, is_computed = _selling_point(content, values)
    values["usp"] = usp.text
    parts = [_rendered_part(part, values) for part in content.parts]
    if introduction:
        own = fill(introduction, values)
        parts = [
            _rendered_part(
                Part(part.code, part.kind, part.title, own.text, source.branches), values
            )
            if part.kind == "introduction"
            else part
            for part, source in zip(parts, content.parts, strict=True)
        ]
    problems = [
        Reason("not_known_for_customer", {"part": part.code, "name": name})
        for part in parts
        for name in part.missing
    ]
    return Rendered(
        parts=tuple(parts),
        cards=tuple(
            ObjectionCard(
                card.code,
                card.label,
                tuple(fill(reply, values).text for reply in card.replies),
            )
            for card in content.cards
        ),
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
) -> Rendered:
    """A published version made ready for one call, in the script's own language."""
    return render_content(
        Content.from_json(version.content),
        customer=customer,
        agent=agent,
        product=product or version.script.product,
        introduction=introduction.text if introduction else "",
        language=version.script.language,
    )
