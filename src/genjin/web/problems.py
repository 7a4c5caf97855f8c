"""Puts the problems that an operation found beside the fields of the form they belong to."""

from collections.abc import Callable
from typing import Any

from django.forms import BaseForm, Form

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


class Needing(Form):
    """A form whose `needed` fields are shown as needed but checked by the operation alone.

    So whoever sends it gets every problem at once, each in our own words.
    """

    needed: tuple[str, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not self.is_bound:
            self._show_needed()

    def full_clean(self) -> None:
        super().full_clean()
        self._show_needed()

    def _show_needed(self) -> None:
        for name in self.needed:
            self.fields[name].required = True
