"""Gives debts their classes: by rule every night, by hand with a reason, dead by approval (RE2).

Every move is on record. The night moves what differs and nothing else; a debt that money is being
booked on at that moment is left to the next round.
"""

import json
from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from genjin.customers import timeline
from genjin.foundation import approvals, audit
from genjin.foundation.access import require_right
from genjin.foundation.models import Approval, User
from genjin.kernel.errors import BadInput, Conflict, LostRace
from genjin.kernel.money import format_money
from genjin.kernel.problems import Reason
from genjin.receivables import class_sql, terms
from genjin.receivables.models import ClassMove, Receivable
from genjin.receivables.states import ValueClass

APPROVAL = "dead_debt"
RIGHT = "receivables.classify"
KIND = "collection"
_CHUNK = 20_000


def _since(today: date) -> date:
    return today - timedelta(days=terms.promise_terms().counts_days)


def classify_all(now: datetime, on_progress: Callable[[int, int], None] | None = None) -> int:
    """Gives every open debt the class that the rules say today; returns how many moved.

    One statement finds what differs; it is written in chunks, each a transaction of its own, so
    that no payment waits for the night's work.
    """
    today = terms.day_of(now)
    total = _find(today)
    moved = 0
    for after in range(0, total, _CHUNK):
        with transaction.atomic():
            moved += _write(after, after + _CHUNK, today=today, now=now)
        if on_progress:
            on_progress(min(total, after + _CHUNK), total)
    return moved


def _find(today: date) -> int:
    text, values = class_sql.seen(terms.class_terms(), today=today, broken_since=_since(today))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.genjin_moves")
        cursor.execute(class_sql.moves(text, lasts=True), values)
        cursor.execute("CREATE INDEX ON genjin_moves (number)")
        cursor.execute("ANALYZE genjin_moves")
        cursor.execute("SELECT count(*) FROM genjin_moves")
        return int(cursor.fetchone()[0])


def _write(after: int, until: int, *, today: date, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(class_sql.WRITE, class_sql.write_values(after, until, today=today, now=now))
        return int(cursor.fetchone()[0])


@transaction.atomic
def classify_some(receivables: Collection[UUID], *, now: datetime) -> int:
    """Gives some debts their class at once: a promise broke, a signal was entered."""
    today = terms.day_of(now)
    text, values = class_sql.seen(
        terms.class_terms(), today=today, broken_since=_since(today), ids=list(receivables)
    )
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.genjin_moves")
        cursor.execute(class_sql.moves(text, lasts=False), values)
    return _write(0, len(receivables), today=today, now=now)


def ruled(receivable: Receivable, now: datetime) -> tuple[str, str, dict[str, object]]:
    """What the rules say of a debt now: class, code of the rule, and the figures it saw."""
    today = terms.day_of(now)
    text, values = class_sql.seen(
        terms.class_terms(), today=today, broken_since=_since(today), ids=[receivable.pk]
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ruled_class, rule, jsonb_build_object('days', days, 'due_on', due_on, "  # noqa: S608
            "'broken', broken, 'signals', signals, 'likelihood', likelihood)::text "
            f"FROM ({text}) found",
            values,
        )
        row = cursor.fetchone()
    if row is None:
        raise Conflict("debt_not_open", receivable=str(receivable.pk))
    return row[0], row[1], json.loads(row[2])


@transaction.atomic
def move_class(
    receivable: Receivable, *, to: str, reason: str, by: User, now: datetime
) -> ClassMove | Approval:
    """Moves a debt to a class by hand, with a reason.

    It stands until the rules find the debt worse than they do today. Dead takes a decision: it
    becomes an approval (`dead_debt`) and the debt stays as it is until then. NotAllowed without
    the right; BadInput by field; Conflict debt_not_open, already_asked.
    """
    require_right(by, RIGHT)
    problems: dict[str | int, list[Reason]] = {}
    if to not in ValueClass.values:
        problems["to"] = [Reason("not_a_choice", {"value": to[:12]})]
    elif to == receivable.value_class:
        problems["to"] = [Reason("in_this_class")]
    if not reason.strip():
        problems["reason"] = [Reason("required")]
    elif len(reason.strip()) > 300:
        problems["reason"] = [Reason("too_long", {"limit": 300})]
    if problems:
        raise BadInput(problems)
    if to == ValueClass.DEAD:
        return _ask_dead(receivable, reason=reason.strip(), by=by, now=now)
    return _move(receivable, to, reason=reason.strip(), by=by, now=now)


def _move(
    receivable: Receivable, to: str, *, reason: str, by: User | None, now: datetime,
    approval: str = "",
) -> ClassMove:  # fmt: skip
    says, rule, evidence = ruled(receivable, now)
    before = receivable.value_class
    today = terms.day_of(now)
    rows = Receivable.objects.filter(pk=receivable.pk, state="open", value_class=before)
    if rows.update(value_class=to, class_since=today) != 1:
        raise LostRace("state_changed", kind="receivable", id=str(receivable.pk))
    receivable.value_class, receivable.class_since = to, today
    move = ClassMove.objects.create(
        customer_id=receivable.customer_id, receivable=receivable, before=before, after=to,
        is_by_hand=True, ruled_class=says, rule=rule, evidence=evidence, reason=reason,
        approval=approval, at=now, by=by,
    )  # fmt: skip
    audit.record("classify", receivable, by=by, now=now, reason=reason,
                 changes={"value_class": [before, to]})  # fmt: skip
    timeline.append(
        receivable.customer_id, kind=KIND, code="debt_class_moved", by=by, at=now,
        data={"number": receivable.number, "before": before, "after": to, "reason": reason,
              "amount": receivable.open_amount, "currency": receivable.currency},
        source=("class_move", str(move.pk)),
    )  # fmt: skip
    return move


def _ask_dead(receivable: Receivable, *, reason: str, by: User, now: datetime) -> Approval:
    says, rule, evidence = ruled(receivable, now)
    shown = format_money(receivable.open_amount, receivable.currency)
    customer = receivable.customer
    return approvals.ask(
        APPROVAL,
        subject=("receivable", str(receivable.pk)),
        title={"code": APPROVAL, "data": {"customer": customer.name, "amount": shown,
                                          "number": str(receivable)}},
        evidence=[
            {"code": "customer", "value": customer.name, "url": f"/customers/{customer.pk}"},
            {"code": "due_on", "value": str(receivable.due_on or "–")},
            {"code": "ruled", "value": {"class": says, "rule": rule, **evidence}},
        ],
        payload={"receivable": str(receivable.pk), "reason": reason},
        reason=reason,
        amount=receivable.open_amount,
        currency=receivable.currency,
        by=by,
        now=now,
    )  # fmt: skip


@transaction.atomic
def carry_out_dead(approval: Approval, by: User | None, now: datetime) -> None:
    """The debt that was decided to be dead. Conflict debt_not_open when it was paid meanwhile."""
    receivable = Receivable.objects.select_related("customer").get(
        pk=approval.payload["receivable"]
    )
    _move(receivable, ValueClass.DEAD, reason=approval.payload["reason"], by=approval.asked_by,
          now=now, approval=str(approval.pk))  # fmt: skip


def register_kinds() -> None:
    """Says what the approval of a dead debt does."""
    approvals.register(APPROVAL, carry_out=carry_out_dead)
