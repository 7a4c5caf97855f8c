"""The holes along the card's edge: live counts of every choice field (CU2).

`counting` asks, `catalogue` names what was counted, `statement` is the SQL, `ticks` says which
conditions bitmaps answer, `building` keeps the bitmaps, `noting` tells of what was copied in.
`docs/architecture.md` tells why.
"""

from genjin.customers.facets.catalogue import (
    Counted,
    Facet,
    FacetValue,
    counted_facets,
    facet_codes,
    facet_counts,
)
from genjin.customers.facets.counting import Members, Tally, members, tally
from genjin.customers.facets.noting import INSERT_TRIGGER, note_new

__all__ = [
    "INSERT_TRIGGER",
    "Counted",
    "Facet",
    "FacetValue",
    "Members",
    "Tally",
    "counted_facets",
    "facet_codes",
    "facet_counts",
    "members",
    "note_new",
    "tally",
]
