"""One opportunity: its stages with what is known, its figures, how it ends, its history (SA2)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from genjin.customers.models import Customer
from genjin.customers.operations import categories
from genjin.flows import opportunities as flow
from genjin.foundation.access import access, has_right, require_right, scope_of
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, GenjinError, LostRace
from genjin.sales import ordering
from genjin.sales.models import Opportunity, OpportunityMove, Order
from genjin.sales.opportunities import operations, queries, stages
from genjin.sales.opportunities.states import OpportunityState
from genjin.web.customers.common import customer_of, user_of
from genjin.web.opportunities import panels, words
from genjin.web.opportunities.forms import (
    BackForm,
    DropForm,
    FactsForm,
    FiguresForm,
    GradeForm,
    LoseForm,
    OpenForm,
    ReopenForm,
    WinForm,
)
from genjin.web.problems import add_problems

FORM = require_http_methods(["GET", "HEAD", "POST"])
HISTORY = 100
_COLUMNS = ("title", "product", "category", "amount", "currency", "expected_on", "owner",
            "next_step", "next_on")  # fmt: skip


def _found(request: HttpRequest, pk: UUID) -> Opportunity:
    rows = queries.in_scope(user_of(request)).select_related(
        "customer__custodian", "product", "category", "owner", "order"
    )
    return get_object_or_404(rows, pk=pk)


def _people(user: User, row: Opportunity | None = None) -> QuerySet[User]:
    """Who may own an opportunity: the team's people, all for those who see everything."""
    people = User.objects.filter(is_active=True)
    if scope_of(user) != "all":
        mine = people.filter(team=user.team_id) if user.team_id else people.filter(pk=user.pk)
        people = mine | User.objects.filter(pk=row.owner_id) if row else mine
    return people.distinct().order_by("name", "pk")


def _shown(row: Opportunity) -> list[stages.Stage]:
    """The stages whose facts are asked for: the present one; of a won deal the last."""
    found = stages.stage(row.stage)
    return [found] if found else []


def _facts_form(row: Opportunity, data: Any = None) -> FactsForm:
    known = {f"fact_{code}": one.text for code, one in queries.facts_of(row).items()}
    columns = {name: getattr(row, name) for name in operations.COLUMNS}
    return FactsForm(data, shown=_shown(row), initial={**columns, **known})


def _page(
    request: HttpRequest,
    row: Opportunity,
    *,
    facts: FactsForm | None = None,
    back: BackForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    day = timezone.localdate(now)
    every = stages.stages()
    here = stages.stage(row.stage)
    following = (
        every[here.place + 1] if here and row.state == OpportunityState.OPEN
        and here.place + 1 < len(every) else None
    )  # fmt: skip
    moves = OpportunityMove.objects.filter(opportunity=row).select_related("by")
    context = {
        "row": row,
        "customer": row.customer,
        "line": panels.line(row, now=now, day=day),
        "steps": panels.steps(row),
        "here": here,
        "next": following if following and following.code != stages.AFTER else None,
        "facts": facts or _facts_form(row),
        "earlier": _known_before(row),
        "back": back or BackForm(opportunity=row),
        "grade_form": GradeForm(initial={"grade": row.grade}),
        "may_order": row.state == OpportunityState.OPEN
        and row.stage == stages.AGREEMENT
        and has_right(user_of(request), ordering.RIGHT),
        "may_see_order": has_right(user_of(request), ordering.RIGHT),
        "lost": words.lost_label(row.lost_reason) if row.lost_reason else "",
        "moves": [
            {"row": one, "text": words.move_text(one.what, one.before, one.after),
             "reason": words.lost_label(one.reason) if stages.lost_reason(one.reason)
             else _("not confirmed in time") if one.reason == "overdue" else one.reason}
            for one in moves.order_by("-at", "-id")[:HISTORY]
        ],
    }  # fmt: skip
    return render(request, "opportunities/opportunity.html", context, status=status)


def _known_before(row: Opportunity) -> list[dict[str, Any]]:
    """What was found out in the stages before, by stage."""
    known = queries.facts_of(row)
    here = stages.stage(row.stage)
    found = []
    for one in stages.stages():
        if here is not None and one.place == here.place:
            continue
        noted = [
            {"label": fact.label, "fact": known[fact.code]}
            for fact in one.facts
            if fact.code in known and known[fact.code].text
        ]
        if noted:
            found.append({"stage": one, "facts": noted})
    return found


@require_safe
@access("opportunities.manage")
def opportunity(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One opportunity with everything known of it."""
    return _page(request, _found(request, pk))


@require_POST
@access("opportunities.manage")
def facts(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Notes what was found out; with `to`, goes on to that stage in the same step."""
    row, user, now = _found(request, pk), user_of(request), timezone.now()
    form, to = _facts_form(row, request.POST), request.POST.get("to", "")
    if form.is_valid():
        try:
            if to:
                operations.move_stage(row, to=to, facts=form.facts(), values=form.values(),
                                      by=user, now=now)  # fmt: skip
            else:
                _note(row, form, by=user, now=now)
        except BadInput as error:
            add_problems(form, error, words.sentence)
        except GenjinError as error:
            form.add_error(None, words.sentence(error))
        else:
            stage = words.stage_label(to)
            said = _("On to: %(stage)s.") % {"stage": stage} if to else _("Noted.")
            messages.success(request, said)
            return redirect("opportunity", pk=pk)
    return _page(request, row, facts=form, status=422)


def _note(row: Opportunity, form: FactsForm, *, by: User, now: datetime) -> None:
    operations.note_facts(row, form.facts(), values=form.values(), by=by, now=now)


@require_POST
@access("opportunities.manage")
def stage(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Goes back to an earlier stage with a reason, or on to a later one at once."""
    row = _found(request, pk)
    form = BackForm(request.POST, opportunity=row)
    if form.is_valid():
        try:
            operations.move_stage(
                row, to=form.cleaned_data["stage"], reason=form.cleaned_data["reason"],
                by=user_of(request), now=timezone.now(),
            )  # fmt: skip
        except BadInput as error:
            add_problems(form, error, words.sentence)
        except GenjinError as error:
            form.add_error(None, words.sentence(error))
        else:
            return redirect("opportunity", pk=pk)
    return _page(request, row, back=form, status=422)


@require_POST
@access("opportunities.manage")
def grade(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Grades an opportunity; the same grade again confirms it."""
    row, form = _found(request, pk), GradeForm(request.POST)
    try:
        if not form.is_valid():
            raise BadInput("not_a_choice")
        operations.grade_opportunity(
            row, grade=form.cleaned_data["grade"], by=user_of(request), now=timezone.now()
        )
    except GenjinError as error:
        messages.error(request, words.of_error(error))
    else:
        messages.success(request, _("The grade stands; its term begins anew."))
    to = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(to, allowed_hosts={request.get_host()}):
        return redirect(to)
    return redirect("opportunity", pk=pk)


def _form_page(
    request: HttpRequest,
    *,
    customer: Customer,
    title: Any,
    form: forms.Form,
    save: Callable[[Any, datetime], str],
    back: str,
    **extra: Any,
) -> HttpResponse:
    """Shows a form about an opportunity and saves it; `save` answers where to go then."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                to = save(form, timezone.now())
            except BadInput as error:
                add_problems(form, error, words.sentence)
            except GenjinError as error:
                form.add_error(None, words.sentence(error))
                status = 409 if isinstance(error, LostRace) else 422
            else:
                return redirect(to)
    context = {"customer": customer, "title": title, "form": form, "back": back, **extra}
    return render(request, "opportunities/form.html", context, status=status)


@FORM
@access("opportunities.manage")
def new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Opens an opportunity with a customer."""
    customer, user = customer_of(request, pk), user_of(request)
    form = OpenForm(request.POST or None, people=_people(user), initial={"owner": user.pk})

    def save(form: OpenForm, now: datetime) -> str:
        row = operations.open_opportunity(
            customer, **form.cleaned_data, source=("person", str(user.pk)), by=user, now=now
        )
        return reverse("opportunity", args=[row.pk])

    return _form_page(request, customer=customer, title=_("New opportunity"), form=form, save=save,
                      back=reverse("customer", args=[pk]) + "#opportunities")  # fmt: skip


@FORM
@access("opportunities.manage")
def change(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Changes what the deal is about, its figures, owner and next step."""
    row, user = _found(request, pk), user_of(request)
    here = reverse("opportunity", args=[pk])
    initial = {name: getattr(row, name) for name in _COLUMNS}
    form = FiguresForm(request.POST or None, people=_people(user, row), initial=initial)

    def save(form: FiguresForm, now: datetime) -> str:
        operations.change_opportunity(row, form.cleaned_data, by=user, now=now)
        return here

    return _form_page(request, customer=row.customer, title=row.title, form=form, save=save,
                      back=here)  # fmt: skip


@require_POST
@access("opportunities.manage")
def order(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Begins the order of an agreed opportunity, or goes to the one that was begun (SA3)."""
    row, user = _found(request, pk), user_of(request)
    require_right(user, ordering.RIGHT)
    try:
        made = flow.draft_order_of(row, by=user, now=timezone.now())
    except GenjinError as error:
        messages.error(request, words.of_error(error))
        return redirect("opportunity", pk=pk)
    return redirect("deal", pk=made.pk)


def orders_to_win(row: Opportunity) -> QuerySet[Order]:
    """The customer's concluded orders that no other opportunity was won by, the newest first."""
    rows = Order.objects.filter(customer=row.customer, state__in=operations.COUNTED_ORDERS)
    free = Q(opportunities=None) | Q(opportunities=row)
    return rows.filter(free).order_by("-created_at")


@FORM
@access("opportunities.manage")
def win(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Names the order that the deal became."""
    row, user = _found(request, pk), user_of(request)
    here, orders = reverse("opportunity", args=[pk]), orders_to_win(row)
    form = WinForm(request.POST or None, orders=orders)

    def save(form: WinForm, now: datetime) -> str:
        operations.win(row, order=form.cleaned_data["order"], by=user, now=now)
        messages.success(request, _("Won. Now see that the goods arrive and the customer stays."))
        return here

    note = "" if orders.exists() else _("No order of this customer is concluded yet.")
    title = _("Won: %(title)s") % {"title": row.title}
    return _form_page(request, customer=row.customer, title=title, form=form, save=save, back=here,
                      note=note)  # fmt: skip


@FORM
@access("opportunities.manage")
def lose(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Says why the deal was lost, and to whom."""
    row, user = _found(request, pk), user_of(request)
    here = reverse("opportunity", args=[pk])
    form = LoseForm(request.POST or None, initial={"rival": row.rival})

    def save(form: LoseForm, now: datetime) -> str:
        operations.lose(row, **form.cleaned_data, by=user, now=now)
        return here

    rivals = categories.brands(row.category, limit=30) if row.category else []
    title = _("Lost: %(title)s") % {"title": row.title}
    return _form_page(request, customer=row.customer, title=title, form=form, save=save, back=here,
                      rivals=rivals)  # fmt: skip


@FORM
@access("opportunities.manage")
def drop(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Gives the deal up ourselves."""
    row, user = _found(request, pk), user_of(request)
    here = reverse("opportunity", args=[pk])
    form = DropForm(request.POST or None)

    def save(form: DropForm, now: datetime) -> str:
        operations.drop(row, **form.cleaned_data, by=user, now=now)
        return here

    title = _("Give up: %(title)s") % {"title": row.title}
    return _form_page(request, customer=row.customer, title=title, form=form, save=save,
                      back=here)  # fmt: skip


@FORM
@access("opportunities.manage")
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Takes a deal up again."""
    row, user = _found(request, pk), user_of(request)
    here = reverse("opportunity", args=[pk])
    form = ReopenForm(request.POST or None)

    def save(form: ReopenForm, now: datetime) -> str:
        operations.reopen(row, **form.cleaned_data, by=user, now=now)
        return here

    title = _("Take up again: %(title)s") % {"title": row.title}
    return _form_page(request, customer=row.customer, title=title, form=form, save=save,
                      back=here)  # fmt: skip
