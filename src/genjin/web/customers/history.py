"""The timeline in the reader's language (CU16): an entry's code and data become a sentence.

The desk shows the same entries through `timeline_items`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from genjin.customers.models import FieldDefinition, TimelineEntry
from genjin.flows.purposes import outcomes_for
from genjin.followups.sentences import sentences
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.sales.states import PaperKind
from genjin.web.collection import words as collection_words
from genjin.web.custody.words import OCCASIONS
from genjin.web.customers import words
from genjin.web.deals import words as deal_words
from genjin.web.invoices import words as invoice_words
from genjin.web.opportunities import words as opportunity_words
from genjin.web.orders import words as order_words
from genjin.web.receivables import words as ledger_words

KIND_LABELS = {
    "interaction": gettext_lazy("Contacts"),
    "commitment": gettext_lazy("Commitments"),
    "grade": gettext_lazy("Grades"),
    "opportunity": gettext_lazy("Opportunities"),
    "order": gettext_lazy("Orders"),
    "delivery": gettext_lazy("Deliveries"),
    "credit": gettext_lazy("Credit"),
    "complaint": gettext_lazy("Complaints"),
    "collection": gettext_lazy("Collection"),
    "owned": gettext_lazy("Owned products"),
    "class": gettext_lazy("Classes, lists, sets"),
    "paper": pgettext_lazy("of a customer", "Papers"),
    "invoice": gettext_lazy("Tax invoices"),
    "message": gettext_lazy("Messages"),
    "hold": gettext_lazy("Holds"),
    "consent": gettext_lazy("Consents"),
    "change": gettext_lazy("Changes"),
    "custody": gettext_lazy("Custody"),
    "occasion": gettext_lazy("Stubs and records"),
    "score": gettext_lazy("Surveys"),
    "ledger": gettext_lazy("Money"),
    "memory": gettext_lazy("Notes"),
    "import": gettext_lazy("Import"),
}
# What one choice of the filter shows together.
KIND_GROUPS = {"class": ["class", "list", "set"], "grade": ["grade", "opportunity"]}
_LOOKS = {
    "order": ("shopping-cart", "good"),
    "delivery": ("truck-delivery", "accent"),
    "credit": ("credit-card", "warn"),
    "complaint": ("mood-sad", "bad"),
    "collection": ("coin", "warn"),
    "paper": ("file-text", "quiet"),
    "ledger": ("coins", "accent"),
    "invoice": ("receipt-tax", "accent"),
    "owned": ("package", "quiet"),
    "class": ("trophy", "accent"),
    "list": ("list-check", "accent"),
    "set": ("target", "accent"),
    "interaction": ("phone", "accent"),
    "commitment": ("heart-handshake", "busy"),
    "grade": ("stars", "accent"),
    "opportunity": ("target-arrow", "accent"),
    "hold": ("hand-stop", "warn"),
    "message": ("mail-x", "warn"),
    "consent": ("shield-check", "good"),
    "change": ("edit", "quiet"),
    "custody": ("user-check", "quiet"),
    "occasion": ("receipt", "good"),
    "score": ("star", "accent"),
    "memory": ("note", "quiet"),
    "import": ("file-import", "quiet"),
}
_CHANNEL_SIGNS = {
    "call": "phone-outgoing", "visit": "map-pin", "letter": "mail", "email": "mail-opened",
    "message": "message", "fax": "printer", "web": "world",
}  # fmt: skip
_CODE_LOOKS = {
    "ledger_payment": ("cash-banknote", "good"),
    "ledger_bill": ("file-invoice", "accent"),
    "ledger_reversed": ("arrow-back-up", "warn"),
    "ledger_write_off": ("receipt-off", "bad"),
    "instrument_dishonoured": ("alert-triangle", "bad"),
    "consent_refused": ("shield-off", "bad"),
    "consent_asked": ("hourglass", "warn"),
    "message_cancelled": ("mail-off", "quiet"),
    "message_not_allowed": ("mail-off", "quiet"),
    "hold_released": ("player-play", "good"),
    "commitment_kept": ("circle-check", "good"),
    "promise_kept": ("circle-check", "good"),
    "promise_broken": ("circle-x", "bad"),
    "commitment_broken": ("circle-x", "bad"),
    "card_opened": ("plus", "good"),
    "invoice_issued": ("receipt-tax", "good"),
    "invoice_rejected": ("receipt-tax", "bad"),
    "return_entered": ("arrow-back-up", "warn"),
    "order_cancelled": ("x", "quiet"),
    "grade_dropped": ("trending-down", "warn"),
    "opportunity_grade_dropped": ("trending-down", "warn"),
    "opportunity_won": ("trophy", "good"),
    "opportunity_lost": ("thumb-down", "bad"),
    "opportunity_dropped": ("x", "quiet"),
    "key_confirmed": ("star", "accent"),
}
# Why a card changed hands (CU17); `assigned` needs no words.
MOVES = {
    "taken": gettext_lazy("taken out of the pool"),
    "given_back": gettext_lazy("given back to the pool"),
    "returned_no_contact": gettext_lazy("back in the pool: no contact for too long"),
    "returned_no_deal": gettext_lazy("back in the pool: no deal for too long"),
    "returned_protection": gettext_lazy("back in the pool: the protection ended"),
    "collision": gettext_lazy("two people claimed the customer"),
    "merge": gettext_lazy("two cards were merged"),
}
Data = Mapping[str, Any]


def _instant(text: Any) -> str:
    try:
        return timezone.localtime(datetime.fromisoformat(str(text))).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return str(text)


# Outcomes of contacts that a machine made, whatever their purpose.
_BY_MACHINE = {"sent": pgettext_lazy("outcome", "Sent")}


def outcome_label(purpose: str, code: str) -> str:
    """What an outcome is called; its code when the purpose no longer has it."""
    if code in _BY_MACHINE:
        return str(_BY_MACHINE[code])
    try:
        labels = {rule.code: str(rule.label) for rule in outcomes_for(purpose)}
    except (KeyError, ValueError):
        return code
    return labels.get(code, code)


def paper_kind(code: str) -> str:
    """What a paper is called; its code when there is no such kind any more."""
    return str(dict(PaperKind.choices).get(code, code))


def _consent(data: Data) -> str:
    parts = (words.channel(data.get("channel", "")), words.purpose(data.get("purpose", "")))
    return _(", ").join(parts)


def _asked(data: Data) -> str:
    what = words.purposes(data.get("purposes", ())) or words.purpose("")
    return _(", ").join((words.channel(data.get("channel", "")), what))


def _interaction(data: Data, code: str) -> str:
    outcome = outcome_label(str(data.get("purpose", "")), str(data.get("outcome", "")))
    if code == "corrected":
        return _("Corrected: %(outcome)s") % {"outcome": outcome}
    way = words.choice(words.Channel, code)
    form = _("%(way)s: %(outcome)s")
    if data.get("is_inbound"):
        form = _("%(way)s, inbound: %(outcome)s")
    return form % {"way": way, "outcome": outcome}


def _occasion(label: Any) -> Callable[[Data], str]:
    return lambda data: _("%(what)s: card brought up to date") % {"what": label}


def _hold_renewed(data: Mapping[str, Any]) -> str:
    what = {"purposes": words.purposes(data["purposes"]), "who": data.get("approved_by", "")}
    if what["who"]:
        return _("Hold renewed: %(purposes)s; %(who)s agreed") % what
    return _("Hold renewed: %(purposes)s") % what


_TITLES: dict[str, Callable[[Data], str]] = {
    "card_opened": lambda d: _("Card opened"),
    "card_changed": lambda d: _("Card changed"),
    "person_added": lambda d: _("Person added: %(label)s") % d,
    "person_changed": lambda d: _("Person changed: %(label)s") % d,
    "point_added": lambda d: _("Number added: %(label)s") % d,
    "point_changed": lambda d: _("Number changed: %(label)s") % d,
    "point_retired": lambda d: _("Number taken off: %(label)s") % d,
    "point_marked": lambda d: _("Number marked: %(label)s") % d,
    "address_added": lambda d: _("Address added"),
    "address_changed": lambda d: _("Address changed"),
    "address_retired": lambda d: _("Address taken off"),
    "card_merged_from": lambda d: _("Merged: %(name)s (%(number)s) is on this card now") % d,
    "card_split_from": lambda d: _("Merge undone: %(name)s (%(number)s) is a card again") % d,
    "card_split_into": lambda d: _("Was merged with %(name)s (%(number)s), and is a card again")
    % d,
    "protection_set": lambda d: _("Protected until %(until)s") % {"until": d.get("until") or "–"},
    "custodian_changed": lambda d: _("Custodian: %(to)s") % {"to": d.get("to") or _("nobody")},
    "card_confirmed": lambda d: _("Card confirmed"),
    "card_lent": lambda d: _("Lent to %(to)s") % d,
    "loan_ended": lambda d: _("Given back by %(to)s") % d,
    **{f"occasion_{code}": _occasion(label) for code, label in OCCASIONS.items()},
    "grade_changed": lambda d: _("Grade: %(grade)s")
    % {"grade": words.choice(words.Grade, str(d.get("grade", "")))},
    "grade_confirmed": lambda d: _("Grade confirmed: %(grade)s")
    % {"grade": words.choice(words.Grade, str(d.get("grade", "")))},
    "hold_placed": lambda d: _("Hold: %(reason)s stops %(purposes)s")
    % {
        "reason": words.hold_reason(str(d.get("reason"))),
        "purposes": words.purposes(d["purposes"]),
    },
    "hold_renewed": _hold_renewed,
    "hold_released": lambda d: _("Hold released: %(purposes)s")
    % {"purposes": words.purposes(d["purposes"])},
    "consent_given": lambda d: _("Agreed: %(what)s") % {"what": _consent(d)},
    "consent_refused": lambda d: _("Refused: %(what)s") % {"what": _consent(d)},
    "consent_asked": lambda d: _("Asked to confirm by link: %(what)s") % {"what": _asked(d)},
    "clip_added": lambda d: _("News"),
    "wanted_added": lambda d: _("Wanted: %(text)s") % d,
    "wanted_closed": lambda d: _("No longer wanted: %(text)s") % d,
    "note": lambda d: _("Note"),
    "commitment_made": lambda d: _("Promised: %(text)s") % d,
    "commitment_kept": lambda d: _("Promise kept: %(text)s") % d,
    "commitment_broken": lambda d: _("Promise broken: %(text)s") % d,
    "commitment_withdrawn": lambda d: _("Promise no longer wanted: %(text)s") % d,
    **order_words.TITLES,
    **deal_words.TITLES,
    **collection_words.TITLES,
    **invoice_words.TITLES,
    "paper_issued": lambda d: f"{paper_kind(d['kind'])} {d['number']}",
    "paper_replaced": lambda d: _("%(kind)s %(number)s in place of %(replaces)s")
    % {**d, "kind": paper_kind(d["kind"])},
    **ledger_words.TITLES,
    **opportunity_words.TITLES,
    "survey_offered": lambda d: _("Link to the survey page given"),
    "scores_given": lambda d: _("Judged our service on the survey page")
    if d.get("way") == "web"
    else _("Judged our service in a call"),
    "message_refused": lambda d: _("Not delivered, refused by the server: %(subject)s") % d,
    "message_failed": lambda d: _("Could not be sent: %(subject)s") % d,
    "message_withheld": lambda d: _("Held back: %(subject)s") % d,
    "message_cancelled": lambda d: _("Not sent any more: %(subject)s") % d,
    "message_not_allowed": lambda d: _("Not sent from here: %(subject)s") % d,
    "imported": lambda d: _("Came in with %(file)s, row %(row)s") % d,
    "import_updated": lambda d: _("Updated by a file"),
}  # fmt: skip


_BODIES = {
    **order_words.BODIES,
    **deal_words.BODIES,
    **collection_words.BODIES,
    **ledger_words.BODIES,
    **opportunity_words.BODIES,
}


def title(entry: TimelineEntry) -> str:
    """The one line of an entry."""
    if entry.kind == "interaction":
        return _interaction(entry.data, entry.code)
    make = _TITLES.get(entry.code)
    if make is None:
        return str(KIND_LABELS.get(entry.kind, entry.kind))
    try:
        return make(entry.data)
    except KeyError:
        return str(KIND_LABELS.get(entry.kind, entry.kind))


def _changes(data: Data, definitions: Mapping[str, FieldDefinition]) -> str:
    lines = []
    for name, pair in (data.get("changes") or {}).items():
        before, after = (words.value_text(name, value, definitions) for value in pair)
        label = words.column_label(name, definitions)
        lines.append(_("%(field)s: %(before)s → %(after)s") % {
            "field": label, "before": before, "after": after})  # fmt: skip
    return _("; ").join(lines)


def body(entry: TimelineEntry, definitions: Mapping[str, FieldDefinition]) -> str:
    """What stands below the line: what changed, what was noted, until when."""
    data = entry.data
    parts = [_changes(data, definitions)] if data.get("changes") else []
    if (more := _BODIES.get(entry.code)) is not None:
        parts.append(more(data))
    if entry.kind == "hold" and data.get("until"):
        parts.append(_("until %(at)s") % {"at": _instant(data["until"])})
    if entry.kind == "commitment" and data.get("due_at"):
        parts.append(_("%(owner)s, due %(at)s") % {
            "owner": data.get("owner", ""), "at": _instant(data["due_at"])})  # fmt: skip
    if entry.kind == "interaction" and data.get("subject"):
        parts.append(str(data["subject"]))
    if entry.kind == "message":
        parts += [*sentences(data.get("reasons", ())), str(data.get("reply", ""))]
    if entry.code in ("clip_added", "note"):
        parts.append(str(data.get("text", "")))
    if entry.kind == "custody" and data.get("why") in MOVES:
        parts.append(str(MOVES[data["why"]]))
    if entry.kind == "consent":
        parts.append(words.consent_source(str(data.get("source", ""))))
        # what a machine wrote as proof is for the audit, not for reading
        evidence = str(data.get("evidence", ""))
        parts.append("" if evidence.startswith(("request ", "link ", "stub ")) else evidence)
    if data.get("message"):
        parts.append(_("Message left: %(text)s") % {"text": data["message"]})
    if data.get("next_step"):
        parts.append(_("Next: %(step)s") % {"step": data["next_step"]})
    parts += [str(data[name]) for name in ("note", "reason") if data.get(name)
              and not (entry.kind == "hold" and name == "reason")]  # fmt: skip
    return " · ".join(part for part in parts if part)


def timeline_items(
    entries: Iterable[TimelineEntry],
    *,
    user: User,
    definitions: Iterable[FieldDefinition] = (),
) -> list[dict[str, Any]]:
    """Entries for partials/timeline_item.html. `entries` come with `by` loaded.

    What an address was is told to those only who may see addresses.
    """
    is_whole = has_right(user, "customers.see_contact")
    known = {one.code: one for one in definitions}
    items = []
    for entry in entries:
        sign, tone = _LOOKS.get(entry.kind, ("point", "quiet"))
        if entry.kind == "interaction":
            sign = _CHANNEL_SIGNS.get(entry.code, sign)
            tone = "good" if entry.data.get("is_success") else (
                "accent" if entry.data.get("is_reached") else "quiet")  # fmt: skip
        sign, tone = _CODE_LOOKS.get(entry.code, (sign, tone))
        items.append(
            {
                "id": entry.pk,
                "at": entry.at,
                "title": title(entry),
                "body": body(entry, known)
                if is_whole or not entry.code.startswith("address_")
                else "",
                "icon": sign,
                "tone": tone,
                "by": entry.by.name if entry.by else "",
                "badge": words.purpose(entry.data["purpose"])
                if entry.kind == "interaction" and entry.data.get("purpose")
                else "",
            }
        )
    return items
