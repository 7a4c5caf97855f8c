"""Care: a greeting, a thank-you, a call to hear how it goes."""

from django.utils.translation import gettext_lazy as _

from genjin.flows.purposes.base import (
    CALLBACK,
    NEVER_AGAIN,
    NOT_REACHED,
    REFUSED,
    Detail,
    checked,
    spoke,
    with_details,
)

_TALK = (Detail.NEEDS, Detail.WANTED, Detail.COMMITMENT)

OUTCOMES = checked(
    (
        spoke("all_well", "1", _("All is well"), *_TALK, tone="good", is_success=True),
        spoke("has_wish", "2", _("Has a wish or a problem"), Detail.CALLBACK, *_TALK, tone="warn"),
        with_details(CALLBACK, Detail.CALLBACK, *_TALK),
        with_details(REFUSED),
        *NOT_REACHED,
        NEVER_AGAIN,
    )
)
