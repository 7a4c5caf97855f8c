"""The list of messages, one message with what became of it, and deciding about the unknown ones."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from genjin.customers.visibility import shown_phone
from genjin.followups import operations
from genjin.followups.delivery import queries, sending, server
from genjin.followups.models import OutgoingMessage
from genjin.followups.sentences import sentence, sentences
from genjin.followups.states import MessageState
from genjin.followups.wishes import links
from genjin.foundation.access import access, has_right
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason
from genjin.web.problems import Needing, add_problems

PAGE = 50
MAY_SETTLE = "messages.settle"
LABELS = {
    queries.NEEDS: gettext_lazy("Need a person"),
    queries.WAITING: pgettext_lazy("messages", "Waiting"),
    queries.SENT: pgettext_lazy("messages", "Sent"),
    queries.REFUSED: pgettext_lazy("messages", "Refused by the server"),
    queries.ENDED: pgettext_lazy("messages", "Ended unsent"),
}
TONES = {
    MessageState.WAITING: "quiet", MessageState.CLAIMED: "busy", MessageState.SENDING: "busy",
    MessageState.SENT: "good", MessageState.UNKNOWN: "warn", MessageState.REFUSED: "bad",
    MessageState.FAILED: "bad", MessageState.WITHHELD: "quiet", MessageState.CANCELLED: "quiet",
    MessageState.NOT_ALLOWED: "quiet",
}  # fmt: skip
ANSWERS = {
    "sent": operations.confirm_sent,
    "again": operations.send_again,
    "drop": operations.drop_message,
}


class SettleForm(Needing):
    """What a person found out about a message."""

    template_name = "partials/form.html"
    needed = ("reason",)
    reason = forms.CharField(
        label=gettext_lazy("How you know"), required=False, max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("For example: the mail server's log, the customer's word."),
    )  # fmt: skip


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _line(user: User, row: OutgoingMessage) -> dict[str, Any]:
    point = row.point
    shown = row.address if has_right(user, "customers.see_contact") else ""
    return {
        "row": row,
        "tone": TONES[MessageState(row.state)],
        "address": shown or (shown_phone(user, point) if point else "–"),
        "reasons": sentences(row.reasons),
        "at": row.ended_at or row.begun_at or row.not_before,
    }


def server_notes(channel: str = "email") -> list[dict[str, str]]:
    """What the house should know of the way out: no server, a server in trouble, a trial."""
    notes = []
    if not sending.is_set_up(channel):
        notes.append({"tone": "warn", "sign": "mail-off", "text": _(
            "No mail server is set (GENJIN_SMTP): messages wait here.")})  # fmt: skip
    found = server.state(channel)
    if found.error:
        text = _("The mail server could not be used since %(since)s; tried again at %(next)s."
                 " It said: %(error)s")  # fmt: skip
        notes.append({"tone": "bad", "sign": "alert-triangle", "text": text % {
            "since": _clock(found.since), "next": _clock(found.next_try_at),
            "error": found.error}})  # fmt: skip
    if not sending.is_production():
        notes.append({"tone": "quiet", "sign": "mail-off", "text": _(
            "Outside production: only the addresses on its list are written to (%(list)s).") % {
            "list": ", ".join(settings.MAIL_ALLOW) or _("it is empty")}})  # fmt: skip
    return notes


def _clock(moment: Any) -> str:
    return timezone.localtime(moment).strftime("%H:%M:%S") if moment else "–"


@require_safe
@access("messages.view")
def index(request: HttpRequest) -> HttpResponse:
    """Messages to the customers in one's scope: those that need a person first."""
    user = _user(request)
    rows = queries.messages_for(user)
    view = request.GET.get("view", "")
    view = view if view in queries.VIEWS else queries.NEEDS
    counts = queries.counts(rows)
    page = Paginator(queries.in_view(rows, view), PAGE).get_page(request.GET.get("page"))

    def url(**values: Any) -> str:
        return "?" + urlencode({"view": view, **values})

    context = {
        "tabs": [{"label": label, "url": url(view=code), "active": code == view,
                  "count": counts.get(code)} for code, label in LABELS.items()],
        "lines": [_line(user, row) for row in page.object_list],
        "view": view,
        "notes": server_notes(),
        "earlier": url(page=page.previous_page_number()) if page.has_previous() else "",
        "later": url(page=page.next_page_number()) if page.has_next() else "",
    }  # fmt: skip
    return render(request, "mail/index.html", context)


def _seen(request: HttpRequest, pk: UUID) -> OutgoingMessage:
    return get_object_or_404(queries.messages_for(_user(request)), pk=pk)


def _page(
    request: HttpRequest, row: OutgoingMessage, form: SettleForm, status: int = 200
) -> HttpResponse:
    user = _user(request)
    may_settle = has_right(user, MAY_SETTLE)
    settleable = row.state in (MessageState.UNKNOWN, MessageState.FAILED, MessageState.WAITING)
    context = {
        "line": _line(user, row),
        "row": row,
        "form": form if may_settle and settleable else None,
        "message_id": sending.message_id(row),
        "text": links.hidden(row.text, str(_("(a link for the customer alone)"))),
        "back": reverse("mail"),
    }
    return render(request, "mail/message.html", context, status=status)


@require_safe
@access("messages.view")
def message_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One message: what it says, to whom, and what became of it."""
    return _page(request, _seen(request, pk), SettleForm())


@require_POST
@access(MAY_SETTLE)
def settle(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A person decides: it was sent, it goes again, or it is dropped."""
    row, form = _seen(request, pk), SettleForm(request.POST)
    act = ANSWERS.get(request.POST.get("answer", ""))
    if act is None:
        return redirect("mail-message", pk)
    if form.is_valid():
        try:
            act(row, by=_user(request), now=timezone.now(), reason=form.cleaned_data["reason"])
        except BadInput as error:
            add_problems(form, error, _words)
        except GenjinError as error:
            form.add_error(None, sentence(Reason(error.code, error.data)))
        else:
            messages.success(request, _("It is settled."))
            return redirect("mail")
    return _page(request, row, form, 422)


def _words(reason: Reason) -> str:
    if reason.code == "required":
        return _("This is needed.")
    return _("This is too long.") if reason.code == "too_long" else sentence(reason)
