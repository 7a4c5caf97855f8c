"""What ``genjin import customers`` does, once Django is up."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from django.utils import timezone

from genjin.customers.importing import mapping as mappings
from genjin.customers.importing import operations, words
from genjin.customers.importing.report import faulty_rows
from genjin.customers.importing.sentences import row_sentence
from genjin.customers.models import CustomerImport
from genjin.customers.states import ImportState
from genjin.foundation.models import User
from genjin.foundation.tabular.fingerprint import Fingerprint
from genjin.foundation.tabular.output import write_csv

_PROBLEMS_SHOWN = 20


@dataclass
class Command:
    """One call of the command."""

    file: Path
    map_file: Path | None
    on_duplicate: str
    layout: dict[str, str]
    username: str
    errors_file: Path

    def check(self) -> None:
        """Checks the file, tells what would happen and leaves no trace."""
        run = self._received(is_trial=True)
        try:
            with self._bar(run, "Checking") as on_progress:
                report = operations.check(
                    run, by=self._by(), now=timezone.now(), on_progress=on_progress
                )
            _tell_report(report)
        finally:
            run.delete()

    def bring_in(self) -> None:
        """Brings the file in afresh."""
        self._write(self._received(), "Bringing in")

    def resume(self) -> None:
        """Goes on with the newest run of this file that did not end."""
        digest = Fingerprint.of(self.file).digest
        run = (
            CustomerImport.objects.filter(file_digest=digest)
            .exclude(state__in=[ImportState.DONE, ImportState.UPLOADED])
            .exclude(mapping={})
            .order_by("-created_at")
            .first()
        )
        if run is None:
            raise click.ClickException("No import of this file waits to go on.")
        if not Path(run.stored_path).exists():
            run.stored_path = str(self.file.resolve())
            run.save(update_fields=["stored_path"])
        click.echo(f"Going on after {run.next_row:,} rows that are in.", err=True)
        self._write(run, "Going on")

    def _by(self) -> User | None:
        if not self.username:
            return None
        user = User.objects.filter(username__iexact=self.username, is_active=True).first()
        if user is None:
            raise click.ClickException(f"Nobody signs in as {self.username}.")
        return user

    def _received(self, *, is_trial: bool = False) -> CustomerImport:
        by, now = self._by(), timezone.now()
        run = operations.receive(self.file, name=self.file.name, by=by, now=now, **self.layout)
        try:
            operations.set_mapping(
                run, self._mapping(run), on_duplicate=self.on_duplicate, by=by, now=now,
                is_trial=is_trial,
            )  # fmt: skip
        except Exception:
            run.delete()
            raise
        if before := operations.same_file_before(run):
            when = timezone.localtime(before.created_at).strftime("%Y-%m-%d %H:%M")
            click.echo(f"This file came in before, on {when}.", err=True)
        return run

    def _mapping(self, run: CustomerImport) -> dict[str, Any]:
        if self.map_file:
            return mappings.from_toml(self.map_file.read_text("utf-8"))
        if known := operations.remembered(run, by=run.by):
            click.echo(f"Mapping: {known.name}", err=True)
            return known.mapping
        return {"columns": words.guess(run.columns)}

    def _write(self, run: CustomerImport, label: str) -> None:
        started, first = time.monotonic(), run.next_row
        with self._bar(run, label) as on_progress:
            operations.write(run, by=self._by(), now=timezone.now(), on_progress=on_progress)
        seconds = max(time.monotonic() - started, 0.001)
        click.echo(
            f"{run.created_count:,} new, {run.updated_count:,} updated, "
            f"{run.skipped_count:,} skipped as duplicates, {run.asked_count:,} to decide, "
            f"{run.error_count:,} with faults; "
            f"{(run.next_row - first) / seconds:,.0f} rows/s."
        )
        if run.error_count:
            write_csv(self.errors_file, faulty_rows(run))
            click.echo(f"Rows with faults: {self.errors_file}")

    @contextmanager
    def _bar(self, run: CustomerImport, label: str) -> Iterator[operations.Progress]:
        total = run.total_rows or 0
        with click.progressbar(length=max(total, 1), label=label, width=0) as bar:
            bar.update(min(run.next_row, total))

            def advance(done: int, _total: int | None) -> None:
                bar.update(max(0, min(done, bar.length or done) - bar.pos))

            yield advance
            bar.update(max(0, (bar.length or 0) - bar.pos))


def _tell_report(report: dict[str, Any]) -> None:
    click.echo(
        f"{report['rows']:,} rows: {report['good']:,} good, {report['errors']:,} with faults, "
        f"{report['duplicates']:,} duplicates, {report['same_file']:,} in already from this file."
    )
    for problem in report["problems"][:_PROBLEMS_SHOWN]:
        click.echo(f"  row {problem['row']}: {row_sentence(problem)}")
    if report["errors"] > _PROBLEMS_SHOWN:
        click.echo("  … and more; bringing the file in lists them all.")
