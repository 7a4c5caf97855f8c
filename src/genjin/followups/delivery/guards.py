"""The last word before a message goes, for domains whose facts may have changed since.

A dunning that was paid meanwhile is cancelled in the transaction of the payment; a guard is for
what no transaction tells: a bank file that is too old, a statement that does not add up any more.
"""

from collections.abc import Callable
from datetime import datetime

from genjin.followups.models import OutgoingMessage
from genjin.kernel.problems import Reason

Guard = Callable[[OutgoingMessage, datetime], Reason | None]

_guards: dict[str, Guard] = {}


def register(source_kind: str, guard: Guard) -> None:
    """`guard(message, now)` is asked right before each message of this source goes.

    None lets it go. A reason with an aware datetime in `data["until"]` lets it wait until then;
    any other reason ends it as withheld. It reads and writes nothing.
    """
    _guards[source_kind] = guard


def ask(message: OutgoingMessage, now: datetime) -> Reason | None:
    """What speaks against this message now, if anything."""
    guard = _guards.get(message.source_kind)
    return guard(message, now) if guard else None


def until(reason: Reason) -> datetime | None:
    """Until when a guard lets a message wait; None when it ends it."""
    moment = reason.data.get("until")
    return moment if isinstance(moment, datetime) else None
