"""Values packed for the server come back from it as they were."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.db import connection

from genjin.customers.importing import packing

ROWS = [
    ("varchar", packing.text, ["", "a", "中\t\"'\\N\n", "\U0001f600" * 70]),
    ("varchar", lambda value: packing.Words()[value], ["", "phone", "手机"]),
    ("int2", packing.smallint, [0, 1, 32_767, -32_768]),
    ("int8", packing.bigint, [None, 0, 7, 2**63 - 1, -(2**63)]),
    ("int4[]", packing.integers, [[], [0], [1, -1, 2**31 - 1, -(2**31)], [*range(300)]]),
    ("varchar[]", packing.texts, [[], [""], ["a,b", '"', "{NULL}", "中\\"]]),
    ("timestamptz", packing.moment, [
        datetime(2026, 1, 5, 1, 2, 3, 456_789, tzinfo=UTC), datetime(1999, 12, 31, tzinfo=UTC),
        datetime(2026, 1, 5, tzinfo=timezone(timedelta(hours=8))),
    ]),
]  # fmt: skip
NUMBERS = ["0", "0.000000", "31.230416", "-179.999999", "121.473700", "10000", "0.0001",
           "100000000.5", "-0.000001", "12345.678901", "90"]  # fmt: skip


def stored(kind, fields):
    begin = packing.row(["value"])
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE kept (id serial, value {kind}) ON COMMIT DROP")
        with cursor.copy("COPY kept (value) FROM STDIN (FORMAT binary)") as copy:
            copy.write(packing.HEADER + b"".join(begin + one for one in fields) + packing.TRAILER)
        cursor.execute("SELECT value FROM kept ORDER BY id")
        return [value for (value,) in cursor.fetchall()]


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "pack", "values"), ROWS)
def test_a_value_comes_back_as_it_was(kind, pack, values):
    assert stored(kind, [pack(value) for value in values]) == values


@pytest.mark.django_db
def test_a_decimal_number_comes_back_with_all_its_digits():
    found = stored("numeric", [packing.numeric(text) for text in [*NUMBERS, ""]])
    assert [None if one is None else format(one, "f") for one in found] == [*NUMBERS, None]
    assert found[2] == Decimal("31.230416")


@pytest.mark.django_db
def test_json_comes_back_as_it_was():
    texts = ["{}", "[]", '{"a":1.5,"中":["\\t\\\\",true]}']
    found = stored("jsonb", [packing.jsonb(text.encode()) for text in texts])
    assert [json.loads(one) for one in found] == [json.loads(text) for text in texts]
