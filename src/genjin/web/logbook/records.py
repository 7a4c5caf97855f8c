"""The records behind every figure: listed, shown with their corrections, corrected (FU7)."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from genjin.calling.models import Campaign, ScriptVersion
from genjin.calling.queries import people_of, visible_to
from genjin.flows import supervision
from genjin.flows.purposes import outcome
from genjin.followups.models import Interaction
from genjin.foundation.access import access, has_right
from genjin.foundation.models import User
from genjin.insight import logbook
from genjin.insight.logbook import visible_records
from genjin.kernel.errors import BadInput, Conflict
from genjin.web.logbook.details import said
from genjin.web.logbook.forms import CorrectionForm

PAGE = 100
FLAGS = {"connected": "is_connected", "reached": "is_reached", "success": "is_success"}


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


def _by_place(rows: QuerySet[Interaction], asked: Any, user: User) -> QuerySet[Interaction]:
    """Keeps the records of the person, campaign and script version asked for."""
    who = asked.get("who", "")
    if who == "me":
        rows = rows.filter(by=user)
    elif who == "team":
        rows = rows.filter(by__in=people_of(user))
    person = _number(asked.get("user")) or _number(who)
    if person:
        rows = rows.filter(by=person)
    if campaign := _number(asked.get("campaign")):
        rows = rows.filter(queue__campaign=campaign)
    version = asked.get("version", "")
    if version == "none":
        rows = rows.filter(script_version=None)
    elif number := _number(version):
        rows = rows.filter(script_version=number)
    return rows


def chosen(request: HttpRequest) -> QuerySet[Interaction]:
    """The records that the address asks for, newest of each chain, newest first."""
    asked, user = request.GET, _user(request)
    rows = visible_records(user).filter(channel="call", corrected_by__isnull=True)
    rows = _by_place(rows, asked, user)
    if day := _day(asked.get("day")):
        rows = rows.filter(local_day=day)
    if start := _day(asked.get("start")):
        rows = rows.filter(local_day__gte=start)
    if end := _day(asked.get("end")):
        rows = rows.filter(local_day__lt=end)
    hour = _number(asked.get("hour"))
    if hour is not None:
        rows = rows.filter(local_hour=hour)
    if code := asked.get("outcome"):
        rows = rows.filter(outcome=code[:24])
    if flag := FLAGS.get(asked.get("flag", "")):
        rows = rows.filter(**{flag: True})
    return rows


def _cursor(row: Interaction) -> str:
    return f"{row.at.timestamp():.6f}_{row.pk}"


def _after(rows: QuerySet[Interaction], cursor: str) -> QuerySet[Interaction]:
    try:
        at, _sign, pk = cursor.partition("_")
        moment, identifier = (
            datetime.fromtimestamp(float(at), tz=timezone.get_default_timezone()),
            UUID(pk),
        )
    except (ValueError, OverflowError):
        return rows
    return rows.filter(Q(at__lt=moment) | Q(at=moment, pk__lt=identifier))


def labelled(row: Interaction, kinds: dict[int | None, str]) -> dict[str, Any]:
    """A record with the words of its outcome."""
    rule = outcome(row.purpose, row.outcome, kinds.get(row.queue_id, ""))
    return {
        "row": row,
        "label": rule.label if rule else row.outcome,
        "tone": rule.tone if rule else "quiet",
    }


def kinds_of(rows: list[Interaction]) -> dict[int | None, str]:
    """The kind of the campaign of each queue in `rows`."""
    queues = {row.queue_id for row in rows if row.queue_id}
    return dict(Campaign.objects.filter(queue__in=queues).values_list("queue", "kind"))


@require_GET
@access("logbook.own")
def index(request: HttpRequest) -> HttpResponse:
    """A page of records, with the sums of all that were asked for."""
    rows = chosen(request)
    total = logbook.Figures(**rows.aggregate(**logbook.sums()))
    page_rows = _after(rows, request.GET.get("after", ""))
    listed = list(
        page_rows.select_related("customer", "by", "queue", "corrects").order_by("-at", "-pk")[
            : PAGE + 1
        ]
    )
    shown = listed[:PAGE]
    kinds = kinds_of(shown)
    context = {
        "rows": [labelled(row, kinds) for row in shown],
        "total": total,
        "after": _cursor(shown[-1]) if len(listed) > PAGE else "",
        "filters": _filters_in_words(request),
        "may_open": has_right(request.user, "customers.view"),
    }
    return render(request, "logbook/records.html", context)


def _filters_in_words(request: HttpRequest) -> list[str]:
    asked = request.GET
    found: list[str] = []
    if campaign := _number(asked.get("campaign")):
        found += visible_to(_user(request)).filter(pk=campaign).values_list("name", flat=True)
    person = _number(asked.get("user")) or _number(asked.get("who"))
    if person:
        found += [str(user) for user in people_of(_user(request)).filter(pk=person)]
    start, end = _day(asked.get("start")), _day(asked.get("end"))
    if start and end:
        last = end - timedelta(days=1)
        found.append(f"{start:%Y-%m-%d}" + (f" – {last:%Y-%m-%d}" if last > start else ""))
    if day := _day(asked.get("day")):
        found.append(f"{day:%Y-%m-%d}")
    hour = _number(asked.get("hour"))
    if hour is not None:
        found.append(f"{hour:02}:00–{hour:02}:59")
    flags = {"connected": _("connected"), "reached": _("reached"), "success": _("success")}
    if asked.get("flag") in flags:
        found.append(flags[asked["flag"]])
    return found


def _found(request: HttpRequest, pk: UUID) -> Interaction:
    rows = visible_records(_user(request)).select_related("customer", "by", "queue", "followup")
    return get_object_or_404(rows, pk=pk)


def chain_of(row: Interaction) -> list[Interaction]:
    """The record with all it corrects and all that corrects it, newest first."""
    first = row
    while first.corrects is not None:
        first = first.corrects
    chain = [first]
    while (later := Interaction.objects.filter(corrects=chain[-1]).first()) is not None:
        chain.append(later)
    return chain[::-1]


@require_GET
@access("logbook.own")
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One record with its corrections; the newest counts."""
    row = _found(request, pk)
    chain = chain_of(row)
    kinds = kinds_of(chain)
    versions = ScriptVersion.objects.select_related("script")
    script = versions.filter(pk=row.script_version or 0).first()
    context = {
        "row": row,
        "chain": [labelled(one, kinds) for one in chain],
        "newest": chain[0],
        "version": script,
        "said": said(chain[0], _user(request), script),
        "may_open": has_right(request.user, "customers.view"),
        "may_correct": supervision.may_correct(chain[0], user=_user(request), now=timezone.now()),
    }
    return render(request, "logbook/record.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@access("logbook.own")
def correct(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Corrects a record by appending the right one with a reason."""
    row = _found(request, pk)
    newest = chain_of(row)[0]
    if newest.pk != row.pk:
        return redirect("logbook-correct", pk=newest.pk)
    now = timezone.now()
    if not supervision.may_correct(row, user=_user(request), now=now):
        raise PermissionDenied("interactions.correct")
    campaign = Campaign.objects.filter(queue=row.queue_id).first() if row.queue_id else None
    form = CorrectionForm(request.POST or None, interaction=row, campaign=campaign)
    if request.method == "POST" and form.is_valid():
        try:
            fresh = supervision.correct(row, by=_user(request), now=now, **form.cleaned_data)
        except BadInput:
            form.add_error(None, _("The correction could not be taken. Check each entry."))
        except Conflict:
            form.add_error(None, _("Somebody corrected this record meanwhile. Look again."))
        else:
            messages.success(request, _("The correction is recorded."))
            return redirect("logbook-record", pk=fresh.pk)
    context = {"form": form, "row": row}
    status = 422 if form.errors else 200
    return render(request, "logbook/correct.html", context, status=status)
