"""The names under which other systems know a card: found by, set, and never given twice (PL6)."""

import re
from datetime import datetime

from django.db import connection, transaction

from genjin.customers.models import Customer, ExternalKey
from genjin.customers.operations.changes import lock, touch
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict

LONGEST = 80
# What stands in an address of its own without being escaped wrongly by somebody's library.
_FORM = re.compile(r"[^\s/\\?#%\x00-\x1f\x7f]{1,80}")


def check_key(key: str) -> None:
    """BadInput `bad_key` for a key that has spaces, slashes or more than 80 characters."""
    if not _FORM.fullmatch(key):
        raise BadInput({"external_key": "bad_key"})


def customer_by_key(key: str) -> Customer | None:
    """The card that another system knows by `key`, whoever may see it."""
    row = ExternalKey.objects.select_related("customer").filter(key=key).first()
    return row.customer if row else None


def claim_key(key: str) -> Customer | None:
    """The card of a key; whoever asks for the same key waits until this transaction ends.

    So two programs that open the same customer at once do not open two cards.
    """
    check_key(key)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"genjin.external_key:{key}"]
        )
    return customer_by_key(key)


@transaction.atomic
def set_key(customer: Customer, key: str, *, by: User | None, now: datetime) -> bool:
    """Gives a card a key; False when it has it already.

    BadInput `bad_key`; Conflict `key_of_another`.
    """
    known = claim_key(key)
    if known is not None and known.pk != customer.pk:
        raise Conflict("key_of_another", key=key)
    if known is not None:
        return False
    row = lock(customer)
    ExternalKey.objects.create(key=key, customer=row, set_at=now, set_by=by)
    audit.record("change", row, by=by, now=now, changes={"external_key": [None, key]})
    touch(row, now)
    return True
