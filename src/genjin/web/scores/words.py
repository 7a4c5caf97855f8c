"""Scores in the reader's language: roles, questions, what a check found, what went wrong."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from genjin.followups.scores import questions
from genjin.followups.scores.sentences import sentence

__all__ = [
    "count_sentence",
    "found_sentence",
    "place_label",
    "question_label",
    "role_label",
    "sentence",
]


def role_label(code: str) -> str:
    found = questions.roles().get(code)
    return questions.in_language(found.labels) if found else code


def question_label(code: str) -> str:
    found = questions.question(code)
    return questions.in_language(found.labels) if found else code


def place_label(place: str) -> str:
    """Where something was remembered."""
    return _("the head file of this machine") if place == "head" else place


def found_sentence(fault: Mapping[str, Any]) -> str:
    """What a check found first, as one sentence."""
    forms = {
        "changed": _("Score %(sequence)s is not as it was written."),
        "removed": _("Scores %(sequence)s to %(last)s were removed."),
        "reordered": _("Score %(sequence)s was moved: it belongs at %(last)s."),
        "cut_tail": _("The end was cut off: scores %(sequence)s to %(last)s are missing; "
                      "%(place)s knows them."),
        "rewritten": _("The scores between %(sequence)s and %(last)s were cut off or written "
                       "anew: they fit together, but %(place)s remembers others."),
        "wrong_key": _("Score %(sequence)s was signed with a key that is not known here."),
        "key_missing": _("This machine has no key to check with."),
        "words_changed": _("The words beside score %(sequence)s are not as they were written."),
        "words_removed": _("The words beside score %(sequence)s are gone and no erasure is on "
                           "record."),
        "not_approved": _("The correction %(sequence)s has no approval on record."),
        "mark_unreadable": _("This cannot be read or was changed: %(place)s"),
    }  # fmt: skip
    values = {**fault, "place": place_label(str(fault.get("place", "")))}
    return forms[str(fault["kind"])] % values


def count_sentence(count: int) -> str:
    text = ngettext("%(count)s score is in order.", "%(count)s scores are in order.", count)
    return text % {"count": f"{count:,}"}
