"""What each kind of entry does to an account and to the debt it names (RE1).

`proof` recomputes the same in SQL, written down a second time on purpose.
"""

from decimal import Decimal

from genjin.receivables.states import EntryKind, ReceivableState

K = EntryKind
# kind: (sign on what is open, sign on the advance).
EFFECTS: dict[str, tuple[int, int]] = {
    K.BILL: (1, 0),
    K.CHARGE: (1, 0),
    K.PAYMENT: (0, 1),
    K.CREDIT_NOTE: (0, 1),
    K.ALLOCATION: (-1, -1),
    K.WRITE_OFF: (-1, 0),
    K.RECOVERY: (1, 0),
    K.REFUND: (0, -1),
}


def effect(kind: str, reversed_kind: str = "") -> tuple[int, int]:
    """Signs of an entry on what is open and on the advance; a reversal's are the opposite."""
    if kind == K.REVERSAL:
        to_open, to_advance = EFFECTS[reversed_kind]
        return -to_open, -to_advance
    return EFFECTS[kind]


def written_off_sign(kind: str, reversed_kind: str = "") -> int:
    """Sign of an entry on what is written off of a debt."""
    sign = {K.WRITE_OFF: 1, K.RECOVERY: -1}.get(K(reversed_kind or kind), 0)
    return -sign if kind == K.REVERSAL else sign


def state_of(open_amount: Decimal, written_off: Decimal, *, is_cancelled: bool = False) -> str:
    """The state of a debt of which `open_amount` is owed and `written_off` was given up."""
    if open_amount > 0:
        return ReceivableState.OPEN
    if is_cancelled:
        return ReceivableState.CANCELLED
    return ReceivableState.WRITTEN_OFF if written_off > 0 else ReceivableState.SETTLED
