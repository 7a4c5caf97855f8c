"""``genjin import``: brings customers and orders in from files, with progress."""

import sys
from pathlib import Path

import click

from genjin.conf.launch import start_django


@click.group(name="import")
def command() -> None:
    """Bring in customers, orders, open items or payments from a CSV or XLSX file."""


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--map",
    "map_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML file that says what each column becomes (see examples/maps). Without it the "
    "mapping used last for the same columns, else a guess by the columns' names.",
)
@click.option("--dry-run", is_flag=True, help="Check the whole file and write nothing.")
@click.option("--resume", is_flag=True, help="Go on with the interrupted import of this file.")
@click.option(
    "--duplicates",
    type=click.Choice(["skip", "update", "ask"]),
    default="skip",
    show_default=True,
    help="What happens to rows whose phone or tax number is on record.",
)
@click.option("--encoding", default="", help="utf-8, gb18030, big5, utf-16; found by itself.")
@click.option("--delimiter", default="", help="Between the cells of a CSV; found by itself.")
@click.option("--sheet", default="", help="Sheet of a workbook; the first by itself.")
@click.option("--by", "username", default="", help="Sign-in name of who brings the file in.")
@click.option(
    "--errors",
    "errors_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Where rows that did not come in go, with the reason beside each; "
    "beside FILE as FILE.errors.csv by itself.",
)
@click.option("--language", default="", help="Of the reasons: zh-hans, zh-hant, zh-hk or en.")
def customers(
    file: Path,
    map_file: Path | None,
    dry_run: bool,
    resume: bool,
    duplicates: str,
    encoding: str,
    delimiter: str,
    sheet: str,
    username: str,
    errors_file: Path | None,
    language: str,
) -> None:
    """Bring in the customers of FILE.

    Good rows come in; the others go to a file with the reason beside each. The same file twice
    writes nothing twice, and an import that was interrupted goes on with --resume.
    """
    start_django()
    # models exist only now
    from django.utils import translation

    from genjin.conf.importing import Command
    from genjin.customers.importing.sentences import error_sentences
    from genjin.foundation import audit
    from genjin.kernel.errors import GenjinError

    work = Command(
        file=file,
        map_file=map_file,
        on_duplicate=duplicates,
        layout={"encoding": encoding, "delimiter": delimiter, "sheet": sheet},
        username=username,
        errors_file=errors_file or file.with_name(f"{file.name}.errors.csv"),
    )
    with translation.override(language or "en"), audit.origin("command"):
        try:
            if dry_run:
                work.check()
            elif resume:
                work.resume()
            else:
                work.bring_in()
        except GenjinError as error:
            for sentence in error_sentences(error):
                click.echo(sentence, err=True)
            sys.exit(1)


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--encoding", default="", help="utf-8, gb18030, big5, utf-16; found by itself.")
@click.option("--delimiter", default="", help="Between the cells of a CSV; found by itself.")
@click.option("--sheet", default="", help="Sheet of a workbook; the first by itself.")
@click.option(
    "--errors",
    "errors_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Where rows that did not come in go; beside FILE as FILE.errors.csv by itself.",
)
@click.option("--language", default="", help="Of the reasons: zh-hans, zh-hant, zh-hk or en.")
def orders(
    file: Path,
    encoding: str,
    delimiter: str,
    sheet: str,
    errors_file: Path | None,
    language: str,
) -> None:
    """Bring in the orders of FILE.

    Columns are known by their names: customer number, phone or tax number; category; date;
    amount; and product, currency, kind, order number, trial, note where there are any. The same
    file twice writes nothing twice.
    """
    start_django()
    # models exist only now
    from django.utils import timezone, translation

    from genjin.foundation import audit
    from genjin.foundation.tabular.output import write_csv
    from genjin.kernel.errors import GenjinError
    from genjin.sales import order_sentences
    from genjin.sales.importing import bring_in

    with translation.override(language or "en"), audit.origin("command"):
        try:
            done = bring_in(
                file, by=None, now=timezone.now(), encoding=encoding, delimiter=delimiter,
                sheet=sheet, on_progress=lambda row: click.echo(f"row {row:,}", err=True),
            )  # fmt: skip
        except GenjinError as error:
            click.echo(order_sentences.of_error(error), err=True)
            sys.exit(1)
        click.echo(
            f"{done.written:,} new, {done.known:,} known already, {len(done.faults):,} with faults."
        )
        if done.faults:
            told = errors_file or file.with_name(f"{file.name}.errors.csv")
            write_csv(told, order_sentences.faulty_rows(done))
            click.echo(f"Rows with faults: {told}")


def _receivables_file(kind: str, help_text: str) -> click.Command:
    """The command that brings a file of one kind in: open items or payments."""

    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option(
        "--map",
        "map_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="TOML file that says what each column holds (see examples/maps); the headings by "
        "themselves.",
    )
    @click.option("--dry-run", is_flag=True, help="Check the whole file and write nothing.")
    @click.option("--encoding", default="", help="utf-8, gb18030, big5, utf-16; found by itself.")
    @click.option("--delimiter", default="", help="Between the cells of a CSV; found by itself.")
    @click.option("--sheet", default="", help="Sheet of a workbook; the first by itself.")
    @click.option(
        "--errors",
        "errors_file",
        type=click.Path(dir_okay=False, writable=True, path_type=Path),
        help="Where rows that did not come in go; beside FILE as FILE.errors.csv by itself.",
    )
    @click.option("--language", default="", help="Of the reasons: zh-hans, zh-hant, zh-hk or en.")
    def run(
        file: Path,
        map_file: Path | None,
        dry_run: bool,
        encoding: str,
        delimiter: str,
        sheet: str,
        errors_file: Path | None,
        language: str,
    ) -> None:
        start_django()
        # models exist only now
        from django.utils import timezone, translation

        from genjin.foundation import audit
        from genjin.foundation.tabular.output import write_csv
        from genjin.kernel.errors import GenjinError
        from genjin.receivables import import_sentences
        from genjin.receivables.importing import bringing, mapping

        with translation.override(language or "en"), audit.origin("command"):
            try:
                chosen = mapping.from_toml(map_file.read_text("utf-8"), kind) if map_file else None
                _run, done = bringing.bring_in(
                    file, kind=kind, by=None, now=timezone.now(), chosen=chosen,
                    encoding=encoding, delimiter=delimiter, sheet=sheet, is_trial=dry_run,
                    on_progress=lambda row: click.echo(f"row {row:,}", err=True),
                )  # fmt: skip
            except GenjinError as error:
                click.echo(import_sentences.of_error(error), err=True)
                sys.exit(1)
            told = "would be booked" if dry_run else "booked"
            click.echo(
                f"{done.booked:,} {told}, {done.known:,} known already, "
                f"{done.waiting:,} wait for a person, {len(done.faults):,} with faults."
            )
            if done.faults:
                where = errors_file or file.with_name(f"{file.name}.errors.csv")
                write_csv(where, import_sentences.faulty_rows(done))
                click.echo(f"Rows with faults: {where}")

    name = "receivables" if kind == "items" else kind
    return click.command(name=name, help=help_text)(run)


command.add_command(
    _receivables_file(
        "items",
        "Bring in the open items of FILE: bills that customers owe. A bill with a day of payment "
        "is paid as well. The same file twice books nothing twice.",
    )
)
command.add_command(
    _receivables_file(
        "payments",
        "Bring in the payments of FILE, a bank's statement. What certainly pays a bill is booked; "
        "the rest waits for a person. The same file twice books nothing twice.",
    )
)
