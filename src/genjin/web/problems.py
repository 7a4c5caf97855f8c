"""Puts the problems that an operation found beside the fields of the form they belong to."""

from collections.abc import Callable

from django.forms import BaseForm

from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

Sentence = Callable[[Reason], str]


def add_problems(
    form: BaseForm, error: BadInput, sentence: Sentence, *, field: str | None = None
) -> None:
    """Adds each problem to its field, or to the whole form where the form has no such field.

    `field` takes them all, for a form with one value.
    """
    for place, reasons in error.problems.items():
        name = field or (str(place) if str(place) in form.fields else None)
        for reason in reasons:
            form.add_error(name, sentence(reason))
