"""Amounts in capitals, as contracts and receipts in Chinese carry them (PL3)."""

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from genjin.kernel.money import quantise

_DATA = Path(__file__).parent / "data" / "capitals.toml"
_LIMIT = Decimal(10) ** 12


@cache
def _styles() -> dict[str, dict[str, Any]]:
    return tomllib.loads(_DATA.read_text(encoding="utf-8"))


def knows_capitals(currency: str) -> bool:
    """Say whether amounts of this currency can be written in capitals."""
    return currency in _styles()


def in_capitals(amount: Decimal | int | str, currency: str) -> str:
    """Write an amount in capitals with its currency's name before it.

    Knows CNY, TWD and HKD. Raises ValueError for another currency, for less than nothing and from
    a million millions on.
    """
    style = _styles().get(currency)
    if style is None:
        raise ValueError(f"no capitals for {currency!r}")
    value = quantise(amount, currency)
    if not 0 <= value < _LIMIT:
        raise ValueError(f"no capitals for {value}")
    whole, cents = divmod(int(value * 100), 100)
    text = _whole(whole, style)
    return style["name"] + text + _cents(cents, style, is_first=not text)


def _whole(number: int, style: dict[str, Any]) -> str:
    """The whole units; nothing for none. One nought stands for any row of them inside."""
    digits, text, is_gap = str(number), "", False
    for place, digit in enumerate(digits):
        power = len(digits) - 1 - place
        if digit == "0":
            is_gap = True
        else:
            gap = style["digits"][0] if is_gap and text else ""
            text += gap + style["digits"][int(digit)] + _step(power % 4, style)
            is_gap = False
        if power and power % 4 == 0 and int(digits[max(0, place - 3) : place + 1]):
            text += style["groups"][power // 4 - 1]
    return text + style["unit"] if number else ""


def _step(power: int, style: dict[str, Any]) -> str:
    return style["steps"][power - 1] if power else ""


def _cents(cents: int, style: dict[str, Any], *, is_first: bool) -> str:
    """Tenths and hundredths; the closing word where there are no hundredths."""
    tenths, hundredths = divmod(cents, 10)
    nought, text = style["digits"][0], ""
    if not cents:
        return (nought + style["unit"] if is_first else "") + style["whole"]
    if tenths:
        text = style["digits"][tenths] + style["parts"][0]
    elif not is_first:
        text = nought
    if not hundredths:
        return text + style["whole"]
    return text + style["digits"][hundredths] + style["parts"][1]
