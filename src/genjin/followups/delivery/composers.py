"""Who writes what a follow-up says: one composer for each kind of source, or for a purpose.

A follow-up on a machine's channel without a composer waits for a person.
"""

from collections.abc import Callable
from datetime import datetime

from genjin.followups.delivery.content import Content
from genjin.followups.models import FollowUp

Composer = Callable[[FollowUp, datetime], Content | None]

_composers: dict[str, Composer] = {}


def register(key: str, compose: Composer) -> None:
    """`key` is "source_kind:source_id", "source_kind" or a purpose; the first that fits counts.

    `compose(followup, now)` gives the content, or None when a person has to write it. Called in a
    transaction with the follow-up locked: no network.
    """
    _composers[key] = compose


def keys() -> list[str]:
    """What there are composers for."""
    return sorted(_composers)


def composer_of(followup: FollowUp) -> Composer | None:
    """The composer for a follow-up, the most particular first."""
    kind, pk = followup.source_kind, followup.source_id
    return next(
        (_composers[key] for key in (f"{kind}:{pk}", kind, followup.purpose) if key in _composers),
        None,
    )
