"""Loads the sample organisation into an empty database."""

import tempfile
import tomllib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from genjin.calling.models import Campaign
from genjin.conf.sample import (
    campaigns,
    cards,
    customers,
    doubles,
    history,
    orders,
    people,
    rulebook,
    scores,
    selling,
)
from genjin.customers.importing import mapping as mappings
from genjin.customers.importing import operations as importing
from genjin.customers.operations import segment_days
from genjin.foundation import policy
from genjin.foundation.models import User

FOLDER = settings.BASE_DIR / "examples" / "demo"
LOGINS = settings.GENJIN_HOME / "sample-logins.txt"
BEGAN = timedelta(days=21)


def is_empty() -> bool:
    """Whether nobody works here yet."""
    return not User.objects.exists()


def _bring_in_customers(data: dict, count: int, *, by: User, now: datetime) -> None:
    mapping = mappings.from_toml((FOLDER / "customers-map.toml").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample-customers.csv"
        customers.write_file(data, count, path)
        run = importing.receive(path, name=path.name, by=by, now=now)
        importing.set_mapping(run, mapping, on_duplicate="skip", by=by, now=now)
        importing.write(run, by=by, now=now)


def load(*, now: datetime, count: int, say: Callable[[str], None]) -> list[tuple[str, str, str]]:
    """Makes everything; returns (sign-in name, role, password) of each person.

    People, customers, scripts and campaigns come in one transaction; the calls after it, each in
    its own, as in ordinary use. A kill in the middle leaves fewer calls at worst.
    """
    data = tomllib.loads((FOLDER / "organisation.toml").read_text("utf-8"))
    began_at = (now - BEGAN).replace(hour=2, minute=0, second=0, microsecond=0)
    with transaction.atomic():
        users, password = people.make_people(data)
        by = users["supervisor"]
        chosen = {"organisation.name": data["organisation"]["name"],
                  "organisation.is_sample": True, **data["policy"]}  # fmt: skip
        for key, value in chosen.items():
            policy.set_value(key, value, by=users["admin"], now=began_at)
        say(f"Bringing in {count:,} customers …")
        _bring_in_customers(data, count, by=users["manager"], now=began_at)
        say("Writing products and scripts, starting a campaign …")
        products = people.make_products(data, by=by, now=began_at)
        made_categories = orders.make_categories(data, products, by=users["admin"], now=began_at)
        scripts = people.make_scripts(data, products, by=by, now=began_at)
        rulebook.make(data, by=by, now=now)
        segments = campaigns.make_segments(data, by=by, now=began_at)
        made = campaigns.make_campaigns(
            data, users=users, segments=segments, scripts=scripts, products=products, by=by,
            began_at=began_at,
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # the planner must know the rows that have just come in
    say("Bringing in a year of orders …")
    orders.make_orders(data, made_categories, by=users["manager"], now=now)
    for days in (3, 2, 1):
        segment_days.snapshot_segments(now - timedelta(days=days))
    say("Making a week of calls …")
    running: Campaign = made["care"]
    agents = [users[name] for name in ("agent", "agent2", "agent3", "agent4")]
    history.make_calls(data, running, agents, now=now)
    doubles.make_pool(data, agents, by=by, now=now)
    doubles.make_duplicates(agents, now=now)
    cards.age_cards(agents, now=now)
    cards.make_warranties(data, by=users["manager"], now=now)
    cards.ask_for_file(data, by=users["manager"], now=now)
    say("Selling on terms …")
    selling.make_sales(data, users, now=now)
    say("Asking customers how we did …")
    scores.make_scores(data, users, now=now)
    scores.make_promises(data, users, now=now)
    logins = [(user.username, user.role, password) for user in users.values()]
    _keep_logins(logins)
    return logins


def _keep_logins(logins: list[tuple[str, str, str]]) -> None:
    LOGINS.parent.mkdir(parents=True, exist_ok=True)
    LOGINS.touch(mode=0o600)
    LOGINS.write_text("".join(f"{name}\t{role}\t{word}\n" for name, role, word in logins), "utf-8")
