"""Looking products and knowledge up: the list, one product's sheet, one card (CA12)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from genjin.foundation.access import access, has_right
from genjin.sales import pricing, queries, wanted
from genjin.sales.models import KnowledgeCard, Product

SHOWN = 100


def _line(product: Product) -> dict[str, Any]:
    """A product in the list: what it costs and what it gives."""
    fields = queries.price_fields(product)
    return {
        "product": product,
        "prices": sorted(product.prices.all(), key=lambda price: (-price.amount, price.code)),
        "saving": pricing.saving(fields),
        "benefit": next(iter(product.benefits), ""),
    }


@require_GET
@access("products.view")
def index(request: HttpRequest) -> HttpResponse:
    """All products, found while typing; knowledge cards beside them."""
    query = request.GET.get("q", "")[:64]
    may_manage = has_right(request.user, "products.manage")
    with_retired = may_manage and bool(request.GET.get("retired"))
    found = list(queries.found_products(query, with_retired=with_retired)[:SHOWN])
    context = {
        "query": query,
        "lines": [_line(product) for product in found],
        "cards": list(queries.found_cards(query)[:SHOWN]),
        "may_manage": may_manage,
        "with_retired": with_retired,
    }
    is_typing = request.headers.get("HX-Target") == "product-list"
    name = "products/_list.html" if is_typing else "products/index.html"
    return render(request, name, context)


def _product(pk: int) -> Product:
    return get_object_or_404(Product.objects.prefetch_related("prices"), pk=pk)


@require_GET
@access("products.view")
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One product: what it is, gives and costs, how it compares, what is known of it."""
    product = _product(pk)
    context = {
        "product": product,
        "asked": wanted.asking_for(product).count(),
        "sheet": queries.sheet(product),
        "may_manage": has_right(request.user, "products.manage"),
    }
    return render(request, "products/product.html", context)


@require_GET
@access("products.view")
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The compact sheet that the desk fetches while someone is talking."""
    return render(request, "products/_sheet.html", {"sheet": queries.sheet(_product(pk))})


@require_GET
@access("products.view")
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """One knowledge card."""
    found = get_object_or_404(KnowledgeCard.objects.select_related("product", "changed_by"), pk=pk)
    context = {"card": found, "may_manage": has_right(request.user, "products.manage")}
    return render(request, "products/card.html", context)
