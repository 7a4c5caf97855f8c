"""The fields of a form, each with the arrangement it needs."""

from __future__ import annotations

from django import template
from django.forms import BoundField, CheckboxInput, RadioSelect, Select
from django.forms.widgets import CheckboxSelectMultiple, FileInput, HiddenInput
from django.utils.safestring import SafeString

register = template.Library()


def control_class(field: BoundField) -> str:
    """Return the CSS class that suits the field's widget."""
    widget = field.field.widget
    if isinstance(widget, CheckboxSelectMultiple | RadioSelect):
        return "choice"
    if isinstance(widget, CheckboxInput):
        return "form-check-input"
    return "form-select" if isinstance(widget, Select) else "form-control"


@register.filter
def control(field: BoundField) -> SafeString:
    """Render the widget of a field with the class it needs; Django adds the aria attributes."""
    given = field.field.widget.attrs.get("class", "")
    css = f"{control_class(field)} {given}".strip() + (" is-invalid" if field.errors else "")
    return field.as_widget(attrs={"class": css})


@register.filter
def field_kind(field: BoundField) -> str:
    """Return which arrangement the field needs: hidden, tick, choices, file or line."""
    widget = field.field.widget
    if isinstance(widget, HiddenInput):
        return "hidden"
    if isinstance(widget, CheckboxSelectMultiple | RadioSelect):
        return "choices"
    if isinstance(widget, CheckboxInput):
        return "tick"
    return "file" if isinstance(widget, FileInput) else "line"


@register.inclusion_tag("partials/field.html")
def field(field: BoundField, unit: str = "", css: str = "") -> dict[str, object]:
    """Show label, control, help and errors of one form field (partials/field.html)."""
    return {"field": field, "unit": unit, "css": css}
