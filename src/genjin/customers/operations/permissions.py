"""Writes what a customer allows and what is stopped for a while (FU3, FU4).

Screens and domains call the versions in `followups`, one floor up, which also decide the waiting
follow-ups of the customer anew.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from genjin.customers import timeline
from genjin.customers.models import Consent, Customer, Hold
from genjin.customers.states import ConsentAnswer, HoldReason
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason

# A hold lasts 30 days at most; who wants more renews it by name and with a reason (FU4).
LONGEST_HOLD = timedelta(days=30)
PURPOSES = ("service", "collect", "sell", "survey", "care", "security")
# What a hold stops besides contacts: goods do not leave the house (RE2, SA6).
DELIVER = "deliver"
STOPPABLE = (*PURPOSES, DELIVER)


@transaction.atomic
def record_consent(
    customer: Customer,
    *,
    answer: str,
    source: str,
    by: User | None,
    now: datetime,
    channel: str = "",
    purpose: str = "",
    evidence: str = "",
) -> Consent:
    """Appends a customer's answer: may we contact them on a channel for a purpose?

    Empty `channel` or `purpose` means every one; refused with both empty is do-not-contact.
    """
    problems: dict[str | int, list[Reason]] = {}
    if answer not in ConsentAnswer.values:
        problems["answer"] = [Reason("not_a_choice", {"value": answer[:20]})]
    if purpose and purpose not in PURPOSES:
        problems["purpose"] = [Reason("not_a_choice", {"value": purpose[:20]})]
    if not source.strip():
        problems["source"] = [Reason("required")]
    if len(source) > 60 or len(evidence) > 300:
        problems["source" if len(source) > 60 else "evidence"] = [Reason("too_long")]
    if problems:
        raise BadInput(problems)
    consent = Consent.objects.create(
        customer=customer, channel=channel, purpose=purpose, answer=answer,
        source=source.strip(), evidence=evidence.strip(), at=now, by=by,
    )  # fmt: skip
    audit.record("consent", customer, by=by, now=now,
                 changes={"answer": [None, answer], "channel": [None, channel],
                          "purpose": [None, purpose]})  # fmt: skip
    timeline.append(
        customer.pk, kind="consent", code=f"consent_{answer}", by=by, at=now,
        data={"channel": channel, "purpose": purpose, "source": source, "evidence": evidence},
        source=("consent", str(consent.pk)),
    )  # fmt: skip
    return consent


def _hold_problems(
    purposes: list[str],
    *,
    reason: str,
    note: str,
    source: tuple[str, str],
    by: User | None,
    starts_at: datetime,
    ends_at: datetime,
    renews: Hold | None,
    about: list[str],
    amount: Decimal | None,
    currency: str,
    collect_until: datetime | None,
) -> dict[str | int, list[Reason]]:
    problems: dict[str | int, list[Reason]] = {}
    if not purposes or set(purposes) - set(STOPPABLE):
        problems["purposes"] = [Reason("required" if not purposes else "not_a_choice")]
    if reason not in HoldReason.values:
        problems["reason"] = [Reason("not_a_choice", {"value": reason[:20]})]
    if ends_at <= starts_at:
        problems["ends_at"] = [Reason("ends_before_it_starts")]
    elif ends_at - starts_at > LONGEST_HOLD:
        problems["ends_at"] = [Reason("hold_too_long", {"days": LONGEST_HOLD.days})]
    if len(note) > 300:
        problems["note"] = [Reason("too_long", {"limit": 300})]
    if (about or collect_until) and "collect" not in purposes:
        problems["about"] = [Reason("hold_names_debts_it_does_not_stop")]
    if amount is not None and not (about and currency):
        problems["amount"] = [Reason("hold_amount_of_nothing")]
    elif amount is not None and amount <= 0:
        problems["amount"] = [Reason("not_positive")]
    needs_words = renews is not None or reason == HoldReason.OTHER or source[0] == "person"
    if needs_words and not note:
        problems["note"] = [Reason("hold_needs_reason")]
    if renews is not None and by is None:
        problems[""] = [Reason("renewed_by_a_person_only")]
    return problems


@transaction.atomic
def insert_hold(
    customer: Customer,
    *,
    purposes: Iterable[str],
    reason: str,
    note: str,
    starts_at: datetime,
    ends_at: datetime,
    source: tuple[str, str],
    by: User | None,
    now: datetime,
    renews: Hold | None = None,
    approved_by: User | None = None,
    about: Iterable[str] = (),
    amount: Decimal | None = None,
    currency: str = "",
    collect_until: datetime | None = None,
) -> Hold:
    """Stops some purposes for a customer from `starts_at` until `ends_at` (exclusive).

    With `about` (ids of receivables) dunning stops for these alone, up to `amount` of `currency`;
    until `collect_until`, if given, it stops for everything. At most 30 days. Renewing (`renews`)
    needs a named person and a reason and ends the old hold where the new one starts; `approved_by`
    is who allowed it, where that took an approval. Raises BadInput; Conflict `hold_is_over` when
    the hold to renew was released.
    """
    wanted = sorted(set(purposes), key=lambda one: STOPPABLE.index(one) if one in STOPPABLE else 99)
    words = note.strip()
    named = sorted({str(one) for one in about})
    if named and collect_until is None:
        collect_until = starts_at
    problems = _hold_problems(
        wanted, reason=reason, note=words, source=source, by=by, starts_at=starts_at,
        ends_at=ends_at, renews=renews, about=named, amount=amount, currency=currency,
        collect_until=collect_until,
    )  # fmt: skip
    if problems:
        raise BadInput(problems)
    if renews is not None:
        _end_renewed(renews, starts_at, by=by, now=now)
    hold = Hold.objects.create(
        customer=customer, purposes=wanted, reason=reason, note=words, source_kind=source[0],
        source_id=str(source[1]), starts_at=starts_at, ends_at=ends_at, placed_by=by,
        placed_at=now, renews=renews, about=named, amount=amount, currency=currency,
        collect_until=collect_until,
    )  # fmt: skip
    audit.record("hold", customer, by=by, now=now, reason=words,
                 changes={"purposes": [[], wanted], "until": [None, ends_at],
                          **({"about": [[], named], "amount": [None, amount]} if named else {}),
                          **({"approved_by": [None, str(approved_by)]} if approved_by else {})},
                 )  # fmt: skip
    data: dict[str, object] = {
        "purposes": wanted,
        "reason": reason,
        "note": words,
        "until": ends_at.isoformat(),
    }
    if named:
        data |= {"about": named, "amount": str(amount) if amount is not None else "",
                 "currency": currency}  # fmt: skip
    if approved_by is not None:
        data["approved_by"] = approved_by.name
    timeline.append(
        customer.pk, kind="hold", code="hold_renewed" if renews else "hold_placed", by=by, at=now,
        data=data,
        source=("hold", str(hold.pk)),
    )  # fmt: skip
    return hold


def _end_renewed(hold: Hold, starts_at: datetime, *, by: User | None, now: datetime) -> None:
    row = Hold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
    if row.released_at is not None:
        raise Conflict("hold_is_over", hold=str(row.pk))
    if row.ends_at > starts_at:
        row.released_at, row.released_by, row.release_reason = now, by, "renewed"
        row.save(update_fields=["released_at", "released_by", "release_reason"])


@transaction.atomic
def end_hold(hold: Hold, *, by: User | None, now: datetime, reason: str) -> None:
    """Releases a hold before its end. Raises BadInput without a reason, Conflict if it is over."""
    words = reason.strip()
    if not words:
        raise BadInput({"reason": [Reason("hold_needs_reason")]})
    row = Hold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
    if row.released_at is not None or row.ends_at <= now:
        raise Conflict("hold_is_over", hold=str(row.pk))
    row.released_at, row.released_by, row.release_reason = now, by, words[:300]
    row.save(update_fields=["released_at", "released_by", "release_reason"])
    audit.record("release", row.customer, by=by, now=now, reason=words,
                 changes={"hold": [str(row.pk), None]})  # fmt: skip
    timeline.append(
        row.customer_id, kind="hold", code="hold_released", by=by, at=now,
        data={"purposes": row.purposes, "reason": row.reason, "note": words},
        source=("hold", str(row.pk)),
    )  # fmt: skip
    hold.released_at, hold.released_by, hold.release_reason = now, by, words[:300]
