"""B10: how long it takes to verify a chain of a million scores, words included."""

import os
import secrets
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

from bench.common import Context, Measure, median_of
from genjin.customers.models import Customer
from genjin.followups.scores import chain, sealing, verifying
from genjin.followups.scores.keys import VARIABLE, load
from genjin.foundation.models import User
from genjin.kernel.hashchain import GENESIS, link_digest

SCORES = 1_000_000
WITH_WORDS = 10  # every so-manieth score has words
RUNS = 3
DATABASE = "genjin_bench_scores"
BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
COLUMNS = (
    "sequence, kind, role, scored_id, customer_id, question, points, out_of, reason, "
    "text_digest, source, by_id, at, key_id, digest"
)


def _fill(context: Context, count: int) -> None:
    """Writes the chain as the product would, by COPY."""
    people = [
        User.objects.create(username=f"b10-{place}", name="坐席", role="agent")
        for place in range(40)
    ]  # fmt: skip
    customers = [
        Customer.objects.create(name=f"客户{place}", kind="person").pk for place in range(200)
    ]  # fmt: skip
    keys = load()
    assert keys is not None
    before, texts = GENESIS, []
    copy_scores = f"COPY followups_score ({COLUMNS}) FROM STDIN"
    with context.connect() as connection, connection.cursor() as cursor:
        with cursor.copy(copy_scores) as copy:
            for number in range(1, count + 1):
                at = BEGAN + timedelta(seconds=60 * number, microseconds=number % 1_000_000)
                sealed = None
                customer = customers[number % len(customers)]
                if number % WITH_WORDS == 0:
                    sealed = sealing.seal("讲得很清楚,送货也准时。", keys)
                    texts.append((number, customer, sealed.key, sealed.body))
                draft = chain.Draft(
                    kind="score", role="salesperson", scored=people[number % 40].pk,
                    customer=customer, question="sales_service",
                    points=context.rng.randint(1, 5), source="call", by=people[0].pk,
                )  # fmt: skip
                told = sealed.digest if sealed else None
                signed = chain.content(draft, at=at, text_digest=told, key_id=keys.current)
                before = link_digest(keys.signing(), before, signed)
                copy.write_row((
                    number, draft.kind, draft.role, draft.scored, customer, draft.question,
                    draft.points, draft.out_of, "", told, draft.source, draft.by, at,
                    keys.current, before,
                ))  # fmt: skip
        with cursor.copy(
            "COPY followups_scoretext (score_id, customer_id, key, body) FROM STDIN"
        ) as copy:
            for row in texts:
                copy.write_row(row)
        cursor.execute("ANALYZE followups_score, followups_scoretext")


def run(context: Context) -> list[Measure]:
    """Verifies an untouched chain three times, then one with its last score but one raised."""
    count = context.scaled(SCORES, 1000)
    context.use(DATABASE, is_fresh=True)
    with tempfile.TemporaryDirectory(prefix="genjin-b10-") as home:
        before = settings.GENJIN_HOME, os.environ.get(VARIABLE)
        settings.GENJIN_HOME, os.environ[VARIABLE] = Path(home), secrets.token_urlsafe(48)
        try:
            with context.timed(f"writing {count:,} scores"):
                _fill(context, count)
            return _measure(context, count)
        finally:
            settings.GENJIN_HOME = before[0]
            if before[1] is None:
                del os.environ[VARIABLE]
            else:
                os.environ[VARIABLE] = before[1]


def _measure(context: Context, count: int) -> list[Measure]:
    def once() -> float:
        found = verifying.verify()
        assert (found.finding, found.count) == (None, count), found
        context.progress(f"verified in {found.seconds:.1f} s")
        return found.seconds

    seconds = median_of(RUNS, once)
    with context.connect() as connection:
        connection.execute("ALTER TABLE followups_score DISABLE TRIGGER ALL")
        connection.execute(
            "UPDATE followups_score SET points = points %% 5 + 1 WHERE sequence = %s", (count - 1,)
        )
    broken = verifying.verify()
    assert broken.finding == verifying.Finding("changed", count - 1), broken
    return [
        Measure("B10", seconds, "s", 60, "most",
                f"{count:,} scores, a tenth with words; {count / seconds:,.0f}/s"),
        Measure("B10-fault", broken.seconds, "s", 60, "most",
                f"a raised score is named at its place, {count - 1:,}"),
    ]  # fmt: skip
