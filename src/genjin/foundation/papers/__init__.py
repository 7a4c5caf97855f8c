"""Papers of business as PDF: others fill in what a paper says, here is how it looks (SA12).

A `Paper` has a title, a number, a day, parties, one table with typed columns, totals (in capitals
where the reader's language is Chinese), remarks and places to sign; a `Letter` has paragraphs and
an address that shows in a window envelope. `render_paper` and `render_letter` set them in one of
the four languages with the head of the organisation (policy/organisation.toml, settings screen).

Texts may be lazy translations: they are read in the language of the paper, not of the person who
makes it. Templates and fonts lie beside this; the engine is `foundation.pdf`.
"""

from genjin.foundation.papers.head import Head, organisation_head
from genjin.foundation.papers.parts import (
    Column,
    Letter,
    Paper,
    Party,
    Signature,
    Table,
    Total,
)
from genjin.foundation.papers.setting import render_letter, render_paper

__all__ = [
    "Column",
    "Head",
    "Letter",
    "Paper",
    "Party",
    "Signature",
    "Table",
    "Total",
    "organisation_head",
    "render_letter",
    "render_paper",
]
