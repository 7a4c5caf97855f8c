"""Which amounts the ledger takes, and how one amount is cut into parts (RE1)."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from genjin.kernel.money import decimals_of, quantise
from genjin.kernel.problems import Reason

LARGEST = Decimal(10) ** 13
# Columns keep two decimals; a currency that has more of them cannot be kept exactly.
KEPT_DECIMALS = 2


def currency_problem(currency: str) -> Reason | None:
    """Why the ledger cannot be kept in a currency; None when it can."""
    try:
        decimals = decimals_of(currency)
    except ValueError:
        return Reason("currency_not_understood")
    return Reason("currency_too_fine", {"currency": currency}) if decimals > KEPT_DECIMALS else None


def amount_problem(amount: Decimal, currency: str) -> Reason | None:
    """Why an amount cannot be booked in a currency that can; None when it can."""
    if not isinstance(amount, Decimal) or not amount.is_finite() or not 0 < amount < LARGEST:
        return Reason("amount_not_positive")
    if quantise(amount, currency) != amount:
        return Reason("too_many_decimals", {"most": decimals_of(currency), "currency": currency})
    return None


def cut(amount: Decimal, weights: Sequence[Decimal | int], currency: str) -> list[Decimal]:
    """Cuts an amount in proportion to weights, so that the parts come to it exactly.

    Each part is rounded down to what can be paid; what is left over goes, one smallest coin each,
    to the parts that lost most by rounding, the earlier first among equals. Used for instalments
    and wherever a sum is shared out. Weights are not negative and not all nought.
    """
    total = sum(weights, Decimal(0))
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights are not negative and not all nought")
    coin = Decimal(1).scaleb(-decimals_of(currency))
    exact = [amount * weight / total for weight in weights]
    parts = [one.quantize(coin, rounding=ROUND_DOWN) for one in exact]
    left = int((amount - sum(parts)) / coin)
    losers = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in losers[:left]:
        parts[place] += coin
    return parts
