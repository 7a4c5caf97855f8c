"""The pool: what lies in it, taking, my own cards' days, and its limits (CU17).

Of a card in the pool its name, place and standing are shown; numbers and addresses are not, until
somebody keeps it.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from genjin.customers.models import Customer
from genjin.customers.operations.custody import today_of
from genjin.customers.operations.pool import set_protection, take_from_pool
from genjin.customers.pool import queries
from genjin.customers.queries import visible_to
from genjin.flows import pool as nights
from genjin.foundation import policy
from genjin.foundation.access import access, has_right, scope_of
from genjin.foundation.models import PolicySetting, User
from genjin.kernel.address import within
from genjin.kernel.errors import GenjinError
from genjin.web.customers import words as card_words
from genjin.web.pool import words
from genjin.web.pool.forms import FilterForm, PoolForm, ProtectionForm
from genjin.web.settings.tabs import pages

PAGE = 50
RIGHT = "pool.take"


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _tabs(active: str) -> list[dict[str, Any]]:
    named = {"pool": _("In the pool"), "pool-mine": _("My cards' days")}
    return [
        {"label": label, "url": reverse(name), "active": name == active}
        for name, label in named.items()
    ]


def _filtered(rows: QuerySet[Customer], chosen: dict[str, str]) -> QuerySet[Customer]:
    if code := chosen.get("region"):
        rows = rows.filter(region__in=within(code))
    if team := chosen.get("team"):
        rows = rows.filter(team=None) if team == "none" else rows.filter(team=int(team))
    if value_class := chosen.get("value_class"):
        rows = rows.filter(standing__value_class=value_class)
    if listed := chosen.get("customer_list"):
        # A card without a standing is potential.
        if listed == "potential":
            return rows.exclude(standing__customer_list__in=["existing", "probable"])
        rows = rows.filter(standing__customer_list=listed)
    return rows


@require_safe
@access(RIGHT)
def pool(request: HttpRequest) -> HttpResponse:
    """The cards that this person may take, newest in the pool first."""
    user, now = _me(request), timezone.now()
    form = FilterForm(request.GET, sees_teams=scope_of(user) == "all")
    chosen = form.cleaned_data if form.is_valid() else {}
    rows = _filtered(queries.pool_of(user), chosen)
    number = max(1, int(text)) if (text := request.GET.get("page", "1")[:6]).isdigit() else 1
    listed = rows.select_related("team", "standing").order_by("-changed_at", "-id")
    found = list(listed[(number - 1) * PAGE : number * PAGE + 1])
    terms = queries.terms()
    kept_query = request.GET.copy()
    kept_query.pop("page", None)
    context = {
        "tabs": _tabs("pool"),
        "form": form,
        "rows": [
            {"customer": one, "place": card_words.place(one.region),
             "standing": getattr(one, "standing", None)}
            for one in found[:PAGE]
        ],
        "is_filtered": any(chosen.values()),
        "page": number,
        "has_more": len(found) > PAGE,
        "query": kept_query.urlencode(),
        "taken_today": queries.taken_today(user, now),
        "held": queries.held(user),
        "left_today": max(0, terms.per_day - queries.taken_today(user, now)) if terms.per_day
        else "–",
        "rules": words.sentences(terms),
        "may_set": has_right(user, "settings.manage"),
    }  # fmt: skip
    return render(request, "pool/pool.html", context)


@require_POST
@access(RIGHT)
def take(request: HttpRequest) -> HttpResponse:
    """Takes the chosen cards, one after the other, until a limit says no."""
    user, now = _me(request), timezone.now()
    taken: list[Customer] = []
    ids = [text for text in request.POST.getlist("customer")[:PAGE] if _is_uuid(text)]
    for customer in queries.in_pool().filter(pk__in=ids).order_by("-changed_at", "-id"):
        try:
            take_from_pool(customer, by=user, now=now)
        except GenjinError as error:
            messages.error(request, f"{customer.name}: {words.sentence(error)}")
            if error.code in ("pool_day_cap", "pool_cap"):
                break
        else:
            taken.append(customer)
    if not ids or (len(taken) == 0 and not list(messages.get_messages(request))):
        messages.error(request, _("The card is not in the pool any more."))
    if taken:
        messages.success(
            request,
            ngettext("%(count)s card is yours now.", "%(count)s cards are yours now.", len(taken))
            % {"count": len(taken)},
        )
    if len(taken) == 1:
        return redirect("customer", taken[0].pk)
    return redirect("pool")


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@require_safe
@access(RIGHT)
def mine(request: HttpRequest) -> HttpResponse:
    """My cards that may go back within a month, the nearest first."""
    user, now = _me(request), timezone.now()
    near = nights.outlook(user, now)
    cards = Customer.objects.in_bulk([one.customer_id for one in near])
    context = {"tabs": _tabs("pool-mine"), "rows": shown(near, cards, today_of(now)),
               "rules": words.sentences(queries.terms())}  # fmt: skip
    return render(request, "pool/mine.html", context)


def shown(
    near: list[nights.Outlook], cards: dict[UUID, Customer], today: date
) -> list[dict[str, Any]]:
    """Lines of cards that go back: the day, why, what keeps them."""
    return [
        {
            "customer": cards[one.customer_id],
            "day": one.goes_on,
            "left": (one.goes_on - today).days,
            "reason": words.REASONS[one.reason],
            "open": [str(words.OPEN[code]) for code in one.open],
            "is_told": one.told is not None,
            "protected_until": one.protected_until,
        }
        for one in near
        if one.customer_id in cards
    ]


def going_back(user: User, now: datetime) -> list[dict[str, Any]]:
    """The cards that this person was told will go back soon, for the start of the desk."""
    told = nights.warned(user, now)
    cards = Customer.objects.in_bulk([one.customer_id for one in told]) if told else {}
    return shown(told, cards, today_of(now))


@require_POST
@access(RIGHT)
def give_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Gives one of my cards back to the pool."""
    customer = get_object_or_404(visible_to(_me(request)), pk=pk)
    try:
        nights.give_back(
            customer, reason=request.POST.get("reason", ""), by=_me(request), now=timezone.now()
        )
    except GenjinError as error:
        messages.error(request, words.sentence(error))
        return redirect("customer", pk)
    messages.success(request, _("%(name)s is back in the pool.") % {"name": customer.name})
    return redirect("pool-mine")


@require_http_methods(["GET", "POST"])
@access("customers.assign")
def protection(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Until when a custodian has a card to themselves."""
    customer = get_object_or_404(visible_to(_me(request)).select_related("custodian"), pk=pk)
    form = ProtectionForm(request.POST or None, initial={"until": customer.protected_until})
    if request.method == "POST" and form.is_valid():
        try:
            set_protection(customer, **form.cleaned_data, by=_me(request), now=timezone.now())
        except GenjinError as error:
            form.add_error(None, words.sentence(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("customer", pk)
    context = {"form": form, "customer": customer}
    return render(request, "pool/protection.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@access("settings.manage")
def pool_settings(request: HttpRequest) -> HttpResponse:
    """The limits of the pool, as sentences and as a form."""
    form = PoolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            for key, value in form.values().items():
                policy.set_value(key, value, by=_me(request), now=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("settings-pool")
    context = {
        "form": form,
        "pages": pages("settings-pool"),
        "rules": words.sentences(queries.terms()),
        "changes": PolicySetting.objects.filter(key__startswith="pool.")
        .select_related("changed_by")
        .order_by("-changed_at"),
    }
    return render(request, "pool/settings.html", context, status=422 if form.errors else 200)
