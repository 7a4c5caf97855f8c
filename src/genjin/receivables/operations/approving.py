"""Asking for the yes without which a dead debt is not written off (RE2)."""

from datetime import datetime

from django.db import transaction

from genjin.foundation import approvals
from genjin.foundation.models import Approval, User
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.money import quantise
from genjin.kernel.problems import Reason
from genjin.receivables.models import Receivable
from genjin.receivables.operations.undoing import write_off
from genjin.receivables.states import ValueClass
from genjin.sales.orders import home_currency, rate_on

WRITE_OFF = "write_off"


def needs_approval(receivable: Receivable) -> bool:
    """Whether this debt is written off with an approval alone."""
    return receivable.value_class == ValueClass.DEAD


@transaction.atomic
def ask_write_off(receivable: Receivable, *, reason: str, by: User, now: datetime) -> Approval:
    """Asks that what is open of a debt be written off; the yes does it.

    BadInput `reason` required; Conflict `nothing_open`, `already_asked`, `nobody_may_decide`.
    """
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    row = Receivable.objects.select_related("customer__team").get(pk=receivable.pk)
    if not row.open_amount:
        raise Conflict("nothing_open")
    home, rate = home_currency(), rate_on(row.currency, now.date())
    amount = quantise(row.open_amount * rate, home) if rate is not None else None
    facts = {"customer": row.customer.name, "number": row.number or str(row.issued_on),
             "amount": str(row.open_amount), "currency": row.currency}  # fmt: skip
    return approvals.ask(
        WRITE_OFF,
        subject=("receivable", str(row.pk)),
        title={"code": WRITE_OFF, "data": facts},
        evidence=[
            {"code": "customer", "value": row.customer.name,
             "url": f"/customers/{row.customer_id}/account"},
            {"code": "bill", "value": row.number or "–",
             "url": f"/customers/{row.customer_id}/account/debts/{row.pk}"},
            {"code": "due_on", "value": row.due_on.isoformat() if row.due_on else "–"},
        ],
        payload={"receivable": row.pk},
        reason=reason,
        amount=amount,
        currency=home if amount is not None else "",
        team=row.customer.team,
        by=by,
        now=now,
    )  # fmt: skip


def _carry_out(approval: Approval, by: User | None, now: datetime) -> None:
    row = Receivable.objects.get(pk=approval.payload["receivable"])
    write_off(row, reason=approval.reason, approval=approval, by=by, now=now)


def register_kinds() -> None:
    """Says what approvals of receivables do."""
    approvals.register(WRITE_OFF, carry_out=_carry_out)
