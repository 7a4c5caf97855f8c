"""The words of what is sent about consent: the question to confirm, the foot of a message."""

from collections.abc import Sequence
from html import escape

from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from genjin.customers.models import Customer
from genjin.followups.delivery.content import Content
from genjin.followups.states import Purpose
from genjin.followups.wishes import links
from genjin.foundation import policy

# What a customer reads for the purposes of the house.
_LANGUAGES = ("zh-hans", "zh-hant", "zh-hk", "en")


def language_of(customer: Customer) -> str:
    """The language a customer is written to in: their own if we speak it, else the house's."""
    spoken = customer.language.lower()
    if spoken in _LANGUAGES:
        return spoken
    aliases = {"cmn": "zh-hans", "zh": "zh-hans", "zh-cn": "zh-hans", "zh-sg": "zh-hans",
               "zh-tw": "zh-hant", "yue": "zh-hk", "zh-mo": "zh-hk"}  # fmt: skip
    if spoken in aliases:
        return aliases[spoken]
    return "en" if spoken.startswith("en") else str(policy.value("organisation.language"))


def purpose_for_customers(code: str) -> str:
    """What a purpose is called on what customers read."""
    return {
        "sell": _("news and offers"),
        "care": _("greetings and thanks"),
        "survey": _("short surveys"),
        "service": _("service and appointments"),
        "collect": _("statements and reminders"),
        "security": _("recalls and safety"),
    }.get(code, str(dict(Purpose.choices).get(code, code)))


def purposes_for_customers(codes: Sequence[str]) -> str:
    """Several purposes in one phrase; none means everything."""
    if not codes:
        return _("everything we write")
    return pgettext("list", ", ").join(purpose_for_customers(code) for code in codes)


def confirmation(customer: Customer, *, purposes: Sequence[str], days: int) -> Content:
    """The message that asks to confirm a yes; without the click nothing else follows."""
    with override(language_of(customer)):
        house = str(policy.value("organisation.name") or _("our house"))
        what = purposes_for_customers(purposes)
        subject = _("Please confirm: may %(house)s write to you?") % {"house": house}
        lines = [
            _("You agreed that %(house)s may write to this address: %(what)s.")
            % {"house": house, "what": what},
            _("Please confirm it here (the link works for %(days)s days):") % {"days": days},
            links.CONFIRM_HERE,
            _("If it was not you, or you have changed your mind, do nothing: without your"
              " confirmation we do not write."),
            house,
        ]  # fmt: skip
        return Content(subject[:200], "\n\n".join(lines) + "\n")


def invitation(customer: Customer) -> Content:
    """The message that brings the link to the page of wishes."""
    with override(language_of(customer)):
        house = str(policy.value("organisation.name") or _("our house"))
        subject = _("How %(house)s may contact you") % {"house": house}
        lines = [
            _("Here you choose what we send you, on which way, and when we call:"),
            links.WISHES_HERE,
            _("The link is for you alone and needs no password."),
            house,
        ]
        return Content(subject[:200], "\n\n".join(lines) + "\n")


def foot(*, language: str, purpose: str, wishes: str, unsubscribe: str) -> tuple[str, str]:
    """What stands below a message that is no service: as text and as HTML."""
    with override(language):
        what = purpose_for_customers(purpose)
        no_more = _("No more %(what)s:") % {"what": what}
        choose = _("Choose what we send and when we call:")
    text = f"\n-- \n{no_more} {unsubscribe}\n{choose} {wishes}\n"
    html = (
        f'<p style="font-size:12px;color:#666">{escape(no_more)} '
        f'<a href="{escape(unsubscribe)}">{escape(unsubscribe.split("/")[2])}</a><br>'
        f'{escape(choose)} <a href="{escape(wishes)}">{escape(wishes.split("/")[2])}</a></p>'
    )
    return text, html
