"""B2: how long a take lasts when 99 % of a million follow-ups are outside their hours or held."""

import statistics

from bench import queue
from bench.common import Context, Measure

ROWS = 1_000_000
RUNS = 3


def _p95(context: Context, closed_share: float, seconds: float) -> float:
    queue.prepare(context, rows=context.scaled(ROWS, 20_000), closed_share=closed_share)
    found = []
    for number in range(RUNS):
        queue.tidy(context)
        taking = queue.take(context, seconds, seed=number * 1000)
        found.append(taking.p95)
        context.progress(
            f"p95 {taking.p95:.1f} ms, {taking.rate:,.0f}/s, {len(taking.ids):,} takes"
        )
    return statistics.median(found)


def run(context: Context) -> list[Measure]:
    """Measures both in turn, so short that the open rows are not used up in between."""
    seconds = max(1.0, 2 * context.scale)
    inside = _p95(context, 0.0, seconds)
    outside = _p95(context, 0.99, seconds)
    return [
        Measure("B2", outside / inside, "× the p95 with all inside", 2, "most",
                f"p95 {outside:.1f} ms, all inside {inside:.1f} ms"),
        Measure("B2-p95", outside, "ms", 2 * inside, "most", "99 % outside their hours or held"),
    ]  # fmt: skip
