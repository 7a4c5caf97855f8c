"""Puts what is wrong with an entry onto its form; the sentences are `customers.sentences`."""

from collections.abc import Callable
from typing import Any

from django import forms

from genjin.customers.sentences import sentence
from genjin.kernel.errors import BadInput, GenjinError

__all__ = ["add_problems", "field_name", "sentence"]


def field_name(place: str | int) -> str:
    """The name of a form's field for the place of a problem."""
    return str(place).replace("fields.", "field_")


def add_problems(
    form: forms.BaseForm, bad: GenjinError, say: Callable[[Any], str] | None = None
) -> None:
    """Puts the problems of an operation beside the form's fields, the rest on top."""
    say = say or sentence
    if not isinstance(bad, BadInput):
        form.add_error(None, say(bad))
        return
    for place, reasons in bad.problems.items():
        name = field_name(place)
        for reason in reasons:
            form.add_error(name if name in form.fields else None, say(reason))
