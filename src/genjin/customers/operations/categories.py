"""Product categories that sets of cards are kept for, with their competitors' brands (CU4)."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count

from genjin.customers.models import OwnedProduct, ProductCategory
from genjin.foundation import audit, policy
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

_CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_LONGEST_LABEL = 60
_MOST_BRANDS = 200


def label(category: ProductCategory, language: str) -> str:
    """What a category is called in a language; else in the next best; its code at worst."""
    for code in (language, language.split("-", maxsplit=1)[0], "zh-hans", "en"):
        if text := category.labels.get(code):
            return str(text)
    return next((str(text) for text in category.labels.values() if text), category.code)


def active() -> list[ProductCategory]:
    """The categories that sets are kept for, in their order."""
    return list(ProductCategory.objects.filter(is_active=True).order_by("position", "id"))


def set_brands(category: ProductCategory) -> list[str]:
    """The competitors' brands that the organisation set for a category."""
    return [str(one) for one in policy.value(f"classes.brands.{category.code}", [])]


def brands(category: ProductCategory, *, limit: int = 200) -> list[str]:
    """Competitors' brands to suggest: the policy's, then those on cards, the frequent first."""
    known = set_brands(category)
    on_cards = (
        OwnedProduct.objects.filter(category=category, is_ours=False, owns_none=False)
        .exclude(brand="")
        .order_by()
        .values_list("brand")
        .annotate(count=Count("pk"))
        .order_by("-count", "brand")
        .values_list("brand", flat=True)[:limit]
    )
    return list(dict.fromkeys([*known, *on_cards]))[:limit]


@transaction.atomic
def save_category(
    category: ProductCategory | None,
    *,
    code: str,
    labels: Mapping[str, str],
    life_years: int | None,
    is_active: bool,
    brand_names: Sequence[str],
    by: User,
    now: datetime,
) -> ProductCategory:
    """Writes a category, a new one where `category` is None; its code stays for good.

    BadInput: bad_category_code, code_taken, required (no name), too_long, out_of_bounds.
    """
    problems: dict[str | int, list[Reason]] = {}
    if category is None:
        if not _CODE.fullmatch(code):
            problems["code"] = [Reason("bad_category_code")]
        elif ProductCategory.objects.filter(code=code).exists():
            problems["code"] = [Reason("code_taken")]
    names = {language: " ".join(text.split()) for language, text in labels.items() if text.strip()}
    if not names:
        problems["labels"] = [Reason("required")]
    elif any(len(text) > _LONGEST_LABEL or "\x00" in text for text in names.values()):
        problems["labels"] = [Reason("too_long", {"limit": _LONGEST_LABEL})]
    if life_years is not None and not 1 <= life_years <= 50:
        problems["life_years"] = [Reason("out_of_bounds", {"least": 1, "most": 50})]
    cleaned = list(dict.fromkeys(one for name in brand_names if (one := " ".join(name.split()))))
    if len(cleaned) > _MOST_BRANDS or any(len(one) > 80 for one in cleaned):
        problems["brands"] = [Reason("too_long", {"limit": 80})]
    if problems:
        raise BadInput(problems)
    values: dict[str, Any] = {"labels": names, "life_years": life_years, "is_active": is_active}
    if category is None:
        last = ProductCategory.objects.order_by("-position").first()
        category = ProductCategory.objects.create(
            code=code, position=(last.position + 10 if last else 10), **values
        )
        audit.record("create", category, by=by, now=now)
    else:
        audit.change(category, values, by=by, now=now)
    key = f"classes.brands.{category.code}"
    if list(policy.value(key, [])) != cleaned:
        policy.set_value(key, cleaned, by=by, now=now)
    return category
