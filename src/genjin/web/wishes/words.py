"""What may go wrong with a customer's wishes, said to the customer or to our people."""

from django.utils.translation import gettext as _

from genjin.customers.sentences import sentence as card_sentence
from genjin.followups.sentences import knows
from genjin.followups.sentences import sentence as gate_sentence
from genjin.kernel.errors import GenjinError
from genjin.kernel.problems import Reason


def texts() -> dict[str, str]:
    """The sentences that are our own, by code."""
    return {
        "too_many": _("There are as many numbers here as the page takes; remove one first."),
        "asked_lately": _("A message to confirm was sent not long ago; it is still on its way or in"
                          " the mailbox."),
        "asked_often_enough": _("The customer was asked several times and did not answer; they are"
                                " left in peace for now."),
        "needs_confirmation": _("A yes to this has to be confirmed by the customer, by a link sent"
                                " to their address."),
        "no_address": _("There is no address in order to send it to."),
    }  # fmt: skip


def sentence(found: Reason | GenjinError) -> str:
    """One problem as a sentence."""
    if found.code == "required":
        return _("This is needed.")
    if text := texts().get(found.code):
        return text
    reason = found if isinstance(found, Reason) else Reason(found.code, found.data)
    return gate_sentence(reason) if knows(found.code) else str(card_sentence(found))
