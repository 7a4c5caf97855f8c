"""Tables of receivables; each module says what lives in it."""

from genjin.receivables.models.collecting import (
    ClassMove,
    ExcuseGiven,
    Interruption,
    PaymentCalendar,
    PaymentNews,
    PaymentPromise,
    PromiseCover,
)
from genjin.receivables.models.imports import (
    WAITING_STATES,
    StatementFile,
    WaitingPayment,
    WaitingState,
)
from genjin.receivables.models.instruments import Instrument, InstrumentCover
from genjin.receivables.models.ledger import Account, LedgerDay, LedgerEntry, Receivable
from genjin.receivables.models.plans import CollectionPlan, PlanPlace

__all__ = [
    "WAITING_STATES",
    "Account",
    "ClassMove",
    "CollectionPlan",
    "ExcuseGiven",
    "Instrument",
    "InstrumentCover",
    "Interruption",
    "LedgerDay",
    "LedgerEntry",
    "PaymentCalendar",
    "PaymentNews",
    "PaymentPromise",
    "PlanPlace",
    "PromiseCover",
    "Receivable",
    "StatementFile",
    "WaitingPayment",
    "WaitingState",
]
