"""Which fields make up a card's core, and how SQL tells whether one is filled (CU14).

The list stands in policy/card_quality.toml. A card field that was retired is no longer asked for.
"""

import re

from genjin.customers import fields
from genjin.customers.states import Kind
from genjin.foundation import policy

_TEXTS = ("sex", "form_of_address", "language", "tax_number", "region", "source", "grade", "note")
# c is the card; t, a and p are what its numbers, addresses and people come to.
_FILLED = {
    **{column: f"c.{column} <> ''" for column in _TEXTS},
    "custodian": "c.custodian_id IS NOT NULL",
    "stated_hours": "c.stated_hours_id IS NOT NULL",
    "phones": "COALESCE(t.phones, false)",
    "emails": "COALESCE(t.emails, false)",
    "addresses": "a.customer_id IS NOT NULL",
    "people": "COALESCE(p.people, false)",
    "birthday": "COALESCE(p.birthday, false)",
}
_FIELD = re.compile(r"fields\.([-a-zA-Z0-9_]{1,40})")


def core_of(kind: str) -> list[str]:
    """The core of a person's or an organisation's card, in its order."""
    own = {definition.code for definition in fields.definitions()}
    return [
        code
        for code in policy.value(f"card_quality.core.{kind}")
        if not (found := _FIELD.fullmatch(code)) or found[1] in own
    ]


def test_of(code: str) -> str:
    """An SQL condition that holds when the field says something. Raises KeyError if unknown."""
    if found := _FIELD.fullmatch(code):
        return f"COALESCE(c.fields->>'{found[1]}', '') NOT IN ('', '[]')"
    return _FILLED[code]


def filled_and_asked() -> tuple[str, str]:
    """How many core fields of a card are filled, and how many there are, in SQL."""
    filled, asked = [], []
    for kind in Kind.values:
        codes = core_of(kind)
        sums = " + ".join(f"({test_of(code)})::int" for code in codes) or "0"
        filled.append(f"WHEN '{kind}' THEN {sums}")
        asked.append(f"WHEN '{kind}' THEN {len(codes)}")
    return tuple(f"CASE c.kind {' '.join(one)} END" for one in (filled, asked))  # type: ignore[return-value]
