"""Keeps how customers pay, and works out every night by when one must begin (RE4, RE11)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from genjin.customers import timeline
from genjin.customers.models import Customer
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason
from genjin.receivables import terms
from genjin.receivables.models import PaymentCalendar
from genjin.receivables.operations.excuses import customer_types
from genjin.receivables.rules.paydays import Chance, Procedure, next_chance, problems

_BATCH = 5000


@transaction.atomic
def set_calendar(
    customer: Customer,
    *,
    pay_days: Sequence[int | str],
    invoice_by_day: int | None,
    steps: Sequence[Mapping[str, Any]],
    by: User,
    now: datetime,
    payer_type: str = "",
    note: str = "",
) -> PaymentCalendar:
    """Keeps when and how a customer pays: pay days, the day a bill must be in, the procedure.

    `steps` are {"name", "days" (working days), "signer"} in their order. BadInput by field:
    no_such_day, step_not_understood, not_a_choice, too_long.
    """
    wrong: dict[str | int, list[Reason]] = {}
    try:
        procedure = Procedure.of_json(pay_days, invoice_by_day, steps)
        wrong = {name: [Reason(code)] for name, code in problems(procedure).items()}
    except (KeyError, TypeError, ValueError):
        wrong["steps"] = [Reason("step_not_understood")]
    if payer_type and payer_type not in {one.code for one in customer_types("en")}:
        wrong["payer_type"] = [Reason("not_a_choice", {"value": payer_type[:24]})]
    if len(note) > 500:
        wrong["note"] = [Reason("too_long", {"limit": 500})]
    if wrong:
        raise BadInput(wrong)
    row = PaymentCalendar.objects.select_for_update().filter(customer=customer).first()
    fresh = row is None
    row = row or PaymentCalendar(customer=customer)
    values: dict[str, Any] = {
        "pay_days": list(pay_days), "invoice_by_day": invoice_by_day,
        "steps": [{"name": one["name"], "days": int(one["days"]),
                   "signer": one.get("signer", "")} for one in steps],
        "payer_type": payer_type, "note": note.strip(),
    }  # fmt: skip
    changes = audit.differences(row, values)
    if not changes and not fresh:
        return row
    for name, value in values.items():
        setattr(row, name, value)
    row.changed_at, row.changed_by = now, by
    _work_out(row, _chance(row, now))
    row.worked_out_on = terms.day_of(now)
    row.save()
    audit.record("payment_calendar", customer, by=by, now=now, changes=changes)
    timeline.append(customer.pk, kind="change", code="payment_calendar_set", by=by, at=now,
                    data={"pay_days": row.pay_days, "note": row.note})  # fmt: skip
    return row


def _chance(row: PaymentCalendar, now: datetime) -> Chance | None:
    procedure = Procedure.of_json(row.pay_days, row.invoice_by_day, row.steps)
    return next_chance(procedure, today=terms.day_of(now), calendar=terms.work_calendar())


def _work_out(row: PaymentCalendar, chance: Chance | None) -> None:
    row.next_pay_on = chance.pay_day if chance else None
    row.start_by = chance.start_by if chance else None
    row.missed_on = chance.missed if chance else None


def work_out_pay_days(now: datetime) -> int:
    """Brings the next pay day and the last day to begin up to today; returns how many changed.

    Customers share procedures: each different one is worked out once.
    """
    today, calendar = terms.day_of(now), terms.work_calendar()
    known: dict[str, Chance | None] = {}
    rows = PaymentCalendar.objects.filter(~Q(worked_out_on=today) | Q(worked_out_on=None))
    changed, batch = 0, list[PaymentCalendar]()
    for row in rows.iterator(chunk_size=_BATCH):
        key = repr((row.pay_days, row.invoice_by_day, row.steps))
        if key not in known:
            procedure = Procedure.of_json(row.pay_days, row.invoice_by_day, row.steps)
            known[key] = next_chance(procedure, today=today, calendar=calendar)
        _work_out(row, known[key])
        row.worked_out_on = today
        batch.append(row)
        if len(batch) == _BATCH:
            changed += _keep(batch)
    return changed + _keep(batch)


def _keep(batch: list[PaymentCalendar]) -> int:
    columns = ["next_pay_on", "start_by", "missed_on", "worked_out_on"]
    PaymentCalendar.objects.bulk_update(batch, columns, batch_size=1000)
    count = len(batch)
    batch.clear()
    return count
