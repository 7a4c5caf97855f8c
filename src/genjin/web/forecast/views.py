"""The forecast on screen: by month, owner and team; each figure opens what it is made of (SA2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from genjin.foundation.access import access, has_right, scope_of
from genjin.foundation.models import Team, User
from genjin.insight import pipeline
from genjin.insight.pipeline import Asked, Figures, Row, later, month_of, months_from
from genjin.sales.opportunities import stages
from genjin.sales.opportunities.listing import NO_DAY
from genjin.web.customers.common import user_of
from genjin.web.forecast.charts import month_chart
from genjin.web.opportunities import panels, words
from genjin.web.orders.words import money

RIGHT = "forecast.view"
BEFORE, SHOWN = 2, 8
BEGAN = 200
WAYS = (("owner", gettext_lazy("By owner")), ("team", gettext_lazy("By team")))
BECAME = {
    "won": (pgettext_lazy("opportunity", "Won"), "good"),
    "lost": (pgettext_lazy("opportunity", "Lost"), "bad"),
    "dropped": (pgettext_lazy("opportunity", "Given up"), "quiet"),
    "open": (gettext_lazy("Still expected then"), "accent"),
    "slipped": (gettext_lazy("Put off"), "warn"),
}


def _month(text: str) -> date | None:
    if len(text) != 7:
        return None
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


def _key(month: date) -> str:
    return f"{month:%Y-%m}"


@dataclass(frozen=True)
class Question:
    """What the address asks: from which month, by what, whose; `month` narrows the lower table."""

    asked: Asked
    first: date
    by: str
    month: date | None
    owner: User | None
    team: Team | None

    def query(self, **more: Any) -> str:
        """The address of this page with other values; None takes one away."""
        values = {
            "from": _key(self.first), "by": self.by, "owner": self.asked.owner,
            "team": self.asked.team, "month": _key(self.month) if self.month else None, **more,
        }  # fmt: skip
        return "?" + urlencode({name: value for name, value in values.items() if value is not None})


def _number(text: str) -> int:
    """The key in an address; -1, which nothing has, for nonsense."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _question(request: HttpRequest, today: date) -> Question:
    user, query = user_of(request), request.GET
    owner = User.objects.filter(pk=_number(query.get("owner", ""))).first()
    team = None
    if scope_of(user) == "all":
        team = Team.objects.filter(pk=_number(query.get("team", ""))).first()
    by = query.get("by", "owner")
    return Question(
        asked=Asked(user, owner.pk if owner else None, team.pk if team else None),
        first=_month(query.get("from", "")) or later(month_of(today), -BEFORE),
        by=by if by in dict(WAYS) else "owner",
        month=_month(query.get("month", "")),
        owner=owner,
        team=team,
    )


@require_safe
@access(RIGHT)
def forecast(request: HttpRequest) -> HttpResponse:
    """Expected amounts by month, weighted and not, against what was concluded in it."""
    user, today = user_of(request), timezone.localdate()
    question = _question(request, today)
    months = months_from(question.first, SHOWN)
    rows = pipeline.by_month(question.asked, months, today=today)
    span = [question.month] if question.month else months
    by = pipeline.by_team if question.by == "team" else pipeline.by_owner
    people = by(question.asked, span)
    opens = _Opens(user, question)
    total = sum((row.figures for row in rows if row.key), Figures())
    context = {
        "question": question,
        "months": [_month_line(row, opens, today) for row in rows],
        "total": _cells(total),
        "people": [_people_line(row, opens, span) for row in people],
        "by_label": dict(WAYS)[question.by],
        "tabs": [{"label": label, "url": question.query(by=code), "active": code == question.by}
                 for code, label in WAYS],
        "earlier": question.query(**{"from": _key(later(question.first, -SHOWN // 2))}),
        "further": question.query(**{"from": _key(later(question.first, SHOWN // 2))}),
        "span": _key(span[0]) if len(span) == 1 else f"{_key(span[0])} – {_key(span[-1])}",
        "whole": question.query(month=None) if question.month else "",
        "teams": Team.objects.order_by("name") if scope_of(user) == "all" else [],
        "chart": month_chart([row for row in rows if row.key]),
        "weights": _weights(),
    }  # fmt: skip
    return render(request, "forecast/forecast.html", context)


def _weights() -> dict[str, Any]:
    """What amounts are weighted with, for the explanation."""
    weights = stages.weights()
    return {
        "stages": [(one.label, one.percent) for one in stages.open_stages()],
        "grades": sorted(weights.grade_percent.items()),
    }


def _cells(figures: Figures) -> dict[str, Any]:
    return {
        "figures": figures,
        "expected": money(figures.expected),
        "weighted": money(figures.weighted),
        "started": money(figures.started),
        "won": money(figures.won),
        "concluded": money(figures.concluded),
    }


class _Opens:
    """The addresses of the records behind the figures, for whoever may open them."""

    def __init__(self, user: User, question: Question) -> None:
        self._question = question
        self._may_open = has_right(user, panels.RIGHT)
        self._may_orders = has_right(user, "orders.enter")

    def _whose(self, row: Row, by: str) -> dict[str, Any]:
        asked = self._question.asked
        found = {"owner": asked.owner, "team": asked.team}
        if by:
            found[by] = row.key
        return {name: value for name, value in found.items() if value is not None}

    def opportunities(self, row: Row, *, by: str = "", **what: Any) -> str:
        if not self._may_open or (by and row.key is None):
            return ""
        query = urlencode({**self._whose(row, by), **what}, doseq=True)
        return f"{reverse('opportunities')}?{query}"

    def orders(self, row: Row, *, by: str = "", months: Sequence[date]) -> str:
        if not self._may_orders or (by and row.key is None):
            return ""
        what = {"from": _key(months[0]), "to": _key(months[-1])}
        return f"{reverse('orders')}?{urlencode({**self._whose(row, by), **what})}"

    def began(self, month: date) -> str:
        query = urlencode(self._whose(Row(None), ""))
        return reverse("forecast-began", args=[_key(month)]) + (f"?{query}" if query else "")


def _month_line(row: Row, opens: _Opens, today: date) -> dict[str, Any]:
    cells = _cells(row.figures)
    if row.key is None:
        return {**cells, "label": words.month_label(NO_DAY), "is_none": True,
                "url": opens.opportunities(row, month=NO_DAY)}  # fmt: skip
    month = _key(row.key)
    return {
        **cells,
        "label": month,
        "is_now": row.key == month_of(today),
        "is_past": row.key < month_of(today),
        "has_begun": row.key <= today,
        "url": opens.opportunities(row, month=month),
        "won_url": opens.opportunities(row, state="won", ended=month),
        "concluded_url": opens.orders(row, months=[row.key]),
        "began_url": opens.began(row.key),
        "narrow": opens._question.query(month=month),
    }


def _people_line(row: Row, opens: _Opens, months: Sequence[date]) -> dict[str, Any]:
    by = opens._question.by
    keys = [_key(month) for month in months]
    nobody = _("Without a team") if by == "team" else _("Nobody")
    return {
        **_cells(row.figures),
        "label": row.label or nobody,
        "url": opens.opportunities(row, by=by, month=keys),
        "won_url": opens.opportunities(row, by=by, state="won", ended=keys),
        "concluded_url": opens.orders(row, by=by, months=months),
    }


@require_safe
@access(RIGHT)
def began(request: HttpRequest, month: str) -> HttpResponse:
    """What was expected of a month when it began, and what became of each."""
    found, today = _month(month), timezone.localdate()
    if found is None or found > today:
        raise Http404
    question = _question(request, today)
    rows = pipeline.what_became(question.asked, found, limit=BEGAN)
    sums: dict[str, Decimal] = {}
    for one in rows:
        sums[one.became] = sums.get(one.became, Decimal(0)) + (one.amount or Decimal(0))
    may_open = has_right(user_of(request), panels.RIGHT)
    context = {
        "month": month,
        "question": question,
        "back": reverse("forecast") + question.query(),
        "is_cut": len(rows) == BEGAN,
        "sums": [
            {"label": BECAME[code][0], "value": money(sums[code])}
            for code in BECAME
            if code in sums
        ],
        "rows": [
            {
                "row": one.opportunity,
                "amount": money(one.amount) if one.amount is not None else "",
                "stage": words.stage_label(one.stage),
                "grade": one.grade,
                "became": BECAME[one.became][0],
                "tone": BECAME[one.became][1],
                "may_open": may_open,
            }
            for one in rows
        ],
    }
    return render(request, "forecast/began.html", context)
