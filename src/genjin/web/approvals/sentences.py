"""What is asked, and why it cannot be decided, in the reader's language.

A domain that asks with a new kind, title code or piece of evidence adds its words here.
"""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from genjin.foundation.models import Approval
from genjin.kernel.problems import Reason
from genjin.sales import deal_sentences
from genjin.web.collection import words as collection_words
from genjin.web.customers.words import purposes

KINDS = {
    "card_export": gettext_lazy("Export of cards"),
    "merge_owned_cards": gettext_lazy("Merging of cards in others' custody"),
    "score_correction": gettext_lazy("Correction of a score"),
    "hold_renewal": gettext_lazy("Renewal of a hold"),
    "receivable_hold": gettext_lazy("A second hold on a debt"),
    "terms_exception": gettext_lazy("Exception from the terms"),
    "payment_promise": gettext_lazy("A promise to pay beyond the limits"),
    "dead_debt": gettext_lazy("A debt given up as dead"),
    "collision": gettext_lazy("Two claims on one customer"),
    "write_off": gettext_lazy("Write-off of a dead debt"),
}
ICONS = {
    "card_export": "file-export",
    "merge_owned_cards": "arrows-join",
    "score_correction": "star",
    "hold_renewal": "player-pause",
    "receivable_hold": "hand-stop",
    "terms_exception": "credit-card",
    "payment_promise": "calendar-dollar",
    "dead_debt": "coin-off",
    "collision": "git-compare",
    "write_off": "receipt-off",
}
_TITLES = {
    "card_export": gettext_lazy("Take %(count)s cards out into a file"),
    "merge_owned_cards": gettext_lazy("Merge %(merged)s into %(survivor)s"),
    "score_correction": gettext_lazy("Correct a score of %(name)s from %(before)s to %(after)s"),
    "hold_renewal": gettext_lazy("Renew the hold on %(customer)s for %(days)s days"),
    "receivable_hold": gettext_lazy("Stop the dunning of %(customer)s again, %(count)s debts"),
    "terms_exception": gettext_lazy(
        "Let an order of %(customer)s over %(total)s %(currency)s stand on its terms"
    ),
    "payment_promise": gettext_lazy("%(customer)s promises %(amount)s by %(day)s"),
    "dead_debt": gettext_lazy("Give up %(number)s of %(customer)s as dead: %(amount)s"),
    "collision": gettext_lazy("%(first)s and %(second)s: whose customer?"),
    "write_off": gettext_lazy(
        "Write off %(amount)s %(currency)s of %(customer)s (bill %(number)s)"
    ),
}
_EVIDENCE = {
    "customer": gettext_lazy("Customer"),
    "segment": gettext_lazy("Segment"),
    "selection": gettext_lazy("Selection"),
    "count": gettext_lazy("How many"),
    "columns": gettext_lazy("Columns"),
    "recipient": gettext_lazy("Handed to"),
    "survivor": gettext_lazy("Card that stays"),
    "merged": gettext_lazy("Card that goes into it"),
    "custodian": gettext_lazy("Custodian"),
    "score": gettext_lazy("Score as given"),
    "correction": gettext_lazy("Score as it should be"),
    "scored": gettext_lazy("Who was scored"),
    "comment": gettext_lazy("What the customer said"),
    "since": gettext_lazy("Since"),
    "until": gettext_lazy("Until"),
    "purposes": gettext_lazy("What is stopped"),
    "note": gettext_lazy("Note"),
    "disputed": gettext_lazy("Amount in dispute"),
    "days": gettext_lazy("Days"),
    "why": gettext_lazy("Why it is asked"),
    "due_on": gettext_lazy("Fell due"),
    "ruled": gettext_lazy("What the rules say"),
    "evidence": gettext_lazy("Why they look alike"),
    "against": gettext_lazy("What stands against it"),
    "first": gettext_lazy("First on record"),
    "second": gettext_lazy("Later on record"),
    "bill": gettext_lazy("Bill"),
}


def kind_label(kind: str) -> str:
    return str(KINDS.get(kind, kind))


def title(approval: Approval) -> str:
    """What is asked, in one line."""
    text = _TITLES.get(str(approval.title.get("code", "")))
    if text is None:
        return kind_label(approval.kind)
    return str(text) % approval.title.get("data", {})


def _worded(one: dict[str, Any]) -> dict[str, Any]:
    """The value in words, where the record keeps codes."""
    if one.get("code") == "purposes":
        return {"value": purposes(one["value"])}
    if one.get("code") == "against":
        return {"value": deal_sentences.sentence(Reason.from_json(one["value"]))}
    told = collection_words.worded(one)
    return {} if told is None else {"value": told}


def evidence(approval: Approval) -> list[dict[str, Any]]:
    """What the decider sees, with words for its labels."""
    return [
        {
            **one,
            **_worded(one),
            "label": _EVIDENCE.get(str(one.get("code", "")), one.get("code", "")),
        }
        for one in approval.evidence
    ]


def _texts() -> dict[str, str]:
    return {
        "required": _("This is needed."),
        "too_long": _("This is too long."),
        "not_yours_to_decide": _("You may not decide this."),
        "not_yours_to_withdraw": _("Only who asked may take this back."),
        "already_decided": _("Somebody decided this already."),
        "already_asked": _("This was asked already and waits for a decision."),
        "nobody_may_decide": _("There is nobody who may decide this except those concerned."),
        "hold_is_over": _("This hold ended meanwhile; it cannot be renewed any more."),
        "not_to_oneself": _("Choose somebody else."),
        "ends_before_it_starts": _("The end lies before the beginning."),
        "not_active": _("This person no longer works here."),
    }


def sentence(reason: Reason) -> str:
    """One problem, said to the reader; an unknown one as something that changed meanwhile."""
    return _texts().get(reason.code) or _(
        "This cannot be carried out any more: the facts have changed since it was asked."
    )
