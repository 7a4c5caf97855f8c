"""Why a score or its correction is refused, in the reader's language."""

from django.utils.translation import gettext as _

from genjin.customers import sentences as card_sentences
from genjin.kernel.errors import GenjinError
from genjin.kernel.problems import Reason


def sentence(found: Reason | GenjinError) -> str:
    """One sentence for a reason or an expected failure."""
    own = {
        "not_oneself": _("Nobody takes down a score for themselves."),
        "not_points": _("Choose from 1 to 5."),
        "no_change": _("The score counts so already."),
        "own_score": _("Nobody asks for a correction of their own score."),
        "no_question": _("Choose at least one question."),
        "nothing_given": _("Choose at least one score."),
        "already_asked": _("A correction of this score waits for a decision already."),
        "nobody_may_decide": _("There is nobody who may decide this besides you and the one "
                               "scored."),
        "score_key_not_of_this_chain": _("This machine has not the key that signs scores; nothing "
                                         "was written. Tell your administrator."),
        "score_key_too_short": _("The key that signs scores is too short; nothing was written. "
                                 "Tell your administrator."),
    }.get(found.code)  # fmt: skip
    return own or card_sentences.sentence(found)
