"""Writes how far payments are known: each file, each interface, each word of finance (RE4)."""

from datetime import date, datetime

from django.db import transaction

from genjin.followups import stops
from genjin.foundation import audit
from genjin.foundation.access import require_right
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason
from genjin.receivables import news, planning_jobs, terms
from genjin.receivables.models import PaymentNews
from genjin.receivables.operations import plans
from genjin.receivables.states import NewsKind

COMPLETE_RIGHT = "payments.complete"


@transaction.atomic
def record_news(
    *,
    kind: str,
    complete_to: date,
    by: User | None,
    now: datetime,
    note: str = "",
    source_id: str = "",
) -> PaymentNews:
    """Says that payments are known up to a day: what an import or an interface calls.

    BadInput by field: not_a_choice, day_to_come, too_long.
    """
    problems: dict[str | int, list[Reason]] = {}
    if kind not in NewsKind.values:
        problems["kind"] = [Reason("not_a_choice", {"value": kind[:20]})]
    if complete_to > terms.day_of(now):
        problems["complete_to"] = [Reason("day_to_come")]
    if len(note) > 300:
        problems["note"] = [Reason("too_long", {"limit": 300})]
    if problems:
        raise BadInput(problems)
    before = news.complete_to()
    row = PaymentNews.objects.create(kind=kind, complete_to=complete_to, note=note.strip(),
                                     source_id=source_id, at=now, by=by)  # fmt: skip
    audit.record("payment_news", row, by=by, now=now, reason=note,
                 changes={"complete_to": [before, complete_to], "kind": [None, kind]})  # fmt: skip
    transaction.on_commit(stops.forget)
    if not plans.are_made(now) and not news.is_stale(now):
        planning_jobs.plan_when_possible()
    return row


@transaction.atomic
def say_complete(*, complete_to: date, by: User, now: datetime, note: str = "") -> PaymentNews:
    """Finance says that all payments up to a day are entered. NotAllowed without the right."""
    require_right(by, COMPLETE_RIGHT)
    return record_news(kind=NewsKind.COMPLETE, complete_to=complete_to, by=by, now=now, note=note)
