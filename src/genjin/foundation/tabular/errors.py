"""Why a file cannot be read as a table."""

from genjin.kernel.errors import GenjinError


class UnreadableTable(GenjinError):
    """The file cannot be read, or not any further; nothing was taken from the row it names.

    Codes: empty_file, not_a_table, old_excel, too_large, too_many_entries, zip_bomb,
    broken_archive, no_such_sheet, no_columns, too_many_columns, wrong_encoding (row, encoding),
    binary_content (row), broken_row (row), cell_too_long (row), no_such_encoding.
    """

    code = "not_a_table"


class FileChanged(GenjinError):
    """The file is not the one that was looked at first; nothing more is taken from it."""

    code = "file_changed"
