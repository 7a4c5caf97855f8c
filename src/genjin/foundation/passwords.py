"""Passwords: made for a person who gets one handed over, and checked when they choose their own."""

import secrets
import string

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from genjin.foundation.models import User
from genjin.kernel.errors import GenjinError

# Letters and digits that are not taken for each other when read from paper or over the phone.
_READABLE = "".join(sorted(set(string.ascii_lowercase + string.digits) - set("l1o0")))
_GROUPS, _GROUP_LENGTH = 4, 4


class WeakPassword(GenjinError):
    """The password is too easy; `messages` says why, in the reader's language."""

    code = "weak_password"

    def __init__(self, messages: list[str]) -> None:
        self.messages = messages
        super().__init__(messages=messages)


def generated_password() -> str:
    """A password to hand over once: four groups of four readable signs, about 80 bits."""
    groups = (
        "".join(secrets.choice(_READABLE) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS)
    )
    return "-".join(groups)


def check_password_strength(password: str, user: User) -> None:
    """Raises `WeakPassword` where the rules of the installation refuse `password`."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPassword(list(error.messages)) from error
