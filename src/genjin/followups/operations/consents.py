"""Asks customers for consent and keeps who asked, when, for what, and the answer (MA1)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from genjin.customers import timeline
from genjin.customers.models import ContactPoint, Customer
from genjin.customers.visibility import masked
from genjin.followups import profiles
from genjin.followups.models import ConsentRequest
from genjin.followups.operations.delivering import deliver
from genjin.followups.operations.permissions import record_agreement, record_refusal
from genjin.followups.states import ASKED_STATES, AskedState, Purpose
from genjin.followups.wishes import letters
from genjin.foundation import policy
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason

SOURCES = ("desk", "card", "web")
_MONTH = timedelta(days=30)


def needs_confirmation(channel: str) -> bool:
    """Whether a yes to this channel counts only once it was confirmed from the address itself."""
    return channel in profiles.profile().double_opt_in


def _check(purposes: Sequence[str], source: str, evidence: str) -> None:
    if set(purposes) - set(Purpose.values):
        raise BadInput({"purposes": ["not_a_choice"]})
    if source not in SOURCES:
        raise BadInput({"source": ["not_a_choice"]})
    if len(evidence) > 200:
        raise BadInput({"evidence": [Reason("too_long", {"limit": 200})]})


def _require_not_asked_lately(point: ContactPoint, now: datetime) -> None:
    """Asking again and again is harassment of its own."""
    asked = ConsentRequest.objects.filter(point=point, state=AskedState.ASKED)
    again = timedelta(hours=float(policy.value("mail.consent.again_after_hours")))
    if asked.filter(asked_at__gt=now - again).exists():
        raise Conflict("asked_lately", hours=again / timedelta(hours=1))
    most = int(policy.value("mail.consent.most_in_30_days"))
    if asked.filter(asked_at__gt=now - _MONTH).count() >= most:
        raise Conflict("asked_often_enough", count=most)


@transaction.atomic
def record_yes(
    customer: Customer,
    *,
    purposes: Sequence[str],
    source: str,
    by: User | None,
    now: datetime,
    channel: str = "email",
    point: ContactPoint | None = None,
    evidence: str = "",
) -> ConsentRequest:
    """The customer said yes to us: it counts now, or once they confirmed it by a link sent there.

    Where the profile asks for it the message with the link goes to `point` and the request stays
    `asked`, which is no consent. Raises BadInput, Conflict `asked_lately`, `asked_often_enough`,
    NoAddress, WithheldError.
    """
    _check(purposes, source, evidence)
    must_confirm = needs_confirmation(channel)
    Customer.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=customer.pk)
    if must_confirm and point is not None:
        _require_not_asked_lately(point, now)
    days = int(policy.value("mail.consent.days"))
    request = ConsentRequest.objects.create(
        customer=customer, point=point, channel=channel, purposes=list(purposes), source=source,
        evidence=evidence.strip(), language=letters.language_of(customer), asked_at=now,
        asked_by=by, expires_at=now + timedelta(days=days),
    )  # fmt: skip
    if must_confirm:
        content = letters.confirmation(customer, purposes=purposes, days=days)
        deliver(customer, purpose="service", content=content, channel=channel, point=point,
                cause_key=f"consent:{request.pk}", source=("consent", str(request.pk)),
                expires_at=request.expires_at, by=by, now=now)  # fmt: skip
        _remember(request, "consent_asked", by=by, now=now)
    else:
        _agree(request, by=by, now=now)
    return request


def _agree(request: ConsentRequest, *, by: User | None, now: datetime) -> None:
    transition(request, field="state", table=ASKED_STATES, to=AskedState.AGREED, by=by, now=now,
               is_audited=False, answered_at=now)  # fmt: skip
    for purpose in request.purposes or [""]:
        record_agreement(
            request.customer, channel=request.channel, purpose=purpose, source=request.source,
            evidence=proof(request), is_confirmed=True, by=by or request.asked_by, now=now,
        )  # fmt: skip


def proof(request: ConsentRequest) -> str:
    """What shows later how a consent came about, in one line: the request, who asked, the words."""
    who = request.asked_by.staff_number or request.asked_by.username if request.asked_by else "-"
    where = masked(request.point) if request.point else "-"
    parts = [f"request {request.pk}", f"asked {request.asked_at:%Y-%m-%d %H:%M} by {who}", where]
    if needs_confirmation(request.channel):
        parts.append("confirmed by link")
    return "; ".join([*parts, *([request.evidence] if request.evidence else [])])[:300]


def _remember(
    request: ConsentRequest, code: str, *, by: User | None, now: datetime, **more: str
) -> None:
    timeline.append(
        request.customer_id, kind="consent", code=code, by=by, at=now,
        data={"channel": request.channel, "purposes": request.purposes, "source": request.source,
              "address": masked(request.point) if request.point else "", **more},
        source=("consent_request", str(request.pk)),
    )  # fmt: skip


@transaction.atomic
def record_no(
    customer: Customer,
    *,
    purposes: Sequence[str],
    source: str,
    by: User | None,
    now: datetime,
    channel: str = "email",
    point: ContactPoint | None = None,
    evidence: str = "",
) -> ConsentRequest:
    """The customer was asked and said no: the refusal acts at once, and nobody asks again."""
    _check(purposes, source, evidence)
    request = ConsentRequest.objects.create(
        customer=customer, point=point, channel=channel, purposes=list(purposes), source=source,
        evidence=evidence.strip(), state=AskedState.DECLINED, asked_at=now, asked_by=by,
        expires_at=now, answered_at=now, language=letters.language_of(customer),
    )  # fmt: skip
    for purpose in purposes or [""]:
        record_refusal(customer, channel=channel, purpose=purpose, source=source,
                       evidence=f"request {request.pk}", by=by, now=now)  # fmt: skip
    return request


@transaction.atomic
def answer_request(request: ConsentRequest, *, agreed: bool, now: datetime) -> ConsentRequest:
    """The customer followed the link and said yes or no; done once.

    Raises Conflict `consent_answered`, `consent_over`.
    """
    row = (
        ConsentRequest.objects.select_for_update(of=("self",))
        .select_related("customer", "point", "asked_by")
        .get(pk=request.pk)
    )
    if row.state != AskedState.ASKED:
        raise Conflict("consent_answered", state=row.state)
    if row.expires_at <= now:
        raise Conflict("consent_over")
    if agreed:
        _agree(row, by=None, now=now)
        return row
    transition(row, field="state", table=ASKED_STATES, to=AskedState.DECLINED, by=None, now=now,
               is_audited=False, answered_at=now)  # fmt: skip
    evidence = f"request {row.pk}; declined by link"
    for purpose in row.purposes or [""]:
        record_refusal(row.customer, channel=row.channel, purpose=purpose, source="web",
                       evidence=evidence, by=None, now=now)  # fmt: skip
    return row


def open_requests(customer: Customer, now: datetime) -> list[ConsentRequest]:
    """What a customer was asked and has not answered, while the link still works."""
    return list(
        ConsentRequest.objects.filter(
            customer=customer, state=AskedState.ASKED, expires_at__gt=now
        ).select_related("asked_by", "point").order_by("-asked_at")
    )  # fmt: skip
