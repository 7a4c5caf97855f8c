"""Papers and letters: values written for the reader, in the reader's language."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pypdf
import pytest
from django.utils.translation import override, pgettext_lazy

from genjin.foundation import policy
from genjin.foundation.papers import (
    Column,
    Head,
    Letter,
    Paper,
    Party,
    Signature,
    Table,
    Total,
    organisation_head,
    render_letter,
    render_paper,
)
from genjin.foundation.papers.sample import sample_paper
from tests.factories import NOW, make_user

AT = datetime(2026, 11, 23, tzinfo=UTC)
HEAD = Head(
    name="晨光办公设备有限公司",
    address="上海市世纪大道100号",
    phone="021-5555 0100",
    tax_number="91310115MA1K35XYZ1",
    bank="中国银行",
    account="1234 5678",
)
BILL = Paper(
    title="账单",
    number="BL-2026-00012",
    day=date(2026, 11, 23),
    currency="CNY",
    parties=[Party("客户", "华强贸易有限公司", ["深圳市"])],
    meta=[("期限", date(2026, 12, 23)), ("保证金", Decimal("500"))],
    table=Table(
        columns=[
            Column("序号", "index"),
            Column("货品", width=1),
            Column("日期", "day"),
            Column("数量", "quantity"),
            Column("折扣", "percent"),
            Column("金额", "amount"),
        ],
        rows=[
            [1, "打印机", date(2026, 11, 2), Decimal("2.50"), Decimal("5.0"), Decimal("10030")],
            [2, "硒鼓", None, 1000, 0, "赠送"],
        ],
    ),
    totals=[
        Total("合计", Decimal("10030"), is_strong=True, in_capitals=True),
        Total("其中税额", Decimal("1153.9")),
    ],
    remarks=["本单据为账单。"],
    signatures=[Signature("供方", "日期", has_seal=True)],
)


def text_of(made: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(made)).pages
    return "".join("".join(page.extract_text().split()) for page in pages)


def shown(paper: Paper, language: str = "zh-hans") -> str:
    return text_of(render_paper(paper, language=language, at=AT, head=HEAD))


def test_values_are_written_as_their_columns_say():
    text = shown(BILL)
    assert "1打印机2026-11-022.55%10,030.00" in text
    assert "2硒鼓1,0000%赠送" in text
    assert "期限2026-12-23" in text
    assert "保证金¥500.00" in text
    assert "其中税额¥1,153.90" in text


@pytest.mark.parametrize(
    ("language", "currency", "expected"),
    [
        ("zh-hans", "CNY", "大写金额人民币壹万零叁拾元整"),
        ("zh-hant", "TWD", "大寫金額新臺幣壹萬零參拾元整"),
        ("zh-hk", "HKD", "大寫金額港幣壹萬零叁拾元正"),
    ],
)
def test_a_chinese_reader_gets_the_amount_in_capitals(language, currency, expected):
    assert expected in shown(replace(BILL, currency=currency), language)


@pytest.mark.parametrize(
    ("language", "currency", "amount"),
    [("en", "CNY", "10030"), ("zh-hans", "USD", "10030"), ("zh-hans", "CNY", "-5")],
)
def test_where_there_are_no_capitals_none_are_shown(language, currency, amount):
    totals = [Total("合计", Decimal(amount), in_capitals=True)]
    text = shown(replace(BILL, currency=currency, totals=totals), language)
    assert "大写" not in text
    assert "Incapitals" not in text


def test_the_bank_account_stands_only_on_papers_that_ask_for_money():
    assert "12345678" not in shown(BILL)
    text = shown(replace(BILL, shows_bank=True))
    assert "请付款至" in text
    assert "收款单位晨光办公设备有限公司" in text
    assert "账号12345678" in text


def test_lazy_words_are_read_in_the_language_of_the_paper():
    paper = replace(BILL, title=pgettext_lazy("paper", "Quotation"))
    with override("en"):
        assert "報價單" in shown(paper, "zh-hant")
    with override("zh-hant"):
        assert "Quotation" in shown(paper, "en")


def test_pages_say_how_many_there_are_in_the_language_of_the_paper():
    rows = [[n, "打印机", None, 1, 0, Decimal(1)] for n in range(100)]
    long = replace(BILL, table=replace(BILL.table, rows=rows))
    assert "第2页，共3页" in shown(long)
    assert "第2頁，共3頁" in shown(long, "zh-hk")
    assert "Page2of3" in shown(long, "en")


def test_a_float_and_a_row_that_does_not_fit_are_refused():
    for row in ([1, "x", None, 1, 0, 1.5], [1, "x"]):
        with pytest.raises(ValueError, match=r"float|argument"):
            shown(replace(BILL, table=replace(BILL.table, rows=[row])))


def test_a_letter_has_its_address_in_the_window_and_its_paragraphs():
    letter = Letter(
        day=date(2026, 11, 23),
        number="LT-2026-000001",
        address=["王小明 先生", "上海市世纪大道1号", "200120"],
        subject="关于账单",
        salutation="王先生：",
        paragraphs=["第一段。", "第二段。"],
        closing="此致",
        signed=["李坐席"],
    )
    made = render_letter(letter, language="zh-hans", at=AT, head=HEAD)
    assert render_letter(letter, language="zh-hans", at=AT, head=HEAD) == made
    text = text_of(made)
    for part in ("王小明先生", "编号LT-2026-000001", "关于账单", "第一段。第二段。", "此致李坐席"):
        assert part in text
    places = {}

    def visit(words, _cm, matrix, _font, _size):
        if "200120" in words or "王小明" in words:
            places[words.strip()] = (matrix[4] + _cm[4], 842 - (matrix[5] + _cm[5]))

    pypdf.PdfReader(io.BytesIO(made)).pages[0].extract_text(visitor_text=visit)
    millimetres = [(x / 72 * 25.4, y / 72 * 25.4) for x, y in places.values()]
    assert millimetres
    assert all(19 <= x <= 22 and 45 <= y <= 80 for x, y in millimetres)


@pytest.mark.django_db
def test_the_head_is_what_the_settings_say():
    assert organisation_head() == Head(name="")
    by = make_user(role="administrator")
    policy.set_value("organisation.name", "晨光", by=by, now=NOW)
    policy.set_value("organisation.papers.phone", "021-5555", by=by, now=NOW)
    assert organisation_head() == Head(name="晨光", phone="021-5555")
    policy.set_value("organisation.papers.registered_name", "晨光有限公司", by=by, now=NOW)
    text = text_of(render_paper(BILL, language="en", at=AT))
    assert "晨光有限公司" in text
    assert "Phone021-5555" in text


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "zh-hk", "en"])
def test_the_sample_shows_every_part_in_every_language(language):
    with override(language):
        paper = sample_paper(day=date(2026, 11, 23), currency="CNY")
    text = shown(paper, language)
    assert "10,030.00" in text
    assert "12345678" in text
    assert ("人民币壹万零叁拾元整" in text) == (language != "en")
