"""Hours in which someone asked to be reached: one shared row for each wording (CU7)."""

from genjin.customers.models import ContactHours
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason
from genjin.kernel.worktime import WeeklyHours


def hours_row(text: str | ContactHours | None) -> ContactHours | None:
    """The row for "mon-fri 09:00-12:00"; None for nothing. BadInput: bad_hours."""
    if text is None or isinstance(text, ContactHours):
        return text
    if not text.strip():
        return None
    try:
        weekly = WeeklyHours.parse(text).format()
    except ValueError:
        raise BadInput({"": [Reason("bad_hours", {"value": text[:80]})]}) from None
    return ContactHours.objects.get_or_create(weekly=weekly)[0]
