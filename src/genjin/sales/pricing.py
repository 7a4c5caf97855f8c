"""What the price fields of a product prove: a year's cost, the saving. Pure arithmetic (CA2, CA12).

Nothing here rounds in the seller's favour: a regular price is rounded down, today's price up, so
that a saving which is said aloud is never more than the customer saves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Decimal

from genjin.kernel.money import decimals_of

NOW, LIST, MONTH, YEAR = "now", "list", "month", "year"
# Price fields whose name says how many months they pay for.
MONTHS_OF = {MONTH: 1, YEAR: 12}


@dataclass(frozen=True)
class PriceField:
    """An amount of a product: `months` is how many months it pays for (None: once for all)."""

    amount: Decimal
    currency: str
    months: int | None = None

    @property
    def per_year(self) -> Decimal | None:
        """What twelve months cost, unrounded; None for a price that is paid once."""
        return self.amount * 12 / self.months if self.months else None


@dataclass(frozen=True)
class Saving:
    """What the customer pays by the regular price, by the price now, and the difference.

    Both amounts are payable, so the sentence "60, now 30, you save 30" always adds up.
    """

    regular: Decimal
    now: Decimal
    currency: str
    is_yearly: bool

    @property
    def amount(self) -> Decimal:
        return self.regular - self.now

    @property
    def percent(self) -> int:
        """Whole per cent, never rounded up."""
        return int(self.amount * 100 / self.regular)

    @property
    def per_month(self) -> Decimal | None:
        """A twelfth of a yearly saving, rounded down; None where the price is paid once."""
        return _payable(self.amount / 12, self.currency, ROUND_DOWN) if self.is_yearly else None


def _payable(amount: Decimal, currency: str, rounding: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-decimals_of(currency)), rounding=rounding)


def regular_year(prices: Mapping[str, PriceField]) -> PriceField | None:
    """Twelve months by the regular price: the field `year`, else `month` × 12; rounded down."""
    for code in (YEAR, MONTH):
        field = prices.get(code)
        if field is not None and field.per_year is not None:
            amount = _payable(field.per_year, field.currency, ROUND_DOWN)
            return PriceField(amount, field.currency, 12)
    return None


def year_now(prices: Mapping[str, PriceField]) -> PriceField | None:
    """Twelve months by the price now; rounded up."""
    now = prices.get(NOW)
    if now is None or now.per_year is None:
        return None
    return PriceField(_payable(now.per_year, now.currency, ROUND_UP), now.currency, 12)


def saving(prices: Mapping[str, PriceField]) -> Saving | None:
    """The saving that the price fields prove, or None where they prove none.

    Like is compared with like: a year with a year, once (`list`) with once, in one currency.
    """
    now = prices.get(NOW)
    if now is None:
        return None
    if today := year_now(prices):
        regular, is_yearly = regular_year(prices), True
    else:
        regular, today, is_yearly = prices.get(LIST), now, False
        if regular is not None and regular.months:
            return None
    if regular is None or regular.currency != now.currency or regular.amount <= today.amount:
        return None
    return Saving(regular.amount, today.amount, now.currency, is_yearly)
