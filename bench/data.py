"""Makes believable customers by the million, the same ones on every machine.

Names are put together from common surnames and given names, companies from places, trades and
legal forms; phones lie under the prefix 154, which is assigned to nobody. Ids are UUIDv7 of one
fixed day, so that row `i` can be named again without a query: `customer_id(i)`.
"""

import hashlib
import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bench.common import Context

DAY = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
_BASE_MS = int(DAY.timestamp() * 1000)
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程"
    "吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严"
)
GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文华建国玉梅红春燕志海峰宇佳欣怡雨晨子轩浩然梓涵"
    "诗琪俊熙博雅思远婷雪莹慧颖倩云飞龙鹏辉凯波宁立新成东林斌健康学民永庆安世荣德才福生"
)
PLACES = ("北京", "上海", "广州", "深圳", "杭州", "南京", "成都", "武汉", "西安", "重庆", "苏州",
          "青岛", "宁波", "厦门", "长沙", "郑州", "天津", "佛山", "无锡", "合肥")  # fmt: skip
BRANDS = ("华盛", "鑫源", "宏达", "永兴", "中天", "恒通", "嘉禾", "金桥", "东方", "瑞丰", "联创",
          "盛世", "博远", "海纳", "正大", "天成", "同创", "卓越", "新锐", "泰和")  # fmt: skip
TRADES = ("机电设备", "商贸", "科技", "电子", "服装", "食品", "物流", "建材", "医疗器械",
          "信息技术", "化工", "印刷", "家具", "汽车配件", "环保工程")  # fmt: skip
FORMS = ("有限公司", "有限责任公司", "股份有限公司", "集团公司", "厂", "经营部")
REGIONS = ("110000", "310000", "440100", "440300", "330100", "320100", "510100", "420100",
           "610100", "500000", "320500", "370200", "330200", "350200", "430100", "410100",
           "120000", "440600", "320200", "340100")  # fmt: skip
CUSTOMER_COLUMNS = ("id", "kind", "name", "other_names", "name_key", "search_text",
                    "search_tokens", "sex", "form_of_address", "language", "time_zone",
                    "tax_number", "region", "grade", "is_key", "source", "note", "fields",
                    "created_at", "changed_at")  # fmt: skip


def made_id(table: str, index: int) -> uuid.UUID:
    """The id of row `index` of a generated table: a UUIDv7, growing with the index."""
    tail = int.from_bytes(hashlib.blake2b(f"{table}{index}".encode(), digest_size=8).digest())
    value = (_BASE_MS + index) << 80 | 7 << 76 | (tail & 0xFFF) << 64 | 2 << 62
    return uuid.UUID(int=value | (tail >> 12) & ((1 << 52) - 1))


def customer_id(index: int) -> uuid.UUID:
    """The id of generated customer `index`."""
    return made_id("customer", index)


def phone_of(index: int) -> str:
    """The mobile number of generated customer `index`, in normal form; each one is different."""
    return f"+86154{(index * 7_654_321) % 100_000_000:08d}"


def name_of(index: int) -> tuple[str, str]:
    """The kind and name of generated customer `index`: one in five is an organisation."""
    rng = random.Random(index)
    if index % 5 == 0:
        name = rng.choice(PLACES) + rng.choice(BRANDS) + rng.choice(GIVEN)
        return "organisation", name + rng.choice(TRADES) + rng.choice(FORMS)
    given = "".join(rng.choice(GIVEN) for _ in range(1 if rng.random() < 0.2 else 2))
    return "person", rng.choice(SURNAMES) + given


def _search(kind: str, name: str, phone: str) -> dict[str, Any]:
    from genjin.customers.search import search_columns

    return search_columns(name, kind, (), (), (phone,))


def _customer(index: int, *, is_searchable: bool) -> tuple[Any, ...]:
    kind, name = name_of(index)
    found: dict[str, Any] = {"name_key": "", "search_text": "", "search_tokens": []}
    if is_searchable:
        found = _search(kind, name, phone_of(index))
    sex = "" if kind == "organisation" else "fm"[index % 2]
    values = {"age": 20 + index % 60, "balance": (index * 37) % 90_000}
    return (
        customer_id(index), kind, name, [], found["name_key"], found["search_text"],
        list(found["search_tokens"]), sex, "", "", "", "", REGIONS[index % len(REGIONS)],
        "ABCDE"[index % 5] if index % 3 else "", index % 50 == 0, "bench", "",
        json.dumps(values), DAY, DAY,
    )  # fmt: skip


def _point(index: int) -> tuple[Any, ...]:
    phone = phone_of(index)
    return (made_id("point", index), customer_id(index), "phone", "mobile", phone, "",
            phone.removeprefix("+86"), "ok", 0, True)  # fmt: skip


def copy_rows(context: Context, table: str, columns: tuple[str, ...], rows: Iterator[Any]) -> None:
    """Appends `rows` to `table` by COPY, in a transaction of its own."""
    names = ", ".join(columns)
    with context.connect() as connection, connection.cursor() as cursor:  # noqa: SIM117
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def customers_present(context: Context) -> int:
    """How many generated customers the database has."""
    with context.connect() as connection:
        row = connection.execute(
            "SELECT count(*) FROM customers_customer WHERE source = 'bench'"
        ).fetchone()
    return row[0] if row else 0


def ensure_customers(context: Context, count: int, *, is_searchable: bool = False) -> None:
    """Sees to it that the database has generated customers 0 to `count` - 1 with their phones.

    `is_searchable` fills the columns that finding needs; customers that are there stay as they
    are, so a measurement of finding uses a database of its own. Phones carry the state "ok", so
    that the gate treats them as it would real ones; nothing here dials.
    """
    present = customers_present(context)
    if present >= count:
        return
    with context.timed(f"{count - present:,} customers"):
        wanted = range(present, count)
        copy_rows(context, "customers_customer", CUSTOMER_COLUMNS,
                  (_customer(index, is_searchable=is_searchable) for index in wanted))  # fmt: skip
        copy_rows(context, "customers_contactpoint",
                  ("id", "customer_id", "kind", "label", "value", "extension", "raw", "status",
                   "position", "is_active"), (_point(index) for index in wanted))  # fmt: skip
        with context.connect() as connection:
            connection.execute("VACUUM (ANALYZE) customers_customer, customers_contactpoint")
