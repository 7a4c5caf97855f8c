"""Collection: what the customer says about an amount that is due."""

from django.utils.translation import gettext_lazy as _

from genjin.flows.purposes.base import (
    CALLBACK,
    NOT_REACHED,
    Detail,
    checked,
    spoke,
    with_details,
)

_TALK = (Detail.NEEDS, Detail.COMMITMENT)

# There is no "never again": a debt is not marketing; a dispute has its own outcome.
OUTCOMES = checked(
    (
        spoke(
            "promised",
            "1",
            _("Promised to pay"),
            Detail.PROMISE,
            *_TALK,
            tone="good",
            is_success=True,
        ),
        spoke("says_paid", "2", _("Says it is paid"), Detail.PROMISE, *_TALK),
        with_details(CALLBACK, Detail.CALLBACK, *_TALK),
        spoke("refuses_to_pay", "4", _("Refuses to pay"), *_TALK, tone="bad"),
        *NOT_REACHED,
        spoke("disputes", "0", _("Disputes the amount"), *_TALK, tone="warn"),
    )
)
