"""Keeps what began the limitation period of a debt anew, with its proof (RE2)."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason
from genjin.receivables import terms
from genjin.receivables.models import Interruption, Receivable
from genjin.receivables.rules import limitation
from genjin.receivables.states import InterruptionKind


@transaction.atomic
def interrupt_limitation(
    receivables: Collection[Receivable],
    *,
    kind: str,
    on: date,
    proof: str,
    by: User | None,
    now: datetime,
    source: tuple[str, str] = ("", ""),
) -> list[Interruption]:
    """Keeps one thing that begins the period of these debts anew, and the day it now runs from.

    Debts that are not due yet have no period, and so nothing to interrupt. BadInput by field.
    """
    problems: dict[str | int, list[Reason]] = {}
    if kind not in InterruptionKind.values:
        problems["kind"] = [Reason("not_a_choice", {"value": kind[:20]})]
    if on > terms.day_of(now):
        problems["on"] = [Reason("day_to_come")]
    if not proof.strip():
        problems["proof"] = [Reason("required")]
    if problems:
        raise BadInput(problems)
    due = [one for one in receivables if one.due_on is not None and one.due_on <= on]
    made = Interruption.objects.bulk_create(
        [
            Interruption(
                customer_id=one.customer_id, receivable=one, on=on, kind=kind,
                proof=proof.strip()[:300], source_kind=source[0], source_id=str(source[1]),
                at=now, by=by,
            )
            for one in due
        ]
    )  # fmt: skip
    if by is not None:
        for row in made:
            audit.record("interrupt", row, by=by, now=now, reason=proof,
                         changes={"kind": [None, kind], "on": [None, on]})  # fmt: skip
    _run_anew(due, now)
    return made


def _run_anew(receivables: Sequence[Receivable], now: datetime) -> None:
    found = periods_of(receivables, terms.day_of(now))
    changed = []
    for one in receivables:
        period = found.get(one.pk)
        if period is not None and one.limitation_from != period.starts_on:
            one.limitation_from = period.starts_on
            changed.append(one)
    Receivable.objects.bulk_update(changed, ["limitation_from"])


def periods_of(receivables: Sequence[Receivable], today: date) -> dict[UUID, limitation.Limitation]:
    """The limitation period of each debt that is due, with what interrupted it."""
    breaks: dict[UUID, list[limitation.Interruption]] = defaultdict(list)
    ids = [one.pk for one in receivables]
    for row in Interruption.objects.filter(receivable__in=ids).order_by("on", "pk"):
        breaks[row.receivable_id].append(limitation.Interruption(row.on, row.kind, row.proof))
    rules = terms.limitation_terms()
    return {
        one.pk: limitation.limitation(one.due_on, breaks[one.pk], today=today, terms=rules)
        for one in receivables
        if one.due_on is not None and one.due_on <= today
    }
