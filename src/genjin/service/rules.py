"""What a warranty stub is worth: pure decisions (CU13)."""

import calendar
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from genjin.kernel import address

UNKNOWN, DOUBLED, OUT_OF_AREA = "serial_unknown", "serial_doubled", "out_of_area"
# With these we look first; an owner whose goods came from another area is not to blame for it.
STOPPING = frozenset({UNKNOWN, DOUBLED})
_SERIAL = re.compile(r"[A-Z0-9][A-Z0-9./_-]{2,39}")


@dataclass(frozen=True)
class Shipped:
    """A piece as it left us: which product, and in which division it may be sold ("": anywhere)."""

    product_id: int
    region: str


def clean_serial(text: str) -> str | None:
    """A serial number as it is kept: full-width and small letters folded, blanks taken out.

    None for what cannot be one (3 to 40 letters, digits and ./_-).
    """
    folded = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    return folded if _SERIAL.fullmatch(folded) else None


def problems(
    shipped: Shipped | None, *, product_id: int, is_registered: bool, division: str
) -> list[str]:
    """What is wrong with a stub: codes, in the order in which they are told.

    A serial of another product counts as unknown. The area is asked only where both are known.
    """
    found = []
    if shipped is None or shipped.product_id != product_id:
        found.append(UNKNOWN)
    if is_registered:
        found.append(DOUBLED)
    is_placed = shipped is not None and shipped.region and division
    if shipped is not None and is_placed and division not in address.within(shipped.region):
        found.append(OUT_OF_AREA)
    return found


def months_for(category: str, policy: Mapping[str, object]) -> int:
    """How many months we answer for a product of a category."""
    by_category = policy.get("months_by_category", {})
    assert isinstance(by_category, Mapping)
    return int(by_category.get(category, policy["months"]))


def ends_on(bought_on: date, months: int) -> date:
    """The last day: the same day so many months on, or that month's last, less one day."""
    years, month = divmod(bought_on.month - 1 + months, 12)
    year = bought_on.year + years
    day = min(bought_on.day, calendar.monthrange(year, month + 1)[1])
    return date.fromordinal(date(year, month + 1, day).toordinal() - 1)
