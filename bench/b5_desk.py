"""B5: the server's part of the desk page with 1,000,000 customers, p95 at most 80 ms.

`desk` is the page of a follow-up in hand, asked for as a browser does: every middleware, the
view, its queries, the whole template. `timeline` is the history that this page asks for by itself
a moment later, `card` the customer's card. Each for a customer with one entry in the history and
for one with 10,000; the number of queries must be the same for both.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

from bench import desk
from bench.common import Context, Measure, percentile
from bench.data import DAY, customer_id

CUSTOMERS = 1_000_000
ENTRIES = 10_000
EACH = 200
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


def _time(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1000


def _queries(ask: Callable[[], object]) -> int:
    """The least of three: once a second the settings are read again."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    found = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as caught:
            ask()
        found.append(len(caught))
    return min(found)


def _idle() -> float:
    """How busy the machine is: p95 of ten empty statements, one after the other."""
    from django.db import connection

    def ten() -> None:
        for _ in range(10):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")

    return percentile([_time(ten) for _ in range(100)], 0.95)


def _measures(name: str, page: Callable[[UUID], object], busy: UUID, others: list[UUID],
              entries: int) -> Iterator[Measure]:  # fmt: skip
    for one in (busy, others[0]):
        page(one)  # the first of each kind also fills what a running server has at hand
    few, many = [], []
    for other in others:  # in turn, so that both have the same share of a busy machine
        few.append(_time(lambda other=other: page(other)))
        many.append(_time(lambda: page(busy)))
    for kind, times, count in (("many", many, entries), ("few", few, 1)):
        middle = statistics.median(times)
        note = f"p95 of {len(times)}; median {middle:.1f}; entries: {count:,}"
        yield Measure(f"B5-{name}-{kind}", percentile(times, 0.95), "ms", TARGET_MS, note=note)
    asked = [_queries(lambda one=one: page(one)) for one in (busy, others[0])]
    note = f"{asked[0]} and {asked[1]} through Django's cursors"
    yield Measure(f"B5-{name}-more-queries", asked[0] - asked[1], "queries", 0, note=note)


def run(context: Context) -> list[Measure]:
    """p95 of each page for few entries and for many, and how many more queries many cost."""
    from django.conf import settings
    from django.test import Client
    from django.urls import reverse

    count = context.scaled(CUSTOMERS, 20_000)
    desk.use_customers(context, count)
    [user] = desk.agents(1)
    campaign = desk.running_campaign([user])
    rows = [0, *sorted(context.rng.sample(range(1, count), EACH))]
    desk.plan(context, campaign, rows)
    in_hand = desk.hand_over(campaign, user)
    busy, *others = (customer_id(row) for row in rows)
    entries = context.scaled(ENTRIES, 1_000)
    _fill(busy, entries)
    for other in others:
        _fill(other, 1)
    with context.connect() as plain:
        plain.execute("VACUUM (ANALYZE) customers_timelineentry, followups_followup")
    settings.ALLOWED_HOSTS.append("testserver")
    client = Client()
    client.force_login(user)

    def load(url: str) -> None:
        answer = client.get(url)
        assert answer.status_code == 200, (url, answer.status_code)

    pages: dict[str, Callable[[UUID], object]] = {
        "desk": lambda pk: load(reverse("desk-followup", args=[in_hand[pk]])),
        "timeline": lambda pk: load(reverse("desk-timeline", args=[in_hand[pk]])),
        "card": lambda pk: load(reverse("customer", args=[pk])),
    }
    context.progress(f"ten empty statements: p95 {_idle():.1f} ms")
    return [
        measure
        for name, page in pages.items()
        for measure in _measures(name, page, busy, others, entries)
    ]
