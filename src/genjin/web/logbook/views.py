"""The logbook: one's own work and the team's, beside the plan and the day before (CA5)."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from genjin.calling.queries import people_of
from genjin.foundation.access import access, has_right
from genjin.foundation.models import User
from genjin.insight import logbook, plans
from genjin.insight.logbook import Figures
from genjin.web.logbook.charts import span_chart
from genjin.web.ui.figures import duration, number, percent

USUAL_HOURS = range(9, 18)
EARLIEST = date(1980, 1, 1)  # before any telephone log that a reader may look for


@dataclass(frozen=True)
class Asked:
    """What the page was asked for: whose work, which span, and the day in it."""

    reader: User
    who: str
    people: list[User]
    span: str
    day: date
    start: date
    end: date

    def query(self, **changes: Any) -> str:
        values = {"who": self.who, "span": self.span, "day": self.day.isoformat(), **changes}
        return f"?{urlencode(values)}"


def asked(request: HttpRequest) -> Asked:
    """Reads the address; what may not be seen or cannot be read falls back to one's own today."""
    user = request.user
    assert isinstance(user, User)
    today = logbook.local_now(timezone.now()).date()
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        day = today
    if not EARLIEST <= day <= today + timedelta(days=366):
        day = today
    span = request.GET.get("span", "hour")
    if span not in logbook.PERIODS:
        span = "hour"
    who, people = _whose(user, request.GET.get("who", "me"))
    start, end = bounds(span, day)
    return Asked(user, who, people, span, day, start, end)


def _whose(user: User, who: str) -> tuple[str, list[User]]:
    if not has_right(user, "logbook.team"):
        return "me", [user]
    if who == "team":
        return who, list(people_of(user))
    if who.isdecimal() and len(who) < 10:
        found = list(people_of(user).filter(pk=int(who)))
        if found:
            return who, found
    return "me", [user]


def bounds(span: str, day: date) -> tuple[date, date]:
    """The first day of a span around `day`, and the day after its last."""
    if span == "hour":
        return day, day + timedelta(days=1)
    if span == "day":
        first = day.replace(day=1)
        return first, first + timedelta(days=monthrange(day.year, day.month)[1])
    return date(day.year, 1, 1), date(day.year + 1, 1, 1)


def keys_of(ask: Asked) -> list[Any]:
    """The hours, days or months that are shown even when nothing happened in them."""
    if ask.span == "hour":
        return list(USUAL_HOURS)
    if ask.span == "day":
        today = logbook.local_now(timezone.now()).date()
        last = min(ask.end, today + timedelta(days=1))
        return [ask.start + timedelta(days=n) for n in range((last - ask.start).days)]
    return []


@require_GET
@access("logbook.own")
def page(request: HttpRequest) -> HttpResponse:
    """The figures of a day by hour, a month by day or a year by month."""
    ask = asked(request)
    now = timezone.now()
    scope: dict[str, Any] = {"users": ask.people, "start": ask.start, "end": ask.end}
    rows = logbook.filled(logbook.figures(ask.span, **scope), keys_of(ask))
    total = sum((row.figures for row in rows), Figures())
    before = _before(ask)
    plan = plans.plan_for(ask.people, now)
    is_team = has_right(request.user, "logbook.team")
    context = {
        "ask": ask,
        "total": total,
        "tiles": _tiles(ask, total, before, plan),
        "rows": [{"label": _label(ask, row.key), "figures": row.figures,
                  "url": _records(ask, row.key)} for row in rows],
        "chart": span_chart([_label(ask, row.key) for row in rows], rows),
        "spans": _spans(ask),
        "people": people_of(ask.reader) if is_team else [],
        "is_team": is_team,
        "by_person": _by_person(ask, scope) if len(ask.people) > 1 else [],
        "successes": _successes(logbook.success_dates(**scope)),
        "unclosed": logbook.without_outcome(**scope),
        "earlier": ask.query(day=(ask.start - timedelta(days=1)).isoformat()),
        "later": ask.query(day=ask.end.isoformat()),
    }  # fmt: skip
    return render(request, "logbook/logbook.html", context)


def _before(ask: Asked) -> dict[str, Any]:
    """The span to compare with: the last day worked, the month or year before."""
    if ask.span == "hour":
        day = logbook.day_before(ask.day, users=ask.people)
        start, end = bounds("hour", day)
        label = date_format(day, "m-d")
        if day == ask.day - timedelta(days=1):
            label = _("the day before")
    else:
        start, end = bounds(ask.span, ask.start - timedelta(days=1))
        label = _("the month before") if ask.span == "day" else _("the year before")
    return {"label": label, "figures": logbook.total(users=ask.people, start=start, end=end)}


def _label(ask: Asked, key: Any) -> str:
    if ask.span == "hour":
        return f"{key:02}:00"
    return date_format(key, "m-d") if ask.span == "day" else date_format(key, "Y-m")


def _records(ask: Asked, key: Any = None, **filters: Any) -> str:
    """The records behind a figure."""
    start, end = ask.start, ask.end
    if key is not None and ask.span == "hour":
        filters["hour"] = key
    elif key is not None:
        start, end = (key, key + timedelta(days=1)) if ask.span == "day" else bounds("day", key)
    query = {"who": ask.who, "start": start.isoformat(), "end": end.isoformat(), **filters}
    return f"{reverse('logbook-records')}?{urlencode(query)}"


def _delta(value: float | None, earlier: float | None, *, is_share: bool = False) -> dict[str, Any]:
    """How a figure stands to the one before, in words."""
    if value is None or earlier is None:
        return {}
    more = value - earlier
    if is_share:
        shown = _("%(points)s points") % {"points": f"{more * 100:+.1f}"}
    else:
        shown = f"{more:+,.0f}"
    trend = "up" if more > 0 else "down" if more < 0 else ""
    tone = {"up": "good", "down": "bad"}.get(trend, "quiet")
    return {"delta": shown, "delta_tone": tone, "trend": trend}


def _tiles(
    ask: Asked, total: Figures, before: dict[str, Any], plan: plans.Plan
) -> list[dict[str, Any]]:
    earlier: Figures = before["figures"]
    planned = _planned(ask, plan)
    tiles = []
    for code, label, shown, note in (
        ("dialled", _("Dialled"), number(total.dialled), number(earlier.dialled)),
        ("connected", _("Connected"), number(total.connected), number(earlier.connected)),
        ("reached", _("Right party reached"), number(total.reached), number(earlier.reached)),
        ("successes", _("Successes"), number(total.successes), number(earlier.successes)),
        (
            "success_rate",
            _("Success rate"),
            percent(total.success_rate, 1),
            percent(earlier.success_rate, 1),
        ),
        ("talk_seconds", _("Talk time"), duration(total.talk_seconds),
         duration(earlier.talk_seconds)),
    ):  # fmt: skip
        values = {
            "label": label,
            "value": shown,
            "note": _("%(what)s: %(text)s") % {"what": before["label"], "text": note},
            "plan": planned.get(code, ""),
        }
        if code in ("dialled", "connected", "reached", "successes"):
            flag = {"successes": "success", "dialled": ""}.get(code, code)
            values["url"] = _records(ask, **({"flag": flag} if flag else {}))
        if code != "talk_seconds":
            values |= _delta(
                getattr(total, code), getattr(earlier, code), is_share=code == "success_rate"
            )
        tiles.append(values)
    return tiles


def _planned(ask: Asked, plan: plans.Plan) -> dict[str, str]:
    """The plan of the span in words; a year has none."""
    values: dict[str, float | None] = {}
    if ask.span == "hour":
        values = {
            "dialled": plan.dialled_day,
            "reached": plan.reached_day,
            "successes": plan.successes_day,
        }
    elif ask.span == "day":
        values = {"successes": plan.successes_month}
    return {
        code: _("plan %(count)s") % {"count": number(round(value, 1))}
        for code, value in values.items()
        if value
    }


def _spans(ask: Asked) -> list[dict[str, Any]]:
    names = {"hour": _("Day by hour"), "day": _("Month by day"), "month": _("Year by month")}
    return [
        {"label": label, "url": ask.query(span=code), "active": code == ask.span}
        for code, label in names.items()
    ]


def _by_person(ask: Asked, scope: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": str(person), "figures": found, "url": ask.query(who=person.pk)}
        for person, found in logbook.by_person(**scope)
    ]


def _successes(found: dict[str, dict[date, int]]) -> list[dict[str, Any]]:
    """The three dates of a success, each with its count and its latest day."""
    names = {"agreed": _("Agreed"), "delivered": _("Delivered"), "paid": _("Paid")}
    none_yet = {
        "agreed": _("No success agreed in this span."),
        "delivered": _("No delivery on record yet."),
        "paid": _("No payment on record yet."),
    }
    return [
        {
            "label": label,
            "count": sum(found[code].values()),
            "latest": max(found[code], default=None),
            "none_yet": none_yet[code],
        }
        for code, label in names.items()
    ]
