"""Reading and writing tables: encodings, delimiters, workbooks, bombs, formulas."""

import struct
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from genjin.foundation.tabular import xlsxfile
from genjin.foundation.tabular.encodings import detect, detect_bytes
from genjin.foundation.tabular.errors import FileChanged, UnreadableTable
from genjin.foundation.tabular.fingerprint import Fingerprint, check_unchanged
from genjin.foundation.tabular.layout import find_layout
from genjin.foundation.tabular.output import csv_stream, write_csv, write_xlsx
from genjin.foundation.tabular.table import Row, open_table

SIMPLIFIED = "姓名,电话,地址\n张三,13800138000,北京市朝阳区\n李小龙,13900139000,上海市浦东新区\n"
TRADITIONAL = "姓名,電話,地址\n陳大文,0912345678,台北市信義區\n林淑芬,0922345678,高雄市左營區\n"


@pytest.mark.parametrize(
    ("text", "codec", "found"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (TRADITIONAL, "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        (TRADITIONAL, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        (SIMPLIFIED, "utf-16-le", "utf-16"),
        ("name;ort\nMüller;Köln\n", "cp1252", "cp1252"),
        ("name,town\nSmith,York\n", "ascii", "utf-8"),
    ],
)
def test_encoding_is_found_and_read(tmp_path: Path, text: str, codec: str, found: str):
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(codec))
    layout = find_layout(path)
    assert layout.encoding == found
    table = open_table(path, layout)
    expected = [line.replace(";", ",").split(",") for line in text.strip().split("\n")]
    assert [list(table.columns), *(row.cells for row in table.rows())] == expected


def test_characters_that_come_late_decide_the_encoding(tmp_path: Path):
    path = tmp_path / "late.csv"
    path.write_bytes(b"name,phone\n" + b"a,1\n" * 400_000 + "张三,13800138000\n".encode("gb18030"))
    assert detect(path).encoding == "gb18030"


def test_ascii_alone_is_sure():
    assert detect_bytes(b"plain").is_sure


def test_wrong_encoding_names_the_row(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_bytes(b"name\nSmith\n" + "张三\n".encode("gb18030"))
    table = open_table(path, find_layout(path, encoding="utf-8", delimiter=","))
    with pytest.raises(UnreadableTable) as caught:
        list(table.rows())
    assert (caught.value.code, caught.value.data["row"]) == ("wrong_encoding", 3)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(tmp_path: Path, delimiter: str):
    path = tmp_path / "list.csv"
    rows = [["name", "note", "town"], ["Li", "a, b; c" if delimiter not in ",;" else "a", "York"]]
    path.write_text("\n".join(delimiter.join(row) for row in rows), "utf-8")
    assert find_layout(path).delimiter == delimiter


def test_line_breaks_inside_quotes_and_old_mac_line_ends_are_read(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_bytes(b'name,note\r\nLi,"first\r\nsecond"\r\nWu,x\r\n')
    assert [r.cells for r in open_table(path, find_layout(path)).rows()] == [
        ["Li", "first\r\nsecond"],
        ["Wu", "x"],
    ]
    path.write_bytes(b"name,note\rLi,x\rWu,y\r")
    assert [r.cells for r in open_table(path, find_layout(path)).rows()] == [
        ["Li", "x"],
        ["Wu", "y"],
    ]


def test_rows_are_numbered_as_a_spreadsheet_does_and_can_be_joined_later(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("\n\nname\nLi\n\nWu\n", "utf-8")
    table = open_table(path, find_layout(path))
    assert list(table.rows()) == [Row(4, ["Li"]), Row(5, []), Row(6, ["Wu"])]
    assert list(table.rows(start=2)) == [Row(6, ["Wu"])]


def test_unnamed_and_doubled_columns_can_be_told_apart(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("phone,phone,\n1,2,3\n", "utf-8")
    assert open_table(path, find_layout(path)).columns == ("phone", "phone (2)", "#3")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 100, "old_excel"),
        (b"%PDF-1.7", "not_a_table"),
        (b"\n\n \n", "no_columns"),
        (b"\x01\x02\x03,\x04\n", "binary_content"),
        (b"PK\x03\x04nothing more", "broken_archive"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, code: str):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableTable) as caught:
        open_table(path, find_layout(path))
    assert caught.value.code == code


def test_a_quotation_mark_that_never_ends_names_its_row(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text('name,note\nLi,"never\n' + "x,y\n" * 60_000, "utf-8")
    with pytest.raises(UnreadableTable) as caught:
        list(open_table(path, find_layout(path, delimiter=",")).rows())
    assert (caught.value.code, caught.value.data["row"]) == ("cell_too_long", 2)


def workbook(path: Path) -> Path:
    book = Workbook()
    sheet = book.active
    sheet.title = "客户"
    sheet.append(["姓名", "手机", "日期", "公式", "金额"])
    sheet.append(["张三", 13800138000, date(2026, 1, 5), "=1+1", 12.5])
    sheet.append(["李四", "013900139000", datetime(2026, 1, 5, 9, 30), None, 911234567890123456])  # noqa: DTZ001
    book.create_sheet("other").append(["x"])
    book.save(path)
    return path


@pytest.mark.parametrize("in_memory", [True, False])
def test_workbooks_are_read_and_formulas_never_computed(tmp_path: Path, monkeypatch, in_memory):
    monkeypatch.setattr(xlsxfile, "_IN_MEMORY_BYTES", 10**9 if in_memory else 0)
    path = workbook(tmp_path / "list.xlsx")
    layout = find_layout(path)
    assert (layout.format, layout.sheet, layout.sheets) == ("xlsx", "客户", ("客户", "other"))
    table = open_table(path, layout)
    assert table.columns == ("姓名", "手机", "日期", "公式", "金额")
    first, second = table.rows()
    assert first == Row(2, ["张三", "13800138000", "2026-01-05", "", "12.5"])
    assert second.cells[:3] == ["李四", "013900139000", "2026-01-05 09:30:00"]
    assert "E+" in second.cells[4]  # digits that the spreadsheet has lost are not made up


def test_zip_bombs_are_refused_before_they_are_unpacked(tmp_path: Path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 60_000_000)
    with pytest.raises(UnreadableTable) as caught:
        find_layout(path)
    assert caught.value.code == "zip_bomb"


def test_an_archive_that_lies_about_its_size_is_refused(tmp_path: Path):
    path = workbook(tmp_path / "liar.xlsx")
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 3)
    path.write_bytes(content)
    with pytest.raises(UnreadableTable) as caught:
        find_layout(path)
    assert caught.value.code == "broken_archive"


def test_an_archive_of_thousands_of_parts_is_refused(tmp_path: Path):
    path = tmp_path / "many.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(xlsxfile.MOST_ENTRIES + 1):
            archive.writestr(f"{number}", b"")
    with pytest.raises(UnreadableTable) as caught:
        find_layout(path)
    assert caught.value.code == "too_many_entries"


def test_a_changed_file_is_found_out(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("name\nLi\n", "utf-8")
    fingerprint = Fingerprint.of(path)
    check_unchanged(path, fingerprint.stamp)
    assert fingerprint.line_ends == 2
    path.write_text("name\nLi\nWu\n", "utf-8")
    with pytest.raises(FileChanged):
        check_unchanged(path, fingerprint.stamp)
    path.unlink()
    with pytest.raises(FileChanged) as caught:
        check_unchanged(path, fingerprint.stamp)
    assert caught.value.code == "file_gone"


FORMULAS = ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "plain"]


def test_formulas_do_not_run_in_what_is_written(tmp_path: Path):
    csv_path, xlsx_path = tmp_path / "out.csv", tmp_path / "out.xlsx"
    write_csv(csv_path, [FORMULAS])
    write_xlsx(xlsx_path, [FORMULAS], sheet="faults")
    assert csv_path.read_bytes().startswith(b"\xef\xbb\xbf")
    read = next(iter(open_table(csv_path, find_layout(csv_path, delimiter=",")).columns))
    assert read == "'=1+1"
    cells = load_workbook(xlsx_path)["faults"][1]
    assert [cell.data_type for cell in cells] == ["s"] * len(FORMULAS)
    assert cells[0].value == "'=1+1"


def test_long_tables_leave_in_pieces():
    pieces = list(csv_stream([[str(number)] for number in range(1200)]))
    assert len(pieces) == 3
    assert b"".join(pieces).decode("utf-8-sig").split() == [str(n) for n in range(1200)]
