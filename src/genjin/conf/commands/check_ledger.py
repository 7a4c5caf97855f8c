"""``genjin check-ledger``: proves open, advance and balance of every account from its entries."""

import json
import sys
from typing import Any

import click
from django.utils import timezone

from genjin.conf.launch import start_django

WHERE = "customer {customer}, {currency}"
SENTENCES = {
    "rows_lost": WHERE + ": {expected} entries were written, {found} are there.",
    "account_open": WHERE + ": {expected} is open by the entries, the account says {found}.",
    "account_advance": WHERE + ": the advance is {expected} by the entries, the account says "
    "{found}.",
    "receivable_open": WHERE + ", bill {number} ({row}): {expected} is open by the entries, the "
    "bill says {found} (or its amount or what is written off differs).",
    "receivable_state": WHERE + ", bill {number} ({row}): is {found}, should be {expected}.",
    "account_of_receivables": WHERE + ": the open bills come to {expected}, the account says "
    "{found}.",
    "credit_overused": WHERE + ", entry {row}: of {expected}, {found} is used.",
    "receivable_overpaid": WHERE + ", bill {number} ({row}): of {expected}, {found} is paid.",
    "reversal_unlike": WHERE + ", entry {row}: the reversal is not like what it reverses.",
    "astray": WHERE + ", entry {row} (number {expected}, {found}): account, bill or payment belong "
    "to another.",
    "move_one_sided": WHERE + ", entry {row}: {expected} left one account, {found} arrived.",
    "instrument_unpaid": WHERE + ", cheque {row}: {expected}, its payment is {found}.",
    "account_lost": "{currency}: there are entries without an account.",
    "day_changed": "{day}, {currency}: entries of this closed day were changed, added or taken "
    "away ({expected} were written, {found} are there).",
    "day_unsigned": "{day}, {currency}: the record of this closed day is not as it was written.",
    "day_key_missing": "{day}, {currency}: the key that signed this day is not known here "
    "(GENJIN_SCORE_KEY, or GENJIN_HOME/scores/keys).",
}


@click.command(name="check-ledger")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--quiet", is_flag=True, help="Tell no progress.")
def command(as_json: bool, quiet: bool) -> None:
    """Prove the ledger: every account, every bill and all in all, from the entries alone.

    Ends with 0 when everything agrees, with 1 when something does not; names the first wrong row.
    """
    start_django()
    # models exist only now
    from genjin.foundation import audit, jobs
    from genjin.receivables import jobs as ledger_jobs

    def tell(code: str, done: int, total: int) -> None:
        if not quiet and code:
            click.echo(f"  {done + 1} of {total}: {code}", err=True)

    with audit.origin("command"):
        task = jobs.start_long_task(ledger_jobs.KIND, ledger_jobs.TITLE, by=None,
                                    now=timezone.now())  # fmt: skip
        found = ledger_jobs.run(task, tell)
    content = found.to_json()
    if as_json:
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        for line in lines(content):
            click.echo(line)
    sys.exit(0 if found.is_sound else 1)


def sentence(fault: dict[str, Any]) -> str:
    """The first wrong row in words."""
    return SENTENCES[fault["code"]].format(**fault)


def lines(content: dict[str, Any]) -> list[str]:
    """The result as sentences."""
    found = []
    for one in content["totals"]:
        found.append(
            f"{one['currency']}: open {one['open']}, advance {one['advance']}, "
            f"balance {one['balance']} ({one['accounts']:,} accounts, {one['entries']:,} entries)"
        )
    if content["fault"]:
        return [*found, f"WRONG: {sentence(content['fault'])}"]
    count = f"{content['rows']:,} entries of {content['accounts']:,} accounts agree"
    closed = f"{content['days']:,} closed days are as they were"
    return [*found, f"{count}; {closed} ({content['seconds']} s)."]
