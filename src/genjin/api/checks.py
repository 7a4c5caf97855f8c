"""A start-up check: every operation of the API names the one right that opens it."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from genjin.api.guard import Token
from genjin.api.service import operations
from genjin.foundation import access


def unmarked() -> list[str]:
    """The operations that name no right, or one that does not exist."""
    known = access.rights() | {access.SIGNED_IN}
    return [
        name
        for name, operation in operations()
        if not (
            len(operation.auth_callbacks) == 1
            and isinstance(guard := operation.auth_callbacks[0], Token)
            and guard.right in known
        )
    ]


@register()
def every_operation_says_who_may_call_it(**_: Any) -> list[CheckMessage]:
    return [
        Error(f"The operation “{name}” of the API names no right.", id="genjin.E002")
        for name in unmarked()
    ]
