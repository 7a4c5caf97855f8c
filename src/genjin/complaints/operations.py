"""Opens and settles complaints; the holds that they place are the gate's business (FU4)."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from genjin.complaints.models import (
    COMPLAINT_STATES,
    Complaint,
    ComplaintKind,
    ComplaintState,
)
from genjin.customers import events, timeline
from genjin.customers.models import Customer, Hold
from genjin.customers.operations.changes import lock
from genjin.followups.operations import place_hold, release_hold
from genjin.followups.profiles import profile
from genjin.foundation import audit
from genjin.foundation.calendar import work_calendar
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

STOPS = ("sell", "survey", "care", "collect")
HOLD_DAYS = 30
# All dunning rests so many working days after a complaint; then only what it names.
COLLECT_WORKING_DAYS = 3


def collect_rests_until(now: datetime) -> datetime:
    """The end of the last working day on which a new complaint stops all dunning."""
    calendar = work_calendar(profile().country, guesses=True)
    last = calendar.add_working_days(timezone.localdate(now), COLLECT_WORKING_DAYS)
    return datetime.combine(last + timedelta(days=1), time(), timezone.get_default_timezone())


@transaction.atomic
def open_complaint(
    customer: Customer,
    *,
    kind: str,
    text: str,
    by: User | None,
    now: datetime,
    about: Iterable[str] = (),
    amount: Decimal | None = None,
    currency: str = "",
    source: tuple[str, str] = ("", ""),
) -> Complaint:
    """Opens a complaint and stops what must not go on while it is open.

    Named debts stay held up to `amount` (all of them without one). BadInput by field; NotAllowed
    `second_hold_needs_supervisor` where the same debts were held within 90 days.
    """
    row = lock(customer)
    named = [str(one) for one in about]
    problems: dict[str | int, list[Reason]] = {}
    if not text.strip():
        problems["text"] = [Reason("required")]
    elif len(text.strip()) > 500:
        problems["text"] = [Reason("too_long", {"limit": 500})]
    if kind not in ComplaintKind.values:
        problems["kind"] = [Reason("not_a_choice", {"value": kind[:10]})]
    if amount is not None and (amount <= 0 or not named):
        problems["amount"] = [Reason("not_positive" if named else "hold_amount_of_nothing")]
    if problems:
        raise BadInput(problems)
    made = Complaint.objects.create(
        customer=row, kind=kind, text=text.strip(), about=named, amount=amount,
        currency=currency if amount is not None else "", source_kind=source[0],
        source_id=source[1], opened_at=now, opened_by=by,
    )  # fmt: skip
    if named:
        place_hold(
            row, purposes=STOPS, note=text.strip()[:300], by=by, now=now, days=HOLD_DAYS,
            reason="dispute" if kind == ComplaintKind.DISPUTE else "complaint",
            source=("complaint", str(made.pk)), about=named, amount=amount,
            currency=made.currency, collect_until=collect_rests_until(now),
        )  # fmt: skip
    else:
        _place_unnamed(row, made, by=by, now=now)
    audit.record("open", made, by=by, now=now, label=row.name,
                 changes={"kind": [None, kind], "about": [[], named]})  # fmt: skip
    timeline.append(row.pk, kind="complaint", code="complaint_opened", by=by, at=now,
                    data={"kind": kind, "text": text.strip(), "count": len(named)},
                    source=("complaint", str(made.pk)))  # fmt: skip
    return made


def _place_unnamed(row: Customer, made: Complaint, *, by: User | None, now: datetime) -> None:
    """Without named debts selling rests until it is settled, dunning three working days alone."""
    source, note = ("complaint", str(made.pk)), made.text[:300]
    place_hold(row, purposes=["collect"], reason="complaint", note=note, by=by, now=now,
               source=("complaint_dunning", str(made.pk)),
               ends_at=collect_rests_until(now))  # fmt: skip
    place_hold(row, purposes=[one for one in STOPS if one != "collect"],
               reason="complaint", note=note, source=source, by=by, now=now,
               days=HOLD_DAYS)  # fmt: skip


@transaction.atomic
def settle_complaint(complaint: Complaint, *, settlement: str, by: User, now: datetime) -> None:
    """Settles a complaint, with how, and lifts what it stopped; tells it for the check (FU2)."""
    if not settlement.strip():
        raise BadInput({"settlement": [Reason("required")]})
    lock(complaint.customer)
    transition(complaint, field="state", table=COMPLAINT_STATES, to=ComplaintState.SETTLED, by=by,
               now=now, reason=settlement.strip()[:300], settled_at=now, settled_by=by,
               settlement=settlement.strip()[:500])  # fmt: skip
    holds = Hold.objects.filter(
        source_kind__in=["complaint", "complaint_dunning"], source_id=str(complaint.pk),
        released_at=None, ends_at__gt=now,
    )  # fmt: skip
    for hold in holds.order_by("pk"):
        release_hold(hold, by=by, now=now, reason="complaint_settled")
    timeline.append(complaint.customer_id, kind="complaint", code="complaint_settled", by=by,
                    at=now, data={"text": complaint.text, "settlement": settlement.strip()},
                    source=("complaint", str(complaint.pk)))  # fmt: skip
    events.emit(
        "complaint_settled", complaint.customer_id, key=f"complaint_settled:{complaint.pk}",
        on=timezone.localdate(now), now=now, source=("complaint", str(complaint.pk)),
        data={"about": complaint.text[:200], "days_open": (now - complaint.opened_at).days},
    )  # fmt: skip
