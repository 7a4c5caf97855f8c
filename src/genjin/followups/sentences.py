"""Puts the gate's reasons, the order of work and the policy's rules into the reader's language.

`sentence` is for one customer, `heading` for a count of many (forecast), `policy_sentences` for
the settings screen. Instants are shown in the reader's own time zone.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from genjin.customers.states import HoldReason, PointStatus
from genjin.followups import profiles
from genjin.followups.delivery import sentences as delivery_sentences
from genjin.followups.profiles import EditableRule
from genjin.followups.states import Channel, Purpose
from genjin.kernel.problems import Reason
from genjin.kernel.worktime import WeeklyHours

HEADINGS = {
    "do_not_contact": gettext_lazy("Asked not to be contacted"),
    "consent_refused": gettext_lazy("Refused this purpose or channel"),
    "consent_missing": gettext_lazy("Has not agreed to this yet"),
    "number_not_in_order": gettext_lazy("Number not in order"),
    "outer_hours": gettext_lazy("Outside the hours of the law"),
    "payment_news_stale": gettext_lazy("News of payments is too old"),
    "payment_news_none": gettext_lazy("Nothing is known of payments"),
    "held": gettext_lazy("On hold"),
    "stated_hours": gettext_lazy("Outside the hours the customer asked for"),
    "quiet_hours": gettext_lazy("Quiet hours"),
    "holiday": gettext_lazy("Public holiday"),
    "queue_hours": gettext_lazy("Outside the hours of the campaign"),
    "cooling_off": gettext_lazy("Said no a short while ago"),
    "cap_reached": gettext_lazy("Contacted often enough for now"),
    "outcome_unknown": gettext_lazy("Begun, outcome not known"),
    "expired": gettext_lazy("Lost its sense"),
}


def heading(code: str) -> str:
    """A reason's short name, for a list of counts."""
    return str(HEADINGS[code]) if code in HEADINGS else code


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return value if isinstance(value, datetime) else None


def _when(value: Any) -> str:
    """A moment as the reader says it: the time alone today, else the day as well."""
    moment = _moment(value)
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    if local.date() == timezone.localdate():
        return date_format(local, "H:i")
    return f"{date_format(local, 'SHORT_DATE_FORMAT')} {date_format(local, 'H:i')}"


def _day(value: Any) -> str:
    day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return date_format(day, "SHORT_DATE_FORMAT") if day else "–"


def span(seconds: int) -> str:
    """A length of time in the largest unit that fits: 7 days, 24 hours, 5 minutes."""
    if seconds % 86400 == 0 and seconds > 86400:
        days = seconds // 86400
        return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    if seconds % 3600 == 0:
        hours = seconds // 3600
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    minutes = seconds // 60
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


def _label(choices: Any, value: str) -> str:
    return str(dict(choices.choices).get(value, value))


_DAYS = {
    "mon": gettext_lazy("Mon"),
    "tue": gettext_lazy("Tue"),
    "wed": gettext_lazy("Wed"),
    "thu": gettext_lazy("Thu"),
    "fri": gettext_lazy("Fri"),
    "sat": gettext_lazy("Sat"),
    "sun": gettext_lazy("Sun"),
}


def hours_in_words(text: str) -> str:
    """Weekly hours for people: "Mon–Fri 09:00–11:30, 13:30–17:30"."""
    written = str(WeeklyHours.parse(text))
    if written == "closed":
        return pgettext("hours", "never")
    parts = []
    for part in written.split("; "):
        days, *spans = part.split()
        names = "–".join(str(_DAYS[day]) for day in days.split("-"))
        if days == "mon-sun":
            names = pgettext("hours", "every day")
        parts.append(f"{names} {', '.join(one.replace('-', '–') for one in spans)}")
    return "; ".join(parts)


def _cap_sentence(data: Mapping[str, Any]) -> str:
    values = {
        "limit": data.get("limit", ""),
        "span": span(int(data.get("seconds", 0))),
        "until": _when(data.get("until")),
    }
    if "limit" not in data:
        return _("Contacted often enough for now; possible again from %(until)s.") % values
    if data.get("counts") == "conversations":
        return (
            _("At most %(limit)s conversations within %(span)s; possible again from %(until)s.")
            % values
        )
    return _("At most %(limit)s calls within %(span)s; possible again from %(until)s.") % values


def _hours(template: str, data: Mapping[str, Any]) -> str:
    return template % {
        "time": data.get("local_time", ""),
        "hours": hours_in_words(data.get("hours", "")),
    }


_SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "do_not_contact": lambda data: (
        _("The customer asked on %(day)s not to be contacted.") % {"day": _day(data.get("since"))}
    ),
    "consent_refused": lambda data: (
        _("The customer refused “%(purpose)s” by “%(channel)s” on %(day)s.")
        % {
            "purpose": _label(Purpose, data["purpose"]),
            "channel": _label(Channel, data["channel"]),
            "day": _day(data.get("since")),
        }
    ),
    "consent_missing": lambda data: (
        _("“%(purpose)s” by “%(channel)s” needs the customer's consent, and there is none.")
        % {
            "purpose": _label(Purpose, data["purpose"]),
            "channel": _label(Channel, data["channel"]),
        }
    ),
    "number_not_in_order": lambda data: (
        _("This number is not used: %(status)s.") % {"status": _label(PointStatus, data["status"])}
    ),
    "outer_hours": lambda data: _hours(
        _("It is %(time)s at the customer's; nobody may be contacted outside %(hours)s."), data
    ),
    "payment_news_stale": lambda data: (
        _("Payments are known to %(day)s only: nobody is dunned until finance brings them in.")
        % {"day": _day(data.get("complete_to"))}
    ),
    "payment_news_none": lambda _data: _(
        "Nothing is known of payments yet: nobody is dunned until finance brings them in."
    ),
    "held": lambda data: (
        _("On hold until %(until)s: %(reason)s.")
        % {"until": _when(data["until"]), "reason": _label(HoldReason, data["reason"])}
    ),
    "stated_hours": lambda data: _hours(
        _("It is %(time)s at the customer's, who asked to be contacted %(hours)s."), data
    ),
    "quiet_hours": lambda data: _hours(
        _("It is %(time)s at the customer's; for this purpose the hours are %(hours)s."), data
    ),
    "queue_hours": lambda data: _hours(
        _("It is %(time)s at the customer's; this campaign works %(hours)s."), data
    ),
    "holiday": lambda data: _("%(day)s is a public holiday.") % {"day": _day(data["date"])},
    "cooling_off": lambda data: (
        _("The customer said no; possible again from %(until)s.") % {"until": _when(data["until"])}
    ),
    "cap_reached": _cap_sentence,
    "outcome_unknown": lambda _data: _(
        "A contact was begun and nobody recorded its outcome; say first what happened."
    ),
    "own_callback": lambda data: (
        _("The callback you promised for %(time)s.") % {"time": _when(data["asked_at"])}
    ),
    "called_back": lambda data: (
        _("The customer called us back at %(time)s.") % {"time": _when(data["at"])}
    ),
    "callback": lambda data: (
        _("The customer asked to be called back at %(time)s.") % {"time": _when(data["asked_at"])}
    ),
    "commitment_due": lambda data: (
        _("Your promise is due at %(time)s: %(subject)s")
        % {"time": _when(data.get("due_at")), "subject": data.get("subject", "")}
    ),
    "assigned_to_you": lambda data: (
        _("Given to you by name, in “%(queue)s”.") % {"queue": data["queue"]}
    ),
    "important_in_the_morning": lambda data: (
        _("An important customer, in the morning: first in “%(queue)s”.") % {"queue": data["queue"]}
    ),
    "planned_by_rule": lambda data: (
        _("The rulebook asks for it, until %(time)s: %(subject)s")
        % {"time": _when(data["due_at"]), "subject": data["subject"]}
    ),
    "next_in_queue": lambda data: (
        _("The next in “%(queue)s”, number %(rank)s in its order.")
        % {"queue": data["queue"], "rank": data["rank"]}
    ),
    "not_in_hand": lambda _data: _("This follow-up is no longer in your hands."),
    "contact_not_closed": lambda _data: _("A contact was begun here; record its outcome first."),
    "not_their_number": lambda _data: _("This number does not belong to this customer."),
    "assigned_to_someone_else": lambda _data: _("This follow-up waits for somebody else."),
    "in_other_hands": lambda _data: _("A colleague has this customer in hand at this moment."),
    "queue_closed": lambda data: (
        _("“%(queue)s” is closed; nothing new is handed out.") % {"queue": data["queue"]}
    ),
    "state_changed": lambda _data: _("Somebody else was faster; look again."),
    "second_hold_needs_supervisor": lambda _data: _(
        "A second hold for the same cause within 90 days needs a supervisor."
    ),
    "hold_too_long": lambda data: (
        _("A hold lasts at most %(days)s days.") % {"days": data.get("days", 30)}
    ),
    "hold_needs_reason": lambda _data: _("Say why, in words."),
    "hold_is_over": lambda _data: _("This hold is over."),
    "correction_needs_reason": lambda _data: _("Say why the record is corrected."),
    "already_corrected": lambda _data: _("This record was corrected before; correct the newer."),
    "person_not_active": lambda data: (
        _("%(name)s does not work here any more.") % {"name": data.get("name", "")}
    ),
    "bad_hours": lambda data: _("These hours cannot be read: %(value)s") % data,
    "outer_hours_widened": lambda data: (
        _("The hours of the law can be narrowed, never widened: %(hours)s.")
        % {"hours": hours_in_words(data["most"])}
    ),
    "out_of_bounds": lambda data: _("Between %(least)s and %(most)s.") % data,
    "not_a_number": lambda _data: _("This is not a number."),
    "unknown_rule": lambda _data: _("There is no such rule."),
    "in_the_past": lambda _data: _("This moment has passed."),
}


_SENTENCES |= delivery_sentences.SENTENCES


def add(own: Mapping[str, Callable[[Mapping[str, Any]], str]]) -> None:
    """Sentences for the reasons of a domain above, by code: its guards, its withheld follow-ups."""
    _SENTENCES.update(own)


def knows(code: str) -> bool:
    """Whether there is a sentence for this code here."""
    return code in _SENTENCES


def sentence(reason: Reason | Mapping[str, Any]) -> str:
    """One reason as a sentence in the reader's language.

    Takes a Reason, or the JSON it was stored as. An unknown code is shown as it is.
    """
    found = reason if isinstance(reason, Reason) else Reason.from_json(reason)
    make = _SENTENCES.get(found.code)
    return make(found.data) if make else found.code


def sentences(reasons: Any) -> list[str]:
    """Several reasons, in their order."""
    return [sentence(reason) for reason in reasons]


def _joined(choices: Any, values: Any) -> str:
    return pgettext("list", ", ").join(_label(choices, value) for value in values)


def _cap_rule(rule: EditableRule, values: Mapping[str, Any]) -> str:
    base = rule.key.rsplit(".", 1)[0]
    shipped = profiles.cap_of(base)
    data = {
        "limit": values[f"{base}.limit"],
        "span": span(int(values[f"{base}.seconds"])),
        "channels": _joined(Channel, shipped["channels"]),
        "purposes": _joined(Purpose, shipped["purposes"]),
    }
    if shipped["counts"] == "conversations":
        return (
            _("At most %(limit)s conversations for %(purposes)s within %(span)s (%(channels)s).")
            % data
        )
    if shipped["purposes"]:
        return _("At most %(limit)s times for %(purposes)s within %(span)s (%(channels)s).") % data
    return (
        _("At most %(limit)s times to one customer or number within %(span)s (%(channels)s).")
        % data
    )


def _consent_rule(rule: EditableRule, values: Mapping[str, Any]) -> str:
    purpose, channels = _label(Purpose, rule.label), values[rule.key]
    if not channels:
        return _("%(purpose)s needs no consent beforehand.") % {"purpose": purpose}
    return _("%(purpose)s needs the customer's consent by: %(channels)s.") % {
        "purpose": purpose,
        "channels": _joined(Channel, channels),
    }


def _double_rule(rule: EditableRule, values: Mapping[str, Any]) -> str:
    if not values[rule.key]:
        return _("A yes counts as it was said; nothing has to be confirmed by a link.")
    text = _("A yes counts only once the customer confirmed it by a link sent there: %(channels)s.")
    return text % {"channels": _joined(Channel, values[rule.key])}


def _holiday_rule(rule: EditableRule, values: Mapping[str, Any]) -> str:
    if not values[rule.key]:
        return _("Nothing rests on public holidays.")
    return _("On public holidays these rest: %(purposes)s.") % {
        "purposes": _joined(Purpose, values[rule.key])
    }


def _cool_off_rule(rule: EditableRule, values: Mapping[str, Any]) -> str:
    value = values[rule.key]
    if rule.label != "days":
        return _("After a no these rest: %(purposes)s.") % {"purposes": _joined(Purpose, value)}
    return ngettext(
        "After a no the same purpose rests for %(count)d day.",
        "After a no the same purpose rests for %(count)d days.",
        int(value),
    ) % {"count": int(value)}


_RULE_SENTENCES: dict[str, Callable[[EditableRule, Mapping[str, Any]], str]] = {
    "outer": lambda rule, values: (
        _("Nobody is contacted outside these hours, whatever is set elsewhere: %(hours)s.")
        % {"hours": hours_in_words(values[rule.key])}
    ),
    "meals": lambda rule, values: (
        _("Never at meal times, unless the customer asked for it: %(hours)s.")
        % {"hours": hours_in_words(values[rule.key])}
    ),
    "hours": lambda rule, values: (
        _("%(purpose)s: %(hours)s, in the customer's own time.")
        % {"purpose": _label(Purpose, rule.label), "hours": hours_in_words(values[rule.key])}
    ),
    "holidays": _holiday_rule,
    "consent": _consent_rule,
    "double_opt_in": _double_rule,
    "caps": _cap_rule,
    "cool_off": _cool_off_rule,
}


def policy_sentences(
    profile: str = "", *, changed: Mapping[str, Any] | None = None
) -> list[tuple[str, str]]:
    """Every rule of a profile as (key, sentence), in the order of `profiles.editable_rules`.

    `changed` shows the sentences that other values would make, before they are stored.
    """
    rules = profiles.editable_rules(profile)
    values = {rule.key: rule.value for rule in rules} | dict(changed or {})
    return [(rule.key, _RULE_SENTENCES[rule.group](rule, values)) for rule in rules]


def profile_name(code: str) -> str:
    """A profile's name in the reader's language."""
    labels = profiles.labels(code)
    language = get_language() or "en"
    return labels.get(language) or labels.get(language.split("-")[0]) or labels["en"]


def withheld_sentence(reasons: Any, next_allowed_at: datetime | None) -> str:
    """The whole no: its strongest reason, and when it would be yes."""
    first = next(iter(sentences(reasons)), "")
    if next_allowed_at is None:
        return first
    later = _("The next moment is %(when)s.") % {"when": _when(next_allowed_at)}
    return f"{first} {later}"
