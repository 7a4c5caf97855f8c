"""Small memories beside the card: news that opens a call, and what we could not supply."""

from datetime import date, datetime, timedelta

from django.db import transaction

from genjin.customers import timeline
from genjin.customers.models import Customer, NewsClip, WantedItem
from genjin.customers.operations.changes import lock
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

# News is good for opening a call for a month, unless somebody says otherwise.
CLIP_DAYS = 30


def _text(text: str, limit: int) -> str:
    cleaned = text.strip()
    if not cleaned:
        raise BadInput({"text": [Reason("required")]})
    if len(cleaned) > limit:
        raise BadInput({"text": [Reason("too_long", {"limit": limit})]})
    if "\x00" in cleaned:
        raise BadInput({"text": [Reason("bad_character")]})
    return cleaned


@transaction.atomic
def add_clip(
    customer: Customer,
    *,
    text: str,
    by: User | None,
    now: datetime,
    source: str = "",
    day: date | None = None,
    expires_on: date | None = None,
) -> NewsClip:
    """Keeps a piece of news about a customer until it is stale."""
    cleaned = _text(text, 500)
    day = day or now.date()
    until = expires_on or day + timedelta(days=CLIP_DAYS)
    if until < day:
        raise BadInput({"expires_on": [Reason("ends_before_it_starts")]})
    clip = NewsClip.objects.create(customer=lock(customer), text=cleaned, source=source[:120],
                                   date=day, expires_on=until, by=by)  # fmt: skip
    audit.record("add", clip, by=by, now=now, label=cleaned)
    timeline.append(customer.pk, kind="memory", code="clip_added", data={"text": cleaned},
                    source=("newsclip", str(clip.pk)), by=by, at=now)  # fmt: skip
    return clip


@transaction.atomic
def add_wanted(customer: Customer, text: str, by: User | None, now: datetime) -> WantedItem:
    """Keeps what a customer asked for and we did not have (CU12)."""
    cleaned = _text(text, 200)
    item = WantedItem.objects.create(customer=lock(customer), text=cleaned, asked_at=now, by=by)
    audit.record("add", item, by=by, now=now, label=cleaned)
    timeline.append(customer.pk, kind="memory", code="wanted_added", data={"text": cleaned},
                    source=("wanteditem", str(item.pk)), by=by, at=now)  # fmt: skip
    return item


@transaction.atomic
def close_wanted(item: WantedItem, *, by: User | None, now: datetime) -> None:
    """Says that a wanted item needs no more attention; doing it twice does nothing."""
    if WantedItem.objects.filter(pk=item.pk, closed_at=None).update(closed_at=now):
        audit.record("close", item, by=by, now=now, label=item.text)
        timeline.append(item.customer_id, kind="memory", code="wanted_closed",
                        data={"text": item.text}, source=("wanteditem", str(item.pk)),
                        by=by, at=now)  # fmt: skip
