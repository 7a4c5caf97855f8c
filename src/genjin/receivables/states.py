"""What a debt, an entry and a cheque can be, and which state may follow which."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.kernel.states import StateTable


class EntryKind(models.TextChoices):
    """What a row of the ledger does; `LedgerEntry` says which columns each needs."""

    BILL = "bill", pgettext_lazy("ledger", "Bill")
    CHARGE = "charge", pgettext_lazy("ledger", "Charge")
    PAYMENT = "payment", pgettext_lazy("ledger", "Payment")
    CREDIT_NOTE = "credit_note", pgettext_lazy("ledger", "Credit note")
    ALLOCATION = "allocation", pgettext_lazy("ledger", "Allocation")
    WRITE_OFF = "write_off", pgettext_lazy("ledger", "Write-off")
    RECOVERY = "recovery", pgettext_lazy("ledger", "Recovery")
    REFUND = "refund", pgettext_lazy("ledger", "Refund")
    REVERSAL = "reversal", pgettext_lazy("ledger", "Reversal")


class Means(models.TextChoices):
    """How money came or went. Cheques and bills count as payment only when they are cleared."""

    TRANSFER = "transfer", _("Bank transfer")
    CASH = "cash", _("Cash")
    DELIVERER = "deliverer", _("Taken by the deliverer")
    WECHAT = "wechat", _("WeChat Pay")
    ALIPAY = "alipay", _("Alipay")
    GIRO = "giro", _("Postal giro")
    CHEQUE = "cheque", _("Cheque")
    BANK_BILL = "bank_bill", _("Bank acceptance bill")
    COMMERCIAL_BILL = "commercial_bill", _("Commercial acceptance bill")
    # Between two accounts of one customer: money that neither came in nor went out.
    MOVED = "moved", _("Moved between accounts")


INSTRUMENT_KINDS = (Means.CHEQUE, Means.BANK_BILL, Means.COMMERCIAL_BILL)
MONEY_MEANS = tuple(
    means for means in Means if means not in INSTRUMENT_KINDS and means != Means.MOVED
)


class ReceivableState(models.TextChoices):
    """Open exactly as long as something of it is owed; the ledger moves it, nobody by hand."""

    OPEN = "open", pgettext_lazy("receivable", "Open")
    SETTLED = "settled", pgettext_lazy("receivable", "Settled")
    WRITTEN_OFF = "written_off", pgettext_lazy("receivable", "Written off")
    CANCELLED = "cancelled", pgettext_lazy("receivable", "Cancelled")


RECEIVABLE_STATES = StateTable(
    states=ReceivableState.values,
    transitions={
        "open": {"settled", "written_off", "cancelled"},
        "settled": {"open", "written_off"},
        "written_off": {"open", "settled"},
    },
    initial="open",
)


class ValueClass(models.TextChoices):
    """The five classes of a debt, by how likely the money is to come (RE2)."""

    OUTSTANDING = "outstanding", pgettext_lazy("debt class", "Outstanding")
    COLLECTION = "collection", pgettext_lazy("debt class", "Under collection")
    DOUBTFUL = "doubtful", pgettext_lazy("debt class", "Doubtful")
    BAD = "bad", pgettext_lazy("debt class", "Bad")
    DEAD = "dead", pgettext_lazy("debt class", "Dead")


class InstrumentState(models.TextChoices):
    """A cheque or acceptance bill: in our safe, at the bank, paid, refused, or given back."""

    HELD = "held", pgettext_lazy("cheque", "Held")
    PRESENTED = "presented", pgettext_lazy("cheque", "Presented")
    CLEARED = "cleared", pgettext_lazy("cheque", "Cleared")
    DISHONOURED = "dishonoured", pgettext_lazy("cheque", "Dishonoured")
    RETURNED = "returned", pgettext_lazy("cheque", "Returned")


INSTRUMENT_STATES = StateTable(
    states=InstrumentState.values,
    transitions={
        "held": {"presented", "cleared", "dishonoured", "returned"},
        "presented": {"cleared", "dishonoured", "returned", "held"},
        # A bank may take the money back after it was credited.
        "cleared": {"dishonoured"},
        # A refused one may be presented once more, or goes back to whoever gave it.
        "dishonoured": {"presented", "returned"},
    },
    initial="held",
)
SECURING = (InstrumentState.HELD, InstrumentState.PRESENTED)


class PromiseState(models.TextChoices):
    """What became of a promise to pay; found from the ledger (RE6)."""

    OPEN = "open", pgettext_lazy("payment promise", "Open")
    KEPT = "kept", pgettext_lazy("payment promise", "Kept")
    PARTLY = "partly", pgettext_lazy("payment promise", "Kept in part")
    BROKEN = "broken", pgettext_lazy("payment promise", "Broken")
    CANCELLED = "cancelled", pgettext_lazy("payment promise", "Cancelled")


PROMISE_STATES = StateTable(
    states=PromiseState.values,
    transitions={
        "open": {"kept", "partly", "broken", "cancelled"},
        # Money goes back (a refused cheque, a reversal), or is found to have come in time.
        "kept": {"open", "partly", "broken"},
        "partly": {"open", "kept", "broken"},
        "broken": {"open", "kept", "partly"},
    },
    initial="open",
)


class NewsKind(models.TextChoices):
    """How we know of payments up to a day (RE4)."""

    IMPORT = "import", pgettext_lazy("payment news", "Import")
    API = "api", pgettext_lazy("payment news", "Interface")
    COMPLETE = "complete", pgettext_lazy("payment news", "Said to be complete")


class InterruptionKind(models.TextChoices):
    """What begins the limitation period anew (RE2)."""

    DEMAND = "demand", pgettext_lazy("limitation", "Demand in writing")
    ACKNOWLEDGEMENT = "acknowledgement", pgettext_lazy("limitation", "Balance confirmed")
    PROMISE = "promise", pgettext_lazy("limitation", "Promise to pay")
    PART_PAYMENT = "part_payment", pgettext_lazy("limitation", "Part payment")
    SUIT = "suit", pgettext_lazy("limitation", "Suit or arbitration")


class CollectRole(models.TextChoices):
    """Who presses: the seller for the first days, then a collector (RE2)."""

    SELLER = "seller", pgettext_lazy("who collects", "Seller")
    COLLECTOR = "collector", pgettext_lazy("who collects", "Collector")
