"""Tables of receivables; each module says what lives in it."""

from genjin.receivables.models.instruments import Instrument, InstrumentCover
from genjin.receivables.models.ledger import Account, LedgerDay, LedgerEntry, Receivable

__all__ = [
    "Account",
    "Instrument",
    "InstrumentCover",
    "LedgerDay",
    "LedgerEntry",
    "Receivable",
]
