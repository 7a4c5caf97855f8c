"""Sheets that people work on: types, head, widths, totals, and no formula anywhere."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest

from genjin.foundation.tabular import sheet
from genjin.foundation.tabular.sheet import SheetColumn, sheet_bytes

COLUMNS = [
    SheetColumn("日期", "day"),
    SheetColumn("摘要"),
    SheetColumn("数量", "quantity"),
    SheetColumn("折扣", "percent"),
    SheetColumn("金额", "amount"),
    SheetColumn("时间", "moment"),
]
ROW = [date(2026, 11, 23), "货款", Decimal("2.5"), 5, Decimal("10030"),
       datetime(2026, 11, 23, 2, 0, tzinfo=UTC)]  # fmt: skip


def made(**changes):
    values = {"name": "对账单", "columns": COLUMNS, "rows": [ROW], "currency": "CNY", **changes}
    return sheet_bytes(**values)


def opened(**changes):
    return openpyxl.load_workbook(io.BytesIO(made(**changes)))["对账单"]


def test_values_keep_their_types_and_are_shown_as_their_kind_says():
    table = opened()
    cells = next(iter(table.iter_rows(min_row=2, max_row=2)))
    assert [str(cell.value) for cell in cells] == [
        "2026-11-23 00:00:00", "货款", "2.5", "5", "10030", "2026-11-23 10:00:00"
    ]  # fmt: skip
    assert [cell.data_type for cell in cells] == ["d", "s", "n", "n", "n", "d"]
    assert [cell.number_format for cell in cells] == [
        "yyyy-mm-dd", "General", "#,##0.####", '0.##"%"', "#,##0.00;[Red]-#,##0.00",
        "yyyy-mm-dd hh:mm",
    ]  # fmt: skip


def test_the_head_stays_and_comes_again_on_every_printed_page():
    facts = [("客户", "华强"), ("币种", "CNY")]
    table = opened(facts=facts, totals=["合计", None, None, None, Decimal("10030"), None])
    assert [[cell.value for cell in row[:2]] for row in table.iter_rows(max_row=2)] == [
        ["客户", "华强"], ["币种", "CNY"]
    ]  # fmt: skip
    assert [cell.value for cell in table[4]] == ["日期", "摘要", "数量", "折扣", "金额", "时间"]
    assert table.freeze_panes == "A5"
    assert table.print_title_rows == "$4:$4"
    assert all(cell.font.bold for cell in table[4])
    assert (table["A6"].value, table["E6"].value, table["E6"].font.bold) == ("合计", 10030, True)
    assert table.column_dimensions["E"].width == 15


def test_no_text_runs_as_a_formula_and_no_number_of_papers_becomes_a_number():
    wild = '=HYPERLINK("http://x","y")'
    row = [None, wild, "=1+1", "@x", "+1", None]
    data = made(rows=[row, [None, "00123", None, None, None, None]], totals=[wild] + [None] * 5,
                facts=[(wild, "-1+1")], name=wild)  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        xml = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in xml
    table = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert all(
        cell.data_type == "s"
        for cells in table.iter_rows()
        for cell in cells
        if cell.value is not None
    )
    assert table["B5"].value == "00123"


@pytest.mark.parametrize(("currency", "form"), [("JPY", "#,##0;[Red]-#,##0"),
                                                ("KWD", "#,##0.000;[Red]-#,##0.000")])  # fmt: skip
def test_amounts_have_the_decimals_of_their_currency(currency, form):
    assert opened(currency=currency)["E2"].number_format == form


def test_what_does_not_fit_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="float"):
        made(rows=[[None, None, 1.5, None, None, None]])
    with pytest.raises(ValueError, match="argument"):
        made(rows=[[None]])
    monkeypatch.setattr(sheet, "MOST_ROWS", 3)
    with pytest.raises(ValueError, match="more rows"):
        made(rows=[ROW] * 3)
