"""The floor, live (CA9)."""

from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_GET

from genjin.calling import states
from genjin.foundation import sign_in
from genjin.foundation.access import access, has_right
from genjin.foundation.models import User
from genjin.insight import floor
from genjin.web.floor.sentences import alarm
from genjin.web.floor.stream import stream as events

STATES_SHOWN = ("ready", "on_call", "wrap_up", "busy", "break")


def board(found: floor.Snapshot) -> dict[str, Any]:
    """What the page and its fragments show of a snapshot."""
    labels = dict(states.AgentState.choices)
    return {
        "found": found,
        "states": [(code, labels[code], found.states[code]) for code in STATES_SHOWN],
        "agents": [{"line": line, "label": labels[line.state]} for line in found.agents],
        "campaigns": found.campaigns,
        "alarms": [alarm(reason) for reason in found.alarms],
    }


@require_GET
@access("floor.view")
def page(request: HttpRequest) -> HttpResponse:
    """The floor at this moment; with JavaScript it stays current by itself."""
    assert isinstance(request.user, User)
    context = board(floor.snapshot(request.user, timezone.now()))
    return render(request, "floor/floor.html", context)


def _fragments(user: User) -> dict[str, Any]:
    """A snapshot as keyed pieces of HTML: js/floor.js replaces only those that differ."""
    context = board(floor.snapshot(user, timezone.now()))
    found = context["found"]

    def piece(name: str, **more: Any) -> str:
        return render_to_string(f"floor/_{name}.html", {**more, "live": True}).strip()

    return {
        "at": found.at.timestamp(),
        "stats": [["stats", piece("stats", **context)]],
        "agents": [
            [f"agent-{row['line'].user_id}", piece("agent", row=row)] for row in context["agents"]
        ],
        "campaigns": [
            [f"campaign-{line.pk}", piece("campaign", line=line)] for line in found.campaigns
        ],
        "alarms": [
            [f"alarm-{place}", piece("alarm", alarm=row)]
            for place, row in enumerate(context["alarms"])
        ],
    }


@require_GET
@access("floor.view")
def stream(request: HttpRequest) -> StreamingHttpResponse:
    """The floor as server-sent events."""
    user = request.user
    assert isinstance(user, User)
    key = request.session.session_key or ""

    def show() -> dict[str, Any] | None:
        present = sign_in.person_of(key, timezone.now())
        may_watch = present is not None and has_right(present, "floor.view")
        return _fragments(present) if present is not None and may_watch else None

    answer = StreamingHttpResponse(
        events(user, show), content_type="text/event-stream; charset=utf-8"
    )
    answer["Cache-Control"] = "no-store"
    answer["X-Accel-Buffering"] = "no"
    return answer
