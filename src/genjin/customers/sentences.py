"""Why an entry on a card is refused, in the reader's language; screens and the API say the same."""

from typing import Any

from django.utils.translation import gettext as _

from genjin.kernel.errors import GenjinError
from genjin.kernel.problems import Reason


def _texts() -> dict[str, str]:
    return {
        "required": _("This is needed."),
        "too_long": _("This is too long; at most %(limit)s characters."),
        "bad_character": _("This holds a character that cannot be stored."),
        "not_a_choice": _("This is not one of the choices."),
        "not_a_number": _("This is not a number."),
        "not_a_date": _("This is not a day that exists."),
        "not_yes_or_no": _("Answer yes or no."),
        "not_an_amount": _("This is not an amount."),
        "not_an_email": _("This is not an e-mail address."),
        "unknown_field": _("This field does not exist any more."),
        "unknown_time_zone": _("This time zone is not known."),
        "unknown_region": _("This region is not known."),
        "bad_hours": _("These hours cannot be read. Example: mon-fri 09:00-12:00 14:00-18:00"),
        "already_there": _("This is on the card already."),
        "birthday_incomplete": _("Give month and day."),
        "not_a_birthday": _("This day does not exist in that calendar."),
        "not_a_year": _("This is not a year of birth."),
        "guardian_consent_needed": _(
            "Data of a child is kept only with the consent of the guardian: give their name."
        ),
        "not_a_coordinate": _("This is not a place on earth."),
        "coordinates_incomplete": _("Give both latitude and longitude."),
        "after_the_date": _("The reminder lies after the date."),
        "in_the_past": _("This lies in the past."),
        "ends_before_it_starts": _("The end lies before the beginning."),
        "hold_too_long": _("A hold lasts at most %(days)s days."),
        "hold_needs_reason": _("Give the reason in words."),
        "hold_is_over": _("This hold is over already."),
        "hold_names_debts_it_does_not_stop": _("It names debts, so it must stop their collection."),
        "hold_amount_of_nothing": _("An amount in dispute needs the debts it is about."),
        "not_positive": _("This must be above zero."),
        "renewed_by_a_person_only": _("Only a person may renew a hold."),
        "second_hold_needs_supervisor": _(
            "A second hold for the same cause within 90 days needs a supervisor."
        ),
        "already_asked": _("This was asked already and waits for a decision."),
        "nobody_may_decide": _("There is nobody who may decide this."),
        "name_taken": _("This name is in use."),
        "range_incomplete": _("Give at least one end of the range."),
        "bad_criteria": _("This selection cannot be understood."),
        "unknown_category": _("This product category does not exist."),
        "category_needed": _("Name the product category."),
        "bad_code": _(
            "A code has small letters, digits and underscores, and begins with a letter."
        ),
        "code_taken": _("This code is in use."),
        "choices_needed": _("Give at least one choice."),
        "choice_twice": _("A choice stands here twice."),
        "too_many_choices": _("At most %(limit)s choices."),
        "bad_choice_code": _("“%(value)s” cannot be the code of a choice."),
        "choice_in_use": _("“%(value)s” may be on cards; it can be renamed, not removed."),
        "phone_empty": _("This is needed."),
        "phone_too_long": _("This is too long to be a phone number."),
        "phone_several_numbers": _("These are several numbers; enter them one by one."),
        "phone_scientific_notation": _("A spreadsheet has cut the digits of this number."),
        "phone_not_a_number": _("This is not a phone number."),
        "phone_missing_area_code": _("The area code is missing."),
        "phone_not_a_phone": _("This is not a phone number that exists."),
        "phone_unassigned_prefix": _("Nobody holds numbers that begin so; it is not dialled."),
        "changed_meanwhile": _("Somebody else changed this meanwhile."),
        "bad_key": _("A key has at most 80 characters, without spaces and without / \\ ? # or %%."),
        "key_of_another": _("Another customer is known by the key “%(key)s” already."),
        "card_was_merged": _("This card was merged into another one."),
        "right_missing": _("This is not open to you."),
    }


def sentence(reason: Reason | GenjinError) -> str:
    """The sentence for a reason or an expected error."""
    data: dict[str, Any] = dict(reason.data)
    text = _texts().get(reason.code)
    if text is None:
        return _("This cannot be done (%(code)s).") % {"code": reason.code}
    try:
        return text % data
    except KeyError:
        return text.split(";")[0] + "."
