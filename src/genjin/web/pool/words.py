"""The pool in the reader's language: limits as sentences, reasons, what keeps a card."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from genjin.customers.pool.rules import Terms
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason

REASONS = {
    "returned_no_contact": gettext_lazy("no contact for too long"),
    "returned_no_deal": gettext_lazy("no deal for too long"),
    "returned_protection": gettext_lazy("the protection ends"),
}
OPEN = {
    "order": gettext_lazy("an order is under way"),
    "promise": gettext_lazy("a promise is open"),
    "job": gettext_lazy("a service is due"),
    "complaint": gettext_lazy("a complaint is open"),
    "callback": gettext_lazy("a callback is agreed"),
    "in_hand": gettext_lazy("somebody is speaking with them"),
}


def _texts() -> dict[str, str]:
    return {
        "already_kept": _("Somebody else was faster: the card has a custodian now."),
        "not_your_pool": _("This card lies in another pool."),
        "pool_day_cap": _("At most %(limit)s cards a day; there are more tomorrow."),
        "pool_cap": _("Nobody keeps more than %(limit)s cards; give some back first."),
        "too_soon": _("You lost this card a short while ago; you may take it from %(day)s on."),
        "not_active": _("This person no longer works here."),
        "required": _("Give a reason."),
        "ends_before_it_starts": _("This day is over."),
        "nobody_keeps_it": _("Nobody keeps this card."),
        "not_for_oneself": _("Somebody else must do this for your own cards."),
        "already_in_the_pool": _("The card is in the pool already."),
        "card_was_merged": _("The card was merged into another."),
        "right_missing": _("This is not open to you."),
        "out_of_bounds": _("Between %(least)s and %(most)s."),
        "not_a_number": _("This is not a number."),
        "unknown_area": _("This place is not known: %(text)s"),
        "area_twice": _("%(text)s is given to two teams."),
    }


def sentence(reason: Reason | GenjinError) -> str:
    """The sentence of a reason or an expected error."""
    if isinstance(reason, BadInput):
        return " ".join(sentence(one) for several in reason.problems.values() for one in several)
    text = _texts().get(reason.code)
    if text is None:
        return _("This cannot be done (%(code)s).") % {"code": reason.code}
    data = dict(reason.data)
    if "day" in data and not isinstance(data["day"], str):
        data["day"] = date_format(data["day"], "Y-m-d")
    return text % data if "%(" in text else text


def sentences(terms: Terms) -> list[str]:
    """The limits in force, one sentence each."""
    found = [
        _("A card without a custodian lies in the pool of the team whose area it is in.")
        if terms.by == "region"
        else _("A card without a custodian lies in the pool of its team."),
        *_of_taking(terms),
        *_of_returning(terms),
    ]
    if terms.warn_days:
        days = _(", ").join(map(str, terms.warn_days))
        found.append(_("Its custodian is told %(days)s days before.") % {"days": days})
    found.append(
        _(
            "Nothing goes back while an order, a promise, a service or a complaint is open, "
            "a callback is agreed or somebody is speaking with the customer."
        )
    )
    return found


def _counted(limits: list[tuple[int, str]]) -> list[str]:
    """The sentences of the limits that are not switched off."""
    return [text % {"count": count} for count, text in limits if count]


def _of_taking(terms: Terms) -> list[str]:
    return _counted([
        (terms.per_day, ngettext("One person takes at most %(count)s card a day.",
                                 "One person takes at most %(count)s cards a day.",
                                 terms.per_day)),
        (terms.in_all, ngettext("One person keeps at most %(count)s card in all.",
                                "One person keeps at most %(count)s cards in all.",
                                terms.in_all)),
        (terms.retake_days, ngettext("Who lost a card may take it again after %(count)s day.",
                                     "Who lost a card may take it again after %(count)s days.",
                                     terms.retake_days)),
    ])  # fmt: skip


def _of_returning(terms: Terms) -> list[str]:
    return _counted([
        (terms.protection_days, ngettext(
            "A new custodian has %(count)s day for a first deal; then the card goes back.",
            "A new custodian has %(count)s days for a first deal; then the card goes back.",
            terms.protection_days)),
        (terms.no_contact_days, ngettext(
            "A card that nobody contacted for %(count)s day goes back.",
            "A card that nobody contacted for %(count)s days goes back.",
            terms.no_contact_days)),
        (terms.no_deal_days, ngettext(
            "A card without a deal for %(count)s day goes back.",
            "A card without a deal for %(count)s days goes back.", terms.no_deal_days)),
    ])  # fmt: skip
