"""What waits for my decision, what I asked for, and who decides while I am away (PL11)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from genjin.foundation import approvals, queries
from genjin.foundation.access import signed_in
from genjin.foundation.models import Approval, Delegation, User
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason
from genjin.web.approvals import sentences
from genjin.web.approvals.forms import AwayForm, DecisionForm
from genjin.web.problems import add_problems

TONES = {"asked": "busy", "approved": "good", "refused": "bad", "withdrawn": "quiet",
         "lapsed": "warn"}  # fmt: skip


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _line(approval: Approval) -> dict[str, Any]:
    return {
        "row": approval,
        "title": sentences.title(approval),
        "kind": sentences.kind_label(approval.kind),
        "icon": sentences.ICONS.get(approval.kind, "gavel"),
        "tone": TONES[approval.state],
        "is_late": approval.state == "asked" and approval.due_at <= timezone.now(),
    }


def _tabs(active: str) -> list[dict[str, Any]]:
    named = {
        "waiting": (_("Waiting for me"), "approvals"),
        "asked": (_("I asked"), "approvals-asked"),
        "decided": (_("I decided"), "approvals-decided"),
        "away": (_("While I am away"), "approvals-away"),
    }
    return [
        {"label": label, "url": reverse(url_name), "active": code == active}
        for code, (label, url_name) in named.items()
    ]


def _list(request: HttpRequest, tab: str, rows: list[Approval]) -> HttpResponse:
    context = {"tab": tab, "tabs": _tabs(tab), "lines": [_line(row) for row in rows]}
    return render(request, "approvals/inbox.html", context)


@require_safe
@signed_in
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for this person's decision, the most urgent first."""
    return _list(request, "waiting", approvals.waiting_for(_me(request), timezone.now()))


@require_safe
@signed_in
def asked(request: HttpRequest) -> HttpResponse:
    """What this person asked for."""
    return _list(request, "asked", list(approvals.asked_by(_me(request))))


@require_safe
@signed_in
def decided(request: HttpRequest) -> HttpResponse:
    """What this person decided."""
    return _list(request, "decided", list(approvals.decided_by(_me(request))))


def _seen(request: HttpRequest, pk: UUID) -> Approval:
    rows = Approval.objects.select_related("asked_by", "decided_by", "on_behalf_of", "team")
    approval = get_object_or_404(rows, pk=pk)
    if not approvals.may_see(_me(request), approval, timezone.now()):
        raise Http404
    return approval


def _page(
    request: HttpRequest, approval: Approval, form: DecisionForm, status: int = 200
) -> HttpResponse:
    me, now = _me(request), timezone.now()
    name = approvals.decides_as(me, approval, now) if approval.state == "asked" else None
    context = {
        **_line(approval),
        "evidence": sentences.evidence(approval),
        "form": form,
        "may_decide": name is not None,
        "in_name_of": name if name is not None and name.pk != me.pk else None,
        "may_withdraw": approval.state == "asked" and approval.asked_by_id == me.pk,
        "earlier": [
            _line(row)
            for row in approvals.for_subject(approval.subject_kind, approval.subject_id)
            if row.pk != approval.pk
        ],
    }
    return render(request, "approvals/approval.html", context, status=status)


@require_safe
@signed_in
def approval_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One question with its evidence, and the two answers."""
    return _page(request, _seen(request, pk), DecisionForm())


@require_POST
@signed_in
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Approves or refuses, and carries it out."""
    approval = _seen(request, pk)
    form = DecisionForm(request.POST)
    approve = request.POST.get("answer") == "approve"
    if not form.is_valid():
        return _page(request, approval, form, 422)
    try:
        approvals.decide(approval, approve=approve, by=_me(request), now=timezone.now(),
                         reason=form.cleaned_data["reason"])  # fmt: skip
    except BadInput as error:
        add_problems(form, error, sentences.sentence)
        return _page(request, approval, form, 422)
    except GenjinError as error:
        messages.error(request, sentences.sentence(Reason(error.code, error.data)))
        return redirect("approval", pk=pk)
    messages.success(request, _("Approved and carried out.") if approve else _("Refused."))
    return redirect("approvals")


@require_POST
@signed_in
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Takes one's own question back."""
    approval = _seen(request, pk)
    try:
        approvals.withdraw(approval, by=_me(request), now=timezone.now())
    except GenjinError as error:
        messages.error(request, sentences.sentence(Reason(error.code, error.data)))
    else:
        messages.success(request, _("Taken back."))
    return redirect("approvals-asked")


@require_http_methods(["GET", "POST"])
@signed_in
def away(request: HttpRequest) -> HttpResponse:
    """Who decides while this person is away."""
    me, now = _me(request), timezone.now()
    form = AwayForm(request.POST or None, person=me)
    if request.method == "POST" and form.is_valid():
        try:
            approvals.delegate(me, **form.cleaned_data, by=me, now=now)
        except BadInput as error:
            add_problems(form, error, sentences.sentence)
        else:
            messages.success(request, _("Saved."))
            return redirect("approvals-away")
    context = {
        "tabs": _tabs("away"),
        "form": form,
        "delegations": queries.delegations(me, now),
    }
    return render(request, "approvals/away.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def end_away(request: HttpRequest, pk: int) -> HttpResponse:
    """Ends a delegation of one's own."""
    row = get_object_or_404(Delegation, pk=pk, person=_me(request))
    approvals.end_delegation(row, by=_me(request), now=timezone.now())
    messages.success(request, _("Saved."))
    return redirect("approvals-away")
