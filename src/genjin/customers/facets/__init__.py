"""The holes along the card's edge: live counts of every choice field (CU2).

`counting` asks, `catalogue` names what was counted, `statement` is the SQL, `ticks` says which
conditions bitmaps answer, `building` keeps the bitmaps. `docs/architecture.md` tells why.
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

__all__ = [
    "Counted",
    "Facet",
    "FacetValue",
    "Members",
    "Tally",
    "counted_facets",
    "facet_codes",
    "facet_counts",
    "members",
    "tally",
]
