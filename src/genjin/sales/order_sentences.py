"""Why an order, a rate, an owned product or a setting of classes is refused, in words.

Screens, the file of rows with faults and the command line say the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from genjin.customers.importing.sentences import error_sentences
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason
from genjin.sales.importing import OrdersBroughtIn

_SENTENCES: Mapping[str, str | Promise] = {
    "required": gettext_lazy("This is needed."),
    "too_long": gettext_lazy("This is too long; at most %(limit)s characters."),
    "bad_character": gettext_lazy("This holds a character that cannot be stored."),
    "not_a_choice": gettext_lazy("This is not one of the choices."),
    "amount_not_positive": gettext_lazy("An amount is more than nought and has at most 13 digits."),
    "too_many_decimals": gettext_lazy(
        "An amount in %(currency)s has at most %(most)s digits behind the point."
    ),
    "currency_not_understood": gettext_lazy("A currency is three letters, such as USD."),
    "no_rate": gettext_lazy(
        "No exchange rate from %(currency)s to %(home)s is known for %(day)s: enter it first."
    ),
    "rate_of_home": gettext_lazy("This is the home currency; it needs no rate."),
    "not_a_rate": gettext_lazy("A rate is a number above nought."),
    "day_to_come": gettext_lazy("This day has not come yet."),
    "day_too_old": gettext_lazy("Days before %(year)s are not kept."),
    "day_is_past": gettext_lazy("Choose a day to come."),
    "gone_before_bought": gettext_lazy("It was gone before it was bought."),
    "category_retired": gettext_lazy("This category is no longer used."),
    "key_of_another": gettext_lazy(
        "Another customer's order stands under the number “%(key)s” already."
    ),
    "unknown_category": gettext_lazy("There is no product category “%(value)s”."),
    "unknown_product": gettext_lazy("There is no product “%(value)s”."),
    "key_with_other_content": gettext_lazy(
        "Another order stands under the number “%(key)s” already."
    ),
    "already_cancelled": gettext_lazy("This order was cancelled already."),
    "unknown_order_kind": gettext_lazy("“%(value)s” is neither an order nor a return."),
    "not_an_amount_cell": gettext_lazy("“%(value)s” is not an amount."),
    "not_a_date": gettext_lazy("“%(value)s” is not a date that can be read, such as 2026-01-31."),
    "impossible_date": gettext_lazy("There is no such day: %(value)s."),
    "unknown_customer": gettext_lazy("No customer of yours is known by “%(value)s”."),
    "several_customers": gettext_lazy("Several customers are known by “%(value)s”."),
    "missing_columns": gettext_lazy("The file lacks these columns: %(columns)s."),
    "bad_category_code": gettext_lazy(
        "A code has small letters, digits, - and _, and begins with a letter."
    ),
    "code_taken": gettext_lazy("This code is in use."),
    "out_of_bounds": gettext_lazy("Enter a number from %(least)s to %(most)s."),
    "b_not_above_a": gettext_lazy("The cut-off of B lies above that of A."),
    "not_graded": gettext_lazy("This customer has no grade."),
    "right_missing": gettext_lazy("This is not open to you."),
    "state_changed": gettext_lazy("Somebody else changed this meanwhile."),
}


def column_name(target: str) -> str:
    """What a column of a list of orders is called, for a message."""
    names = {
        "category": _("product category"),
        "ordered_on": _("date"),
        "amount": _("amount"),
        "number": _("customer number, phone or tax number"),
    }
    return names.get(target, target)


def sentence(reason: Reason | GenjinError) -> str:
    """The sentence for a reason or an expected error."""
    data: dict[str, Any] = dict(reason.data)
    if isinstance(data.get("columns"), list):
        data["columns"] = _(", ").join(column_name(name) for name in data["columns"])
    text = _SENTENCES.get(reason.code)
    if text is None:
        return _("This cannot be done (%(code)s).") % {"code": reason.code}
    return str(text) % data if data else str(text)


def of_error(error: GenjinError) -> str:
    """All that an error says, in one line."""
    if isinstance(error, BadInput):
        return " ".join(sentence(one) for found in error.problems.values() for one in found)
    if error.code in _SENTENCES:
        return sentence(error)
    return " ".join(error_sentences(error))


def faulty_rows(done: OrdersBroughtIn) -> Iterator[Sequence[object]]:
    """The heading, then each row that did not come in, its number and every reason."""
    width = len(done.columns)
    yield [*done.columns, _("Row in the file"), _("Why it did not come in")]
    for fault in done.faults:
        cells = [*fault.cells, *[""] * (width - len(fault.cells))][:width]
        yield [*cells, fault.row, " ".join(sentence(one) for one in fault.reasons)]
