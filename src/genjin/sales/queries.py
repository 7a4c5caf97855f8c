"""Finding products and knowledge while talking, and what a product's sheet shows (CA12)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Max, Q, QuerySet

from genjin.kernel.searchtokens import QueryPlan, query_tokens
from genjin.sales import pricing
from genjin.sales.models import Comparison, KnowledgeCard, Price, Product


@dataclass(frozen=True)
class Hits:
    """What was found: products (main and dearer first), then knowledge cards."""

    products: list[Product]
    cards: list[KnowledgeCard]

    def __bool__(self) -> bool:
        return bool(self.products or self.cards)


def _matching(rows: QuerySet[Any], plan: QueryPlan) -> QuerySet[Any]:
    """The rows that hold one of the query's ways and look like it."""
    if not plan.alternatives:
        return rows.filter(search_text__contains=plan.prefix) if plan.prefix else rows.none()
    ways = Q()
    for alternative in plan.alternatives:
        ways |= Q(search_tokens__contains=list(alternative))
    return rows.filter(ways, search_text__regex=plan.pattern)


def in_order(products: QuerySet[Product]) -> QuerySet[Product]:
    """Main products first, then the dearer before the cheaper: the order they are named in."""
    return products.annotate(top=Max("prices__amount")).order_by(
        "-is_main", F("top").desc(nulls_last=True), "name"
    )


def found_products(query: str, *, with_retired: bool = False) -> QuerySet[Product]:
    """The products for what was typed, in the order they are named in; all without a query."""
    rows = Product.objects.all() if with_retired else Product.objects.filter(is_active=True)
    if query.strip():
        rows = _matching(rows, query_tokens(query))
    return in_order(rows).prefetch_related("prices")


def found_cards(query: str) -> QuerySet[KnowledgeCard]:
    """The knowledge cards for what was typed; all without a query."""
    rows = KnowledgeCard.objects.select_related("product").order_by("title", "id")
    return _matching(rows, query_tokens(query)) if query.strip() else rows


def search(query: str, limit: int = 8) -> Hits:
    """Products and knowledge cards for what was typed; without a query the main products."""
    products = list(found_products(query)[:limit])
    cards = list(found_cards(query)[:limit]) if query.strip() else []
    return Hits(products, cards)


@dataclass(frozen=True)
class Sheet:
    """A product as it is talked about: what it is, what it gives, what it costs, how it compares.

    `saving` and the two yearly costs are computed from the price fields, None where they prove
    none. `comparisons` is by competitor.
    """

    product: Product
    prices: list[Price]
    year: pricing.PriceField | None
    year_now: pricing.PriceField | None
    saving: pricing.Saving | None
    comparisons: Mapping[str, list[Comparison]]
    cards: list[KnowledgeCard]


def price_fields(product: Product) -> dict[str, pricing.PriceField]:
    """The prices of a product by code, for `pricing`."""
    return {
        price.code: pricing.PriceField(price.amount, price.currency, price.months)
        for price in product.prices.all()
    }


def sheet(product: Product) -> Sheet:
    """Everything to have at hand about one product: four queries at most."""
    fields = price_fields(product)
    by_competitor: dict[str, list[Comparison]] = {}
    for row in product.comparisons.order_by("competitor", "id"):
        by_competitor.setdefault(row.competitor, []).append(row)
    return Sheet(
        product=product,
        prices=sorted(product.prices.all(), key=lambda price: (-price.amount, price.code)),
        year=pricing.regular_year(fields),
        year_now=pricing.year_now(fields),
        saving=pricing.saving(fields),
        comparisons=by_competitor,
        cards=list(product.cards.order_by("title", "id")),
    )
