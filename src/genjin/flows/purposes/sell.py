"""Selling: an order agreed, an interest to follow, or a no that is respected (CA7)."""

from django.utils.translation import gettext_lazy as _

from genjin.flows.purposes.base import (
    CALLBACK,
    NEVER_AGAIN,
    NOT_REACHED,
    REFUSED,
    Detail,
    checked,
    spoke,
)

_TALK = (Detail.GRADE, Detail.NEEDS, Detail.CONCERN, Detail.PRODUCT, Detail.WANTED)
INTERESTED = spoke("interested", "2", _("Interested"), Detail.CALLBACK, *_TALK, Detail.COMMITMENT)

OUTCOMES = checked(
    (
        spoke(
            "success",
            "1",
            _("Agreed to buy"),
            *_TALK,
            Detail.COMMITMENT,
            tone="good",
            is_success=True,
        ),
        INTERESTED,
        CALLBACK,
        REFUSED,
        *NOT_REACHED,
        NEVER_AGAIN,
    )
)
SUPPORT_OUTCOMES = checked(
    (
        spoke(
            "success",
            "1",
            _("Meeting agreed"),
            *_TALK,
            Detail.COMMITMENT,
            tone="good",
            is_success=True,
        ),
        INTERESTED,
        CALLBACK,
        REFUSED,
        *NOT_REACHED,
        NEVER_AGAIN,
    )
)
