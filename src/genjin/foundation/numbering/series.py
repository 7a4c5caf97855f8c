"""The series themselves: what is shipped, what an administrator changed, what comes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from genjin.foundation import audit, policy
from genjin.foundation.models import NumberCounter, NumberSeries, User
from genjin.foundation.numbering.rules import Pattern, Reset, period_of, problems_of
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

_LARGEST = 10**9


def shipped() -> Mapping[str, Any]:
    """The series of policy/numbering.toml, by code."""
    return policy.shipped("numbering")


def ensure_series(*codes: str) -> None:
    """Writes the rows of these series (all of them without a name) where they are missing yet.

    Raises KeyError for a code that is not shipped.
    """
    known = shipped()
    rows = [
        NumberSeries(
            code=code,
            pattern=known[code]["pattern"],
            stem=Pattern.of(known[code]["pattern"]).stem,
            reset=known[code]["reset"],
        )
        for code in codes or known
    ]
    NumberSeries.objects.bulk_create(rows, ignore_conflicts=True)


@dataclass(frozen=True)
class SeriesRow:
    """One series as the settings show it: `upcoming` is what a paper of today would get."""

    series: NumberSeries
    labels: Mapping[str, str]
    last: int
    upcoming: str


def series_rows(*, today: date) -> list[SeriesRow]:
    """Every series in the order of the policy, with what has been drawn in the present span."""
    known = shipped()
    rows = {row.code: row for row in NumberSeries.objects.select_related("changed_by")}
    counters = {
        (one.series_id, one.stem, one.period): one.last for one in NumberCounter.objects.all()
    }
    found = []
    for code, entry in known.items():
        row = rows.get(code) or NumberSeries(
            code=code, pattern=entry["pattern"], reset=entry["reset"]
        )
        pattern = Pattern.of(row.pattern)
        last = counters.get((code, pattern.stem, _period(row, today)), 0)
        found.append(SeriesRow(row, entry["labels"], last, pattern.written(last + 1, today)))
    return found


@transaction.atomic
def change_series(code: str, *, pattern: str, reset: Reset, by: User, now: datetime) -> bool:
    """Changes what the numbers of a series look like from the next paper on; says whether it did.

    Another count of digits counts on; another shape begins at one. Raises BadInput on `pattern`:
    what `rules.problems_of` says, `start_is_taken` when another series begins like it;
    on `reset`: `reset_needs_new_pattern` when numbers of this shape were counted another way.
    """
    ensure_series()
    # All of them, in order: two administrators must not give two series one beginning.
    rows = {row.code: row for row in NumberSeries.objects.select_for_update().order_by("code")}
    if code not in rows:
        raise KeyError(code)
    new = Pattern.of(pattern.strip())
    if reset not in NumberSeries.Reset.values:
        raise BadInput({"reset": "not_a_choice"})
    if found := problems_of(new.text, reset):
        raise BadInput({"pattern": found})
    if other := _taken_by(code, new.start, rows):
        raise BadInput({"pattern": Reason("start_is_taken", {"series": other})})
    sample = len(period_of(reset, date(2000, 1, 1)))
    periods = NumberCounter.objects.filter(series_id=code, stem=new.stem).values_list("period")
    if any(len(period) != sample for (period,) in periods):
        raise BadInput({"reset": "reset_needs_new_pattern"})
    values = {"pattern": new.text, "stem": new.stem, "reset": reset}
    changes = audit.change(rows[code], values, by=by, now=now)
    if changes:
        NumberSeries.objects.filter(code=code).update(changed_at=now, changed_by=by)
    return bool(changes)


@transaction.atomic
def continue_from(code: str, *, number: int, on: date, by: User, now: datetime) -> None:
    """Lets the series go on at `number` in the span of the day `on`, as when papers move house.

    Numbers can only be passed over, never drawn again: raises BadInput `number_was_drawn` (with
    the last one) on `number`, `out_of_bounds` above a thousand millions.
    """
    ensure_series(code)
    row = NumberSeries.objects.select_for_update().get(code=code)
    if not 1 <= number <= _LARGEST:
        raise BadInput({"number": Reason("out_of_bounds", {"least": 1, "most": _LARGEST})})
    period = _period(row, on)
    counter, _ = NumberCounter.objects.select_for_update().get_or_create(
        series=row, stem=row.stem, period=period, defaults={"last": 0}
    )
    if number <= counter.last:
        raise BadInput({"number": Reason("number_was_drawn", {"last": counter.last})})
    audit.record(
        "continue",
        row,
        by=by,
        now=now,
        changes={"last": [counter.last, number - 1], "period": period},
    )
    counter.last = number - 1
    counter.save(update_fields=["last"])


def _period(row: NumberSeries, day: date) -> str:
    reset: Reset = row.reset  # type: ignore[assignment]
    return period_of(reset, day)


def _taken_by(code: str, start: str, rows: Mapping[str, NumberSeries]) -> str:
    """The code of another series that begins, or once began, with `start`; "" when none does."""
    for other, row in rows.items():
        if other != code and Pattern.of(row.pattern).start == start:
            return other
    used = NumberCounter.objects.exclude(series_id=code).values_list("series_id", "stem")
    return next((other for other, stem in used if Pattern.of(stem).start == start), "")
