"""Files of open items and payments in words: faults of rows, why a payment waits."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from genjin.customers.importing.sentences import error_sentences
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason
from genjin.receivables.importing.bringing import BroughtIn
from genjin.sales import order_sentences

_SENTENCES: Mapping[str, str | Promise] = {
    "bad_map": gettext_lazy("The map cannot be read: %(what)s"),
    "map_of_another_kind": gettext_lazy("This map is for another kind of file (%(kind)s)."),
    "unknown_fields": gettext_lazy("The map names fields that do not exist: %(fields)s."),
    "cell_needed": gettext_lazy("“%(field)s” is empty."),
    "number_twice": gettext_lazy("The number %(value)s stands in the file twice."),
    "payment_not_booked": gettext_lazy("The debt came in; its payment could not be booked."),
    "currency_too_fine": gettext_lazy("The ledger cannot be kept in %(currency)s."),
    "over_allocated": gettext_lazy("More is given to a debt than is open of it."),
    "no_such_receivable": gettext_lazy("A debt named here does not exist."),
    "other_customer": gettext_lazy("A debt named here is another customer's."),
    "wrong_currency": gettext_lazy("A debt named here is in another currency."),
    "card_was_merged": gettext_lazy("This card was merged into another."),
    "decided_before": gettext_lazy("Somebody decided about this line before."),
    # Why a line of a statement is no more than a proposal.
    "reference_names": gettext_lazy("The reference names %(numbers)s."),
    "reference_names_less": gettext_lazy(
        "The reference names %(numbers)s, but the amount is %(over)s more than these come to."
    ),
    "several_customers_named": gettext_lazy("The reference names bills of several customers."),
    "payer_of_several": gettext_lazy("Several customers have the payer's name."),
    "amount_of_one": gettext_lazy("By the payer's name; the amount is that of %(number)s."),
    "amount_of_all": gettext_lazy("The amount is all that this customer owes."),
    "amount_of_several": gettext_lazy("%(count)s bills of this customer have this amount."),
    "sum_of": gettext_lazy("The amount is the sum of %(numbers)s."),
    "customer_only": gettext_lazy("The customer is known, but no bill has this amount."),
    "nothing_open": gettext_lazy("The customer is known and owes nothing in this currency."),
    "only_bill_of_amount": gettext_lazy("Nobody is named; only %(number)s has this amount."),
    "payer_unknown": gettext_lazy("Nothing says whose payment this is."),
}


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _(", ").join(str(one) for one in value) if isinstance(value, list) else value
        for name, value in data.items()
    }


def sentence(reason: Reason) -> str:
    """One reason as a sentence."""
    text = _SENTENCES.get(reason.code)
    if text is None:
        return order_sentences.sentence(reason)
    return str(text) % _plain(reason.data)


def of_error(error: GenjinError) -> str:
    """All that an error says, in one line."""
    if isinstance(error, BadInput):
        return " ".join(sentence(one) for found in error.problems.values() for one in found)
    if error.code in _SENTENCES:
        return sentence(Reason(error.code, error.data))
    return " ".join(error_sentences(error))


def faulty_rows(done: BroughtIn) -> Iterator[Sequence[object]]:
    """The heading, then each row that did not come in, its number and every reason."""
    width = len(done.columns)
    yield [*done.columns, _("Row in the file"), _("Why it did not come in")]
    for fault in done.faults:
        cells = [*fault.cells, *[""] * (width - len(fault.cells))][:width]
        yield [*cells, fault.row, " ".join(sentence(one) for one in fault.reasons)]
