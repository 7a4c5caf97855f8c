"""Changing the catalogue; every change is audited by the operations (CA12)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from genjin.foundation.access import access
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.sales import operations
from genjin.sales.models import KnowledgeCard, Product
from genjin.web.products import forms

page_methods = require_http_methods(["GET", "HEAD", "POST"])


def _by(request: HttpRequest) -> dict[str, Any]:
    assert isinstance(request.user, User)
    return {"by": request.user, "now": timezone.now()}


def _tabs(product: Product, active: str) -> list[dict[str, Any]]:
    names = {
        "product-edit": _("Product and FAB sheet"),
        "product-prices": _("Prices"),
        "product-comparisons": _("Comparison"),
    }
    return [
        {"label": label, "url": reverse(name, args=[product.pk]), "active": name == active}
        for name, label in names.items()
    ]


def _status(form: Any) -> int:
    return 422 if form.is_bound else 200


@page_methods
@access("products.manage")
def new(request: HttpRequest) -> HttpResponse:
    """Adds a product and goes on to its prices."""
    form = forms.ProductForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            product = operations.create_product(**form.values(), **_by(request))
        except BadInput as error:
            forms.take(form, error)
        else:
            messages.success(request, _("Saved. Now its prices."))
            return redirect("product-prices", pk=product.pk)
    return render(request, "products/edit.html", {"form": form}, status=_status(form))


@page_methods
@access("products.manage")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Changes what a product is and its FAB sheet."""
    product = get_object_or_404(Product, pk=pk)
    form = forms.ProductForm(request.POST or None, initial=forms.ProductForm.initial_of(product))
    if request.method == "POST" and form.is_valid():
        try:
            operations.change_product(product, form.values(), **_by(request))
        except BadInput as error:
            forms.take(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("product", pk=pk)
    context = {"form": form, "product": product, "tabs": _tabs(product, "product-edit")}
    return render(request, "products/edit.html", context, status=_status(form))


def _edit_rows(
    request: HttpRequest, product: Product, kind: str, rows: Any, save: Any
) -> HttpResponse:
    """Shows and saves one of a product's tables."""
    if request.method == "POST" and rows.is_valid():
        kept = rows.kept()
        try:
            save(product, [form.cleaned_data for form in kept], **_by(request))
        except BadInput as error:
            forms.take_rows(kept, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("product", pk=product.pk)
    context = {
        "product": product,
        "rows": rows,
        "kind": kind,
        "tabs": _tabs(product, f"product-{kind}"),
    }
    return render(request, "products/rows.html", context, status=_status(rows))


@page_methods
@access("products.manage")
def prices(request: HttpRequest, pk: int) -> HttpResponse:
    """Changes the price fields from which scripts compute."""
    product = get_object_or_404(Product, pk=pk)
    rows = forms.PriceRows(request.POST or None, initial=forms.price_rows(product), prefix="prices")
    return _edit_rows(request, product, "prices", rows, operations.set_prices)


@page_methods
@access("products.manage")
def comparisons(request: HttpRequest, pk: int) -> HttpResponse:
    """Changes the table that compares a product with others'."""
    product = get_object_or_404(Product, pk=pk)
    rows = forms.ComparisonRows(
        request.POST or None, initial=forms.comparison_rows(product), prefix="comparisons"
    )
    return _edit_rows(request, product, "comparisons", rows, operations.set_comparisons)


def _save_card(request: HttpRequest, card: KnowledgeCard | None, initial: Any) -> HttpResponse:
    form = forms.CardForm(request.POST or None, card=card, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            saved = operations.save_card(card, **form.cleaned_data, **_by(request))
        except BadInput as error:
            forms.take(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("knowledge", pk=saved.pk)
    context = {"form": form, "card": card}
    return render(request, "products/card_edit.html", context, status=_status(form))


@page_methods
@access("products.manage")
def new_card(request: HttpRequest) -> HttpResponse:
    """Adds a knowledge card, for the product that the link names."""
    named = request.GET.get("product", "")
    is_number = named.isdecimal() and len(named) < 10
    return _save_card(request, None, {"product": named if is_number else ""})


@page_methods
@access("products.manage")
def edit_card(request: HttpRequest, pk: int) -> HttpResponse:
    """Changes a knowledge card."""
    card = get_object_or_404(KnowledgeCard, pk=pk)
    initial = {"title": card.title, "body": card.body, "product": card.product_id}
    return _save_card(request, card, initial)


@require_POST
@access("products.manage")
def remove_card(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a knowledge card away."""
    card = get_object_or_404(KnowledgeCard, pk=pk)
    operations.remove_card(card, **_by(request))
    messages.success(request, _("The card was removed."))
    return redirect("products")
