"""Why two cards cannot be merged, split or awarded now, in the reader's language."""

from django.utils.translation import gettext as _

from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason


def _texts() -> dict[str, str]:
    return {
        "already_merged": _("Somebody has merged one of the cards meanwhile."),
        "already_split": _("Somebody has undone this merge meanwhile."),
        "merged_further": _("The card was merged into another since; undo that merge first."),
        "in_hand": _("%(name)s is speaking with this customer. Wait until the call is recorded."),
        "approval_needed": _("A card is kept by somebody else: ask for the merge."),
        "already_decided": _("Somebody decided this meanwhile."),
        "state_changed": _("Somebody decided this meanwhile."),
        "already_asked": _("This was asked already and waits for a decision."),
        "nobody_may_decide": _("There is nobody who may decide this except those concerned."),
        "not_a_claimant": _("Only the two custodians have a claim."),
        "required": _("Give a reason."),
        "too_long": _("This is too long."),
        "right_missing": _("This is not open to you."),
        "same_card": _("This is the same card."),
        "card_not_found": _("There is no card with this number in your scope."),
    }


def sentence(reason: Reason | GenjinError) -> str:
    """The sentence of a reason or an expected error."""
    if isinstance(reason, BadInput):
        return " ".join(sentence(one) for several in reason.problems.values() for one in several)
    text = _texts().get(reason.code)
    if text is None:
        return _("This cannot be done (%(code)s).") % {"code": reason.code}
    return text % dict(reason.data) if "%(" in text else text
