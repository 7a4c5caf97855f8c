"""The one statement that reads the facets: bitmaps for cards at rest, rows for changed ones (CU2).

All of it reads one snapshot: a card that changed since its bitmaps were made is masked out of
them and taken from its own row, so figures are exact at every moment. Conditions that are no
facet come as a query of card numbers and are turned into a bitmap on the way.
"""

# ruff: noqa: S608 - text is put together from constants and checked codes; values are parameters
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from genjin.customers.facets.ticks import Tick

ZEROS = "B'0'::bit(8192)"

# A card's values as rows (number, facet, value); an empty value besides when anything is known.
# An empty facet: the card counts at all.
VALUES = """
SELECT c.number, v.facet, v.value
FROM customers_customer c
LEFT JOIN customers_standing s ON s.customer_id = c.id
CROSS JOIN LATERAL (
  SELECT w.facet, one.value FROM (
    VALUES ('', '.'), ('kind', c.kind), ('grade', c.grade), ('is_key', c.is_key::text),
      ('region', c.region), ('custodian', c.custodian_id::text), ('team', c.team_id::text),
      ('source', c.source), ('prospect_state', c.prospect_state),
      ('visiting_grade', c.visiting_grade), ('value_class', s.value_class),
      ('customer_list', coalesce(s.customer_list, 'potential'))
  ) w(facet, own) CROSS JOIN LATERAL unnest(ARRAY[w.own, '']) one(value) WHERE w.own <> ''
  UNION ALL
  SELECT 'set.' || each.key, one.value FROM jsonb_each_text(s.sets) each
  CROSS JOIN LATERAL unnest(ARRAY[each.value, '']) one(value) WHERE each.value <> ''
  UNION ALL
  SELECT 'fields.' || f.key, one.value
  FROM jsonb_each(c.fields) f
  JOIN customers_fielddefinition d
    ON d.code = f.key AND d.type IN ('choice', 'choices', 'boolean')
  CROSS JOIN LATERAL (
    SELECT item #>> '{}' FROM jsonb_path_query(f.value, '$[*]') item UNION ALL SELECT ''
  ) one(value)
  WHERE f.value NOT IN ('[]', 'null', '""')
) v(facet, value)
WHERE c.merged_into_id IS NULL AND c.number """


@dataclass
class Sql:
    """A statement under construction: its text with its parameters in the same order."""

    text: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, text: str, *values: Any) -> None:
        self.text.append(text)
        self.values.extend(values)

    def __str__(self) -> str:
        return "\n".join(self.text)


@dataclass(frozen=True)
class Scope:
    """Whose cards count: those with any of `pairs` (facet, value), and those of `held`."""

    pairs: Sequence[tuple[str, str]]
    held: tuple[str, Sequence[Any]]


@dataclass(frozen=True)
class Asked:
    """A selection as the statement needs it. `rest` and `held` are queries of card numbers."""

    ticks: Sequence[Tick] = ()
    rest: tuple[str, Sequence[Any]] | None = None
    scope: Scope | None = None


def _words(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{facet}={value}" for facet, value in pairs]


def _mask(sql: Sql, name: str) -> None:
    """The bitmaps of the card numbers in the relation `name`, by words of 64 bits."""
    sql.add(f"""
, {name}_words AS MATERIALIZED (
  SELECT (number >> 13)::integer AS chunk, ((number & 8191) >> 6)::integer AS at,
    bit_or(1::bigint << (63 - (number & 63))::integer) AS word
  FROM {name} GROUP BY 1, 2
), {name}_mask AS MATERIALIZED (
  SELECT c.chunk, string_agg(coalesce(w.word, 0)::bit(64)::text, '' ORDER BY g.at)::bit(8192)
    AS bits
  FROM (SELECT DISTINCT chunk FROM {name}_words) c
  CROSS JOIN generate_series(0, 127) g(at)
  LEFT JOIN {name}_words w ON w.chunk = c.chunk AND w.at = g.at
  GROUP BY c.chunk
)""")


def _changed(sql: Sql) -> None:
    sql.add("""
WITH changed AS MATERIALIZED (
  SELECT DISTINCT (chunk::bigint << 13) + place AS number
  FROM customers_facetchange CROSS JOIN LATERAL unnest(places) place
)""")
    _mask(sql, "changed")
    sql.add(f"""
, direct AS MATERIALIZED (
  SELECT number, array_agg(facet || '=' || value) AS words
  FROM ({VALUES} = ANY (ARRAY(SELECT number FROM changed))) v
  GROUP BY number
)""")


def _pairs_bits(sql: Sql, name: str, pairs: Sequence[tuple[str, str]]) -> None:
    """`hit`: cards with one of the values; `known`: cards of which anything is known."""
    sql.add(f"""
, {name} AS MATERIALIZED (
  SELECT b.chunk, coalesce(bit_or(b.bits) FILTER (WHERE b.value <> ''), {ZEROS}) AS hit,
    coalesce(bit_or(b.bits) FILTER (WHERE b.value = ''), {ZEROS}) AS known
  FROM customers_facetbits b
  JOIN unnest(%s::text[], %s::text[]) w(facet, value) ON w.facet = b.facet AND w.value = b.value
  GROUP BY b.chunk
)""", [facet for facet, _ in pairs], [value for _, value in pairs])  # fmt: skip


def _tick_bits(place: int, tick: Tick) -> str:
    found = f"coalesce(t{place}.hit, {ZEROS})"
    if tick.has_unknown:
        found = f"({found} | ~coalesce(t{place}.known, {ZEROS}))"
    return f"~{found}" if tick.is_none else found


def _tick_row(sql: Sql, place: int, tick: Tick) -> None:
    """The same test on the words of a changed card, as a column of `fresh`."""
    parts = ["d.words && %s::text[]"]
    sql.values.append(_words(tick.row_pairs))
    if tick.has_unknown:
        parts.append("NOT d.words @> %s::text[]")
        sql.values.append([f"{tick.facet}="])
    test = " OR ".join(parts)
    sql.add(f", {'NOT ' if tick.is_none else ''}({test}) AS t{place}")


def _base(sql: Sql, asked: Asked) -> None:
    """`picked`: for each chunk the cards of scope and rest, and each tick's; `fresh`: as rows."""
    _changed(sql)
    joins, base = [], [f"a.bits & ~coalesce(changed_mask.bits, {ZEROS})"]
    joins.append("LEFT JOIN changed_mask ON changed_mask.chunk = a.chunk")
    if asked.rest is not None:
        sql.add(f", rest AS MATERIALIZED ({asked.rest[0]})", *asked.rest[1])
        _mask(sql, "rest")
        joins.append("LEFT JOIN rest_mask ON rest_mask.chunk = a.chunk")
        base.append(f"coalesce(rest_mask.bits, {ZEROS})")
    if asked.scope is not None:
        sql.add(f", held AS MATERIALIZED ({asked.scope.held[0]})", *asked.scope.held[1])
        _mask(sql, "held")
        _pairs_bits(sql, "scope", asked.scope.pairs)
        joins += ["LEFT JOIN held_mask ON held_mask.chunk = a.chunk",
                  "LEFT JOIN scope ON scope.chunk = a.chunk"]  # fmt: skip
        base.append(f"(coalesce(held_mask.bits, {ZEROS}) | coalesce(scope.hit, {ZEROS}))")
    columns = ""
    for place, tick in enumerate(asked.ticks):
        _pairs_bits(sql, f"t{place}", tick.bit_pairs)
        joins.append(f"LEFT JOIN t{place} ON t{place}.chunk = a.chunk")
        columns += f", {_tick_bits(place, tick)} AS t{place}"
    sql.add(f"""
, picked AS MATERIALIZED (
  SELECT a.chunk, {" & ".join(base)} AS base{columns}
  FROM customers_facetbits a {" ".join(joins)}
  WHERE a.facet = '' AND a.value = ''
), fresh AS MATERIALIZED (
  SELECT d.number, d.words""")
    for place, tick in enumerate(asked.ticks):
        _tick_row(sql, place, tick)
    sql.add("FROM direct d WHERE true")
    if asked.rest is not None:
        sql.add("AND d.number IN (SELECT number FROM rest)")
    if asked.scope is not None:
        sql.add("AND (d.words && %s::text[] OR d.number IN (SELECT number FROM held))",
                _words(asked.scope.pairs))  # fmt: skip
    sql.add(")")


def _left(ticks: Sequence[Tick], without: str = "") -> list[str]:
    """The names of the ticks that count when a facet's own are left aside."""
    return [f"t{place}" for place, tick in enumerate(ticks) if tick.facet != without]


def counts(
    asked: Asked, facets: Sequence[str], places: Sequence[str] = (), *, is_inside: bool = False
) -> Sql:
    """(facet, value, count) of every value; a facet's own ticks do not count for itself.

    With `is_inside` they do: only what is in the selection is counted. An empty value counts the
    cards of which anything is known. Under the empty facet stand the selection itself (empty
    value) and what it would be without a facet's own ticks (its code). Changed cards give their
    region as it stands; `places` are the divisions below a province that are wanted.
    """
    sql = Sql()
    _base(sql, asked)
    own = [] if is_inside else sorted({tick.facet for tick in asked.ticks})
    masks = {"": _left(asked.ticks), **{facet: _left(asked.ticks, facet) for facet in own}}
    names = {facet: f"m{place}" for place, facet in enumerate(masks)}
    bits = [f"{' & '.join(['base', *left])} AS {names[one]}" for one, left in masks.items()]
    tests = [f"{' AND '.join(left) or 'true'} AS {names[one]}" for one, left in masks.items()]
    sql.add(f", masks AS MATERIALIZED (SELECT chunk, {', '.join(bits)} FROM picked)")
    sql.add(f", tests AS MATERIALIZED (SELECT words, {', '.join(tests)} FROM fresh)")
    join = ""
    for facet, name in names.items():
        sql.add(f"{join} SELECT '', %s, coalesce(sum(bit_count({name})), 0)::bigint FROM masks "
                f"UNION ALL SELECT '', %s, count(*) FILTER (WHERE {name}) FROM tests",
                facet, facet)  # fmt: skip
        join = "UNION ALL"
    for wanted, values in (([*facets], None), (["place"], list(places))):
        if not wanted or values == []:
            continue
        mask = _by_facet("b.facet", "m", names)
        sql.add(f"UNION ALL SELECT b.facet, b.value, sum(bit_count(b.bits & {mask})::integer) "
                "FROM customers_facetbits b JOIN masks m ON m.chunk = b.chunk "
                "WHERE b.facet = ANY(%s)", wanted)  # fmt: skip
        if values is not None:
            sql.add("AND b.value = ANY(%s)", values)
        sql.add("GROUP BY b.facet, b.value")
    sql.add(
        f"""
UNION ALL
SELECT w.facet, w.value, count(*) FROM tests f
CROSS JOIN LATERAL unnest(f.words) word
CROSS JOIN LATERAL (SELECT split_part(word, '=', 1), substr(word, strpos(word, '=') + 1))
  w(facet, value)
WHERE w.facet = ANY(%s) AND {_by_facet("w.facet", "f", names)} GROUP BY 1, 2""",
        [*facets],
    )
    return sql


def _literal(code: str) -> str:
    return "'" + code.replace("'", "''").replace("%", "%%") + "'"


def _by_facet(facet: str, relation: str, names: dict[str, str]) -> str:
    """The column that counts for a facet; places below a province go with the region."""
    cases = [(_literal(one), name) for one, name in names.items() if one]
    if "region" in names:
        cases.append(("'place'", names["region"]))
    if not cases:
        return f"{relation}.{names['']}"
    when = " ".join(f"WHEN {one} THEN {relation}.{name}" for one, name in cases)
    return f"CASE {facet} {when} ELSE {relation}.{names['']} END"


def members(asked: Asked) -> Sql:
    """(chunk, bits, null) of the cards at rest and (null, null, number) of changed ones."""
    sql = Sql()
    _base(sql, asked)
    left = _left(asked.ticks)
    sql.add(f"SELECT chunk, {' & '.join(['base', *left])} AS bits, NULL::bigint FROM picked")
    sql.add(f"UNION ALL SELECT NULL, NULL, number FROM fresh WHERE {' AND '.join(left) or 'true'}")
    return sql
