"""One follow-up at the desk: dial, hang up, keep what is typed, record."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from genjin.calling.models import DeskDraft
from genjin.calling.operations.agents import save_draft, touch
from genjin.customers import fields as card_fields
from genjin.customers import queries as card_queries
from genjin.customers.models import ContactPoint
from genjin.customers.operations.access_log import log_view
from genjin.flows import desk
from genjin.followups.models import Contact, FollowUp
from genjin.followups.operations import release, renew_lease, take
from genjin.followups.states import WAITING, State
from genjin.foundation.access import access, has_right
from genjin.foundation.compiled import Compiled
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, GenjinError, LostRace
from genjin.web.customers.history import timeline_items
from genjin.web.desk import page as desk_page
from genjin.web.desk.forms import is_drafted
from genjin.web.desk.sentences import by_field, in_words, sentence
from genjin.web.desk.start import next_or_desk
from genjin.web.orders.panels import ask_box, standing_of

TIMELINE_PAGE = 20
_FOLLOWUP = Compiled(
    lambda pk: FollowUp.objects.filter(pk=pk).select_related("customer", "queue", "person"), pk=UUID
)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _mine(request: HttpRequest, pk: UUID) -> FollowUp:
    """A follow-up that is this person's affair: in hand, waiting for them, begun or typed at."""
    user = _user(request)
    row = _FOLLOWUP.first(pk=pk)
    if row is None:
        raise Http404
    if user.pk in (row.taken_by_id, row.assigned_to_id):
        return row
    if DeskDraft.objects.filter(followup=row, user=user).exists():
        return row
    if Contact.objects.filter(followup=row, by=user).exists():
        return row
    raise Http404


def _is_open_to(row: FollowUp, user: User) -> bool:
    """Whether a person has to do with the follow-up now, and not only had before.

    In hand, waiting for them by name, or with something of theirs that is not recorded yet.
    """
    if row.state == State.TAKEN and row.taken_by_id == user.pk:
        return True
    if row.state in WAITING and row.assigned_to_id == user.pk:
        return True
    return desk.has_unrecorded(row, user)


def _present(request: HttpRequest, pk: UUID) -> FollowUp:
    """As `_mine`, for what shows the customer or writes on the card: not once it is over."""
    row = _mine(request, pk)
    if not _is_open_to(row, _user(request)):
        raise Http404
    return row


def _wants_data(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _refused(request: HttpRequest, row: FollowUp, error: GenjinError) -> HttpResponse:
    """Says why something did not happen, on the page or to its script."""
    words = sentence(error)
    if _wants_data(request):
        return JsonResponse({"message": words, "code": error.code}, status=409)
    messages.error(request, words)
    return redirect("desk-followup", pk=row.pk)


def _show(
    request: HttpRequest, row: FollowUp, *, data: Any = None, errors: Any = None, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    page = desk_page.gather(row, user=_user(request), now=now, data=data)
    draft = page.draft
    customer = page.card.customer
    standing = standing_of(customer)
    context = {
        "page": page,
        "errors": errors or {},
        "may_deal": has_right(_user(request), "opportunities.manage"),
        "may_open_card": has_right(_user(request), "customers.view"),
        "score_rows": desk_page.score_rows(page.form, errors or {}),
        "quick_times": desk_page.quick_times(now),
        "klass": standing.value_class if standing else "",
        "ask": ask_box(customer, _user(request), now=now, back=request.path),
        "draft": {
            "fields": draft.content.get("fields", {}) if draft else {},
            "revision": draft.revision if draft else 0,
            "writer": draft.content.get("writer", "") if draft else "",
            "serial": draft.content.get("serial", 0) if draft else 0,
            "names": [name for name in page.form.fields if is_drafted(name)],
        },
    }
    return render(request, "desk/followup.html", context, status=status)


@access("desk.work")
@require_GET
def followup(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The screen of one follow-up; once it is over it leads back to the desk."""
    row = _mine(request, pk)
    if not _is_open_to(row, _user(request)):
        return redirect("desk")
    log_view(row.customer_id, by=_user(request), now=timezone.now(), place="desk")
    return _show(request, row)


@access("desk.work")
@require_POST
def take_it(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Takes one chosen follow-up: an own callback, or one whose lease ran out while typing."""
    row = _present(request, pk)
    try:
        take(row, by=_user(request), now=timezone.now())
    except GenjinError as error:
        messages.error(request, sentence(error))
        has_page = DeskDraft.objects.filter(followup=row, user=_user(request)).exists()
        return redirect("desk-followup", pk=row.pk) if has_page else redirect("desk")
    return redirect("desk-followup", pk=row.pk)


@access("desk.work")
@require_POST
def dial_number(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Begins a call: only now the number is shown, and its begin is on record."""
    row = _mine(request, pk)
    now = timezone.now()
    wanted = str(request.POST.get("point", ""))
    points = ContactPoint.objects.filter(customer=row.customer_id, is_active=True)
    try:
        point = get_object_or_404(points, pk=UUID(wanted))
    except ValueError:
        raise Http404 from None
    try:
        desk.dial(row, point=point, by=_user(request), now=now)
    except GenjinError as error:
        return _refused(request, row, error)
    if _wants_data(request):
        return JsonResponse(
            {
                "number": point.value,
                "extension": point.extension,
                "point": str(point.pk),
                "started": now.isoformat(),
            }
        )
    return redirect("desk-followup", pk=row.pk)


@access("desk.work")
@require_POST
def hang_up_call(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = _mine(request, pk)
    now = timezone.now()
    user = _user(request)
    call = desk.open_contact(row, user)
    presence = desk.presence_of(user)
    seconds = desk_page.talk_seconds(row, call, presence, now)
    desk.hang_up(row, by=user, now=now)
    if _wants_data(request):
        return JsonResponse({"talk_seconds": seconds, "wrap_started": now.isoformat()})
    return redirect("desk-followup", pk=row.pk)


@access("desk.work")
@require_POST
def draft(request: HttpRequest, pk: UUID) -> JsonResponse:
    """Keeps what was typed so far; an older window is told what stands there and writes nothing."""
    row = _present(request, pk)
    user = _user(request)
    try:
        sent = json.loads(request.body)
        content = {name: sent[name] for name in ("fields", "writer", "serial")}
        content["fields"] = {
            name: text for name, text in content["fields"].items() if is_drafted(name)
        }
        revision = int(sent["revision"])
        json.dumps(content, ensure_ascii=False).encode()  # half of a pair is no text
    except (ValueError, KeyError, TypeError, AttributeError):
        return JsonResponse({"message": sentence(BadInput("draft_unreadable"))}, status=400)
    try:
        saved = save_draft(row, user, content, revision, timezone.now())
    except LostRace as error:
        stored = DeskDraft.objects.filter(followup=row, user=user).first()
        return JsonResponse(
            {
                "message": sentence(error),
                "code": error.code,
                "revision": stored.revision if stored else 0,
                "fields": stored.content.get("fields", {}) if stored else {},
            },
            status=409,
        )
    except BadInput as error:
        return JsonResponse({"message": in_words(error)}, status=400)
    return JsonResponse({"revision": saved})


@access("desk.work")
@require_POST
def lease(request: HttpRequest, pk: UUID) -> JsonResponse:
    """Keeps the follow-up in hand while its page is open."""
    row = _mine(request, pk)
    now = timezone.now()
    touch(_user(request), now)
    try:
        until = renew_lease(row, by=_user(request), now=now)
    except GenjinError as error:
        may_take = row.state in (State.READY, State.PLANNED)
        words = {"message": sentence(error), "code": error.code, "may_take": may_take}
        return JsonResponse(words, status=409)
    return JsonResponse({"until": until.isoformat()})


def _seconds(row: FollowUp, user: User, now: datetime) -> tuple[int, int]:
    """Talk and wrap-up as the system saw them; what was typed goes before."""
    presence = desk.presence_of(user)
    call = desk.open_contact(row, user)
    began = desk_page.wrap_started(row, presence)
    wrap = max(0, int((now - began).total_seconds())) if began else 0
    return desk_page.talk_seconds(row, call, presence, now), wrap


def _invalid(request: HttpRequest, row: FollowUp, errors: dict[str, list[str]]) -> HttpResponse:
    if _wants_data(request):
        return JsonResponse({"errors": errors}, status=422)
    return _show(request, row, data=request.POST, errors=errors, status=422)


@access("desk.work")
@require_POST
def record(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Records the outcome and goes on to the next customer, or stays at the start of the desk."""
    row = _mine(request, pk)
    user = _user(request)
    now = timezone.now()
    form = desk_page.posted_form(row, user=user, data=request.POST)
    if not form.is_valid():
        return _invalid(
            request, row, {name: [str(one) for one in found] for name, found in form.errors.items()}
        )
    talk, wrap = _seconds(row, user, now)
    try:
        recorded = desk.record_outcome(
            row, by=user, now=now, form=form.read(talk_seconds=talk, wrap_seconds=wrap)
        )
    except BadInput as bad:
        return _invalid(request, row, by_field(bad))
    except GenjinError as error:
        return _refused(request, row, error)
    messages.success(request, _said(recorded))
    url = reverse("desk") if form.cleaned_data["stay"] else next_or_desk(request, now)
    return JsonResponse({"location": url}) if _wants_data(request) else redirect(url)


def _said(recorded: desk.Recorded) -> str:
    name = recorded.interaction.customer.name
    values = {"name": name, "outcome": str(recorded.rule.label)}
    if recorded.was_repeated:
        return _("%(name)s: %(outcome)s had been recorded already.") % values
    if recorded.has_another_number:
        return _("%(name)s: %(outcome)s. Another number is tried next.") % values
    if recorded.next_at:
        at = timezone.localtime(recorded.next_at).strftime("%m-%d %H:%M")
        return _("%(name)s: %(outcome)s. Again from %(at)s.") % {**values, "at": at}
    return _("%(name)s: %(outcome)s.") % values


@access("desk.work")
@require_POST
def note(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keeps what was typed for a follow-up that somebody else has now."""
    row = _present(request, pk)
    try:
        desk.keep_as_note(
            row, text=request.POST.get("text", ""), by=_user(request), now=timezone.now()
        )
    except BadInput as bad:
        messages.error(request, in_words(bad))
        return redirect("desk-followup", pk=row.pk)
    messages.success(request, _("Kept as a note on the card of %(name)s.") % {"name": row.customer})
    return redirect("desk")


@access("desk.work")
@require_POST
def give_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Puts the follow-up back untouched."""
    row = _mine(request, pk)
    try:
        release(row, by=_user(request), now=timezone.now())
    except GenjinError as error:
        return _refused(request, row, error)
    messages.info(request, _("%(name)s waits in the queue again.") % {"name": row.customer})
    return redirect("desk")


@access("desk.work")
@require_GET
def timeline(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The customer's history, newest first; more by the key of the last one shown."""
    row = _present(request, pk)
    before = None
    if after := request.GET.get("before", ""):
        at, _sep, last = after.partition("_")
        try:
            before = (datetime.fromisoformat(at), UUID(last))
        except ValueError:
            raise Http404 from None
    entries = card_queries.timeline(row.customer_id, before=before, limit=TIMELINE_PAGE + 1)
    shown = entries[:TIMELINE_PAGE]
    more = f"{shown[-1].at.isoformat()}_{shown[-1].pk}" if len(entries) > TIMELINE_PAGE else ""
    items = timeline_items(shown, user=_user(request), definitions=card_fields.definitions())
    context = {"items": items, "more": more, "followup": row, "is_first": before is None}
    return render(request, "desk/timeline.html", context)
