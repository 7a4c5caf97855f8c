"""The people of the sample, their passwords, and the words they work with."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password

from genjin.calling.models import Script
from genjin.calling.operations.scripts import create_script, publish
from genjin.calling.scripts.content import Content
from genjin.foundation.models import Team, User
from genjin.sales.models import Product
from genjin.sales.operations import create_product, save_card, set_comparisons, set_prices


def make_people(data: Mapping[str, Any]) -> tuple[dict[str, User], str]:
    """Adds teams and users; all share one password, made now and given back."""
    password = f"genjin-{secrets.token_hex(4)}"
    teams = {
        team["code"]: Team.objects.get_or_create(name=team["name"])[0] for team in data["teams"]
    }
    hashed = make_password(password)  # slow on purpose: once is enough for one password
    users = {}
    for entry in data["users"]:
        fields = {**entry, "team": teams.get(entry.get("team", ""))}
        users[entry["username"]] = User.objects.create(password=hashed, **fields)
    return users, password


def make_products(data: Mapping[str, Any], *, by: User, now: datetime) -> dict[str, Product]:
    """Adds products with prices, comparisons and knowledge cards."""
    made = {}
    for entry in data["products"]:
        values = {k: v for k, v in entry.items() if k not in {"prices", "comparisons", "cards"}}
        product = create_product(**values, by=by, now=now)
        set_prices(product, entry["prices"], by=by, now=now)
        set_comparisons(product, entry.get("comparisons", []), by=by, now=now)
        for card in entry.get("cards", []):
            save_card(None, product=product, **card, by=by, now=now)
        made[entry["code"]] = product
    return made


def make_scripts(
    data: Mapping[str, Any], products: Mapping[str, Product], *, by: User, now: datetime
) -> dict[str, Script]:
    """Adds scripts and publishes their first version."""
    made = {}
    for entry in data["scripts"]:
        content = Content.from_json(
            {
                "parts": entry["parts"],
                "cards": data["objections"],
                "usp": {"text": entry["usp"], "neutral": entry["neutral"]},
            }
        )
        script = create_script(
            entry["name"], by=by, now=now, product=products[entry["product"]], content=content
        )
        publish(script, note=entry["note"], by=by, now=now)
        made[entry["code"]] = script
    return made
