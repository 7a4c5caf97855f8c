"""Reads the worked tables of docs/receivables.md."""

import re
from functools import cache
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/receivables.md"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


@cache
def tables() -> dict[str, list[dict[str, str]]]:
    """Every table that carries a name, as rows by the heads of its columns."""
    found = {}
    text = PAGE.read_text("utf-8")
    for name, body in re.findall(r"<!-- table: (.+?) -->\n((?:\|.*\n)+)", text):
        head, _rule, *rows = body.strip().split("\n")
        found[name] = [dict(zip(_cells(head), _cells(row), strict=True)) for row in rows]
    return found


def rows(name: str) -> list[dict[str, str]]:
    return tables()[name]
