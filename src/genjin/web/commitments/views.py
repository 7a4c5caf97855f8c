"""Promises to customers from any screen: making one, the lists by owner, how they ended (FU9)."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from genjin.customers.queries import visible_to
from genjin.customers.search import find
from genjin.followups import operations, promises
from genjin.followups.models import Commitment
from genjin.foundation.access import access, has_right, scope_of
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, GenjinError
from genjin.web.customers.forms.memories import CommitmentForm, PromiseEndForm
from genjin.web.desk.sentences import sentence
from genjin.web.problems import add_problems

PAGE = 50
HITS = 8
LABELS = {
    promises.OPEN: gettext_lazy("Open"),
    promises.LATE: gettext_lazy("Late"),
    promises.REMINDED: gettext_lazy("Due soon"),
    promises.KEPT: gettext_lazy("Kept"),
    promises.BROKEN: gettext_lazy("Broken"),
    promises.WITHDRAWN: gettext_lazy("Withdrawn"),
    promises.COUNTED: gettext_lazy("Counted as broken"),
}
ORDER = (promises.REMINDED, promises.OPEN, promises.LATE, promises.KEPT, promises.BROKEN,
         promises.WITHDRAWN)  # fmt: skip


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _people(user: User) -> list[User]:
    """Whose promises a team's view may be narrowed to, and who may take one over."""
    people = User.objects.filter(is_active=True).order_by("name", "pk")
    if scope_of(user) != "all":
        people = people.filter(team=user.team_id) if user.team_id else people.filter(pk=user.pk)
    return list(people)


def _whose(request: HttpRequest, user: User, is_team: bool) -> str:
    """`me`, `team`, or the key of one person of the team."""
    who = request.GET.get("who", "me")
    if not is_team:
        return "me"
    return who if who == "team" or (who.isdecimal() and len(who) < 18) else "me"


@require_safe
@access("customers.view")
def index(request: HttpRequest) -> HttpResponse:
    """Promises by owner: due soon, open, late, kept, broken; the team's for those who lead it."""
    user, now = _user(request), timezone.now()
    is_team = has_right(user, "commitments.team")
    who = _whose(request, user, is_team)
    rows = promises.promises_for(user)
    if who != "team":
        rows = rows.filter(owner=user.pk if who == "me" else int(who))
    view = request.GET.get("view", "")
    view = view if view in promises.VIEWS else promises.OPEN
    counts = promises.counts(rows, now)
    page = Paginator(promises.in_view(rows, view, now), PAGE).get_page(request.GET.get("page"))

    def url(**values: Any) -> str:
        return "?" + urlencode({"who": who, "view": view, **values})

    context = {
        "tabs": [{"label": LABELS[code], "url": url(view=code), "active": code == view,
                  "count": counts[code]}
                 for code in (*ORDER, *((view,) if view not in ORDER else ()))],
        "page": page,
        "view": view,
        "who": who,
        "is_team": is_team,
        "is_open": view in (promises.OPEN, promises.LATE, promises.REMINDED),
        "people": _people(user) if is_team else [],
        "figures": promises.figures(user, now) if is_team and who == "team" else [],
        "now": now,
        "me": user,
        "earlier": url(page=page.previous_page_number()) if page.has_previous() else "",
        "later": url(page=page.next_page_number()) if page.has_next() else "",
    }  # fmt: skip
    return render(request, "commitments/index.html", context)


def _back(request: HttpRequest) -> str:
    """Where the person came from, if that is a page of ours."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(url, None) and url.startswith("/"):
        return url
    return reverse("promises")


def _customer(request: HttpRequest, user: User) -> Any:
    text = request.POST.get("customer") or request.GET.get("customer") or ""
    if not text:
        return None
    try:
        return get_object_or_404(visible_to(user), pk=UUID(text))
    except ValueError:
        raise Http404 from None


@require_http_methods(["GET", "HEAD", "POST"])
@access("customers.view")
def new(request: HttpRequest) -> HttpResponse:
    """From any page: whom we promise, what, who keeps it and by when."""
    user, now, back = _user(request), timezone.now(), _back(request)
    customer = _customer(request, user)
    if customer is None:
        return _choose(request, user, back)
    people = User.objects.filter(is_active=True).order_by("name", "pk")
    form = CommitmentForm(request.POST or None, people=people, initial={"owner": user.pk})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        where, _slash, what = back.strip("/").partition("/")
        try:
            operations.make_commitment(
                customer, text=data["text"], kind=data["kind"], owner=data["owner"],
                due_at=form.due_at(), remind_at=data["remind_at"], by=user, now=now,
                source=(where.partition("?")[0][:20], what[:60]),
            )  # fmt: skip
        except BadInput as error:
            problems = {("due" if k == "due_at" else k): v for k, v in error.problems.items()}
            add_problems(form, BadInput(problems), sentence)
        except GenjinError as error:
            form.add_error(None, sentence(error))
        else:
            messages.success(request, _("Promised to %(name)s.") % {"name": customer.name})
            return redirect(back)
    context = {"form": form, "customer": customer, "back": back}
    return render(request, "commitments/new.html", context, status=422 if form.errors else 200)


def _choose(request: HttpRequest, user: User, back: str) -> HttpResponse:
    """First whom: finding the customer, with or without script."""
    query = request.GET.get("q", "").strip()[:80]
    found = find(query, user=user, limit=HITS) if query else []
    context = {
        "query": query,
        "back": back,
        "hits": [
            {"hit": hit, "url": "?" + urlencode({"customer": hit.id, "next": back})}
            for hit in found
        ],
    }
    template = "_hits" if request.headers.get("HX-Request") else "choose"
    return render(request, f"commitments/{template}.html", context)


def _mine(request: HttpRequest, pk: UUID) -> Commitment:
    """A promise that this person may end: their own, or one of those they lead."""
    user = _user(request)
    row = get_object_or_404(promises.promises_for(user), pk=pk)
    if row.owner_id != user.pk and not has_right(user, "commitments.team"):
        raise PermissionDenied
    return row


@require_POST
@access("customers.view")
def keep(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Says that a promise was kept."""
    row = _mine(request, pk)
    try:
        operations.keep_commitment(row, by=_user(request), now=timezone.now())
    except GenjinError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, _("Promise kept."))
    return redirect(_back(request))


@require_http_methods(["GET", "HEAD", "POST"])
@access("customers.view")
def end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Says that a promise was broken, or that the customer no longer wants it; with the reason."""
    row, back = _mine(request, pk), _back(request)
    form = PromiseEndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        is_broken = form.cleaned_data["how"] == "broken"
        ending = operations.break_commitment if is_broken else operations.withdraw_commitment
        try:
            ending(row, by=_user(request), now=timezone.now(),
                   reason=form.cleaned_data["reason"])  # fmt: skip
        except BadInput as error:
            add_problems(form, error, sentence)
        except GenjinError as error:
            form.add_error(None, sentence(error))
        else:
            messages.success(request, _("Noted with its reason."))
            return redirect(back)
    context = {"form": form, "row": row, "back": back}
    return render(request, "commitments/end.html", context, status=422 if form.errors else 200)


class MoveForm(forms.Form):
    """Who keeps the promise from now on."""

    owner = forms.ModelChoiceField(label=gettext_lazy("Owner"), queryset=User.objects.none())
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)


@require_http_methods(["GET", "HEAD", "POST"])
@access("commitments.team")
def move(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Gives an open promise to somebody else."""
    row, user, back = _mine(request, pk), _user(request), _back(request)
    form = MoveForm(request.POST or None)
    people = User.objects.filter(pk__in=[one.pk for one in _people(user)]).order_by("name")
    form.fields["owner"].queryset = people  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        try:
            operations.move_commitment(row, owner=form.cleaned_data["owner"], by=user,
                                       now=timezone.now(),
                                       reason=form.cleaned_data["reason"])  # fmt: skip
        except BadInput as error:
            add_problems(form, error, sentence)
        except GenjinError as error:
            form.add_error(None, sentence(error))
        else:
            messages.success(request, _("The promise has a new owner."))
            return redirect(back)
    context = {"form": form, "row": row, "back": back}
    return render(request, "commitments/move.html", context, status=422 if form.errors else 200)
