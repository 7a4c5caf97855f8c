"""What a customer allows or stops, with the waiting follow-ups decided anew (FU3, FU4).

These are the versions that screens and domains call; the rows are written by `customers`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from genjin.customers.models import Consent, Customer, Hold
from genjin.customers.operations.permissions import end_hold, insert_hold, record_consent
from genjin.customers.states import ConsentAnswer
from genjin.followups.operations.redeciding import redecide
from genjin.foundation import policy
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict, NotAllowed
from genjin.kernel.problems import Reason


def _lock(customer: Customer) -> None:
    """Two changes to what one customer allows follow each other."""
    Customer.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=customer.pk)


def _require_supervisor_for_second(
    customer: Customer, source: tuple[str, str], by: User | None, now: datetime
) -> None:
    """A second hold for the same cause within 90 days needs a supervisor (FU4).

    A hold by hand names no cause but the person, so there the reasons alone do not count.
    """
    since = now - timedelta(days=policy.value("contact.holds.again_within_days"))
    if source[0] in ("", "person"):
        return
    is_second = Hold.objects.filter(
        customer=customer, source_kind=source[0], source_id=source[1], placed_at__gte=since
    ).exists()
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
) -> Hold:
    """Stops some purposes for a customer for at most 30 days, by `days` or until `ends_at`.

    The customer's waiting follow-ups for these purposes wait until its end. Raises BadInput
    (too long, no reason in words), NotAllowed `second_hold_needs_supervisor`.
    """
    _lock(customer)
    begins = starts_at or now
    _require_supervisor_for_second(customer, source, by, now)
    hold = insert_hold(customer, purposes=purposes, reason=reason, note=note, starts_at=begins,
                       ends_at=_until(now, begins, days, ends_at), source=source, by=by,
                       now=now)  # fmt: skip
    redecide(customer, now=now, by=by)
    return hold


@transaction.atomic
def renew_hold(
    hold: Hold,
    *,
    note: str,
    by: User,
    now: datetime,
    days: int | None = None,
    ends_at: datetime | None = None,
) -> Hold:
    """Lets a hold go on for another 30 days at most: a named person with a reason (FU4).

    Renewing within 90 days after the first one of the same cause needs a supervisor. Raises
    BadInput, NotAllowed, Conflict `hold_is_over`.
    """
    customer = hold.customer
    _lock(customer)
    hold.refresh_from_db()
    if hold.released_at is not None:
        raise Conflict("hold_is_over", hold=str(hold.pk))
    source = (hold.source_kind, hold.source_id)
    if hold.renews_id is not None and not has_right(by, "followups.reassign"):
        raise NotAllowed("second_hold_needs_supervisor", source=hold.source_kind)
    _require_supervisor_for_second(customer, source, by, now)
    begins = max(now, min(hold.ends_at, now))
    renewed = insert_hold(customer, purposes=hold.purposes, reason=hold.reason, note=note,
                          starts_at=begins, ends_at=_until(now, begins, days, ends_at),
                          source=source, by=by, now=now, renews=hold)  # fmt: skip
    redecide(customer, now=now, by=by)
    return renewed


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
) -> Consent:
    """The customer agrees to be contacted on a channel for a purpose (empty: every one)."""
    _lock(customer)
    consent = record_consent(customer, answer=ConsentAnswer.GIVEN, channel=channel,
                             purpose=purpose, source=source, evidence=evidence, by=by,
                             now=now)  # fmt: skip
    redecide(customer, now=now, by=by)
    return consent
