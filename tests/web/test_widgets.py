"""The controls written in Python are what Django's templates would have given."""

import re
from datetime import date

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from genjin.web.design import GenjinRenderer

CHOICES = [
    ("", "–"),
    (1, "a & <b>"),
    (gettext_lazy("Region"), [("x", gettext_lazy("Name")), ("y'\"", mark_safe("<i>y</i>"))]),
]
WIDGETS = [
    (forms.TextInput(attrs={"autocomplete": "off", "required": True, "hidden": False}), "王 <\"'&"),
    (forms.TextInput(attrs={"maxlength": 40}), None),
    (forms.TextInput(), ""),
    (forms.HiddenInput(), 12),
    (forms.NumberInput(attrs={"step": 0.5}), 1234567.5),
    (forms.EmailInput(), "a@example.com"),
    (forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), date(2026, 11, 23)),
    (forms.Textarea(attrs={"rows": 2}), "one\ntwo </textarea>"),
    (forms.Textarea(), None),
    (forms.Select(choices=CHOICES), "1"),
    (forms.Select(choices=CHOICES, attrs={"class": "form-select"}), "y'\""),
    (forms.Select(choices=[]), None),
    (forms.SelectMultiple(choices=CHOICES), ["1", "x"]),
    (forms.CheckboxInput(), True),
]


def without_breaks(html: str) -> str:
    """The lines of a list may be broken elsewhere; the breaks inside a text may not."""
    return html if "<textarea" in html else re.sub(r">\s+<", "><", html)


@pytest.mark.parametrize(("widget", "value"), WIDGETS)
def test_a_control_is_written_as_the_template_would(widget, value):
    attrs = {"id": "id_x", "class": "form-control"}
    ours = widget.render("x", value, attrs=attrs, renderer=GenjinRenderer())
    theirs = widget.render("x", value, attrs=attrs, renderer=TemplatesSetting())
    assert without_breaks(ours) == without_breaks(theirs)
    assert hasattr(ours, "__html__")
