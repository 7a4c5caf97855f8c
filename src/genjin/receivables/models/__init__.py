"""Tables of receivables; each module says what lives in it."""

from genjin.receivables.models.imports import (
    WAITING_STATES,
    StatementFile,
    WaitingPayment,
    WaitingState,
)
from genjin.receivables.models.instruments import Instrument, InstrumentCover
from genjin.receivables.models.ledger import Account, LedgerDay, LedgerEntry, Receivable

__all__ = [
    "WAITING_STATES",
    "Account",
    "Instrument",
    "InstrumentCover",
    "LedgerDay",
    "LedgerEntry",
    "Receivable",
    "StatementFile",
    "WaitingPayment",
    "WaitingState",
]
