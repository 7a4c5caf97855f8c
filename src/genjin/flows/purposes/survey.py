"""Asking: a survey, a market test, the data of a card."""

from django.utils.translation import gettext_lazy as _

from genjin.flows.purposes.base import (
    CALLBACK,
    NEVER_AGAIN,
    NOT_REACHED,
    REFUSED,
    Detail,
    Label,
    OutcomeRule,
    checked,
    spoke,
    with_details,
)

_TALK = (Detail.NEEDS, Detail.WANTED, Detail.COMMITMENT)


def _outcomes(whole: Label, part: Label, *more: Detail) -> tuple[OutcomeRule, ...]:
    return checked(
        (
            spoke("completed", "1", whole, *more, *_TALK, tone="good", is_success=True),
            spoke("partial", "2", part, Detail.CALLBACK, *more, *_TALK),
            with_details(CALLBACK, Detail.CALLBACK, *_TALK),
            with_details(REFUSED),
            *NOT_REACHED,
            NEVER_AGAIN,
        )
    )


OUTCOMES = _outcomes(_("All questions answered"), _("Some questions answered"), Detail.SCORES)
TEST_OUTCOMES = _outcomes(_("Test completed"), _("Test broken off"))
DATA_OUTCOMES = _outcomes(_("Data complete"), _("Data in part"))
