"""Sentences of the rulebook's pages."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from genjin.followups import sentences as gate_sentences
from genjin.followups.rulebook.sentences import RESULTS
from genjin.kernel.problems import Reason

_PROBLEMS: dict[str, Callable[[dict[str, Any]], str]] = {
    "required": lambda data: _("This is needed."),
    "not_a_choice": lambda data: _("This is not one of the choices."),
    "too_long": lambda data: _("At most %(limit)s characters.") % data,
    "out_of_range": lambda data: _("From %(least)s to %(most)s.") % data,
    "value_not_understood": lambda data: _("This value cannot be understood."),
    "not_before_event": lambda data: _("Nobody knows the day of this event beforehand."),
}


def problem(reason: Any) -> str:
    """A refusal of the operations as a sentence."""
    if not isinstance(reason, Reason):
        reason = Reason(str(reason))
    say = _PROBLEMS.get(reason.code)
    return say(dict(reason.data)) if say else str(reason.code)


def result(code: str) -> str:
    """Why a rule planned nothing: the rule's own reason, or the gate's."""
    return str(RESULTS.get(code) or gate_sentences.HEADINGS.get(code) or code)
