"""What the desk says when something cannot be done, in the agent's language."""

from django.utils.translation import gettext as _

from genjin.followups import sentences as gate_sentences
from genjin.followups.operations import WithheldError
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason
from genjin.web.customers import sentences as card_sentences
from genjin.web.opportunities.words import sentence as deal_sentence
from genjin.web.wishes import words as wish_words

# What an opportunity may answer at the desk.
DEAL_CODES = frozenset(
    {"amount_not_positive", "too_many_decimals", "opportunity_ended", "category_retired"}
)


def _texts() -> dict[str, str]:
    return {
        "next_step_or_reason": _("Say what comes next, or why nothing does."),
        "in_the_past": _("This lies in the past."),
        "too_far": _("This is more than a year away."),
        "not_a_time": _("This cannot be read. Examples: 10:30, +2h, 11-24 10:00."),
        "not_a_duration": _("A call lasts from 0 seconds to 6 hours; write it as m:ss."),
        "not_in_hand": _("This follow-up is not in your hands any more."),
        "contact_not_closed": _("Record the call that was begun before you dial another number."),
        "not_their_number": _("This number is not on the card any more."),
        "assigned_to_someone_else": _("This follow-up waits for somebody else."),
        "queue_closed": _("This campaign does not call at the moment."),
        "in_other_hands": _("A colleague has this customer in hand at this moment."),
        "state_changed": _("Somebody else was faster with this follow-up."),
        "draft_is_newer": _("This was changed in another window; nothing was overwritten."),
        "draft_is_gone": _("This was recorded or thrown away in another window."),
        "draft_unreadable": _("What was sent cannot be read."),
        "not_oneself": _("Nobody takes down a score for themselves."),
        "not_points": _("Choose from 1 to 5."),
        "after_the_date": _("The reminder lies after the date."),
        "score_key_not_of_this_chain": _(
            "This machine has not the key that signs scores; nothing was written. Tell your "
            "administrator."
        ),
        "opportunity_needs_product": _(
            "Say what the new opportunity is about: choose a product or write down the need."
        ),
        "commitment_in_the_past": _("This lies in the past."),
    }


def sentence(found: Reason | GenjinError) -> str:
    """One sentence for a reason or an expected failure."""
    if isinstance(found, WithheldError):
        return " ".join(gate_sentences.sentence(reason) for reason in found.reasons)
    if own := _texts().get(found.code):
        return own
    if own := wish_words.texts().get(found.code):
        return own
    if found.code in DEAL_CODES:
        return deal_sentence(found)
    return card_sentences.sentence(found)


def by_field(bad: BadInput) -> dict[str, list[str]]:
    """The sentences of a form by its fields; "" holds those of the whole form."""
    return {
        str(place): [sentence(reason) for reason in reasons]
        for place, reasons in bad.problems.items()
    }


def in_words(bad: BadInput) -> str:
    """Every sentence of a form that has no fields of its own on the page."""
    return " ".join(text for texts in by_field(bad).values() for text in texts)
