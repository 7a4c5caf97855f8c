"""Small pictures and charts of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import template

from genjin.web.ui.figures import Number, number

register = template.Library()


@register.inclusion_tag("partials/bars.html")
def bars(values: Sequence[Number], label: str, names: Sequence[object] = ()) -> dict[str, object]:
    """Draw a small row of bars from numbers; `label` says in words what it shows."""
    top = max([float(value) for value in values] or [0.0]) or 1.0
    width = 10
    columns = []
    for place, value in enumerate(values):
        height = max(round(36 * float(value) / top, 1), 1.0 if value else 0.5)
        name = f"{names[place]}: " if place < len(names) else ""
        columns.append(
            {
                "x": str(place * width + 1),
                "y": str(40 - height),
                "height": str(height),
                "title": f"{name}{number(value)}",
                "is_last": place == len(values) - 1,
            }
        )
    return {"columns": columns, "label": label, "view": f"0 0 {len(values) * width or 1} 40"}


@register.inclusion_tag("partials/progress.html")
def progress(value: Number, maximum: Number, label: str, tone: str = "accent") -> dict[str, object]:
    """Show how far something is, with a figure beside the bar."""
    share = float(value) / float(maximum) if maximum else 0.0
    return {
        "value": str(value),
        "maximum": str(maximum or 1),
        "share": share,
        "label": label,
        "tone": tone,
    }


@register.inclusion_tag("partials/chart.html")
def chart(
    chart_id: str, option: Mapping[str, object], label: str, size: str = "md"
) -> dict[str, object]:
    """Place an ECharts picture: `option` is its plain data, `label` its description in words.

    Colours are left out of `option`: js/charts.js gives the palette of the theme. `size` is sm,
    md or lg. Text, numbers and lists only; functions cannot be passed.
    """
    return {"chart_id": chart_id, "option": option, "label": label, "size": size}
