"""Key customers (CU3): proposed from class, potential and grade, decided by a manager in words."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from genjin.customers import timeline
from genjin.customers.models import Customer
from genjin.customers.operations.changes import lock
from genjin.followups.operations import redecide
from genjin.foundation import audit
from genjin.foundation.access import require_right
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason
from genjin.sales.models import KeyDecision
from genjin.sales.rules import KeyRules, key_reason
from genjin.sales.standing import key_rules

RIGHT = "classes.manage"
POTENTIAL_FIELD = "growth_potential"


@dataclass(frozen=True)
class Proposal:
    """A customer or prospect that may be a key customer, and why."""

    customer: Customer
    reason: Reason


def reason_for(customer: Customer, rules: KeyRules | None = None) -> Reason | None:
    """Why this card is proposed; None: it is not. The standing is read with it."""
    standing = getattr(customer, "standing", None)
    return key_reason(
        value_class=standing.value_class if standing else "",
        grade=customer.grade,
        potential=str(customer.fields.get(POTENTIAL_FIELD, "")),
        expected_amount=customer.expected_amount,
        rules=rules or key_rules(),
    )


def proposal_for(customer: Customer) -> Proposal | None:
    """The open proposal of one card; None where there is none or it was refused as it stands."""
    if customer.is_key or (reason := reason_for(customer)) is None:
        return None
    last = KeyDecision.objects.filter(customer=customer).order_by("-at", "-pk").first()
    if last is not None and not last.is_key and last.basis == reason.to_json():
        return None
    return Proposal(customer, reason)


def _candidates(customers: QuerySet[Customer], rules: KeyRules) -> QuerySet[Customer]:
    potential = Q(**{f"fields__{POTENTIAL_FIELD}__in": list(rules.potentials)})
    has_no_class = Q(standing=None) | Q(standing__value_class="")
    prospects = Q(grade__in=list(rules.grades)) & has_no_class
    return customers.filter(is_key=False).filter(
        Q(standing__value_class__in=list(rules.classes))
        | Q(standing__value_class__in=list(rules.classes_with_potential)) & potential
        | prospects & (potential | Q(expected_amount__gte=rules.expected_amount))
    )


def proposals(customers: QuerySet[Customer], *, limit: int = 50) -> list[Proposal]:
    """The open proposals among these cards, the greatest deal amount first."""
    rules = key_rules()
    decisions = KeyDecision.objects.filter(customer=OuterRef("pk")).order_by("-at", "-pk")
    rows = (
        _candidates(customers, rules)
        .select_related("standing", "custodian")
        .annotate(
            was_key=Subquery(decisions.values("is_key")[:1]),
            basis=Subquery(decisions.values("basis")[:1]),
        )
        .order_by("-standing__deal_amount", "-expected_amount", "id")
    )
    found = []
    for row in rows.iterator(chunk_size=200):
        reason = reason_for(row, rules)
        if reason is None or (row.was_key is False and row.basis == reason.to_json()):
            continue
        found.append(Proposal(row, reason))
        if len(found) >= limit:
            break
    return found


@transaction.atomic
def decide_key(customer: Customer, *, is_key: bool, reason: str, by: User, now: datetime
               ) -> KeyDecision:  # fmt: skip
    """Marks a key customer or says that they are none, with the reason in words.

    The waiting follow-ups are decided anew, since important customers come first. BadInput
    `required`, `too_long`; NotAllowed without the right.
    """
    require_right(by, RIGHT)
    words = reason.strip()
    if not words:
        raise BadInput({"reason": [Reason("required")]})
    if len(words) > 300:
        raise BadInput({"reason": [Reason("too_long", {"limit": 300})]})
    row = lock(customer)
    basis = reason_for(row)
    decision = KeyDecision.objects.create(
        customer=row, is_key=is_key, basis=basis.to_json() if basis else {}, reason=words, by=by,
        at=now,
    )  # fmt: skip
    changes = audit.change(row, {"is_key": is_key}, by=by, now=now, reason=words)
    if not changes:
        audit.record("decide", decision, by=by, now=now, label=row.name, reason=words,
                     changes={"is_key": is_key})  # fmt: skip
    code = "key_confirmed" if is_key else "key_ended" if changes else "key_refused"
    timeline.append(row.pk, kind="class", code=code, by=by, at=now,
                    data={"reason": words, "basis": decision.basis},
                    source=("keydecision", str(decision.pk)))  # fmt: skip
    if changes:
        redecide(row, now=now, by=by, with_hours=True)
    customer.is_key = is_key
    return decision
