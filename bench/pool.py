"""Pool return: 100,000 of 200,000 kept cards go back in one night; run by hand.

`python -m bench.pool`. Half of the cards were not contacted for longer than the limit and were
told of; a tenth of these have an open promise and stay. Measures the statement that tells
(warnings) and the one that brings back, with its records, timeline and follow-ups.
"""

import os
import shutil
import sys
import time
from datetime import timedelta

CARDS = 200_000
DATABASE = "genjin_bench_pool"

_PEOPLE = """
INSERT INTO customers_customer (id, kind, name, other_names, name_key, search_text, search_tokens,
  sex, form_of_address, language, time_zone, tax_number, region, grade, is_key, source, note,
  fields, custodian_id, custodian_since, team_id, last_contact_at, created_at, changed_at)
SELECT {new_id}, 'person', 'customer ' || n, '{{}}', '', '', '{{}}', '', '', '', '', '', '310000',
  '', false, '', '', '{{}}', %(first)s + n %% 40, %(since)s, %(team)s,
  CASE WHEN n %% 2 = 0 THEN %(now)s::timestamptz END, %(since)s, %(since)s
FROM generate_series(1, %(cards)s) n
"""
_PROMISES = """
INSERT INTO followups_commitment (id, customer_id, text, owner_id, due_at, state, made_at,
  end_reason, kind, source_kind, source_id)
SELECT {new_id}, id, '?', custodian_id, %(now)s, 'open', %(now)s, '', 'other', '', ''
FROM customers_customer WHERE last_contact_at IS NULL AND number %% 20 = 1
"""


def _fill(now: object) -> None:
    from django.db import connection

    from genjin.foundation.models import Team, User
    from genjin.foundation.sql import UUID7

    team = Team.objects.create(name="bench")
    people = User.objects.bulk_create(
        User(username=f"b{n}", name=f"b{n}", role="agent", team=team) for n in range(40)
    )
    values = {"first": people[0].pk, "team": team.pk, "now": now, "cards": CARDS,
              "since": now - timedelta(days=70)}  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE.format(new_id=UUID7), values)
        cursor.execute(_PROMISES.format(new_id=UUID7), values)
        cursor.execute("VACUUM (ANALYZE) customers_customer")


def main() -> None:
    """Fills a database of its own and prints the seconds of both statements."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "genjin.conf.settings")
    from bench.__main__ import server

    address, temporary = server()
    import django

    django.setup()
    from django.utils import timezone

    from bench.common import Context
    from genjin.flows.pool import return_to_pool, warn_of_return

    context = Context(address)
    context.use(DATABASE, is_fresh=True)
    now = timezone.now()
    with context.timed(f"{CARDS:,} cards"):
        _fill(now)
    started = time.perf_counter()
    told = warn_of_return(now)
    print(f"told of {told:,} cards in {time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    result = return_to_pool(now + timedelta(days=7))
    print(f"{result.cards:,} cards went back in {time.perf_counter() - started:.1f} s")
    if temporary:
        shutil.rmtree(temporary, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
