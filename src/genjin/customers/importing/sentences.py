"""Says in a sentence why a row or a file was refused. The reader's language is the active one."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_noop as _

from genjin.kernel.errors import BadInput, GenjinError

_ROWS = {
    "no_name": _("The name is missing."),
    "too_long": _("The text has %(length)s characters; at most %(most)s fit."),
    "nul_character": _("The row holds characters that are no text (NUL)."),
    "too_many_cells": _("The row has %(cells)s cells, the heading only %(columns)s."),
    "not_a_number": _("“%(value)s” is not a number."),
    "not_a_date": _("“%(value)s” is not a date that can be read, such as 2026-01-31."),
    "impossible_date": _("There is no such day: %(value)s."),
    "not_yes_or_no": _("“%(value)s” is neither yes nor no."),
    "not_a_choice": _("“%(value)s” is not in the list of choices of this field."),
    "not_an_email": _("“%(value)s” is not an e-mail address."),
    "not_a_tax_number": _("“%(value)s” is not a tax number."),
    "scientific_notation": _(
        "“%(value)s”: a spreadsheet has cut the digits of this number; format the column as text."
    ),
    "bad_phone": _("“%(value)s” is not a phone number that can be read."),
    "unknown_custodian": _("Nobody here has the name or staff number “%(value)s”."),
    "unknown_team": _("There is no team “%(value)s”."),
    "unknown_kind": _("“%(value)s” is neither a person nor an organisation."),
    "unknown_sex": _("“%(value)s” is not a sex that can be read."),
    "unknown_language": _("“%(value)s” is not a language known here."),
    "unknown_person_role": _("“%(value)s” is not a role of a contact person."),
    "unknown_grade": _("“%(value)s” is not a grade from A to E."),
    "unknown_time_zone": _("“%(value)s” is not a time zone, such as Asia/Shanghai."),
    "not_a_region": _("“%(value)s” is no administrative division known here, by code or name."),
    "not_a_coordinate": _("“%(value)s” is not a latitude or longitude."),
    "half_a_point": _("Latitude and longitude belong together, with an address."),
    "duplicate": _("A customer with this phone or tax number is on record."),
    "same_file_twice": _("This row came in before, from the same file."),
    "nothing_new": _("The card has all of this already."),
    "not_yours": _("The customer is on record with somebody else; nothing was changed."),
    "updated": _("The card on record was updated."),
}
_FILES = {
    "not_yours": _ROWS["not_yours"],
    "empty_file": _("The file is empty."),
    "not_a_table": _("This is neither a CSV file nor an XLSX workbook."),
    "old_excel": _("This is an old or a locked Excel file; save it as .xlsx without a password."),
    "too_large": _("The file is too large."),
    "too_many_entries": _("The workbook has too many parts and was not opened."),
    "zip_bomb": _("The workbook would unpack to an enormous size and was not opened."),
    "broken_archive": _("The workbook is damaged and cannot be read."),
    "no_such_sheet": _("There is no sheet “%(sheet)s” in the workbook."),
    "no_columns": _("The file has no heading row."),
    "too_many_columns": _("The file has %(columns)s columns; at most %(most)s can be read."),
    "wrong_encoding": _(
        "Row %(row)s cannot be read as %(encoding)s: choose another encoding for this file."
    ),
    "binary_content": _("Row %(row)s holds characters that are no text: is this a CSV file?"),
    "broken_row": _("Row %(row)s cannot be read; look at its quotation marks."),
    "cell_too_long": _(
        "A cell in row %(row)s never ends: a quotation mark is probably missing there."
    ),
    "no_such_encoding": _("There is no encoding “%(encoding)s”."),
    "file_changed": _(
        "The file was changed while it was read. What is in stays; bring the new file in afresh."
    ),
    "file_gone": _("The file is no longer there."),
    "cleaning_failed": _("A helper process ended unexpectedly. The import can go on."),
    "run_stopped": _("The import was stopped. It can go on where it stopped."),
    "runs_elsewhere": _("The import is running already."),
    "import_has_begun": _("Rows of this file are in already; its mapping can no longer change."),
    "state_changed": _("Somebody else changed this import just now; look again."),
    "missing_columns": _("The file lacks these columns of the mapping: %(columns)s."),
    "mapping_not_toml": _("The mapping cannot be read: %(detail)s"),
    "unknown_target": _("“%(target)s” is nothing that a column can become."),
    "two_columns_for_one": _("Another column is used for this already."),
    "bad_field_code": _("“%(field)s” is no code: small letters, digits, - and _ only."),
    "unknown_type": _("“%(type)s” is not a type of field."),
    "unknown_label": _("“%(label)s” is not a kind of phone."),
    "unknown_constant": _("“%(name)s” cannot have one value for all rows."),
    "unknown_generator": _("“%(name)s” cannot be made up."),
    "no_name": _("Choose the column with the name of the customer."),
    "unknown_field": _("There is no card field “%(field)s”."),
    "field_needs_right": _("There is no card field “%(field)s”; an administrator can add it."),
    "field_has_other_type": _("The card field “%(field)s” has the type %(type)s."),
    "no_file": _("Choose a file first."),
}


def _filled(sentence: str, data: Mapping[str, Any]) -> str:
    values = {
        key: pgettext("list", ", ").join(map(str, value))
        if isinstance(value, list | tuple)
        else value
        for key, value in data.items()
    }
    try:
        return gettext(sentence) % values
    except (KeyError, ValueError):
        return gettext(sentence)


def _at(place: str, text: str) -> str:
    return gettext("%(what)s: %(text)s") % {"what": place, "text": text} if place else text


def row_sentence(problem: Mapping[str, Any]) -> str:
    """Why a row did not come in, with the column in front: {"column", "code", "data"}."""
    code = problem["code"]
    sentence = _ROWS.get(code)
    text = _filled(sentence, problem.get("data", {})) if sentence else code
    column = problem.get("column", "")
    return _at(column, text)


def code_sentence(code: str) -> str:
    """A kind of fault without the values of one row, for counting."""
    short = {
        "no_name": gettext("Name missing"),
        "too_long": gettext("Text too long"),
        "bad_phone": gettext("Phone cannot be read"),
        "not_a_number": gettext("Not a number"),
        "not_a_date": gettext("Not a date"),
        "impossible_date": gettext("Impossible date"),
        "not_a_choice": gettext("Not in the list of choices"),
        "not_an_email": gettext("Not an e-mail address"),
        "not_a_tax_number": gettext("Not a tax number"),
        "scientific_notation": gettext("Digits lost in a spreadsheet"),
        "not_yes_or_no": gettext("Neither yes nor no"),
        "not_a_region": gettext("Unknown region"),
        "not_a_coordinate": gettext("Not a latitude or longitude"),
        "half_a_point": gettext("Half of a position on the map"),
        "unknown_custodian": gettext("Unknown custodian"),
        "unknown_team": gettext("Unknown team"),
        "unknown_kind": gettext("Neither person nor organisation"),
        "unknown_sex": gettext("Unknown sex"),
        "unknown_language": gettext("Unknown language"),
        "unknown_person_role": gettext("Unknown role"),
        "unknown_grade": gettext("Unknown grade"),
        "unknown_time_zone": gettext("Unknown time zone"),
        "too_many_cells": gettext("Too many cells"),
        "nul_character": gettext("Characters that are no text"),
    }
    return short.get(code, gettext("Other: %(code)s") % {"code": code})


def file_sentence(code: str, data: Mapping[str, Any]) -> str:
    """Why a file or a mapping was refused."""
    sentence = _FILES.get(code)
    return _filled(sentence, data) if sentence else code


def error_sentences(error: GenjinError) -> list[str]:
    """Every sentence of an error, places in front."""
    if not isinstance(error, BadInput):
        return [file_sentence(error.code, error.data)]
    return [
        _at(str(place), text)
        for place, text in (
            (place, file_sentence(reason.code, reason.data))
            for place, reasons in error.problems.items()
            for reason in reasons
        )
    ]


__all__ = ["code_sentence", "error_sentences", "file_sentence", "row_sentence"]
