"""What the pages of an account show, put together for their templates."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from genjin.customers.family import family_of
from genjin.customers.models import Customer
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.receivables.models import Instrument, LedgerEntry, Receivable
from genjin.receivables.queries import Standing, secured_amounts, standings, with_left
from genjin.receivables.states import (
    SECURING,
    EntryKind,
    InstrumentState,
    Means,
    ReceivableState,
    ValueClass,
)
from genjin.web.orders.words import money
from genjin.web.receivables import words

ENTRIES = 40
DEBTS = 100
CREDITS = (EntryKind.PAYMENT, EntryKind.CREDIT_NOTE)


def standing_row(one: Standing) -> dict[str, Any]:
    """A currency as tiles."""
    return {
        "currency": one.currency,
        "open": money(one.open, one.currency),
        "overdue": money(one.overdue, one.currency) if one.overdue else "",
        "secured": money(one.secured, one.currency) if one.secured else "",
        "advance": money(one.advance, one.currency),
        "balance": money(abs(one.balance), one.currency),
        "we_owe": one.balance < 0,
    }


def debts_of(customer: Customer) -> Any:
    """The open debts of a customer and the cards merged into theirs, the oldest due first."""
    rows = Receivable.objects.filter(customer_id__in=family_of(customer.pk), state="open")
    return rows.order_by("due_on", "issued_on", "id")


def age_words(one: Receivable, today: date) -> tuple[str, str]:
    """How a debt stands to its due day, with its tone."""
    if one.due_on is None:
        return _("condition not met yet"), "quiet"
    days = (today - one.due_on).days
    if days > 0:
        form = ngettext("%(days)s day late", "%(days)s days late", days)
        return form % {"days": days}, "bad" if days > 30 else "warn"
    if days == 0:
        return _("due today"), "warn"
    form = ngettext("due in %(days)s day", "due in %(days)s days", -days)
    return form % {"days": -days}, "quiet"


def debt_row(one: Receivable, today: date, secured: Any = 0) -> dict[str, Any]:
    age, tone = age_words(one, today) if one.open_amount else ("", "quiet")
    return {
        "debt": one,
        "number": one.number or words.unnumbered(),
        "amount": money(one.amount, one.currency),
        "open": money(one.open_amount, one.currency),
        "is_part": one.open_amount != one.amount,
        "written_off": money(one.written_off_amount, one.currency)
        if one.written_off_amount
        else "",
        "secured": money(min(secured, one.open_amount), one.currency) if secured else "",
        "age": age,
        "age_tone": tone,
        "class": words.label(ValueClass, one.value_class),
        "class_tone": words.CLASS_TONES[ValueClass(one.value_class)],
        "is_classed": one.value_class != ValueClass.OUTSTANDING,
        "state": one.get_state_display(),
        "state_tone": words.STATE_TONES[ReceivableState(one.state)],
        "url": reverse("debt", args=[one.customer_id, one.pk]),
    }


def debt_rows(rows: Iterable[Receivable], today: date) -> list[dict[str, Any]]:
    listed = list(rows)
    secured = secured_amounts([one.pk for one in listed])
    return [debt_row(one, today, secured.get(one.pk, 0)) for one in listed]


def cheque_row(one: Instrument, currency: str) -> dict[str, Any]:
    return {
        "cheque": one,
        "kind": one.get_kind_display(),
        "amount": money(one.amount, currency),
        "state": one.get_state_display(),
        "tone": words.CHEQUE_TONES[InstrumentState(one.state)],
        "is_waiting": one.state in SECURING,
    }


# ── Entries ──────────────────────────────────────────────────────────────────────────────────


def entries_of(customer: Customer, before: UUID | None) -> tuple[list[LedgerEntry], str]:
    """A page of a customer's entries, the newest first, and the key of the next page."""
    rows = LedgerEntry.objects.filter(customer_id__in=family_of(customer.pk))
    if before is not None:
        rows = rows.filter(id__lt=before)
    rows = rows.select_related("receivable", "credit", "by", "reversal").order_by("-id")
    found = list(rows[: ENTRIES + 1])
    return found[:ENTRIES], str(found[ENTRIES - 1].pk) if len(found) > ENTRIES else ""


def entry_rows(rows: list[LedgerEntry], user: User) -> list[dict[str, Any]]:
    """Entries with what they are about and what may be done with them."""
    credits = [one.pk for one in rows if one.kind in CREDITS]
    left = dict(
        with_left(LedgerEntry.objects.filter(pk__in=credits, reversal=None)).values_list(
            "pk", "left"
        )
    )
    may = {name: has_right(user, f"ledger.{name}") for name in ("post", "reverse", "write_off")}
    return [_entry_row(one, left.get(one.pk, 0), may) for one in rows]


def _entry_row(one: LedgerEntry, left: Any, may: dict[str, bool]) -> dict[str, Any]:
    sign, tone = words.ENTRY_LOOKS[EntryKind(one.kind)]
    undone = getattr(one, "reversal", None)
    about = []
    if one.receivable is not None:
        about.append(one.receivable.number or words.unnumbered())
    if one.credit is not None:
        what, on = words.kind_name(one.credit.kind), words.day(one.credit.booked_on)
        about.append(_("from %(what)s of %(day)s") % {"what": what, "day": on})
    if one.means:
        about.append(words.means_name(one.means))
    about += [text for text in (one.reference, one.note) if text and text not in about]
    is_own = "moved_from" in one.detail or one.means == Means.MOVED
    can_reverse = one.kind != EntryKind.REVERSAL and undone is None and not is_own
    return {
        "entry": one,
        "name": words.kind_name(one.kind, one.reversed_kind),
        "amount": money(one.amount, one.currency),
        "icon": sign,
        "tone": tone,
        "about": about,
        "by": one.by.name if one.by else "",
        "is_undone": undone is not None,
        "left": money(left, one.currency) if left else "",
        "may_reverse": can_reverse and may["reverse"] and "instrument" not in one.detail,
        "may_allocate": bool(left) and may["post"],
        "may_refund": bool(left) and may["write_off"],
        "part_of": "child" if one.kind == EntryKind.ALLOCATION else "",
    }


# ── Pages ────────────────────────────────────────────────────────────────────────────────────


def account_context(customer: Customer, user: User, *, today: date) -> dict[str, Any]:
    """Everything on the page of an account; a constant number of queries."""
    entries, more = entries_of(customer, None)
    cheques = Instrument.objects.filter(customer_id__in=family_of(customer.pk))
    shown = cheques.filter(Q(state__in=SECURING) | Q(state="dishonoured"))
    debts = list(debts_of(customer)[: DEBTS + 1])
    return {
        "customer": customer,
        "standings": [standing_row(one) for one in standings(customer, today=today)],
        "debts": debt_rows(debts[:DEBTS], today),
        "is_cut": len(debts) > DEBTS,
        "cheques": [cheque_row(one, one.account.currency)
                    for one in shown.select_related("account").order_by("matures_on", "id")[:50]],
        "entries": entry_rows(entries, user),
        "more": more,
        "may_post": has_right(user, "ledger.post"),
        "may_write_off": has_right(user, "ledger.write_off"),
    }  # fmt: skip


def debt_context(customer: Customer, one: Receivable, user: User, *, today: date) -> dict[str, Any]:
    """One debt with what it is, and every entry about it."""
    rows = list(
        one.rows.select_related("receivable", "credit", "by", "reversal").order_by("-seq")[:200]
    )
    secured = secured_amounts([one.pk]).get(one.pk, 0)
    return {
        "customer": customer,
        "row": debt_row(one, today, secured),
        "debt": one,
        "covers": [
            {"cheque": cover.instrument, "amount": money(cover.amount, one.currency),
             "kind": cover.instrument.get_kind_display(),
             "state": cover.instrument.get_state_display(),
             "tone": words.CHEQUE_TONES[InstrumentState(cover.instrument.state)]}
            for cover in one.covers.select_related("instrument").order_by("-id")[:50]
        ],
        "entries": entry_rows(rows, user),
        "may_post": has_right(user, "ledger.post") and bool(one.open_amount),
        "may_write_off": has_right(user, "ledger.write_off"),
    }  # fmt: skip


def panel(customer: Customer, user: User, *, today: date) -> dict[str, Any] | None:
    """What the card shows of money; None for whoever may not see it."""
    if not has_right(user, "receivables.view"):
        return None
    return {
        "rows": [standing_row(one) for one in standings(customer, today=today)],
        "may_post": has_right(user, "ledger.post"),
    }
