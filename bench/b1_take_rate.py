"""B1: how many follow-ups 32 takers in 2 processes are handed a second, none of them twice."""

import statistics

from bench import queue
from bench.common import Context, Measure

ROWS = 1_000_000
RUNS = 3
ENOUGH = 100_000


def run(context: Context) -> list[Measure]:
    """Measures ours and the bare statement in turn, then ours beside a report of 60 seconds."""
    seconds = max(3.0, 10 * context.scale)
    queue.prepare(context, rows=context.scaled(ROWS, 20_000), closed_share=0.0)
    ours, bare, ids = [], [], []
    for number in range(RUNS):
        queue.tidy(context)
        bare.append(queue.take_bare(context, seconds))
        queue.tidy(context)
        taking = queue.take(context, seconds, seed=number * 1000)
        ours.append(taking.rate)
        ids += taking.ids
        context.progress(f"bare {bare[-1]:,.0f}/s, ours {ours[-1]:,.0f}/s, p95 {taking.p95:.1f} ms")
    queue.tidy(context)
    length = max(6, round(60 * context.scale))
    with queue.report_running(context):
        beside = queue.take(context, length, seed=9000)
    ids += beside.ids
    late = beside.rate_between(length * 2 // 3, length)
    context.progress(f"beside a report {beside.rate:,.0f}/s, at its end {late:,.0f}/s")
    seed = 10_000
    while len(ids) < context.scaled(ENOUGH):
        more = queue.take(context, seconds, seed=seed)
        ids, seed = ids + more.ids, seed + 1000
        if not more.ids:
            break
    rate = statistics.median(ours)
    return [
        Measure("B1", rate, "takes/s", 1000, "least", f"{len(ids):,} takes in all"),
        Measure("B1-ratio", rate / statistics.median(bare), "of the bare statement", 0.25, "least",
                f"bare {statistics.median(bare):,.0f}/s"),
        Measure("B1-doubles", len(ids) - len(set(ids)), "handed out twice", 0, "most",
                f"over {len(ids):,} takes"),
        Measure("B1-snapshot", late / rate, "of the rate without", 0.5, "least",
                f"last 20 of 60 s beside a report: {late:,.0f}/s"),
    ]  # fmt: skip
