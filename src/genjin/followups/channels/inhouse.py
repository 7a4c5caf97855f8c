"""Letters to people of our own house or its auditors, whom an administrator names: no customers.

They pass no gate and leave no interaction; outside production the same list applies to them.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from django.conf import settings

from genjin.followups.channels import mime, outside, smtp
from genjin.followups.channels.base import Handed, ServerNotReady


class NotSent(OSError):
    """A letter did not go, or it is not known whether it did; the text says why."""


def send(*, to: Sequence[str], subject: str, text: str, now: datetime) -> None:
    """Sends a text to each address. Raises NotSent; those before it have theirs then."""
    for address in to:
        if reason := outside.why_not(address):
            raise NotSent(f"{reason.code}: {address} (GENJIN_PRODUCTION, GENJIN_MAIL_ALLOW)")
    try:
        session = smtp.connect()
    except ServerNotReady as error:
        raise NotSent(str(error)) from error
    try:
        for address in to:
            data = mime.write(
                mime.Draft(id=uuid4().hex, sender=settings.DEFAULT_FROM_EMAIL, recipient=address,
                           subject=subject, text=text, at=now)
            )  # fmt: skip
            outcome = session.send(recipient=address, data=data)
            if not isinstance(outcome, Handed):
                raise NotSent(f"{address}: {outcome.reply}")
    finally:
        session.close()
