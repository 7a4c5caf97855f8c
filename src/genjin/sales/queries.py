"""Finding products and knowledge while talking (CA12)."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Q, QuerySet

from genjin.kernel.searchtokens import QueryPlan, query_tokens
from genjin.sales.models import KnowledgeCard, Product


@dataclass(frozen=True)
class Hits:
    """What was found: products (main and dearer first), then knowledge cards."""

    products: list[Product]
    cards: list[KnowledgeCard]

    def __bool__(self) -> bool:
        return bool(self.products or self.cards)


def _matching(rows: QuerySet[Any], plan: QueryPlan, limit: int) -> list[Any]:
    """The first `limit` rows that hold one of the query's ways and look like it."""
    if not plan.alternatives:
        return list(rows.filter(search_text__contains=plan.prefix)[:limit])
    ways = Q()
    for alternative in plan.alternatives:
        ways |= Q(search_tokens__contains=list(alternative))
    found = rows.filter(ways)[: limit * 4]
    return [row for row in found if plan.matches(row.search_text)][:limit]


def in_order(products: QuerySet[Product]) -> QuerySet[Product]:
    """Main products first, then the dearer before the cheaper: the order they are named in."""
    return products.annotate(top=Max("prices__amount")).order_by("-is_main", "-top", "name")


def search(query: str, limit: int = 8) -> Hits:
    """Products and knowledge cards for what was typed; without a query the main products."""
    products = in_order(Product.objects.filter(is_active=True)).prefetch_related("prices")
    query = query.strip()
    if not query:
        return Hits(list(products[:limit]), [])
    plan = query_tokens(query)
    cards = KnowledgeCard.objects.select_related("product").order_by("title")
    return Hits(_matching(products, plan, limit), _matching(cards, plan, limit))
