"""The logbook's picture: contacts and successes as bars over hours, days or months."""

from typing import Any

from django.utils.translation import gettext as _

from genjin.insight.logbook import Row


def span_chart(labels: list[str], rows: list[Row]) -> dict[str, Any]:
    """Dialled, reached and successes side by side."""
    return {
        "legend": {},
        "xAxis": {"type": "category", "data": labels},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {"type": "bar", "name": _("Dialled"), "data": [row.figures.dialled for row in rows]},
            {"type": "bar", "name": _("Reached"), "data": [row.figures.reached for row in rows]},
            {
                "type": "bar",
                "name": _("Successes"),
                "data": [row.figures.successes for row in rows],
            },
        ],
    }
