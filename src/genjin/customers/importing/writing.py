"""Writes one chunk of cleaned rows: customers, their points and history, and the run's progress.

All of a chunk and `next_row` go into one transaction, and the progress is a conditional update on
the row where the chunk begins: a run that was killed, stopped or started twice writes no row
twice.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import F

from genjin.customers import facets
from genjin.customers.importing import preparing, updating
from genjin.customers.importing.duplicates import EarlierRuns, on_record
from genjin.customers.importing.lines import TABLES
from genjin.customers.importing.packing import HEADER, TRAILER
from genjin.customers.importing.pool import CleanChunk, Cleaned, Lines, Owners
from genjin.customers.importing.readers import MOST_NEW_CHOICES
from genjin.customers.importing.rows import RowCleaner
from genjin.customers.models import CustomerImport, FieldDefinition, ImportRow
from genjin.customers.states import ImportState
from genjin.foundation.models import User
from genjin.kernel.errors import LostRace

Fate = ImportRow.Fate
_ROW_COLUMNS = ("run_id", "row_number", "fate", "values", "problems", "duplicate_of_id")
_LONGEST_KEPT_CELL = 4000
_SPECIAL = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


@dataclass
class Sorted:
    """The rows of a chunk by what happens to them."""

    created: list[Cleaned] = field(default_factory=list)
    updates: list[tuple[int, UUID]] = field(default_factory=list)
    left: list[tuple[int, str, list[Any], UUID | None]] = field(default_factory=list)


def sort_rows(
    chunk: CleanChunk, on_duplicate: str, earlier: EarlierRuns, on_record: Mapping[str, UUID]
) -> Sorted:
    """Decides the fate of each row; `on_record` says whose the phones and tax numbers are.

    A double inside the chunk belongs to the card of the first; where nothing is written that
    card has the row's number for an id.
    """
    result = Sorted()
    first_number = chunk.raw[0][0] if chunk.raw else 0
    came_before = bool(earlier)
    # The first row of this chunk that has a key.
    seen: dict[str, Cleaned] = {}
    for row in chunk.rows:
        number, keys, problems, _ = row
        if problems:
            result.left.append((number, Fate.ERROR, list(problems), None))
            continue
        known = None
        for key in keys:
            if key in on_record:
                known = on_record[key]
                break
            if key in seen:
                known = _id_of(seen[key], chunk)
                break
        if known is not None:
            if on_duplicate == "update":
                result.updates.append((number, known))
            else:
                fate = Fate.ASK if on_duplicate == "ask" else Fate.SKIPPED
                result.left.append((number, fate, [("", "duplicate", {})], known))
            continue
        if came_before and earlier.brought(chunk.first + number - first_number, number):
            result.left.append((number, Fate.SKIPPED, [("", "same_file_twice", {})], None))
            continue
        result.created.append(row)
        for key in keys:
            seen[key] = row
    return result


def _id_of(row: Cleaned, chunk: CleanChunk) -> UUID:
    return chunk.lines.id_of(row.place) if chunk.lines.count else UUID(int=row.number)


def keys_of(rows: Iterable[Cleaned]) -> set[str]:
    """All that duplicates of these rows could be found by."""
    return {key for row in rows for key in row.keys}


def write_chunk(
    run: CustomerImport,
    chunk: CleanChunk,
    *,
    cleaner: RowCleaner,
    earlier: EarlierRuns,
    check_file: Callable[[], None],
    by: User | None,
    now: datetime,
) -> Counter[str]:
    """Writes a chunk and moves the run on. Returns how many rows met which fate.

    Raises LostRace when the run is no longer where the chunk begins, or no longer writing;
    FileChanged (by `check_file`) when the file changed while it was read.
    """
    with transaction.atomic():
        _write_cheaply()
        rows = sort_rows(chunk, run.on_duplicate, earlier, on_record(keys_of(chunk.rows)))
        copy_customers(chunk.lines, [row.place for row in rows.created])
        raw = dict(chunk.raw)
        if rows.updates:
            _update(run, rows, raw, cleaner=cleaner, by=by, now=now)
        _copy_left(run, rows.left, raw)
        _extend_choices(chunk.new_choices, by=by, now=now)
        counts = Counter(fate for _, fate, _, _ in rows.left)
        counts[Fate.CREATED] = len(rows.created)
        check_file()
        _move_on(run, chunk, counts)
    return counts


def _write_cheaply() -> None:
    """Settings of the chunk's own transaction.

    A chunk that a crash of the machine loses takes its progress along, so nobody waits for the
    disk; the end of the run does. New entries of the search indexes are sorted in in larger
    batches, which a search reads through meanwhile: 40 ms, and none once the run has ended.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'off', true), "
            "set_config('gin_pending_list_limit', '32MB', true), "
            "set_config('work_mem', '128MB', true)"
        )


def tidy_search() -> None:
    """Sorts in what the run left in the search indexes' waiting lists."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT gin_clean_pending_list(c.oid) FROM pg_class c JOIN pg_index i "
            "ON i.indexrelid = c.oid JOIN pg_am a ON a.oid = c.relam "
            "WHERE a.amname = 'gin' AND i.indrelid = 'customers_customer'::regclass"
        )


def _move_on(run: CustomerImport, chunk: CleanChunk, counts: Counter[str]) -> None:
    moved = CustomerImport.objects.filter(
        pk=run.pk, next_row=chunk.first, state=ImportState.WRITING
    ).update(
        next_row=chunk.end,
        created_count=F("created_count") + counts[Fate.CREATED],
        updated_count=F("updated_count") + counts[Fate.UPDATED],
        skipped_count=F("skipped_count") + counts[Fate.SKIPPED],
        error_count=F("error_count") + counts[Fate.ERROR],
        asked_count=F("asked_count") + counts[Fate.ASK],
    )
    if moved != 1:
        raise LostRace("import_moved", run=str(run.pk), row=chunk.first)


def copy_customers(lines: Lines, places: Sequence[int]) -> None:
    """Writes the rows of these places, a table at a time; the caller holds the transaction."""
    if not places:
        return
    with connection.cursor() as cursor:
        is_sure = _links_are_sure(cursor, lines.owners)
        if is_sure:
            cursor.execute("SET LOCAL session_replication_role = replica")
        for at, table in enumerate(TABLES):
            _copy(cursor, table, lines.of(at, places))
        if is_sure:
            cursor.execute("SET LOCAL session_replication_role = origin")
            facets.note_new(cursor, lines.id_of(places[0]), lines.id_of(places[-1]))


def _copy(cursor: CursorWrapper, table: str, data: bytes) -> None:
    if data:
        columns = ", ".join(TABLES[table])
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT binary)") as copy:
            copy.write(b"".join((HEADER, data, TRAILER)))


def _links_are_sure(cursor: CursorWrapper, owners: Owners | None) -> bool:
    """Whether the cards and their parts need not be checked one by one for what they belong to.

    Each line of a part carries the id of the customer, and each number that of the person, whose
    lines were made with it and stand in the same transaction; the people and teams they name are
    locked here. The database would look up each of them again, at a quarter of its work, and
    gather all cards for the facets, which are told of them by their numbers instead. It does so
    where it does not let us choose, where nobody knows who is named, and where other triggers
    watch these tables.
    """
    if owners is None:
        return False
    cursor.execute(
        "SELECT has_parameter_privilege('session_replication_role', 'SET') AND NOT EXISTS ("
        "SELECT 1 FROM pg_trigger t WHERE t.tgrelid = ANY(%s::regclass[]) AND t.tgname <> %s "
        "AND NOT t.tgisinternal AND t.tgtype & 4 > 0 AND t.tgenabled <> 'D')",
        [list(TABLES), facets.INSERT_TRIGGER],
    )
    return cursor.fetchone()[0] and all(
        _are_there(cursor, table, ids)
        for table, ids in (("foundation_user", owners.users), ("foundation_team", owners.teams))
    )


def _are_there(cursor: CursorWrapper, table: str, ids: frozenset[int]) -> bool:
    """Whether all of these are there, and until the transaction ends."""
    if not ids:
        return True
    cursor.execute(
        f"SELECT id FROM {table} WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE",  # noqa: S608 - ours
        [sorted(ids)],
    )
    return len(cursor.fetchall()) == len(ids)


def _copy_left(
    run: CustomerImport,
    left: list[tuple[int, str, list[Any], UUID | None]],
    raw: dict[int, list[str]],
) -> None:
    if not left:
        return
    quoted = ", ".join(f'"{name}"' for name in _ROW_COLUMNS)
    made = []
    for number, fate, problems, known in left:
        keeps_cells = fate in (Fate.ERROR, Fate.ASK)
        cells = storable(raw[number]) if keeps_cells else []
        told = [
            {"column": place, "code": code, "data": data} for place, code, data in problems
        ]  # fmt: skip
        made.append(
            f"{run.pk}\t{number}\t{fate}\t{_json(cells)}\t{_json(told)}\t{known or chr(92) + 'N'}\n"
        )
    statement = f"COPY customers_importrow ({quoted}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write("".join(made).encode())


def storable(cells: list[str]) -> list[str]:
    """Cells as the database can keep them: no NUL, no half characters, none of endless length."""
    return [
        cell.replace("\x00", "\ufffd")[:_LONGEST_KEPT_CELL].encode("utf-8", "replace").decode()
        for cell in cells
    ]


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("\\u0000", "\ufffd").replace("\x00", "\ufffd").translate(_SPECIAL)


def _extend_choices(found: list[tuple[str, str]], *, by: User | None, now: datetime) -> None:
    if not found:
        return
    codes = {code for code, _ in found}
    for definition in FieldDefinition.objects.select_for_update().filter(code__in=codes):
        room = MOST_NEW_CHOICES - len(definition.choices)
        texts = [text for code, text in found if code == definition.code][: max(room, 0)]
        fresh = [{"code": text, "labels": {}} for text in texts]
        preparing.add_choices(definition, fresh, by=by, now=now)


def _update(
    run: CustomerImport,
    rows: Sorted,
    raw: dict[int, list[str]],
    *,
    cleaner: RowCleaner,
    by: User | None,
    now: datetime,
) -> None:
    drafts = [(cleaner.clean(number, raw[number]), known) for number, known in rows.updates]
    outcomes = updating.update_customers(drafts, run=run, by=by, now=now)
    for (draft, known), outcome in zip(drafts, outcomes, strict=True):
        fate = Fate.UPDATED if outcome == "updated" else Fate.SKIPPED
        rows.left.append((draft.number, fate, [("", outcome, {})], known))
