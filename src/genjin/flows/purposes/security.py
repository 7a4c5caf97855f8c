"""Security: a warning that must arrive, an identity or a contract to confirm."""

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

# There is no "never again": a recall or a warning reaches everyone it concerns.
OUTCOMES = checked(
    (
        spoke("confirmed", "1", _("Confirmed"), *_TALK, tone="good", is_success=True),
        spoke("mismatch", "2", _("Does not agree with our records"), *_TALK, tone="bad"),
        with_details(CALLBACK, Detail.CALLBACK, *_TALK),
        spoke("declined", "4", _("Would not confirm"), Detail.NEEDS, tone="warn"),
        *NOT_REACHED,
    )
)
