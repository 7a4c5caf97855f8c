"""Gathers what a check finds: how many rows would come in, who is on record, the first faults."""

from collections import Counter
from typing import Any

from django.db import transaction

from genjin.customers.importing.duplicates import EarlierRuns, on_record
from genjin.customers.importing.pool import CleanChunk
from genjin.customers.importing.writing import keys_of, sort_rows
from genjin.customers.models import CustomerImport, ImportRow

FIRST_PROBLEMS = 50
_DUPLICATES_SHOWN = 20


class Checking:
    """The findings of one check.

    Numbers seen in the file are kept as hashes, about 70 bytes each; two that share a hash would
    be counted as a double, which at a million rows happens once in ten million checks.
    """

    def __init__(self, run: CustomerImport, earlier: EarlierRuns) -> None:
        self._run = run
        self._earlier = earlier
        self._seen: set[int] = set()
        self._counts: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._problems: list[dict[str, Any]] = []
        self._duplicates: list[dict[str, Any]] = []
        self._choices: dict[tuple[str, str], None] = {}
        self._rows = 0

    def take(self, chunk: CleanChunk) -> None:
        """Adds the findings of one more chunk, in the order of the file."""
        self._rows += len(chunk.raw)
        with transaction.atomic():
            found = on_record(keys_of(chunk.rows))
        before = set(found)
        rows = sort_rows(chunk, "skip", self._earlier, found)
        for number, fate, problems, known in rows.left:
            if fate == ImportRow.Fate.ERROR:
                self._note(number, problems)
            else:
                is_same_file = problems[0][1] == "same_file_twice"
                self._counts["same_file" if is_same_file else "duplicates"] += 1
                if (
                    known is not None
                    and known.int >> 64
                    and len(self._duplicates) < (_DUPLICATES_SHOWN)
                ):
                    self._duplicates.append({"row": number, "customer": str(known)})
        for row in rows.created:
            hashes = {hash(key) for key in row.keys if key not in before}
            is_double = not self._seen.isdisjoint(hashes)
            self._counts["duplicates" if is_double else "good"] += 1
            self._seen |= hashes
        for choice in chunk.new_choices:
            self._choices[choice] = None

    def _note(self, number: int, problems: list[tuple[str, str, dict[str, Any]]]) -> None:
        self._counts["errors"] += 1
        for place, code, data in problems:
            self._codes[code] += 1
            if len(self._problems) < FIRST_PROBLEMS:
                entry = {"row": number, "column": place, "code": code, "data": data}
                self._problems.append(entry)

    def report(self) -> dict[str, Any]:
        """The findings as they are stored with the run."""
        return {
            "rows": self._rows,
            "good": self._counts["good"],
            "errors": self._counts["errors"],
            "duplicates": self._counts["duplicates"],
            "same_file": self._counts["same_file"],
            "by_code": dict(self._codes.most_common()),
            "problems": self._problems,
            "duplicate_rows": self._duplicates,
            "new_choices": [list(choice) for choice in list(self._choices)[:200]],
        }
