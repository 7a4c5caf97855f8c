"""The forecast's picture: expected and weighted as bars, concluded as a line."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from genjin.insight.pipeline import Row


def month_chart(rows: Sequence[Row]) -> dict[str, Any]:
    """Each month's expected amount, what it counts by stage and grade, and what was concluded."""
    return {
        "legend": {},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": [f"{row.key:%Y-%m}" for row in rows]},
        "yAxis": {"type": "value"},
        "series": [
            {"type": "bar", "name": _("Expected"),
             "data": [float(row.figures.expected) for row in rows]},
            {"type": "bar", "name": _("Weighted"),
             "data": [float(round(row.figures.weighted)) for row in rows]},
            {"type": "line", "name": _("Concluded"),
             "data": [float(row.figures.concluded) for row in rows]},
        ],
    }  # fmt: skip
