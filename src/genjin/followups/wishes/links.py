"""Signed links that need no password: to the page of wishes, to unsubscribe, to confirm.

A link names an address or a request by its key and says nothing about the customer. It is valid by
its signature, its age, and (for an address) a number that can be raised to revoke it.
"""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urljoin
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.db.models import F
from django.urls import reverse

from genjin.customers.models import ContactPoint
from genjin.followups.models import ConsentRequest, PreferenceKey
from genjin.foundation import policy

# Stand for a link in a text that is kept: the link itself is made when the message goes, so that
# nobody in the house can follow it in the customer's place.
CONFIRM_HERE, WISHES_HERE = "{{link:confirm}}", "{{link:wishes}}"
# How the link came to the customer: by a message to the address itself, or shown by our people.
MAILED, SHOWN = "m", "s"
_LONGEST = 200


class LinkOver(Exception):
    """The link was good once: it is too old, or was revoked."""


class NoSuchLink(Exception):
    """The link was never ours, or not all of it was copied."""


@dataclass(frozen=True)
class Opened:
    """Whose page a link opens. `is_proven`: the link was sent to that very address."""

    point: ContactPoint
    is_proven: bool


def _signer(what: str) -> TimestampSigner:
    return TimestampSigner(sep=".", salt=f"genjin.{what}")


def absolute(path: str) -> str:
    """A path of ours as customers reach it."""
    return urljoin(settings.PUBLIC_URL, path)


def token_of(point: ContactPoint, *, way: str) -> str:
    """The token of a link to the wishes of one address."""
    key, _made = PreferenceKey.objects.get_or_create(point=point)
    return _signer("wishes").sign(f"{point.pk.hex}-{key.number}-{way}")


def wishes_url(point: ContactPoint, *, way: str = MAILED) -> str:
    """The page where this customer says what they wish."""
    return absolute(reverse("wishes", args=[token_of(point, way=way)]))


def unsubscribe_url(point: ContactPoint, purpose: str) -> str:
    """Where one click ends messages of a purpose to this customer (RFC 8058)."""
    return absolute(reverse("unsubscribe", args=[token_of(point, way=MAILED), purpose]))


def confirm_url(request: ConsentRequest) -> str:
    """Where the customer confirms what they agreed to."""
    return absolute(reverse("consent-confirm", args=[_signer("consent").sign(request.pk.hex)]))


def _unsigned(what: str, token: str, age: timedelta) -> str:
    if len(token) > _LONGEST:
        raise NoSuchLink
    try:
        return _signer(what).unsign(token, max_age=age)
    except SignatureExpired as error:
        raise LinkOver from error
    except BadSignature as error:
        raise NoSuchLink from error


def open_wishes(token: str) -> Opened:
    """The address whose page a link opens. Raises NoSuchLink, LinkOver."""
    age = timedelta(days=float(policy.value("mail.preferences.days")))
    pk, number, way = _unsigned("wishes", token, age).split("-")
    key = PreferenceKey.objects.select_related("point__customer").filter(pk=UUID(hex=pk)).first()
    if key is None:
        raise NoSuchLink
    if key.number != int(number):
        raise LinkOver
    return Opened(key.point, way == MAILED)


def open_request(token: str) -> ConsentRequest:
    """The request that a link confirms, answered or not. Raises NoSuchLink, LinkOver."""
    age = timedelta(days=float(policy.value("mail.consent.days")) + 365)
    pk = _unsigned("consent", token, age)
    found = ConsentRequest.objects.select_related("customer", "point").filter(pk=UUID(hex=pk))
    request = found.first()
    if request is None:
        raise NoSuchLink
    return request


def raise_number(point: ContactPoint) -> None:
    """Makes every link to the wishes of this address lead nowhere; the caller audits it."""
    PreferenceKey.objects.get_or_create(point=point)
    PreferenceKey.objects.filter(pk=point.pk).update(number=F("number") + 1)


def filled_in(text: str, *, point: ContactPoint | None, source: tuple[str, str]) -> str:
    """A text with its links; those of a message without an address or request stay out."""
    if WISHES_HERE in text and point is not None:
        text = text.replace(WISHES_HERE, wishes_url(point))
    if CONFIRM_HERE in text and source[0] == "consent":
        request = ConsentRequest.objects.get(pk=UUID(source[1]))
        text = text.replace(CONFIRM_HERE, confirm_url(request))
    return text


def hidden(text: str, words: str) -> str:
    """A kept text for our own people: where a link will stand, these words."""
    return text.replace(WISHES_HERE, words).replace(CONFIRM_HERE, words)
