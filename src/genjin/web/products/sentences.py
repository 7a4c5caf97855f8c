"""The sentences for what is wrong with a product, a price or a knowledge card."""

from django.utils.translation import gettext as _

from genjin.kernel.problems import Reason


def sentence(reason: Reason) -> str:
    """One sentence for a reason of `sales.operations`."""
    found = {
        "required": _("This is needed."),
        "too_long": _("At most %(most)s characters fit here."),
        "code_taken": _("Another product has the code “%(code)s”."),
        "code_twice": _("The price field “%(code)s” stands here twice."),
        "price_code_not_understood": _(
            "Name the field with up to 20 small Latin letters, digits and low lines: list, now."
        ),
        "amount_not_understood": _("Write an amount that can be paid, such as 1299 or 29.90."),
        "currency_not_understood": _("Write the currency with three letters: CNY."),
        "months_not_understood": _("Write a number of months from 1 to 600, or nothing."),
        "months_fixed": _("The field “%(code)s” always pays for %(months)s months."),
    }.get(reason.code) or _("This cannot be taken.")
    return found % dict(reason.data) if reason.data else found
