"""B4: finding a customer among 1,000,000 while somebody types, p95 at most 30 ms in the server.

Queries are taken from the data itself: two characters inside a name, very frequent pairs, four
digits inside a phone, full pinyin, initials. Each is asked twice and both count: a person waits
for the first answer too. The peer is the search that one writes first, `name ILIKE '%…%'`, in the
same database and run.
"""

import random
import statistics
import time
from collections.abc import Callable

from bench.common import Context, Measure, percentile
from bench.data import ensure_customers, name_of, phone_of

DATABASE = "genjin_bench_find"
CUSTOMERS = 1_000_000
EACH = 150
TARGET_MS = 30.0
FREQUENT = ("公司", "有限", "科技", "限公", "深圳", "上海", "北京", "商贸", "电子", "集团")


def _timed(ask: Callable[[str], object], queries: list[str]) -> list[float]:
    times = []
    for _ in range(2):
        for query in queries:
            started = time.perf_counter()
            ask(query)
            times.append((time.perf_counter() - started) * 1000)
    return times


def _queries(rng: random.Random, count: int) -> dict[str, list[str]]:
    from genjin.kernel.chinese import initials, pinyin_key

    found: dict[str, list[str]] = {"two characters": [], "four digits": [], "pinyin": [],
                                   "initials": []}  # fmt: skip
    for _ in range(EACH):
        name = name_of(rng.randrange(count))[1]
        at = rng.randrange(len(name) - 1)
        found["two characters"].append(name[at : at + 2])
        digits = phone_of(rng.randrange(count)).removeprefix("+86")
        at = rng.randrange(len(digits) - 3)
        found["four digits"].append(digits[at : at + 4])
        _, person = name_of(rng.randrange(count // 5) * 5 + 1)
        found["pinyin"].append(pinyin_key(person).replace(" ", ""))
        found["initials"].append(initials(person))
    found["frequent pairs"] = list(FREQUENT) * (EACH // len(FREQUENT))
    found["half typed"] = [query[: max(2, len(query) - 2)] for query in found["pinyin"]]
    found["one character"] = [name_of(rng.randrange(count))[1][0] for _ in range(EACH)]
    return found


def _naive(query: str) -> None:
    from genjin.customers.models import Customer

    list(Customer.objects.filter(name__icontains=query).order_by("name")[:20])


def run(context: Context) -> list[Measure]:
    """p95 for each way of asking, over all of them, for a person who sees few, and the peer."""
    from django.utils import timezone

    from genjin.customers.models import Customer
    from genjin.customers.search import find
    from genjin.foundation.models import User

    context.use(DATABASE)
    count = context.scaled(CUSTOMERS, 20_000)
    ensure_customers(context, count, is_searchable=True)
    manager, _ = User.objects.get_or_create(
        username="bench", defaults={"name": "b", "role": "manager"}
    )
    agent, is_new = User.objects.get_or_create(
        username="agent", defaults={"name": "a", "role": "agent"}
    )
    if is_new:
        some = Customer.objects.filter(number__lte=3_000_000).values("pk")[:2000]
        Customer.objects.filter(pk__in=list(some.values_list("pk", flat=True))).update(
            custodian=agent, changed_at=timezone.now()
        )
    queries = _queries(context.rng, count)
    for query in FREQUENT:
        find(query, user=manager)  # connections, statistics and tables of characters are loaded
    measures, every = [], []
    for name, asked in queries.items():
        times = _timed(lambda query: find(query, user=manager), asked)
        every += times
        middle = statistics.median(times)
        context.progress(f"{name}: median {middle:.1f} ms, worst {max(times):.1f} ms")
        measures.append(
            Measure(f"B4-{name.replace(' ', '-')}", percentile(times, 0.95), "ms", TARGET_MS,
                    note=f"p95; median {middle:.1f}")
        )  # fmt: skip
    own = _timed(
        lambda query: find(query, user=agent), [q for one in queries.values() for q in one[:20]]
    )
    measures.append(Measure("B4-own-scope", percentile(own, 0.95), "ms", TARGET_MS, note="p95"))
    peer = _timed(_naive, queries["two characters"][:5])
    total = Measure("B4", percentile(every, 0.95), "ms", TARGET_MS, note=f"p95 of {len(every)}")
    ratio = statistics.median(peer) / max(statistics.median(every), 0.01)
    note = f"ILIKE median {statistics.median(peer):.0f} ms"
    return [total, *measures, Measure("B4-peer", ratio, "times faster", 5, "least", note)]
