"""What customers asked for and we did not have: how many, and telling them when it comes (CU12)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from genjin.customers.queries import visible_to
from genjin.foundation.access import access, has_right
from genjin.foundation.models import User
from genjin.sales import wanted
from genjin.sales.models import Product
from genjin.sales.operations import RIGHT

SHOWN = 200


def _by(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _told(request: HttpRequest, count: int) -> None:
    """Says how many customers will be told."""
    if not count:
        messages.info(request, _("Nobody waits for it who was not told already."))
        return
    text = ngettext(
        "%(count)s customer is told by the rulebook.",
        "%(count)s customers are told by the rulebook.",
        count,
    )
    messages.success(request, text % {"count": count})


@require_safe
@access("products.view")
def index(request: HttpRequest) -> HttpResponse:
    """What is asked for, the most wanted first."""
    context = {
        "rows": wanted.demand()[:SHOWN],
        "products": Product.objects.filter(is_active=True).order_by("name"),
        "may_manage": has_right(request.user, RIGHT),
    }
    return render(request, "products/wanted.html", context)


@require_safe
@access("products.view")
def askers(request: HttpRequest) -> HttpResponse:
    """Who asks for one thing: those whose cards this person may see, the others counted."""
    text = request.GET.get("text", "")[:200]
    product_pk = request.GET.get("product", "")
    product = None
    if product_pk.isdecimal():
        product = get_object_or_404(Product, pk=int(product_pk))
        items = wanted.asking_for(product)
    else:
        items = wanted.asking_for_text(text)
    found = list(items[:SHOWN])
    ids = [item.customer_id for item in found]
    mine = set(visible_to(_by(request)).filter(pk__in=ids).values_list("pk", flat=True))
    shown = [item for item in found if item.customer_id in mine]
    context: dict[str, Any] = {
        "title": product.name if product else text,
        "product": product,
        "items": shown,
        "others": len(found) - len(shown),
        "may_open": has_right(request.user, "customers.view"),
    }
    return render(request, "products/askers.html", context)


@require_POST
@access("products.manage")
def arrived(request: HttpRequest, pk: int) -> HttpResponse:
    """The product has come into stock: everyone who asked for it is told."""
    product = get_object_or_404(Product, pk=pk)
    _told(request, wanted.came_into_stock(product, by=_by(request), now=timezone.now()))
    return redirect("product", pk=pk) if request.POST.get("stay") else redirect("wanted")


@require_POST
@access("products.manage")
def gone(request: HttpRequest, pk: int) -> HttpResponse:
    """The product is out of stock."""
    product = get_object_or_404(Product, pk=pk)
    wanted.went_out_of_stock(product, by=_by(request), now=timezone.now())
    messages.success(request, _("Out of stock: who asks for it is told when it comes in."))
    return redirect("product", pk=pk)


@require_POST
@access("products.manage")
def place(request: HttpRequest) -> HttpResponse:
    """Says which product is meant by customers' words, or that what they meant has come in."""
    text = request.POST.get("text", "")[:200]
    chosen = request.POST.get("product", "")
    by, now = _by(request), timezone.now()
    if request.POST.get("arrived"):
        _told(request, wanted.text_came_in(text, by=by, now=now))
    elif chosen.isdecimal():
        product = get_object_or_404(Product, pk=int(chosen))
        wanted.name_product(text, product, by=by, now=now)
        messages.success(request, _("Saved."))
    else:
        messages.info(request, _("Choose the product that is meant."))
    return redirect("wanted")
