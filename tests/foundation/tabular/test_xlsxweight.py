"""Small XLSX files that would need much memory are read as a stream, or refused."""

import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from genjin.foundation.tabular import xlsxfile, xlsxweight
from genjin.foundation.tabular.errors import UnreadableTable

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def book(path: Path, cells: str, text: str = "x") -> Path:
    """A workbook whose only sheet has `cells` as its XML and one shared text."""
    Workbook().save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = (
        f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'.encode()
    )
    parts["xl/sharedStrings.xml"] = (
        f'<sst xmlns="{MAIN}" count="1" uniqueCount="1"><si><t>{text}</t></si></sst>'.encode()
    )
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"</Types>",
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'.encode(),
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def fits(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return xlsxweight.fits_in_memory(archive)


def row(cells: str, number: str = "") -> str:
    return f"<row{number}>{cells}</row>"


def test_an_ordinary_sheet_fits(tmp_path):
    path = tmp_path / "a.xlsx"
    workbook = Workbook()
    for number in range(50):
        workbook.active.append([f"名{number}", number, "同"])
    workbook.save(path)
    assert fits(path)
    assert next(xlsxfile.rows(path, "")) == ["名0", "0", "同"]


def test_a_cell_in_the_far_corner_does_not_make_the_whole_sheet_be_held(tmp_path):
    far = row('<c r="A1"><v>1</v></c>', ' r="1"') + row(
        '<c r="XFD1000000"><v>2</v></c>', ' r="1000000"'
    )
    path = book(tmp_path / "a.xlsx", far)
    assert not fits(path)
    assert next(xlsxfile.rows(path, "")) == ["1"]


def test_rows_and_cells_without_their_place_are_counted_all_the_same(tmp_path):
    wide = row("<c><v>1</v></c>" * 10_000) + row("<c><v>1</v></c>") * 1_000
    assert not fits(book(tmp_path / "a.xlsx", wide))


def test_one_long_text_in_many_cells_is_not_held_once_for_each(tmp_path):
    cells = row('<c t="s"><v>0</v></c>' * 100) * 30
    path = book(tmp_path / "a.xlsx", cells, text="x" * 100_000)
    assert not fits(path)
    assert sum(len(cells) for cells in xlsxfile.rows(path, "")) == 3_000


def test_a_text_longer_than_any_cell_takes_is_refused_with_its_row(tmp_path):
    path = book(tmp_path / "a.xlsx", row('<c t="s"><v>0</v></c>') * 3, text="x" * 200_000)
    with pytest.raises(UnreadableTable) as refused:
        list(xlsxfile.rows(path, ""))
    assert (refused.value.code, refused.value.data["row"]) == ("cell_too_long", 1)


@pytest.mark.parametrize(
    "cells",
    [row("", ' r="2000000000"'), row('<c r="ABCDEFG1"><v>1</v></c>'),
     row('<c r="A99999999999999999999"><v>1</v></c>')],
)  # fmt: skip
def test_places_that_no_sheet_has_are_refused(tmp_path, cells):
    with pytest.raises(UnreadableTable) as refused:
        list(xlsxfile.rows(book(tmp_path / "a.xlsx", cells), ""))
    assert refused.value.code == "broken_archive"


def test_broken_xml_is_refused_and_not_an_error_of_the_program(tmp_path):
    with pytest.raises(UnreadableTable) as refused:
        list(xlsxfile.rows(book(tmp_path / "a.xlsx", "<row><c></row>"), ""))
    assert refused.value.code == "broken_archive"
