"""Changing the catalogue: products with their facts, prices, comparisons and knowledge (CA12)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction

from genjin.foundation import audit
from genjin.foundation.access import require_right
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.money import quantise
from genjin.kernel.problems import Reason
from genjin.kernel.searchtokens import search_text, tokens_for_customer
from genjin.sales.models import Comparison, KnowledgeCard, Price, Product
from genjin.sales.pricing import MONTHS_OF

RIGHT = "products.manage"
SHEET = ("features", "advantages", "benefits")
LONGEST = {"code": 40, "name": 120, "category": 80, "title": 160, "label": 60}
# What is searched of a card's text: its beginning, in pieces a finder can hold.
_CLAUSES, _CLAUSE = 24, 60
_LARGEST_AMOUNT = Decimal(10) ** 12

Row = Mapping[str, Any]


def search_columns(name: str, more: Sequence[str]) -> dict[str, Any]:
    """What a product or card is found by: Chinese pairs, pinyin, initials, Latin words."""
    others = [text for text in more if text]
    return {
        "search_text": search_text(name=name, person=False, other_names=others),
        "search_tokens": tokens_for_customer(name=name, person=False, other_names=others),
    }


def _clauses(text: str) -> list[str]:
    """The beginning of a text in pieces; neighbours overlap so that no word is cut in two."""
    plain = " ".join(text.split())
    step = _CLAUSE // 2
    return [plain[at : at + _CLAUSE] for at in range(0, min(len(plain), _CLAUSES * step), step)]


def _needed(values: Row, names: Sequence[str]) -> dict[str | int, list[Reason]]:
    problems: dict[str | int, list[Reason]] = {}
    for name in names:
        text = str(values.get(name, "")).strip()
        if not text:
            problems[name] = [Reason("required")]
        elif len(text) > (most := LONGEST.get(name, 4000)):
            problems[name] = [Reason("too_long", {"most": most})]
    return problems


def _lines(values: Row) -> dict[str, list[str]]:
    """The FAB sheet's three lists without empty lines."""
    return {
        name: [str(line).strip() for line in values[name] if str(line).strip()]
        for name in SHEET
        if name in values
    }


def _product_columns(values: Row, product: Product | None) -> dict[str, Any]:
    """Checked columns. Raises `BadInput` when code or name is missing, too long or taken."""
    own = {
        name: getattr(product, name) if product else ""
        for name in ("code", "name", "category", "description")
    }
    merged = {**own, **values}
    problems = _needed(merged, ("code", "name"))
    others = Product.objects.exclude(pk=product.pk) if product else Product.objects.all()
    if not problems and others.filter(code=str(merged["code"]).strip()).exists():
        problems["code"] = [Reason("code_taken", {"code": merged["code"]})]
    if problems:
        raise BadInput(problems)
    columns = {name: str(merged[name]).strip() for name in own}
    flags = {name: bool(values[name]) for name in ("is_main", "is_active") if name in values}
    found = search_columns(columns["name"], [columns["code"], columns["category"]])
    return {**columns, **flags, **_lines(values), **found}


@transaction.atomic
def create_product(*, code: str, name: str, by: User, now: datetime, **values: Any) -> Product:
    """Adds a product: category, description, is_main, features, advantages, benefits."""
    require_right(by, RIGHT)
    columns = _product_columns({"code": code, "name": name, **values}, None)
    product = Product.objects.create(**columns, changed_at=now)
    audit.record("create", product, by=by, now=now)
    return product


@transaction.atomic
def change_product(
    product: Product, values: Row, *, by: User, now: datetime
) -> dict[str, list[Any]]:
    """Writes what differs, with its audit entry; returns the changes without search columns."""
    require_right(by, RIGHT)
    columns = _product_columns(values, product)
    search = {name: columns.pop(name) for name in ("search_text", "search_tokens")}
    changes = audit.change(product, columns, by=by, now=now)
    if changes:
        for name, value in {**search, "changed_at": now}.items():
            setattr(product, name, value)
        product.save(update_fields=[*search, "changed_at"])
    return changes


def _amount(raw: Any, currency: str) -> Decimal | None:
    try:
        amount = Decimal(str(raw).replace(",", "").strip())
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount < _LARGEST_AMOUNT:
        return None
    return amount if quantise(amount, currency) == amount else None


def _currency(raw: Any) -> str | None:
    code = str(raw or "CNY").strip().upper()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else None


def _months(row: Row) -> tuple[int | None, list[Reason]]:
    """How many months a price pays for: as said, or as its code says."""
    fixed = MONTHS_OF.get(str(row["code"]))
    raw = str(row.get("months") or "").strip()
    if not raw:
        return fixed, []
    if not (raw.isascii() and raw.isdigit() and 1 <= int(raw) <= 600):
        return None, [Reason("months_not_understood")]
    if fixed is not None and int(raw) != fixed:
        return None, [Reason("months_fixed", {"code": row["code"], "months": fixed})]
    return int(raw), []


def _checked_prices(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows as columns. Raises `BadInput` keyed by "prices.<place>.<column>"."""
    problems: dict[str | int, list[Reason]] = {}
    checked: dict[str, dict[str, Any]] = {}
    for place, row in enumerate(rows):
        code = str(row.get("code", "")).strip().lower()
        wrong = _price_problems(code, row, checked)
        currency = _currency(row.get("currency"))
        months, unclear = _months({**row, "code": code})
        if unclear:
            wrong["months"] = unclear
        amount = _amount(row.get("amount", ""), currency) if currency else None
        if amount is None:
            wrong["amount"] = [Reason("amount_not_understood")]
        problems.update({f"prices.{place}.{name}": found for name, found in wrong.items()})
        label = str(row.get("label", "")).strip() or code
        checked[code] = {
            "label": label,
            "amount": amount,
            "currency": currency,
            "months": months,
        }
    if problems:
        raise BadInput(problems)
    return [{"code": code, **columns} for code, columns in checked.items()]


def _price_problems(code: str, row: Row, before: Mapping[str, Any]) -> dict[str, list[Reason]]:
    wrong: dict[str, list[Reason]] = {}
    if not code or len(code) > 20 or not (code.isascii() and code.replace("_", "a").isalnum()):
        wrong["code"] = [Reason("price_code_not_understood")]
    elif code in before:
        wrong["code"] = [Reason("code_twice", {"code": code})]
    if len(str(row.get("label", "")).strip()) > LONGEST["label"]:
        wrong["label"] = [Reason("too_long", {"most": LONGEST["label"]})]
    if _currency(row.get("currency")) is None:
        wrong["currency"] = [Reason("currency_not_understood")]
    return wrong


def _price_text(columns: Row) -> str:
    months = f" / {columns['months']}" if columns["months"] else ""
    return f"{columns['amount']} {columns['currency']}{months}"


@transaction.atomic
def set_prices(
    product: Product, rows: Sequence[Row], *, by: User, now: datetime
) -> dict[str, list[Any]]:
    """Makes `rows` ({code, label, amount, currency, months}) the prices of a product.

    Every price that changes, comes or goes is in the audit entry, from what to what: scripts say
    these figures to customers. Raises `BadInput` keyed by "prices.<place>.<column>".
    """
    require_right(by, RIGHT)
    wanted = {columns["code"]: columns for columns in _checked_prices(rows)}
    Product.objects.select_for_update().get(pk=product.pk)
    present = {price.code: price for price in product.prices.all()}
    changes: dict[str, list[Any]] = {}
    for code in present.keys() - wanted.keys():
        changes[f"price.{code}"] = [_price_text(vars(present[code])), None]
        present[code].delete()
    for code, columns in wanted.items():
        changes |= _put_price(product, present.get(code), columns)
    _record(product, changes, by=by, now=now)
    return changes


def _put_price(product: Product, old: Price | None, columns: Row) -> dict[str, list[Any]]:
    key, text = f"price.{columns['code']}", _price_text(columns)
    if old is None:
        Price.objects.create(product=product, **columns)
        return {key: [None, text]}
    differing = [name for name, value in columns.items() if getattr(old, name) != value]
    if not differing:
        return {}
    before = _price_text(vars(old))
    for name in differing:
        setattr(old, name, columns[name])
    old.save(update_fields=differing)
    return {key: [before, text]} if before != text else {f"{key}.label": ["", columns["label"]]}


def _record(product: Product, changes: Mapping[str, Any], *, by: User, now: datetime) -> None:
    if not changes:
        return
    product.changed_at = now
    product.save(update_fields=["changed_at"])
    audit.record("change", product, by=by, now=now, changes=changes)


_COMPARED = ("competitor", "point", "ours", "theirs")


@transaction.atomic
def set_comparisons(
    product: Product, rows: Sequence[Row], *, by: User, now: datetime
) -> dict[str, list[Any]]:
    """Makes `rows` ({competitor, point, ours, theirs, source}) the comparison table.

    Raises `BadInput` keyed by "comparisons.<place>.<column>".
    """
    require_right(by, RIGHT)
    wanted = [
        {name: str(row.get(name, "")).strip() for name in (*_COMPARED, "source")} for row in rows
    ]
    problems: dict[str | int, list[Reason]] = {}
    for place, row in enumerate(wanted):
        for name in _COMPARED:
            if not row[name]:
                problems[f"comparisons.{place}.{name}"] = [Reason("required")]
        for name, text in row.items():
            most = 120 if name in ("competitor", "point") else 200
            if len(text) > most:
                problems[f"comparisons.{place}.{name}"] = [Reason("too_long", {"most": most})]
    if problems:
        raise BadInput(problems)
    Product.objects.select_for_update().get(pk=product.pk)
    before = [
        {name: getattr(row, name) for name in (*_COMPARED, "source")}
        for row in product.comparisons.order_by("id")
    ]
    if before == wanted:
        return {}
    product.comparisons.all().delete()
    Comparison.objects.bulk_create([Comparison(product=product, **row) for row in wanted])
    changes = {"comparisons": [before, wanted]}
    _record(product, changes, by=by, now=now)
    return changes


@transaction.atomic
def save_card(
    card: KnowledgeCard | None,
    *,
    title: str,
    body: str,
    product: Product | None = None,
    by: User,
    now: datetime,
) -> KnowledgeCard:
    """Writes a knowledge card, a new one where `card` is None. `BadInput` names what is missing."""
    require_right(by, RIGHT)
    values = {"title": title.strip(), "body": body.strip()}
    if problems := _needed(values, ("title", "body")):
        raise BadInput(problems)
    columns = {
        **values,
        "product_id": product.pk if product else None,
    }
    search = search_columns(values["title"], _clauses(values["body"]))
    if card is None:
        card = KnowledgeCard.objects.create(**columns, **search, changed_at=now, changed_by=by)
        audit.record("create", card, by=by, now=now)
    elif audit.change(card, columns, by=by, now=now):
        for name, value in {**search, "changed_at": now, "changed_by": by}.items():
            setattr(card, name, value)
        card.save(update_fields=[*search, "changed_at", "changed_by"])
    return card


@transaction.atomic
def remove_card(card: KnowledgeCard, *, by: User, now: datetime) -> None:
    """Takes a knowledge card away; its text stays in the audit trail."""
    require_right(by, RIGHT)
    changes = {"title": [card.title, None], "body": [card.body, None]}
    audit.record("remove", card, by=by, now=now, changes=changes)
    card.delete()
