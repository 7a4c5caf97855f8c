"""Where a person lands, and whether the system is well."""

from datetime import timedelta

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from genjin import __version__
from genjin.foundation import jobs
from genjin.foundation.access import has_right, public, signed_in
from genjin.foundation.models import Heartbeat

LANDING = (
    ("floor.view", "floor"),
    ("desk.work", "desk"),
    ("customers.view", "customers"),
    ("scripts.view", "scripts"),
)
WORKER_IS_LATE_AFTER = timedelta(seconds=30)


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """Opens the page a person's work begins on."""
    for right, url_name in LANDING:
        if has_right(request.user, right):
            return redirect(url_name)
    return render(request, "home/no_role.html")


@public
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when web, database and worker are well, 503 with what is not otherwise."""
    parts = {"web": "ok", "database": "ok", "worker": "ok"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        late = timezone.now() - WORKER_IS_LATE_AFTER
        beat = Heartbeat.objects.filter(name="worker", at__gt=late).first()
        if beat is None:
            parts["worker"] = "no heartbeat"
        elif failing := jobs.not_well(beat, timezone.now()):
            parts["worker"] = f"failing: {', '.join(failing)}"
    except DatabaseError:
        parts["database"] = "no answer"
        parts["worker"] = "not known"
    is_well = set(parts.values()) == {"ok"}
    return JsonResponse(
        {"status": "ok" if is_well else "unwell", "version": __version__, **parts},
        status=200 if is_well else 503,
    )
