"""Registers warranty stubs, reviews those with a problem, and knows what was shipped (CU13)."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from genjin.customers import events
from genjin.customers.models import ContactPoint, Customer, OwnedProduct
from genjin.customers.operations.card import add_address, change_customer, create_customer
from genjin.customers.operations.confirming import record_occasion
from genjin.customers.operations.owned import add_owned
from genjin.followups.operations.permissions import record_agreement
from genjin.foundation import audit, policy
from genjin.foundation.access import require_right
from genjin.foundation.models import User
from genjin.kernel.address import division_of
from genjin.kernel.chinese import fold
from genjin.kernel.errors import BadInput, Conflict, GenjinError, LostRace
from genjin.kernel.ids import uuid7
from genjin.kernel.phone import parse_phone
from genjin.kernel.problems import Reason
from genjin.sales.models import Product
from genjin.service import rules
from genjin.service.models import ShippedSerial, StubReview, Warranty, WarrantyStub

SOURCE = "warranty_stub"
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class TooMany(GenjinError):
    """More registrations than a person makes; try again later."""

    code = "too_many_registrations"


@dataclass(frozen=True)
class Registered:
    """What became of a stub: `warranty` None while we look into its `problems`."""

    stub: WarrantyStub
    warranty: Warranty | None
    customer: Customer
    problems: list[str]


@dataclass(frozen=True)
class StubContent:
    """What an owner entered, checked."""

    name: str
    phone: str
    address: str
    product: Product
    serial: str
    bought_on: date
    agreed_to_dealer: bool
    agreed_to_calls: bool


def origin_digest(address: str) -> str:
    """A network address as it is kept: keyed, so that nobody reads it back."""
    return hmac.new(settings.SECRET_KEY.encode(), f"stub:{address}".encode(),
                    hashlib.sha256).hexdigest()  # fmt: skip


def _check_rate(origin: str, now: datetime) -> None:
    limits = policy.value("warranty.limits")
    recent = WarrantyStub.objects.filter(at__gt=now - timedelta(hours=1))
    from_here = recent.filter(origin=origin).count() if origin else 0
    of_all = recent.filter(at__gt=now - timedelta(minutes=1)).count()
    if from_here >= limits["registrations_an_hour"] or of_all >= limits["registrations_a_minute"]:
        raise TooMany


def checked(content: Mapping[str, Any], now: datetime) -> StubContent:
    """Reads what was entered. Raises BadInput with every problem beside its field.

    required, too_long, bad_character, not_a_phone, not_a_serial, not_a_choice, not_a_date,
    day_to_come, day_too_old.
    """
    problems: dict[str | int, list[Reason | str]] = {}
    texts = {}
    for name, limit in (("name", 100), ("phone", 40), ("address", 300), ("serial", 80)):
        texts[name] = " ".join(str(content.get(name, "")).split())
        if "\x00" in texts[name]:
            problems[name] = ["bad_character"]
        elif len(texts[name]) > limit:
            problems[name] = [Reason("too_long", {"limit": limit})]
        elif not texts[name] and name != "address":
            problems[name] = ["required"]
    phone = parse_phone(texts["phone"][:40])
    if "phone" not in problems and not phone.e164:
        problems["phone"] = ["not_a_phone"]
    serial = rules.clean_serial(texts["serial"])
    if serial is None:
        problems.setdefault("serial", ["not_a_serial"])
    product = registrable().filter(code=str(content.get("product", ""))[:40]).first()
    if product is None:
        problems["product"] = ["not_a_choice"]
    bought_on = content.get("bought_on")
    if not isinstance(bought_on, date):
        problems["bought_on"] = ["not_a_date"]
    elif bought_on > timezone.localdate(now):
        problems["bought_on"] = ["day_to_come"]
    elif bought_on.year < now.year - int(policy.value("warranty.limits.oldest_years")):
        problems["bought_on"] = ["day_too_old"]
    if problems or product is None or serial is None or not isinstance(bought_on, date):
        raise BadInput(problems)
    return StubContent(
        texts["name"], str(phone.e164), texts["address"], product, serial, bought_on,
        bool(content.get("agreed_to_dealer")), bool(content.get("agreed_to_calls")),
    )  # fmt: skip


def registrable() -> Any:
    """The products that an owner can register: active ones with a category."""
    rows = Product.objects.filter(is_active=True, kind__isnull=False, kind__is_active=True)
    return rows.select_related("kind").order_by("name", "pk")


@transaction.atomic
def register_stub(
    content: Mapping[str, Any], *, language: str, origin: str, now: datetime
) -> Registered:
    """Takes a stub in: the card, the owned product, the warranty, all or nothing.

    The same owner sending the same serial again gets the same certificate. An unknown owner's
    card lies in the pool. Nothing on a card that is there is overwritten by what a stranger
    typed: a number of ours under another name opens a card of its own, which the list of
    duplicates finds. Raises BadInput, TooMany.
    """
    entered = checked(content, now)
    with connection.cursor() as cursor:  # one serial, one after the other
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 13))", [entered.serial])
    earlier = WarrantyStub.objects.filter(serial=entered.serial)
    for stub in earlier.select_related("customer", "owned").order_by("at"):
        if _is_same_owner(stub, entered):
            warranty = Warranty.objects.filter(owned=stub.owned).first()
            return Registered(stub, warranty, stub.customer, list(stub.problems))
    _check_rate(origin, now)
    customer = _card(entered, language, now=now)
    pk = uuid7()
    category = entered.product.kind
    assert category is not None
    owned = add_owned(
        customer, category=category, is_ours=True, brand=str(policy.value("organisation.name")),
        model=entered.product.name[:80], serial=entered.serial, bought_on=entered.bought_on,
        source=(SOURCE, str(pk)), by=None, now=now,
    )  # fmt: skip
    shipped = ShippedSerial.objects.filter(serial=entered.serial).first()
    found = rules.problems(
        rules.Shipped(shipped.product_id, shipped.region) if shipped else None,
        product_id=entered.product.pk, is_registered=earlier.exists(),
        division=division_of(entered.address) if entered.address else customer.region,
    )  # fmt: skip
    stub = WarrantyStub.objects.create(
        pk=pk, serial=entered.serial, product=entered.product, customer=customer, owned=owned,
        content={"name": entered.name, "phone": entered.phone, "address": entered.address,
                 "bought_on": entered.bought_on.isoformat()},
        problems=found, agreed_to_dealer=entered.agreed_to_dealer, language=language,
        origin=origin, at=now,
    )  # fmt: skip
    _remember(stub, entered, now=now)
    warranty = None if rules.STOPPING & set(found) else _issue(stub, by=None, now=now)
    return Registered(stub, warranty, customer, found)


def _is_same_owner(stub: WarrantyStub, entered: StubContent) -> bool:
    return stub.content.get("phone") == entered.phone


def _card(entered: StubContent, language: str, *, now: datetime) -> Customer:
    """The owner's card by number and name, or a new one without a custodian."""
    points = ContactPoint.objects.filter(
        value=entered.phone, kind="phone", is_active=True, customer__merged_into=None
    )
    for point in points.select_related("customer").order_by("customer__created_at")[:20]:
        if fold(point.customer.name) == fold(entered.name):
            _add_place(point.customer, entered, now=now)
            return point.customer
    customer = create_customer(
        kind="person", name=entered.name, phones=[entered.phone], source=SOURCE,
        language=language, by=None, now=now,
    )  # fmt: skip
    _add_place(customer, entered, now=now)
    return customer


def _add_place(customer: Customer, entered: StubContent, *, now: datetime) -> None:
    there = {fold(one.text) for one in customer.addresses.filter(is_active=True)}
    if entered.address and fold(entered.address) not in there:
        add_address(customer, text=entered.address, by=None, now=now)


def _remember(stub: WarrantyStub, entered: StubContent, *, now: datetime) -> None:
    """The timeline, what the stub proves, the answers it holds, and the event."""
    customer = stub.customer
    record_occasion(
        customer, SOURCE, by=None, now=now, source=(SOURCE, str(stub.pk)),
        data={"product": entered.product.name, "reference": stub.serial,
              "problems": stub.problems},
    )  # fmt: skip
    evidence = f"stub {stub.pk}"
    if entered.agreed_to_dealer:
        change_customer(customer, {"fields.dealer_list": True}, by=None, now=now, reason=evidence)
    if entered.agreed_to_calls:
        record_agreement(customer, by=None, now=now, source=SOURCE, purpose="sell",
                         evidence=evidence)  # fmt: skip
    category = entered.product.kind
    assert category is not None
    events.emit(
        "warranty_registered", customer.pk, key=f"warranty:{stub.pk}", on=timezone.localdate(now),
        data={"product": entered.product.name, "category": category.code,
              "serial": stub.serial},
        now=now, source=(SOURCE, str(stub.pk)),
    )  # fmt: skip


def _issue(stub: WarrantyStub, *, by: User | None, now: datetime) -> Warranty:
    """Starts the warranty under a number that cannot be guessed."""
    values = policy.value("warranty.months_by_category") or {}
    category = stub.owned.category.code
    months = rules.months_for(
        category, {"months": policy.value("warranty.months"), "months_by_category": values}
    )
    starts_on = date.fromisoformat(stub.content["bought_on"])
    number = "W" + "".join(secrets.choice(_LETTERS) for _place in range(11))
    warranty = Warranty.objects.create(
        number=number, owned=stub.owned, stub=stub, starts_on=starts_on,
        ends_on=rules.ends_on(starts_on, months),
        terms={"months": months, "promises": policy.value("warranty.terms.promises")},
        made_at=now, by=by,
    )  # fmt: skip
    audit.record("issue", warranty, by=by, now=now, label=number,
                 changes={"ends_on": [None, audit.plain(warranty.ends_on)]})  # fmt: skip
    return warranty


@transaction.atomic
def review_stub(
    stub: WarrantyStub, *, accept: bool, note: str, by: User, now: datetime
) -> Warranty | None:
    """Decides about a stub with a problem; accepting one that waits starts its warranty.

    Raises NotAllowed, BadInput (a refusal needs words), Conflict `nothing_to_review`, LostRace.
    """
    require_right(by, "warranties.manage")
    if not stub.problems:
        raise Conflict("nothing_to_review")
    if not accept and not note.strip():
        raise BadInput({"note": ["required"]})
    if len(note.strip()) > 300:
        raise BadInput({"note": [Reason("too_long", {"limit": 300})]})
    review, is_new = StubReview.objects.get_or_create(
        stub=stub,
        defaults={"decision": "accepted" if accept else "refused", "note": note.strip(),
                  "by": by, "at": now},
    )  # fmt: skip
    if not is_new:
        raise LostRace("already_decided")
    audit.record("review", stub, by=by, now=now, reason=note.strip(), label=stub.serial,
                 changes={"decision": [None, review.decision]})  # fmt: skip
    if accept and not Warranty.objects.filter(owned=stub.owned).exists():
        return _issue(stub, by=by, now=now)
    return None


@dataclass(frozen=True)
class SerialRow:
    """One shipped piece as a file names it."""

    line: int
    serial: str
    product_code: str
    dealer_number: str
    region: str
    shipped_on: date | None


@transaction.atomic
def add_shipped(rows: Iterable[SerialRow], *, by: User, now: datetime) -> int:
    """Writes shipped pieces down; one that is known already is left as it is.

    All or nothing: raises BadInput by line (not_a_serial, not_a_choice, unknown_dealer,
    unknown_region, not_a_date). Returns how many were new.
    """
    require_right(by, "warranties.manage")
    products = dict(Product.objects.values_list("code", "pk"))
    told = list(rows)
    numbers = {int(row.dealer_number) for row in told if row.dealer_number.isdecimal()}
    dealers = dict(
        Customer.objects.filter(number__in=numbers, merged_into=None).values_list("number", "pk")
    )
    problems: dict[str | int, list[Reason]] = {}
    made = []
    for row in told:
        serial, region = rules.clean_serial(row.serial), division_of(row.region)
        dealer = dealers.get(int(row.dealer_number)) if row.dealer_number.isdecimal() else None
        wrong = [
            Reason(code, {"value": value})
            for code, value, is_wrong in (
                ("not_a_serial", row.serial, serial is None),
                ("unknown_product", row.product_code, row.product_code not in products),
                ("unknown_dealer", row.dealer_number, bool(row.dealer_number) and dealer is None),
                ("unknown_region", row.region, bool(row.region) and not region),
                ("not_a_date", "", row.shipped_on is None),
            )
            if is_wrong
        ]
        if wrong or serial is None or row.shipped_on is None:
            problems[row.line] = wrong
            continue
        made.append(
            ShippedSerial(serial=serial, product_id=products[row.product_code],
                          dealer_id=dealer, region=region, shipped_on=row.shipped_on)
        )  # fmt: skip
    if problems:
        raise BadInput(problems)
    before = ShippedSerial.objects.count()
    ShippedSerial.objects.bulk_create(made, ignore_conflicts=True, batch_size=2000)
    count = ShippedSerial.objects.count() - before
    audit.record("add", ("shipped serials", ""), by=by, now=now, changes={"count": [None, count]})
    return count


def owner_of(warranty: Warranty) -> tuple[str, OwnedProduct]:
    """The owner's name with all but its first character hidden, and the product."""
    name = warranty.owned.customer.name
    return name[:1] + "*" * max(1, len(name) - 1), warranty.owned
