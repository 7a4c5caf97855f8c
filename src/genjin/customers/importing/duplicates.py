"""Finds who of a chunk is on record already: by phone and by tax number (CU10, CU11)."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from genjin.customers.models import CustomerImport, ImportRow

TAX = "tax:"


def on_record(keys: Iterable[str]) -> dict[str, UUID]:
    """Which customer has each of these phones and "tax:" numbers; a merged card's survivor.

    The caller holds a transaction: sequential scans are switched off in it, since statistics of a
    table that grows by a million rows always lag behind.
    """
    listed = list(keys)
    phones = [key for key in listed if not key.startswith(TAX)]
    taxes = [key.removeprefix(TAX) for key in listed if key.startswith(TAX)]
    found: dict[str, UUID] = {}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        if taxes:
            cursor.execute(
                "SELECT tax_number, id FROM customers_customer "
                "WHERE tax_number = ANY(%s::text[]) AND tax_number <> '' "
                "ORDER BY created_at DESC, id DESC",
                [_array(taxes)],
            )
            found.update({TAX + number: pk for number, pk in cursor.fetchall()})
        if phones:
            cursor.execute(
                "SELECT value, customer_id FROM customers_contactpoint "
                "WHERE value = ANY(%s::text[]) AND kind = 'phone' AND is_active ORDER BY id DESC",
                [_array(phones)],
            )
            found.update(dict(cursor.fetchall()))
        if found:
            cursor.execute(
                "SELECT id, merged_into_id FROM customers_customer "
                "WHERE id = ANY(%s) AND merged_into_id IS NOT NULL",
                [list(set(found.values()))],
            )
            survivors = dict(cursor.fetchall())
            found = {key: survivors.get(pk, pk) for key, pk in found.items()}
    return found


def _array(keys: list[str]) -> str:
    """A text[] literal; keys hold nothing that would need quotes: + and digits, A to Z and -.

    The driver would quote each of thousands by itself, at a tenth of an import's time.
    """
    return "{" + ",".join(keys) + "}"


class EarlierRuns:
    """Which rows of a file came in by earlier runs of the same file.

    So that the same file twice writes nothing twice, also where its rows have neither phone nor
    tax number; rows that had faults then are tried again.
    """

    def __init__(self, run: CustomerImport) -> None:
        self._runs: list[tuple[int, frozenset[int]]] = []
        earlier = CustomerImport.objects.filter(
            file_digest=run.file_digest, sheet=run.sheet, next_row__gt=0
        ).exclude(pk=run.pk)
        for other in earlier:
            left_out = other.rows.filter(
                fate__in=[ImportRow.Fate.ERROR, ImportRow.Fate.ASK]
            ).values_list("row_number", flat=True)
            self._runs.append((other.next_row, frozenset(left_out)))

    def brought(self, place: int, row_number: int) -> bool:
        """Whether the row at `place` (0 the first below the header) is in already."""
        return any(place < end and row_number not in left for end, left in self._runs)

    def __bool__(self) -> bool:
        return bool(self._runs)
