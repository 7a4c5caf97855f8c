"""The card: its page, its timeline, its sections, and what is done with the whole of it."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from genjin.customers import fields as card_fields
from genjin.customers import queries
from genjin.customers.duplicates.finding import likely, side
from genjin.customers.duplicates.rules import SHOWN
from genjin.customers.duplicates.sentences import short
from genjin.customers.models import Customer
from genjin.customers.operations import card as operations
from genjin.customers.operations.access_log import log_view
from genjin.customers.states import Block
from genjin.flows import cards
from genjin.foundation.access import access, has_right
from genjin.foundation.models import User
from genjin.kernel.address import division_of
from genjin.kernel.errors import GenjinError
from genjin.kernel.phone import parse_phone, split_phones
from genjin.sales.opportunities.queries import open_of
from genjin.web.customers import page, words
from genjin.web.customers.common import back_to, customer_of, form_view, go, user_of
from genjin.web.customers.forms.main import (
    BlockForm,
    CustodianForm,
    GradeForm,
    MainForm,
    NewCustomerForm,
    block_initial,
    block_values,
    main_initial,
    main_values,
)
from genjin.web.customers.sentences import add_problems

FORM = require_http_methods(["GET", "POST"])
# While one types even the same name elsewhere is worth a look.
TOLD_AT_ENTRY = 25


@access("customers.view")
@require_GET
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One card with everything that stands on it."""
    user, now = user_of(request), timezone.now()
    try:
        card = queries.card(pk, now=now, visible=queries.visible_to(user))
    except Customer.DoesNotExist:
        return _to_survivor(request, pk)
    log_view(pk, by=user, now=now)
    context = page.card_context(card, user, now=now, kind=request.GET.get("kind", ""))
    return render(request, "customers/card.html", context)


def _to_survivor(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A card that was merged leads to the one it went into; any other is not there."""
    user = user_of(request)
    merged = Customer.objects.filter(pk=pk, merged_into__in=queries.visible_to(user)).first()
    if merged is None or merged.merged_into_id is None:
        raise Http404
    messages.info(
        request,
        _("Card %(number)s was merged into this one.") % {"number": merged.number},
    )
    return redirect("customer", merged.merged_into_id)


@access("customers.view")
@require_GET
def timeline(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A page of the timeline: the whole box, or with `before` the entries that follow."""
    customer = customer_of(request, pk)
    rows = card_fields.definitions(with_retired=True)
    before, kind = request.GET.get("before", ""), request.GET.get("kind", "")
    context = page.timeline_context(customer.pk, user_of(request), rows, kind=kind, before=before)
    context["customer"] = customer
    if not request.headers.get("HX-Request"):
        return render(request, "customers/timeline.html", context)
    name = "customers/_entries.html" if before else "customers/_timeline.html"
    return render(request, name, context)


@access("customers.change")
@FORM
def edit_main(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The card's own columns."""
    customer, user = customer_of(request, pk), user_of(request)
    form = MainForm(request.POST or None, initial=main_initial(customer))

    def save(form: MainForm, now: datetime) -> None:
        cards.change_customer(customer, form.values(), by=user, now=now, seen=form.seen_values())

    return form_view(request, customer, form=form, title=_("Change the card"), save=save,
                     part="main", seen=lambda: main_values(customer))  # fmt: skip


@access("customers.change")
@FORM
def edit_block(request: HttpRequest, pk: UUID, block: str) -> HttpResponse:
    """The fields of one block."""
    customer, user = customer_of(request, pk), user_of(request)
    if block not in Block.values:
        raise Http404
    every = card_fields.definitions()
    mine = [d for d in page.definitions_for(customer, every) if d.block == block]
    form = BlockForm(request.POST or None, definitions=mine, initial=block_initial(customer, mine))

    def save(form: BlockForm, now: datetime) -> None:
        cards.change_customer(customer, form.values(), by=user, now=now, seen=form.seen_values())

    return form_view(
        request, customer, form=form, title=words.block(block), save=save, part=block,
        seen=lambda: block_values(customer, mine), definitions={d.code: d for d in every},
    )  # fmt: skip


@access("customers.change")
@FORM
def new(request: HttpRequest) -> HttpResponse:
    """Opens a card; cards that may be the same customer are shown while one types."""
    form = NewCustomerForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (customer := _create(request, form)):
            messages.success(request, _("The card is open."))
            return go(request, back_to(customer))
    context = {"form": form, "likely": _likely(request) if form.is_bound else []}
    return render(request, "customers/new.html", context, status=status)


def _create(request: HttpRequest, form: NewCustomerForm) -> Customer | None:
    user, now, typed = user_of(request), timezone.now(), dict(form.cleaned_data)
    phones, emails = (typed.pop(name) for name in ("phones", "emails"))
    try:
        return cards.open_card(
            **typed, phones=[phones] if phones else [], emails=emails.replace(",", " ").split(),
            by=user, now=now,
        )  # fmt: skip
    except GenjinError as error:
        add_problems(form, error)
        return None


def _likely(request: HttpRequest) -> list[dict[str, object]]:
    """Cards that may be the same; of one out of scope only its custodian is told."""
    data, user = request.POST or request.GET, user_of(request)
    phones = [parse_phone(one).e164 for one in split_phones(data.get("phones", "")[:300])]
    place = data.get("address", "")[:300]
    typed = side(
        name=data.get("name", "")[:200].strip(),
        kind="organisation" if data.get("kind") == "organisation" else "person",
        tax_number=data.get("tax_number", "")[:40].strip(),
        phones=phones,
        emails=frozenset(data.get("emails", "")[:254].lower().replace(",", " ").split()),
        region=division_of(place),
        addresses=(place,) if place else (),
    )
    return [
        {
            "customer": one.customer,
            "is_open": queries.may_see(user, one.customer),
            "why": [short(part.code) for part in one.score.evidence if part.weight > 0][:3],
            "is_sure": one.score.total >= SHOWN,
            "place": words.place(one.customer.region),
        }
        for one in likely(typed, least=TOLD_AT_ENTRY)
    ]


@access("customers.change")
@require_http_methods(["GET", "POST"])
def duplicates(request: HttpRequest) -> HttpResponse:
    """The cards that may be the same as the one being typed, as a piece of the page."""
    return render(request, "customers/_likely.html", {"likely": _likely(request)})


@access("customers.change")
@FORM
def grade(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How soon this prospect should close; with an open opportunity it is that one's grade."""
    customer, user = customer_of(request, pk), user_of(request)
    if (best := open_of(customer).first()) is not None:
        if has_right(user, "opportunities.manage"):
            return redirect("opportunity", pk=best.pk)
        messages.info(request, _("The card shows the grade of an open opportunity."))
        return redirect(back_to(customer, "opportunities"))
    initial = {name: getattr(customer, name) for name in GradeForm.base_fields}
    form = GradeForm(request.POST or None, initial=initial)

    def save(form: GradeForm, now: datetime) -> None:
        operations.set_grade(customer, **form.cleaned_data, by=user, now=now)

    return form_view(request, customer, form=form, title=_("Grade"), save=save)


@access("customers.assign")
@FORM
def custodian(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Gives the card to another custodian."""
    customer, user = customer_of(request, pk), user_of(request)
    people = User.objects.filter(is_active=True).order_by("name", "pk")
    initial = {"custodian": customer.custodian_id}
    form = CustodianForm(request.POST or None, people=people, initial=initial)

    def save(form: CustodianForm, now: datetime) -> None:
        operations.assign_custodian(
            [customer], to=form.cleaned_data["custodian"], by=user, now=now,
            reason=form.cleaned_data["reason"],
        )  # fmt: skip

    return form_view(request, customer, form=form, title=_("Custodian"), save=save)
