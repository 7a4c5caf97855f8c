"""Amounts of money: exact decimals with their currency, rounded and written as the trade does.

Amounts are Decimal in the main unit (yuan, dollars). Floats are refused.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from genjin.kernel.errors import GenjinError

# ISO 4217: the currencies that do not have two decimals.
_DECIMALS = {
    **dict.fromkeys(("JPY", "KRW", "VND", "CLP", "ISK", "PYG", "UGX", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_LOCALES = {"zh-hans": "zh_Hans_CN", "zh-hant": "zh_Hant_TW", "zh-hk": "zh_Hant_HK", "en": "en"}


class CurrenciesDiffer(GenjinError):
    """Two amounts in different currencies were to be added or compared."""

    code = "currencies_differ"


def decimals_of(currency: str) -> int:
    """Say how many decimals the currency has. Raises ValueError unless it is three capitals."""
    if len(currency) != 3 or not (currency.isascii() and currency.isupper()):
        raise ValueError(f"not a currency code: {currency!r}")
    return _DECIMALS.get(currency, 2)


def quantise(amount: Decimal | int | str, currency: str) -> Decimal:
    """Round an amount to what can be paid in the currency, halves away from zero.

    Raises ValueError for floats, text that is no number, and amounts that are not finite.
    """
    if isinstance(amount, float):
        raise ValueError("money is never a float")
    try:
        value = Decimal(amount)
    except ArithmeticError:
        raise ValueError(f"not an amount: {amount!r}") from None
    if not value.is_finite():
        raise ValueError(f"not an amount: {amount!r}")
    step = Decimal(1).scaleb(-decimals_of(currency))
    try:
        return value.quantize(step, rounding=ROUND_HALF_UP) + 0
    except ArithmeticError:
        raise ValueError(f"too large an amount: {amount!r}") from None


def format_money(amount: Decimal | int | str, currency: str, locale: str = "zh-hans") -> str:
    """Write an amount for a reader: the currency's sign, thousands apart, its own decimals.

    ``locale`` is one of zh-hans, zh-hant, zh-hk, en (an unknown one reads as its first part).
    """
    from babel.numbers import format_currency

    code = locale.lower().replace("_", "-")
    known = _LOCALES.get(code) or _LOCALES.get(code.split("-", 1)[0]) or "zh_Hans_CN"
    return format_currency(quantise(amount, currency), currency, locale=known)


@dataclass(frozen=True)
class Money:
    """An amount that can be paid, with its currency; made by ``Money.of``, which rounds."""

    amount: Decimal
    currency: str = "CNY"

    def __post_init__(self) -> None:
        if quantise(self.amount, self.currency) != self.amount:
            raise ValueError(f"{self.amount} {self.currency} cannot be paid; round it first")

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str = "CNY") -> "Money":
        return cls(quantise(amount, currency), currency)

    def _same(self, other: "Money") -> Decimal:
        if self.currency != other.currency:
            raise CurrenciesDiffer(left=self.currency, right=other.currency)
        return other.amount

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> "Money":
        if isinstance(factor, float):
            raise ValueError("money is never multiplied by a float")
        return Money.of(self.amount * factor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.amount >= self._same(other)

    def __bool__(self) -> bool:
        return self.amount != 0

    def format(self, locale: str = "zh-hans") -> str:
        """Write it for a reader of ``locale``; see ``format_money``."""
        return format_money(self.amount, self.currency, locale)
