"""What a customer allows or stops, with the waiting follow-ups decided anew (FU3, FU4).

These are the versions that screens and domains call; the rows are written by `customers`.
"""

import math
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from genjin.customers.models import Consent, Customer, Hold
from genjin.customers.operations.permissions import end_hold, insert_hold, record_consent
from genjin.customers.states import ConsentAnswer
from genjin.followups import profiles
from genjin.followups.operations.redeciding import redecide
from genjin.foundation import approvals, policy
from genjin.foundation.access import has_right
from genjin.foundation.models import Approval, User
from genjin.kernel.errors import BadInput, Conflict, NotAllowed
from genjin.kernel.problems import Reason

RENEWAL = "hold_renewal"
LONGEST_NOTE = 300


def _lock(customer: Customer) -> None:
    """Two changes to what one customer allows follow each other."""
    Customer.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=customer.pk)


def _require_supervisor_for_second(
    customer: Customer,
    source: tuple[str, str],
    by: User | None,
    now: datetime,
    about: Collection[str] = (),
) -> None:
    """A second hold for the same cause, or on the same receivable, within 90 days needs a
    supervisor (FU4).

    A hold by hand names no cause but the person, so there the reasons alone do not count.
    """
    since = now - timedelta(days=policy.value("contact.holds.again_within_days"))
    same = Q(about__overlap=list(about)) if about else Q(pk__in=())
    if source[0] not in ("", "person"):
        same |= Q(source_kind=source[0], source_id=source[1])
    is_second = Hold.objects.filter(same, customer=customer, placed_at__gte=since).exists()
    if is_second and (by is None or not has_right(by, "followups.reassign")):
        raise NotAllowed("second_hold_needs_supervisor", source=source[0])


def _until(now: datetime, starts_at: datetime, days: int | None, ends_at: datetime | None):
    longest = policy.value("contact.holds.longest_days")
    if (days is None) == (ends_at is None):
        raise BadInput({"ends_at": [Reason("required")]})
    end = ends_at or starts_at + timedelta(days=days or 0)
    if end - starts_at > timedelta(days=longest):
        raise BadInput({"ends_at": [Reason("hold_too_long", {"days": longest})]})
    return end


@transaction.atomic
def place_hold(
    customer: Customer,
    *,
    purposes: Iterable[str],
    reason: str,
    note: str,
    source: tuple[str, str],
    by: User | None,
    now: datetime,
    days: int | None = None,
    ends_at: datetime | None = None,
    starts_at: datetime | None = None,
    about: Iterable[str] = (),
    amount: Decimal | None = None,
    currency: str = "",
    collect_until: datetime | None = None,
    approved_by: User | None = None,
) -> Hold:
    """Stops some purposes for a customer for at most 30 days, by `days` or until `ends_at`.

    The customer's waiting follow-ups for these purposes wait until its end. With `about` (ids of
    receivables) only the dunning of these stops, up to `amount`; until `collect_until` that of all.
    `approved_by` is who allowed a second one. Raises BadInput (too long, no reason in words),
    NotAllowed `second_hold_needs_supervisor`.
    """
    _lock(customer)
    begins, named = starts_at or now, [str(one) for one in about]
    _require_supervisor_for_second(customer, source, approved_by or by, now, named)
    hold = insert_hold(customer, purposes=purposes, reason=reason, note=note, starts_at=begins,
                       ends_at=_until(now, begins, days, ends_at), source=source, by=by,
                       now=now, about=named, amount=amount, currency=currency,
                       collect_until=collect_until, approved_by=approved_by)  # fmt: skip
    redecide(customer, now=now, by=by)
    return hold


def _must_ask(hold: Hold, by: User, now: datetime) -> bool:
    """Whether somebody else decides that a hold goes on: a second renewal, or a second hold for
    its cause within 90 days, without the right."""
    if has_right(by, "followups.reassign"):
        return False
    try:
        _require_supervisor_for_second(
            hold.customer, (hold.source_kind, hold.source_id), by, now, hold.about
        )
    except NotAllowed:
        return True
    return hold.renews_id is not None


@transaction.atomic
def renew_hold(
    hold: Hold,
    *,
    note: str,
    by: User,
    now: datetime,
    days: int | None = None,
    ends_at: datetime | None = None,
) -> Hold | Approval:
    """Lets a hold go on for another 30 days at most: a named person with a reason (FU4).

    A second renewal, or one within 90 days after the first hold of the same cause, is a
    supervisor's. Asked by someone else it becomes an approval (`hold_renewal`), and the hold
    stays as it is until that is decided. Raises BadInput, Conflict `hold_is_over`,
    `already_asked`.
    """
    hold.refresh_from_db()
    if hold.released_at is not None:
        raise Conflict("hold_is_over", hold=str(hold.pk))
    if _must_ask(hold, by, now):
        return _ask_renewal(hold, note=note, by=by, now=now, days=days, ends_at=ends_at)
    _lock(hold.customer)
    return _renew(hold, note=note, by=by, now=now, days=days, ends_at=ends_at)


def _renew(
    hold: Hold,
    *,
    note: str,
    by: User,
    now: datetime,
    days: int | None,
    ends_at: datetime | None,
    approved_by: User | None = None,
) -> Hold:
    renewed = insert_hold(hold.customer, purposes=hold.purposes, reason=hold.reason, note=note,
                          starts_at=now, ends_at=_until(now, now, days, ends_at),
                          source=(hold.source_kind, hold.source_id), by=by, now=now,
                          renews=hold, approved_by=approved_by, about=hold.about,
                          amount=hold.amount, currency=hold.currency,
                          collect_until=hold.collect_until)  # fmt: skip
    redecide(hold.customer, now=now, by=by)
    return renewed


def _ask_renewal(
    hold: Hold, *, note: str, by: User, now: datetime, days: int | None, ends_at: datetime | None
) -> Approval:
    if hold.ends_at <= now:
        raise Conflict("hold_is_over", hold=str(hold.pk))
    if not note.strip():
        raise BadInput({"note": [Reason("hold_needs_reason")]})
    if len(note.strip()) > LONGEST_NOTE:
        raise BadInput({"note": [Reason("too_long", {"limit": LONGEST_NOTE})]})
    until = _until(now, now, days, ends_at)
    if until <= now:
        raise BadInput({"ends_at": [Reason("ends_before_it_starts")]})
    count = days if days is not None else math.ceil((until - now) / timedelta(days=1))
    return approvals.ask(
        RENEWAL,
        subject=("hold", str(hold.pk)),
        title={"code": RENEWAL, "data": {"customer": hold.customer.name, "days": count}},
        evidence=[
            {"code": "customer", "value": hold.customer.name,
             "url": f"/customers/{hold.customer_id}"},
            {"code": "purposes", "value": list(hold.purposes)},
            {"code": "since", "value": hold.starts_at.date().isoformat()},
            {"code": "until", "value": hold.ends_at.date().isoformat()},
            {"code": "note", "value": hold.note or "–"},
        ],
        payload={"hold": str(hold.pk), "days": days, "note": note.strip(),
                 "ends_at": ends_at.isoformat() if ends_at else None},
        reason=note.strip(),
        by=by,
        now=now,
    )  # fmt: skip


@transaction.atomic
def carry_out_renewal(approval: Approval, by: User | None, now: datetime) -> None:
    """The renewal that was approved, in the name of whoever asked, counted from now.

    Runs in the transaction of the decision. Raises Conflict `hold_is_over` when the hold was
    released, renewed or ran out meanwhile, and what renewing raises.
    """
    hold = Hold.objects.select_related("customer").get(pk=approval.payload["hold"])
    _lock(hold.customer)
    hold.refresh_from_db()
    if hold.released_at is not None or hold.ends_at <= now:
        raise Conflict("hold_is_over", hold=str(hold.pk))
    until = approval.payload["ends_at"]
    _renew(hold, note=approval.payload["note"], by=approval.asked_by, now=now,
           days=approval.payload["days"], approved_by=by,
           ends_at=datetime.fromisoformat(until) if until else None)  # fmt: skip


def open_renewals(holds: Iterable[Hold]) -> dict[str, Approval]:
    """The questions about these holds that nobody has decided yet, by the key of the hold."""
    keys = [str(hold.pk) for hold in holds]
    if not keys:
        return {}
    rows = Approval.objects.filter(
        kind=RENEWAL, subject_kind="hold", subject_id__in=keys, state=Approval.State.ASKED
    )
    return {row.subject_id: row for row in rows}


def register_kinds() -> None:
    """Says what approvals about holds do."""
    approvals.register(RENEWAL, carry_out=carry_out_renewal)


@transaction.atomic
def release_hold(hold: Hold, *, by: User | None, now: datetime, reason: str) -> None:
    """Ends a hold early, with a reason; what it kept waiting comes back. Raises as `end_hold`."""
    _lock(hold.customer)
    end_hold(hold, by=by, now=now, reason=reason)
    redecide(hold.customer, now=now, by=by)


@transaction.atomic
def record_refusal(
    customer: Customer,
    *,
    by: User | None,
    now: datetime,
    source: str,
    channel: str = "",
    purpose: str = "",
    evidence: str = "",
) -> Consent:
    """The customer says no: to a channel, to a purpose, or (both empty) to every contact.

    The customer's waiting follow-ups that this covers are cancelled at once.
    """
    _lock(customer)
    consent = record_consent(customer, answer=ConsentAnswer.REFUSED, channel=channel,
                             purpose=purpose, source=source, evidence=evidence, by=by,
                             now=now)  # fmt: skip
    redecide(customer, now=now, by=by)
    return consent


@transaction.atomic
def record_agreement(
    customer: Customer,
    *,
    by: User | None,
    now: datetime,
    source: str,
    channel: str = "",
    purpose: str = "",
    evidence: str = "",
    is_confirmed: bool = False,
) -> Consent:
    """The customer agrees to be contacted on a channel for a purpose (empty: every one).

    On a channel where a yes has to be confirmed from the address itself, `is_confirmed` says that
    it was; without it raises Conflict `needs_confirmation` (`consents.ask_consent` asks for it).
    """
    if channel in profiles.profile().double_opt_in and not is_confirmed:
        raise Conflict("needs_confirmation", channel=channel)
    _lock(customer)
    consent = record_consent(customer, answer=ConsentAnswer.GIVEN, channel=channel,
                             purpose=purpose, source=source, evidence=evidence, by=by,
                             now=now)  # fmt: skip
    redecide(customer, now=now, by=by)
    return consent
