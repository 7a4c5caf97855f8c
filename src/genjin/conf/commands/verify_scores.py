"""``genjin verify-scores``: finds whether any score was changed, removed, moved or cut off."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from django.utils import timezone

from genjin.conf.launch import start_django

SENTENCES = {
    "changed": "Score {sequence} is not as it was written.",
    "removed": "Scores {sequence} to {last} were removed.",
    "reordered": "Score {sequence} was moved: it belongs at {last}.",
    "cut_tail": "The end was cut off: scores {sequence} to {last} are missing, {place} knows them.",
    "rewritten": "The scores between {sequence} and {last} were cut off or written anew: they fit "
    "together, but {place} remembers others.",
    "wrong_key": "Score {sequence} was signed with a key that is not known here "
    "(GENJIN_SCORE_KEY, or GENJIN_HOME/scores/keys).",
    "key_missing": "There is no key to check with (GENJIN_SCORE_KEY, or GENJIN_HOME/scores/keys).",
    "words_changed": "The words beside score {sequence} are not as they were written.",
    "words_removed": "The words beside score {sequence} are gone and no erasure is on record.",
    "not_approved": "The correction {sequence} has no approval on record.",
    "mark_unreadable": "This cannot be read or was changed: {place}",
}


@click.command(name="verify-scores")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A daily anchor that was kept outside: the file or the saved message. May be repeated.",
)
@click.option("--quiet", is_flag=True, help="Tell no progress.")
def command(as_json: bool, anchors: tuple[Path, ...], quiet: bool) -> None:
    """Check every score that customers gave, and name the first that is not as it was written.

    Compares with the head file of this machine, with the anchors in the directory of
    policy/scores.toml, and with those given by --anchor. Ends with 0 when all is in order,
    with 1 when something is not.
    """
    start_django()
    # models exist only now
    from genjin.followups.scores import jobs as score_jobs
    from genjin.foundation import audit, jobs

    def tell(done: int, total: int) -> None:
        if not quiet:
            click.echo(f"  {done:,} of {total:,}", err=True)

    with audit.origin("command"):
        task = jobs.start_long_task(score_jobs.KIND, score_jobs.TITLE, by=None, now=timezone.now())
        found = score_jobs.run(task, anchors=anchors, tell=tell)
    content = found.to_json()
    if as_json:
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        for line in lines(content):
            click.echo(line)
    sys.exit(0 if found.is_sound else 1)


def lines(content: dict[str, Any]) -> list[str]:
    """The result as sentences."""
    fault = content["fault"]
    found = [f"{content['count']:,} scores are in order ({content['seconds']} s)."]
    if fault:
        found = [SENTENCES[fault["kind"]].format(**fault)]
        if content["count"]:
            found.append(f"The scores before it are in order up to {content['count']:,}.")
    places = ", ".join(f"{one['place']} ({one['sequence']:,})" for one in content["compared"])
    found.append(f"Compared with: {places}." if places else
                 "Compared with nothing outside: a cut end would not be seen.")  # fmt: skip
    return found
