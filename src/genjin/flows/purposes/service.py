"""Service: a delivery, an appointment, an answer that the customer waits for."""

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

# There is no "never again": what a customer must be told about their own goods is not marketing.
OUTCOMES = checked(
    (
        spoke("settled", "1", _("Settled"), *_TALK, tone="good", is_success=True),
        spoke("open", "2", _("More is to be done"), Detail.CALLBACK, *_TALK, tone="warn"),
        with_details(CALLBACK, Detail.CALLBACK, *_TALK),
        spoke("declined", "4", _("Does not want it"), Detail.NEEDS),
        *NOT_REACHED,
    )
)
