"""What a record keeps beside its columns, in the reader's words (CA7, FU3, FU5)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from genjin.calling.models import Introduction, ScriptVersion
from genjin.customers.states import Grade
from genjin.followups.models import Interaction
from genjin.followups.sentences import heading, profile_name
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.kernel.phone import mask_phone


def said(
    row: Interaction, user: User, version: ScriptVersion | None = None
) -> list[tuple[str, str]]:
    """The answers of the outcome panel that were given, by their labels, and the gate's answer."""
    detail = row.detail
    card = card_label(version, str(detail.get("objection_card", "")))
    found = [
        *_way(row, user),
        *_prospect(detail),
        (_("Objection card used"), card),
        *_next(detail),
        *_gate(row.decision),
    ]
    return [(label, text) for label, text in found if text]


def _moment(text: str | None) -> str:
    if not text:
        return ""
    return f"{timezone.localtime(datetime.fromisoformat(text)):%Y-%m-%d %H:%M}"


def _way(row: Interaction, user: User) -> Iterator[tuple[str, str]]:
    if row.is_inbound:
        yield _("Direction"), _("The customer called us")
    if row.address:
        whole = has_right(user, "customers.see_contact")
        yield _("Number"), row.address if whole else mask_phone(row.address)
    if row.person:
        yield _("Spoke with"), row.person.name
    message = row.detail.get("message", {})
    yield _("Message left"), message.get("text", "")
    yield _("Number given"), message.get("number", "")
    if own := row.detail.get("introduction"):
        found = Introduction.objects.filter(pk=own).first()
        yield _("Own introduction"), found.text if found else ""


def _prospect(detail: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield _("Grade"), str(dict(Grade.choices)[detail["grade"]]) if detail.get("grade") else ""
    yield _("Opportunity"), detail.get("opportunity_title", "")
    yield _("Expected close"), detail.get("expected_close_date", "")
    yield _("Expected amount"), detail.get("expected_amount", "")
    yield _("Needs"), detail.get("needs", "")
    yield _("Concern"), detail.get("concern", "")
    yield _("Product proposed"), detail.get("product_name", "")
    yield _("Wanted item"), detail.get("wanted", "")


def _next(detail: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield _("We promised"), detail.get("commitment", "")
    yield _("Due"), _moment(detail.get("commitment_due_at"))
    yield _("Call back at"), _moment(detail.get("callback_at"))
    yield _("Amount promised"), detail.get("promise_amount", "")
    yield _("Payment promised for"), detail.get("promise_date", "")
    yield _("Why there is no next step"), detail.get("no_next_reason", "")


def _gate(decision: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The contact policy's answer under which the contact was begun."""
    if decision.get("profile"):
        parts = [profile_name(str(decision["profile"])), *map(heading, decision.get("passed", ()))]
        yield _("Allowed by the contact policy"), " · ".join(parts)


def card_label(version: ScriptVersion | None, code: str) -> str:
    """What the objection card of a version is called; its code when the version has none."""
    cards = version.content.get("cards", []) if version else []
    return next((str(one["label"]) for one in cards if one.get("code") == code), code)
