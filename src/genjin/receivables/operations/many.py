"""Bills and payments of a file, hundreds in one transaction (RE15 calls it; RE1 says what it does).

The effects are those of one by one; a row that is known by its key, or that cannot be booked, is
told and leaves the others alone. One audit entry stands for the call: the ledger's own rows say
by whom and when. Give a few hundred to a few thousand rows at a time: all of them hold the locks
of their accounts until the end.
"""

from collections.abc import Sequence
from datetime import datetime

from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import GenjinError
from genjin.receivables.operations.posting import (
    AfterCollection,
    Billed,
    BillRow,
    CreditRow,
    Outcome,
    Paid,
    post_bills,
    post_credits,
)


def bill_many(
    rows: Sequence[BillRow], *, source: str = "", by: User | None, now: datetime
) -> list[Outcome]:
    """Enters debts; for each row `Billed`, or the error that kept it out."""
    found = post_bills(rows, by=by, now=now)
    _record("bill_many", source, found, by, now)
    return found


def receive_many(
    rows: Sequence[CreditRow],
    *,
    source: str = "",
    after_collection: AfterCollection | None = None,
    by: User | None,
    now: datetime,
) -> list[Outcome]:
    """Enters payments and credit notes; for each row `Paid`, or the error that kept it out.

    `after_collection` maps customers to whether a collection contact went before (RE8).
    """
    found = post_credits(rows, by=by, now=now, after_collection=after_collection)
    _record("receive_many", source, found, by, now)
    return found


def _record(
    action: str, source: str, found: Sequence[Outcome], by: User | None, now: datetime
) -> None:
    errors = sum(isinstance(one, GenjinError) for one in found)
    known = sum(isinstance(one, Billed | Paid) and one.is_known for one in found)
    booked = len(found) - errors - known
    if booked:
        audit.record(action, ("ledger", source[:60]), by=by, now=now, label=source,
                     changes={"booked": [None, booked], "known": [None, known],
                              "refused": [None, errors]})  # fmt: skip
