"""When a customer pays, and by when one must begin so that the money comes on that day (RE4, RE11).

A customer with a procedure (the clerk checks, the head of department signs, the cashier pays) does
not pay because somebody rang today: whoever begins a day late waits for the next pay day.
"""

import calendar as months
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from genjin.kernel.workdays import WorkCalendar

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LOOK_AHEAD = 100


@dataclass(frozen=True)
class Step:
    """One step of a customer's payment procedure: working days it takes, and who signs."""

    name: str
    working_days: int
    signer: str = ""


@dataclass(frozen=True)
class Procedure:
    """How a customer pays.

    `pay_days`: days of the month (31 is the last one) and weekdays ("fri"); empty for any working
    day. `invoice_by_day`: the day of the month by which a bill must be there to be paid on the
    next pay day after it. `steps` in their order.
    """

    pay_days: tuple[int | str, ...] = ()
    invoice_by_day: int | None = None
    steps: tuple[Step, ...] = ()

    @classmethod
    def of_json(
        cls, pay_days: Sequence[int | str], invoice_by_day: int | None,
        steps: Sequence[Mapping[str, Any]],
    ) -> "Procedure":  # fmt: skip
        """Out of the columns of `PaymentCalendar`."""
        return cls(
            tuple(pay_days),
            invoice_by_day,
            tuple(Step(one["name"], int(one["days"]), one.get("signer", "")) for one in steps),
        )

    @property
    def working_days(self) -> int:
        """How long the whole procedure takes."""
        return sum(step.working_days for step in self.steps)

    @property
    def signers(self) -> tuple[str, ...]:
        return tuple(step.signer for step in self.steps if step.signer)


def problems(procedure: Procedure) -> dict[str, str]:
    """The code of what is wrong, by field."""
    found = {}
    for day in procedure.pay_days:
        if not (day in WEEKDAYS or (isinstance(day, int) and 1 <= day <= 31)):
            found["pay_days"] = "no_such_day"
    if procedure.invoice_by_day is not None and not 1 <= procedure.invoice_by_day <= 31:
        found["invoice_by_day"] = "no_such_day"
    if any(not 0 <= step.working_days <= 60 or not step.name for step in procedure.steps):
        found["steps"] = "step_not_understood"
    return found


def _is_pay_day(day: date, pay_days: Sequence[int | str]) -> bool:
    last = months.monthrange(day.year, day.month)[1]
    numbers = {min(one, last) for one in pay_days if isinstance(one, int)}
    return day.day in numbers or WEEKDAYS[day.weekday()] in pay_days


def _paid_on(day: date, calendar: WorkCalendar) -> date:
    """A pay day that is no working day is paid on the last one before it."""
    while not calendar.is_workday(day):
        day -= timedelta(days=1)
    return day


def coming_pay_days(procedure: Procedure, *, today: date, calendar: WorkCalendar) -> Iterator[date]:
    """The working days on which this customer pays, from today on, for a little over a quarter."""
    last = date.min
    for number in range(_LOOK_AHEAD):
        day = today + timedelta(days=number)
        if not _is_pay_day(day, procedure.pay_days):
            continue
        day = _paid_on(day, calendar)
        if day >= today and day > last:
            last = day
            yield day


def _invoice_by(procedure: Procedure, before: date) -> date | None:
    """The last day on or before `before` by which a bill counts for the pay day after it."""
    if procedure.invoice_by_day is None:
        return None
    for back in range(62):
        day = before - timedelta(days=back)
        last = months.monthrange(day.year, day.month)[1]
        if day.day == min(procedure.invoice_by_day, last):
            return day
    return None


@dataclass(frozen=True)
class Chance:
    """The next pay day that can still be reached: begin on `start_by` at the latest.

    `missed` is an earlier pay day for which it is too late now.
    """

    pay_day: date
    start_by: date
    missed: date | None = None

    def must_start_today(self, today: date) -> bool:
        return self.start_by == today


def next_chance(
    procedure: Procedure, *, today: date, calendar: WorkCalendar, is_billed: bool = True
) -> Chance | None:
    """The next pay day that a start today or later still reaches; None within a quarter.

    None as well for who pays on any day: there is no day that could be missed.
    `is_billed`: the customer has our bill already, so that the day it had to come by is no matter.
    """
    missed: date | None = None
    if not procedure.pay_days:
        return None
    for pay_day in coming_pay_days(procedure, today=today, calendar=calendar):
        # Counted back from the pay day: its procedure ends the evening before.
        start_by = pay_day
        if procedure.working_days:
            start_by = calendar.add_working_days(pay_day, -procedure.working_days)
        invoice_by = None if is_billed else _invoice_by(procedure, start_by)
        if invoice_by is not None:
            start_by = min(start_by, _paid_on(invoice_by, calendar))
        if start_by >= today:
            return Chance(pay_day, start_by, missed)
        missed = missed or pay_day
    return None
