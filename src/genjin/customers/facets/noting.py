"""Notes cards that were just written, where the trigger that would see them does not watch."""

from uuid import UUID

from django.db.backends.utils import CursorWrapper

INSERT_TRIGGER = "facets_card_insert"
"""The trigger that notes new cards; where it is off, `note_new` stands in for it."""


def note_new(cursor: CursorWrapper, first: UUID, last: UUID) -> None:
    """Notes the cards of one statement, by the first and the last of them.

    Their numbers lie between those of these two. Numbers that somebody else took meanwhile are
    noted along: a card that is noted is counted from its row, so that one too many is only work.
    """
    cursor.execute(
        "INSERT INTO customers_facetchange (chunk, places) "
        "SELECT (number >> 13)::integer, array_agg((number & 8191)::smallint) "
        "FROM (SELECT min(number) AS first, max(number) AS last FROM customers_customer "
        "WHERE id = ANY(%s)) ends, generate_series(first, last) number GROUP BY 1",
        [[first, last]],
    )
