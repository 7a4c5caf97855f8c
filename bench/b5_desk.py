"""B5: the server's part of the desk page with 1,000,000 customers, p95 at most 80 ms.

What the desk reads of a customer (the card with its parts, the first page of the timeline, the
segments it is in) and the whole page of the card, for customers with few entries and for one
with 10,000; the number of queries must be the same for both. `page` renders the template too.
"""

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from bench.common import Context, Measure, percentile
from bench.data import DAY, customer_id, ensure_customers

DATABASE = "genjin_bench_find"  # shared with B4: a million searchable customers
CUSTOMERS = 1_000_000
ENTRIES = 10_000
EACH = 100
TARGET_MS = 80.0


def _fill(busy: UUID, entries: int) -> None:
    from genjin.customers.models import TimelineEntry

    there = TimelineEntry.objects.filter(customer_id=busy).count()
    TimelineEntry.objects.bulk_create(
        (
            TimelineEntry(
                customer_id=busy, at=DAY + timedelta(minutes=n), kind="interaction", code="call",
                data={"outcome": "no_answer", "purpose": "sell", "note": f"entry {n}"},
            )
            for n in range(there, entries)
        ),
        batch_size=2000,
    )  # fmt: skip


def _times(ask: Callable[[], object], count: int) -> list[float]:
    found = []
    for _ in range(count):
        started = time.perf_counter()
        ask()
        found.append((time.perf_counter() - started) * 1000)
    return found


def _queries(ask: Callable[[], object]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as caught:
        ask()
    return len(caught)


def run(context: Context) -> list[Measure]:
    """p95 of the reads and of the page, for few entries and for many, and their queries."""
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.urls import reverse
    from django.utils import timezone

    from genjin.customers import fields, queries

    context.use(DATABASE)
    call_command("migrate", verbosity=0, interactive=False)
    count = context.scaled(CUSTOMERS, 20_000)
    ensure_customers(context, count, is_searchable=True)
    fields.sync_shipped_fields()
    busy, entries = customer_id(0), context.scaled(ENTRIES, 1_000)
    _fill(busy, entries)
    others = [customer_id(context.rng.randrange(1, count)) for _ in range(EACH)]
    for other in others:
        _fill(other, 1)
    with context.connect() as plain:
        plain.execute("VACUUM (ANALYZE) customers_timelineentry")
    user, _ = get_user_model().objects.get_or_create(
        username="bench", defaults={"name": "b", "role": "manager"}
    )

    def read(pk: UUID) -> object:
        visible = queries.visible_to(user)
        card = queries.card(pk, now=timezone.now(), visible=visible)
        return card, queries.timeline(pk), fields.definitions()

    settings.ALLOWED_HOSTS.append("testserver")
    client = Client()
    client.force_login(user)

    def page(pk: UUID) -> object:
        answer = client.get(reverse("customer", args=[pk]))
        assert answer.status_code == 200, answer.status_code
        return answer

    def bare() -> None:
        for _ in range(10):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")

    # How busy the machine is: ten empty queries, as many as a read has, in the same run.
    idle = percentile(_times(bare, EACH), 0.95)
    context.progress(f"ten empty queries: p95 {idle:.1f} ms")
    measures = []
    for name, ask in (("read", read), ("page", page)):
        ask(busy)
        few = [t for other in others for t in _times(lambda ask=ask, other=other: ask(other), 1)]
        many = _times(lambda ask=ask: ask(busy), EACH)
        note = f"p95; median {statistics.median(many):.1f}; {entries:,} entries"
        measures.append(
            Measure(f"B5-{name}-many", percentile(many, 0.95), "ms", TARGET_MS, note=note)
        )
        note = f"p95; median {statistics.median(few):.1f}; 1 entry; ten empty queries {idle:.1f}"
        measures.append(
            Measure(f"B5-{name}-few", percentile(few, 0.95), "ms", TARGET_MS, note=note)
        )
        more = _queries(lambda ask=ask: ask(busy)) - _queries(lambda ask=ask: ask(others[0]))
        measures.append(Measure(f"B5-{name}-more-queries", more, "queries", 0))
    return measures
