"""Writes the common form controls in Python, as Django's own templates would.

A form of thirty controls took half the time of its page: each control, and each option of a list,
is a template of its own in Django. What is not named here is still rendered from its template.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

Widget = Mapping[str, Any]


def _escaped(value: Any) -> str:
    return conditional_escape(value if isinstance(value, str) else str(value))


def _attributes(widget: Widget) -> str:
    return "".join(
        f" {_escaped(name)}" if value is True else f' {_escaped(name)}="{_escaped(value)}"'
        for name, value in widget["attrs"].items()
        if value is not False
    )


def _input(widget: Widget) -> str:
    value = widget["value"]
    given = "" if value is None else f' value="{_escaped(value)}"'
    return (
        f'<input type="{_escaped(widget["type"])}" name="{_escaped(widget["name"])}"'
        f"{given}{_attributes(widget)}>"
    )


def _textarea(widget: Widget) -> str:
    text = _escaped(widget["value"]) if widget["value"] else ""
    return f'<textarea name="{_escaped(widget["name"])}"{_attributes(widget)}>\n{text}</textarea>'


def _option(option: Widget) -> str:
    value, label = _escaped(option["value"]), _escaped(option["label"])
    return f'  <option value="{value}"{_attributes(option)}>{label}</option>\n'


def _select(widget: Widget) -> str:
    lines = []
    for name, options, _place in widget["optgroups"]:
        text = "".join(_option(option) for option in options)
        lines.append(
            f'  <optgroup label="{_escaped(name)}">\n{text}  </optgroup>\n' if name else text
        )
    return (
        f'<select name="{_escaped(widget["name"])}"{_attributes(widget)}>\n'
        f"{''.join(lines)}</select>"
    )


_FOLDER = "django/forms/widgets"
WRITERS: dict[str, Callable[[Widget], str]] = {
    **{f"{_FOLDER}/{kind}.html": _input for kind in ("text", "hidden", "date", "number", "email")},
    f"{_FOLDER}/textarea.html": _textarea,
    f"{_FOLDER}/select.html": _select,
}


def write(template_name: str, context: Mapping[str, Any]) -> SafeString | None:
    """The control as HTML; None where its template has to be rendered."""
    writer = WRITERS.get(template_name)
    return None if writer is None else mark_safe(writer(context["widget"]))  # noqa: S308 - escaped
