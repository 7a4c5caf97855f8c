"""The pictures of the card count: new cards by month, shares beside their targets."""

from collections.abc import Sequence
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from genjin.insight.card_quality import Quality, Row, Targets

SHOWN = 12
"""How many custodians or provinces a picture has room for: those with the most cards."""


def _share(value: float | None) -> float | None:
    return None if value is None else round(value * 100, 1)


def _target_line(axis: str, value: float, label: str) -> dict[str, Any]:
    return {
        "symbol": "none", "silent": True, "lineStyle": {"type": "dashed"},
        "label": {"show": False}, "data": [{axis: value, "name": label}],
    }  # fmt: skip


def new_cards(rows: Sequence[Row], target: int) -> dict[str, Any]:
    """New cards of each month as bars, the target as a line over them."""
    return {
        "legend": {},
        "xAxis": {"type": "category", "data": [date_format(row.key, "Y-m") for row in rows]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {"type": "bar", "name": _("New cards"),
             "data": [row.quality.new_cards for row in rows]},
            {"type": "line", "name": _("Target"), "data": [target] * len(rows),
             "lineStyle": {"type": "dashed"}},
        ],
    }  # fmt: skip


def trend(rows: Sequence[Row], targets: Targets) -> dict[str, Any]:
    """Completeness and freshness over time, each with its target."""
    return {
        "legend": {},
        "xAxis": {"type": "category", "data": [date_format(row.key, "Y-m-d") for row in rows]},
        "yAxis": {"type": "value", "min": 0, "max": 100, "axisLabel": {"formatter": "{value} %"}},
        "series": [
            {"type": "line", "name": _("Completeness"), "showSymbol": len(rows) < 3,
             "data": [_share(row.quality.completeness) for row in rows],
             "markLine": _target_line("yAxis", targets.completeness * 100, _("Target"))},
            {"type": "line", "name": _("Fresh"), "showSymbol": len(rows) < 3,
             "data": [_share(row.quality.freshness) for row in rows],
             "markLine": _target_line("yAxis", targets.fresh * 100, _("Target"))},
        ],
    }  # fmt: skip


def shares(rows: Sequence[tuple[str, Quality]], targets: Targets) -> dict[str, Any]:
    """Completeness and freshness of each custodian or province, side by side."""
    shown = rows[:SHOWN]
    return {
        "legend": {},
        "xAxis": {"type": "value", "min": 0, "max": 100, "axisLabel": {"formatter": "{value} %"}},
        "yAxis": {"type": "category", "inverse": True, "data": [name for name, _own in shown]},
        "series": [
            {"type": "bar", "name": _("Completeness"),
             "data": [_share(own.completeness) for _name, own in shown],
             "markLine": _target_line("xAxis", targets.completeness * 100, _("Target"))},
            {"type": "bar", "name": _("Fresh"),
             "data": [_share(own.freshness) for _name, own in shown],
             "markLine": _target_line("xAxis", targets.fresh * 100, _("Target"))},
        ],
    }  # fmt: skip
