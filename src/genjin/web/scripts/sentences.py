"""The sentences for what is wrong with a script, and for how it could sound better (CA2)."""

from django.utils.translation import gettext as _

from genjin.calling.scripts.content import PartKind
from genjin.kernel.problems import Reason


def sentence(reason: Reason) -> str:
    """One sentence for a problem of a script, an introduction, or a rendered text."""
    data = dict(reason.data)
    if reason.code == "part_missing":
        data["kind"] = PartKind(data["kind"]).label
    found = (
        _plain().get(reason.code) or _with_values().get(reason.code) or _("This cannot be taken.")
    )
    return found % data if data else found


def _plain() -> dict[str, str]:
    return {
        "required": _("This is needed."),
        "usp_missing": _("State the selling point."),
        "usp_needs_neutral": _(
            "The selling point is computed. Say what stands in its place for a customer whose "
            "figures are not known."
        ),
        "usp_in_itself": _("The selling point cannot hold itself."),
        "usp_not_said": _("No part says the selling point: put {usp} where it is read out."),
        "kind_unknown": _("Choose what kind of part this is."),
        "text_missing": _("There is nothing to say here yet."),
        "staff_number_missing": _(
            "Opening and closing carry the staff number: put {agent.staff_number} here."
        ),
        "branch_label_missing": _("Name the answer that leads on from here."),
        "card_label_missing": _("Name the objection."),
        "card_reply_missing": _("Write at least one reply."),
        "no_introduction": _("This script has no introduction that could be replaced."),
        "introduction_without_usp": _(
            "The script says its selling point in the introduction: put {usp} into yours."
        ),
        "own_introduction": _("Someone else decides on your own introduction."),
        "not_published": _("The script has no published version yet."),
        "draft_changed": _(
            "Somebody else saved this script meanwhile. Yours stands here: save again to put it "
            "over theirs, or load the page again to see theirs."
        ),
        "state_changed": _("Somebody else decided meanwhile. Look again."),
    }


def _with_values() -> dict[str, str]:
    return {
        "too_long": _("At most %(most)s characters fit here."),
        "name_taken": _("Another script is called “%(name)s”."),
        "part_missing": _("A part is missing: %(kind)s."),
        "too_many_parts": _("A script has at most %(most)s parts."),
        "too_many_cards": _("A script has at most %(most)s objection cards."),
        "too_many_branches": _("A part has at most %(most)s answers, one key each."),
        "code_twice": _("The name “%(code)s” stands here twice."),
        "text_too_long": _("At most %(most)s characters can be said here."),
        "branch_target_unknown": _("An answer leads to a part that is not there."),
        "placeholder_unknown": _("Nothing can fill %(name)s. Check how it is spelled."),
        "neutral_may_be_empty": _(
            "These words must always be sayable: give {%(name)s} words for when it is not known, "
            "like {%(name)s|…}."
        ),
        "same_as_version": _("Nothing differs from version %(number)s."),
        "not_known_for_customer": _("{%(name)s} is not known for this customer."),
        "not_known_for_usp": _("{%(name)s} of the selling point is not known for this customer."),
        "illegal_transition": _("It was decided already."),
    }


def advice(reason: Reason) -> str:
    """What to do about a hint."""
    found = {
        "hint_filler": _("“%(word)s” says nothing: leave it out."),
        "hint_jargon": _("“%(word)s” is our word and not the customer's: say it plainly."),
        "hint_courtesy": _("No courtesy here: add a please, a thank you or a respectful address."),
        "hint_flattery": _("“%(word)s” flatters: say what is true and useful instead."),
        "hint_again": _(
            "“%(word)s” introduces what the customer has already: go straight to what is new."
        ),
        "hint_invites_no": _("“%(word)s” invites a no: let the customer choose between two goods."),
        "hint_absolute": _(
            "“%(word)s” is a claim that nobody can prove and the law forbids: give the fact."
        ),
        "hint_permission": _("“%(word)s” asks for leave: ask for the name instead."),
        "hint_typed_saving": _(
            "“%(word)s” was typed beside a saving: use {saving} or {price.…}, which are computed."
        ),
    }.get(reason.code, "")
    return found % dict(reason.data) if reason.data else found
