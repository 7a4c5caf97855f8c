"""Writes one sheet that people work on: typed columns, a head that stays, widths, formats, totals.

Statements of account, lists for finance and the like. For tables that only carry data away
`output.write_xlsx` is enough. Nothing in the file is a formula: totals are values, and text stays
text, whatever it looks like.
"""

import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Literal

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from genjin.foundation.tabular.output import plain_text
from genjin.kernel.money import decimals_of, quantise

Kind = Literal["text", "integer", "quantity", "amount", "percent", "day", "moment"]
MOST_ROWS = 1_048_576  # what a sheet can hold

_WIDTHS = {"text": 24, "integer": 9, "quantity": 11, "amount": 15, "percent": 9,
           "day": 12, "moment": 17}  # fmt: skip
_FORMATS = {"integer": "#,##0", "quantity": "#,##0.####", "percent": '0.##"%"',
            "day": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm"}  # fmt: skip
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
_A4 = 9  # the code of the format
_BOLD = Font(bold=True)
_HEAD_FILL = PatternFill("solid", fgColor="F2F5F8")
_UNDER = Border(bottom=Side(style="thin", color="5F6C7B"))
_OVER = Border(top=Side(style="thin", color="5F6C7B"))


@dataclass(frozen=True)
class SheetColumn:
    """A column: what stands over it, what its values are, its width in characters (0: by kind).

    kind: "text" · "integer" · "quantity" (up to four decimals) · "amount" (decimals of the
    sheet's currency) · "percent" (25 as 25%) · "day" · "moment" (shown in the present time zone).
    """

    title: str
    kind: Kind = "text"
    width: int = 0


def write_sheet(
    target: Path | BinaryIO,
    *,
    name: str,
    columns: Sequence[SheetColumn],
    rows: Iterable[Sequence[Any]],
    currency: str,
    facts: Sequence[tuple[str, str]] = (),
    totals: Sequence[Any] | None = None,
    properties: Mapping[str, str] | None = None,
) -> int:
    """Writes the sheet row by row and says how many rows it has under the head.

    `facts` are lines over the table (customer, span, currency); the head under them stays when
    one scrolls and comes again on every printed page. `totals` is one more row, in bold. A value
    that is text stays text in a column of any kind; None stays empty. Raises ValueError for a
    float, for a row that does not fit the columns, and for more rows than a sheet holds.
    """
    book = Workbook(write_only=True)
    for key, value in (properties or {}).items():
        setattr(book.properties, key, plain_text(value))
    sheet = book.create_sheet(_NOT_IN_NAMES.sub(" ", plain_text(name))[:31].strip() or "1")
    try:
        count = _fill(sheet, columns, rows, currency, facts, totals)
    except Exception:
        sheet.close()  # ends the half-written part in good order
        raise
    book.save(target)
    return count


def _fill(
    sheet: WriteOnlyWorksheet,
    columns: Sequence[SheetColumn],
    rows: Iterable[Sequence[Any]],
    currency: str,
    facts: Sequence[tuple[str, str]],
    totals: Sequence[Any] | None,
) -> int:
    """Facts, head, rows and totals in turn; says how many rows there are."""
    head_row = len(facts) + (2 if facts else 1)
    _lay_out(sheet, columns, head_row)
    for label, text in facts:
        sheet.append([_text(sheet, label, bold=True), _text(sheet, text)])
    if facts:
        sheet.append([])
    sheet.append([_head(sheet, column) for column in columns])
    count = 0
    for row in rows:
        count += 1
        if head_row + count + (totals is not None) > MOST_ROWS:
            raise ValueError(f"more rows than a sheet holds ({MOST_ROWS})")
        sheet.append(_row(sheet, columns, row, currency))
    if totals is not None:
        sheet.append(_row(sheet, columns, totals, currency, is_total=True))
    return count


def sheet_bytes(**values: Any) -> bytes:
    """The file of `write_sheet` in memory, for an answer or an attachment."""
    buffer = io.BytesIO()
    write_sheet(buffer, **values)
    return buffer.getvalue()


def _lay_out(sheet: WriteOnlyWorksheet, columns: Sequence[SheetColumn], head_row: int) -> None:
    for place, column in enumerate(columns, 1):
        width = column.width or max(_WIDTHS[column.kind], _wide(str(column.title)) + 2)
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.freeze_panes = f"A{head_row + 1}"
    sheet.print_title_rows = f"{head_row}:{head_row}"
    sheet.page_setup.paperSize = _A4
    sheet.page_setup.orientation = "landscape" if len(columns) > 6 else "portrait"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _wide(text: str) -> int:
    """How many Latin letters wide a text is; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _head(sheet: WriteOnlyWorksheet, column: SheetColumn) -> WriteOnlyCell:
    cell = _text(sheet, column.title, bold=True)
    cell.fill, cell.border = _HEAD_FILL, _UNDER
    side = "left" if column.kind in {"text", "day", "moment"} else "right"
    cell.alignment = Alignment(horizontal=side, vertical="center")
    return cell


def _row(
    sheet: WriteOnlyWorksheet,
    columns: Sequence[SheetColumn],
    row: Sequence[Any],
    currency: str,
    *,
    is_total: bool = False,
) -> list[WriteOnlyCell]:
    cells = [
        _cell(sheet, column.kind, value, currency)
        for column, value in zip(columns, row, strict=True)
    ]
    if is_total:
        for cell in cells:
            cell.font, cell.border = _BOLD, _OVER
    return cells


def _cell(sheet: WriteOnlyWorksheet, kind: Kind, value: Any, currency: str) -> WriteOnlyCell:
    if isinstance(value, float):
        raise ValueError("a float in a sheet")
    if value is None:
        return WriteOnlyCell(sheet, value=None)
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if kind in {"integer", "quantity", "amount", "percent"} and is_number:
        if kind == "amount":
            value = quantise(value, currency)
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = _amounts(currency) if kind == "amount" else _FORMATS[kind]
        return cell
    if kind == "moment" and isinstance(value, datetime):
        return _dated(sheet, timezone.localtime(value).replace(tzinfo=None), kind)
    if kind == "day" and isinstance(value, date) and not isinstance(value, datetime):
        return _dated(sheet, value, kind)
    return _text(sheet, value)


def _dated(sheet: WriteOnlyWorksheet, value: date, kind: Kind) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=value)
    cell.number_format = _FORMATS[kind]
    cell.alignment = Alignment(horizontal="left")
    return cell


def _text(sheet: WriteOnlyWorksheet, value: Any, *, bold: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=plain_text(value))
    cell.data_type = "s"
    if bold:
        cell.font = _BOLD
    return cell


def _amounts(currency: str) -> str:
    decimals = decimals_of(currency)
    form = "#,##0" + ("." + "0" * decimals if decimals else "")
    return f"{form};[Red]-{form}"
