"""Sets papers and letters: writes values for the reader and hands the data to a template."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from genjin.foundation import pdf
from genjin.foundation.papers.head import Head, organisation_head
from genjin.foundation.papers.parts import Column, Letter, Paper, Table, Total, Value
from genjin.kernel.capitals import in_capitals, knows_capitals
from genjin.kernel.money import format_money, quantise

_ALIGNED = {"index": "center", "quantity": "end", "amount": "end", "percent": "end"}


def render_paper(paper: Paper, *, language: str, at: datetime, head: Head | None = None) -> bytes:
    """The paper as PDF. The same paper, language, moment and head give the same bytes.

    Raises ValueError for an amount that is a float, or a row that does not fit its columns.
    """
    head = head or organisation_head()
    with override(language):
        data = {
            **_frame(paper.title, paper.number, head, paper.mark),
            "meta": [
                (pgettext("paper", "Number"), paper.number),
                (pgettext("paper", "Date"), _day(paper.day)),
                *((str(label), _written(value, language, paper.currency))
                  for label, value in paper.meta),
            ],
            "parties": [
                {"role": str(party.role), "name": str(party.name), "lines": _texts(party.lines)}
                for party in paper.parties
            ],
            "opening": _texts(paper.opening),
            **_table(paper.table, paper.currency),
            **_sums(paper.totals, paper.currency, language),
            "bank": head.bank_lines() if paper.shows_bank else [],
            "bank_label": _("Please pay to"),
            "remarks_label": _("Remarks") if paper.remarks else "",
            "remarks": _texts(paper.remarks),
            "signatures": [
                {"label": str(one.label), "note": str(one.note), "has_seal": one.has_seal}
                for one in paper.signatures
            ],
        }  # fmt: skip
        return pdf.render("paper", data, language, at=at)


def render_letter(
    letter: Letter, *, language: str, at: datetime, head: Head | None = None
) -> bytes:
    """The letter as PDF, with the address where a window envelope shows it."""
    head = head or organisation_head()
    with override(language):
        data = {
            **_frame(letter.subject or letter.salutation, letter.number, head, letter.mark),
            "address": _texts(letter.address),
            "day": _day(letter.day),
            "number_label": pgettext("paper", "Number"),
            "number": letter.number,
            "subject": str(letter.subject),
            "salutation": str(letter.salutation),
            "paragraphs": _texts(letter.paragraphs),
            **_table(letter.table, letter.currency),
            **_sums(letter.totals, letter.currency, language),
            "bank": head.bank_lines() if letter.shows_bank else [],
            "bank_label": _("Please pay to"),
            "after": _texts(letter.after),
            "closing": str(letter.closing),
            "signed": _texts(letter.signed),
        }
        return pdf.render("letter", data, language, at=at)


def _frame(title: str, number: str, head: Head, mark: str) -> dict[str, Any]:
    """What every template takes: title, head, foot and the words of the page numbers."""
    # The sentence is taken apart at its two numbers, which the engine alone knows.
    before, _page, rest = _("Page {page} of {pages}").partition("{page}")
    between, _pages, after = rest.partition("{pages}")
    return {
        "title": str(title),
        "head": {"name": head.name, "lines": head.lines()},
        "page_words": (before, between, after),
        "footer": " · ".join(part for part in (number, head.foot or head.name) if part),
        "mark": str(mark),
    }


def _texts(values: Sequence[str]) -> list[str]:
    return [str(value) for value in values if str(value)]


def _day(day: date) -> str:
    return date_format(day, "DATE_FORMAT")


def _written(value: Value, language: str, currency: str) -> str:
    """A value beside its label: days in words, amounts with their sign."""
    if isinstance(value, Decimal):
        return format_money(value, currency, language)
    if isinstance(value, date):
        return _day(value)
    return "" if value is None else str(value)


def _table(table: Table | None, currency: str) -> dict[str, Any]:
    if table is None:
        return {"columns": [], "rows": [], "strong_rows": []}
    columns = [
        {
            "title": str(column.title),
            "align": _ALIGNED.get(column.kind, "start"),
            "width": column.width,
        }
        for column in table.columns
    ]
    rows = [
        [_cell(column, value, currency) for column, value in zip(table.columns, row, strict=True)]
        for row in table.rows
    ]
    return {"columns": columns, "rows": rows, "strong_rows": sorted(table.strong_rows)}


def _cell(column: Column, value: Value, currency: str) -> str:
    """A value as its column writes it; text stays text in any column (a dash, "free")."""
    if value is None:
        return ""
    if isinstance(value, float):
        raise ValueError("a float in a paper")
    if column.kind == "day" and isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        if column.kind == "amount":
            return f"{quantise(value, currency):,f}"
        if column.kind in {"quantity", "percent"}:
            return _plain(Decimal(value)) + ("%" if column.kind == "percent" else "")
    return str(value)


def _plain(value: Decimal) -> str:
    """Without noughts behind the last digit that counts: 2.50 is 2.5, 100 stays 100."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _sums(totals: Sequence[Total], currency: str, language: str) -> dict[str, Any]:
    is_chinese = language.startswith("zh") and knows_capitals(currency)
    label = pgettext("amount", "In capitals")
    return {
        "totals": [
            {
                "label": str(total.label),
                "value": format_money(total.amount, currency, language),
                "is_strong": total.is_strong,
            }
            for total in totals
        ],
        "capitals": [
            (label, in_capitals(total.amount, currency))
            for total in totals
            if total.in_capitals and is_chinese and total.amount >= 0
        ],
    }
