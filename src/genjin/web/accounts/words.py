"""Words about people: roles, the languages they speak, and why an entry is refused."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from genjin.foundation import access
from genjin.kernel.errors import GenjinError
from genjin.kernel.problems import Reason

# ISO 639-3 for the Chinese languages, as customers' cards have them.
SPOKEN = {
    "cmn": gettext_lazy("Mandarin"),
    "yue": gettext_lazy("Cantonese"),
    "nan": gettext_lazy("Southern Min"),
    "hak": gettext_lazy("Hakka"),
    "wuu": gettext_lazy("Wu (Shanghai)"),
    "en": gettext_lazy("English"),
    "ja": gettext_lazy("Japanese"),
    "ko": gettext_lazy("Korean"),
}
TIME_ZONES = (
    "Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Macau", "Asia/Taipei",
    "Asia/Singapore", "Asia/Kuala_Lumpur", "Asia/Tokyo", "Asia/Seoul", "Australia/Sydney",
    "Europe/London", "Europe/Berlin", "Europe/Paris", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles", "America/Vancouver", "UTC",
)  # fmt: skip

_SENTENCES = {
    "bad_username": gettext_lazy("2 to 60 letters, digits or . _ - + @, without spaces."),
    "username_taken": gettext_lazy("Somebody has this sign-in name already."),
    "name_length": gettext_lazy("1 to 80 characters."),
    "too_long": gettext_lazy("This is too long."),
    "staff_number_taken": gettext_lazy("Somebody has this staff number already."),
    "unknown_role": gettext_lazy("There is no such role."),
    "team_closed": gettext_lazy("This team is closed."),
    "unknown_language": gettext_lazy("The product does not speak this language."),
    "unknown_time_zone": gettext_lazy("There is no such time zone; write it as Asia/Shanghai."),
    "bad_language_code": gettext_lazy("There is no such language."),
    "wrong_password": gettext_lazy("This is not your present password."),
    "same_password": gettext_lazy("This is the password you have now."),
    "team_name_taken": gettext_lazy("There is a team of this name already."),
    "team_has_members": gettext_lazy(
        "People who are at work belong to this team; move them first."
    ),
    "required": gettext_lazy("This is needed."),
    "bad_character": gettext_lazy("This holds a character that cannot be stored."),
    "not_a_choice": gettext_lazy("This is not one of the choices."),
    "day_is_past": gettext_lazy("Choose a day to come."),
    "too_many_tokens": gettext_lazy("You have too many access tokens; revoke one first."),
    "right_missing": gettext_lazy("This is not open to you."),
    "own_role": gettext_lazy("Nobody changes their own role; ask another administrator."),
    "own_account": gettext_lazy("Nobody switches themselves off; ask another administrator."),
    "last_administrator": gettext_lazy(
        "This is the last administrator: make somebody else one first."
    ),
}


def sentence(found: Reason | GenjinError) -> str:
    """Why something is refused, in the reader's language."""
    return str(_SENTENCES.get(found.code, _("This cannot be taken.")))


def locked_until(until: datetime) -> str:
    """That the name is locked after wrong tries, and until when."""
    text = _("Too many wrong tries. Sign-in for this name opens again at %(time)s.")
    return text % {"time": timezone.localtime(until).strftime("%H:%M")}


def knows(code: str) -> bool:
    return code in _SENTENCES


def role_label(code: str) -> str:
    """A role's name in the reader's language."""
    role = access.roles().get(code)
    if role is None:
        return code
    language = get_language() or "en"
    return role.labels.get(language) or role.labels["en"]


def role_choices() -> list[tuple[str, str]]:
    return [(code, role_label(code)) for code in access.roles()]


def spoken_label(code: str) -> str:
    return str(SPOKEN.get(code, code))
