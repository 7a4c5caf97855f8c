"""The rows that did not come in, as a table to correct: the file's columns and the reason."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext

from genjin.customers.importing.sentences import row_sentence
from genjin.customers.models import CustomerImport, ImportRow


def faulty_rows(run: CustomerImport) -> Iterator[Sequence[object]]:
    """The heading, then each faulty row: its cells as they were, its row number, every reason."""
    width = len(run.columns)
    yield [*run.columns, gettext("Row in the file"), gettext("Why it did not come in")]
    rows = run.rows.filter(fate=ImportRow.Fate.ERROR).order_by("row_number", "id")
    found = rows.values_list("row_number", "values", "problems").iterator(chunk_size=1000)
    for number, cells, problems in found:
        filled = [*cells, *[""] * (width - len(cells))][:width]
        yield [*filled, number, " ".join(row_sentence(problem) for problem in problems)]
