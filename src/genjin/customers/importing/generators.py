"""Makes names and phones for lists that have none, the same ones each time. Pure.

The phones are well formed and lie under the mainland prefix 154, which no operator holds, so
every channel refuses them. The row's number alone decides: two rows never get one phone.
"""

from genjin.customers.importing import words

_PREFIX = "154"
_SPACE = 10**8
# Odd and no multiple of five, so that multiplying by it moves each of the 10^8 numbers to a place
# of its own.
_STEP = 38_196_601
_OFFSET = 27_182_818
_MIX = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def phone(row_number: int) -> str:
    """The phone of a row: 154 and eight digits, one to one for the first 100,000,000 rows."""
    return f"{_PREFIX}{(row_number * _STEP + _OFFSET) % _SPACE:08d}"


def _mixed(row_number: int) -> int:
    mixed = (row_number + 1) * _MIX & _MASK
    mixed ^= mixed >> 31
    mixed = mixed * 0xBF58476D1CE4E5B9 & _MASK
    return mixed ^ mixed >> 29


def person(row_number: int, sex: str = "") -> tuple[str, str]:
    """The name and sex ("f", "m") of a row; a sex that is known decides the given name."""
    chars = words.names()
    mixed = _mixed(row_number)
    sex = sex or ("f" if mixed & 1 else "m")
    kind = "female" if sex == "f" else "male"
    first, second = chars[f"{kind}_first"], chars[f"{kind}_second"]
    surnames = chars["surnames"]
    name = surnames[(mixed >> 8) % len(surnames)]
    if (mixed >> 4) % 5:
        name += first[(mixed >> 20) % len(first)]
    return name + second[(mixed >> 36) % len(second)], sex
