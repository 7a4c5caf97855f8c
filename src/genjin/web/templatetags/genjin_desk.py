"""The field of the desk's outcome panel, which holds two dozen of them on every page."""

from collections.abc import Iterable

from django import template
from django.forms import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString

from genjin.web.ui.controls import control
from genjin.web.ui.marks import icon, kbd

register = template.Library()

_FIELD = (
    '<div class="field{}" data-field="{}"><label class="form-label" for="{}">{}{}{}</label>{}'
    '<p class="field-error" data-error-for="{}"{}>{}<span>{}</span></p></div>'
)
_STAR = SafeString('<span class="required" aria-hidden="true">*</span>')
_FOCUS = (
    '{}<button type="button" class="visually-hidden" tabindex="-1" data-focus="{}" data-key="{}" '
    'data-key-label="{}">{}</button>'
)


@register.simple_tag
def desk_field(
    field: BoundField, errors: Iterable[object] = (), key: str = "", required: bool = False
) -> SafeString:
    """Show label, control and errors; `key` puts the cursor into it from anywhere on the page.

    In Python and not as an include: two dozen includes took a third of the page's time.
    """
    name, place, label = field.html_name, field.id_for_label, field.label
    said = " ".join(map(str, errors or ()))
    return format_html(
        _FIELD,
        SafeString(" has-error" if said else ""),
        name,
        place,
        label,
        _STAR if required else "",
        format_html(_FOCUS, kbd(key), place, key, label, label) if key else "",
        control(field),
        name,
        SafeString("" if said else " hidden"),
        icon("alert-circle"),
        said,
    )
