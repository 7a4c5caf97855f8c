"""The gate's decision and the order of work: pure, `now` is an argument (FU3, FU6).

The facts come from `gate.facts_for` or from the take's own statement, the profile from
`profiles`. Strength, from the strongest: what the customer forbade and the outer hours of the
legal profile; a stop for everybody; holds; the time the customer stated; quiet hours; caps. Every
rule answers for one instant and says when it alone would pass; the next allowed moment is where
all of them pass.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, Literal
from zoneinfo import ZoneInfo

from genjin.kernel.problems import Reason
from genjin.kernel.worktime import WeeklyHours

HORIZON = timedelta(days=400)
UNTIMED = "untimed"
ASKED = "asked"


@dataclass(frozen=True)
class Cap:
    """At most `limit` contacts (or conversations) in any `seconds` on these channels.

    Empty `purposes` counts every purpose and binds every purpose.
    """

    code: str
    channels: frozenset[str]
    purposes: frozenset[str]
    counts: Literal["contacts", "conversations"]
    limit: int
    seconds: int

    def binds(self, purpose: str, channel: str) -> bool:
        return channel in self.channels and (not self.purposes or purpose in self.purposes)

    @property
    def is_sales_only(self) -> bool:
        return self.purposes == {"sell"}


@dataclass(frozen=True)
class Profile:
    """The hours, caps and consents in force; `profiles.profile()` makes it from the policy.

    `hours` has the quiet hours' open side for each purpose, meal times already taken out.
    `refusals` are the outcomes that are a plain no and start the cool-off. On the channels of
    `double_opt_in` only a yes to that very channel counts: it is written once it was confirmed.
    """

    code: str
    country: str
    outer: WeeklyHours
    hours: Mapping[str, WeeklyHours]
    timed_channels: frozenset[str]
    rests_on_holidays: frozenset[str]
    consent_needed: Mapping[str, frozenset[str]]
    caps: tuple[Cap, ...]
    cool_off: timedelta
    cool_off_purposes: frozenset[str]
    callback_early: timedelta
    callback_grace: timedelta
    important_before: time = time(12)
    refusals: tuple[str, ...] = ()
    double_opt_in: frozenset[str] = frozenset()

    @cached_property
    def longest_window(self) -> timedelta:
        """How far back contacts count for any cap."""
        return timedelta(seconds=max((cap.seconds for cap in self.caps), default=0))


@dataclass(frozen=True)
class ConsentFact:
    """One answer of the customer; empty channel or purpose means every one."""

    channel: str
    purpose: str
    is_given: bool
    at: datetime


@dataclass(frozen=True)
class HoldFact:
    """One hold that is not released; it acts from `starts_at` until `ends_at`, exclusive.

    One that names receivables stops every dunning until `collect_until` only; afterwards what it
    names is left out of what is dunned, which is not the gate's business.
    """

    purposes: frozenset[str]
    reason: str
    starts_at: datetime
    ends_at: datetime
    collect_until: datetime | None = None

    def until(self, purpose: str) -> datetime:
        """When this purpose goes on again; what it does not stop went on at once."""
        if purpose not in self.purposes:
            return self.starts_at
        if purpose == "collect" and self.collect_until is not None:
            return min(self.collect_until, self.ends_at)
        return self.ends_at


@dataclass(frozen=True)
class ContactFact:
    """One contact that was begun with this customer or at this number."""

    at: datetime
    purpose: str
    channel: str
    is_conversation: bool


@dataclass(frozen=True)
class GateFacts:
    """Everything the decision weighs. Instants are aware; hours are local to `time_zone`.

    `consents` newest first. `stated` are the hours the customer asked for (the point's, else the
    person's, else the customer's). `asked_at` is the time a callback was asked for. `refused_at`
    is the last plain refusal for this purpose. `closed_dates` are public holidays from today's
    year on. `point_status` is empty while no number is chosen. `stop` is why the purpose rests for
    everybody, until it is asked again at `stopped_until`.
    """

    purpose: str
    channel: str
    time_zone: str
    profile: Profile
    consents: tuple[ConsentFact, ...] = ()
    holds: tuple[HoldFact, ...] = ()
    stated: WeeklyHours | None = None
    queue_hours: WeeklyHours | None = None
    asked_at: datetime | None = None
    refused_at: datetime | None = None
    contacts: tuple[ContactFact, ...] = ()
    closed_dates: frozenset[date] = frozenset()
    point_status: str = ""
    stop: Reason | None = None
    stopped_until: datetime | None = None


@dataclass(frozen=True)
class Allowed:
    """Yes. `passed` names the rules that a callback the customer asked for set aside."""

    profile: str
    at: datetime
    passed: tuple[str, ...] = ()
    is_allowed: bool = field(default=True, init=False)

    def to_json(self) -> dict[str, Any]:
        return {
            "answer": "allowed",
            "profile": self.profile,
            "at": self.at.isoformat(),
            "passed": list(self.passed),
        }


@dataclass(frozen=True)
class Withheld:
    """No, with every reason that applies (strongest first) and the next moment it would be yes.

    `next_allowed_at` is None when waiting does not help: the customer said never, a consent is
    missing, the number is not in order.
    """

    reasons: tuple[Reason, ...]
    next_allowed_at: datetime | None
    is_allowed: bool = field(default=False, init=False)

    def to_json(self) -> dict[str, Any]:
        until = self.next_allowed_at
        return {
            "answer": "withheld",
            "reasons": [reason.to_json() for reason in self.reasons],
            "next_allowed_at": until.isoformat() if until else None,
        }


@dataclass(frozen=True)
class _No:
    """One rule's no, and the first instant after which that rule alone passes (None: never)."""

    reason: Reason
    until: datetime | None


# The reasons that pass with the time of day: a lane that is closed, not a customer who is held.
HOURS_CODES = frozenset({"outer_hours", "stated_hours", "quiet_hours", "queue_hours", "holiday"})

_Rule = Callable[[GateFacts, datetime], _No | None]


def covers(consent: ConsentFact, *, channel: str, purpose: str, profile: Profile) -> bool:
    """Whether an answer is about this channel and purpose.

    A general yes says nothing about a channel that has to be confirmed by itself.
    """
    if consent.is_given and not consent.channel and channel in profile.double_opt_in:
        return False
    return consent.channel in ("", channel) and consent.purpose in ("", purpose)


def _newest_consent(facts: GateFacts) -> ConsentFact | None:
    """The newest answer that covers this channel and purpose."""
    covering = (
        consent
        for consent in facts.consents
        if covers(consent, channel=facts.channel, purpose=facts.purpose, profile=facts.profile)
    )
    return max(covering, key=lambda consent: consent.at, default=None)


def _forbidden(facts: GateFacts, _at: datetime) -> _No | None:
    newest = _newest_consent(facts)
    if newest is None or newest.is_given:
        return None
    if not newest.channel and not newest.purpose:
        return _No(Reason("do_not_contact", {"since": newest.at}), None)
    data = {"purpose": facts.purpose, "channel": facts.channel, "since": newest.at}
    return _No(Reason("consent_refused", data), None)


def _consent_missing(facts: GateFacts, _at: datetime) -> _No | None:
    if facts.channel not in facts.profile.consent_needed.get(facts.purpose, frozenset()):
        return None
    if _newest_consent(facts) is not None:
        return None
    data = {"purpose": facts.purpose, "channel": facts.channel}
    return _No(Reason("consent_missing", data), None)


def _number_not_in_order(facts: GateFacts, _at: datetime) -> _No | None:
    if facts.point_status in ("", "ok"):
        return None
    return _No(Reason("number_not_in_order", {"status": facts.point_status}), None)


def _is_timed(facts: GateFacts) -> bool:
    return facts.channel in facts.profile.timed_channels


def callback_window(facts: GateFacts) -> tuple[datetime, datetime] | None:
    """When the customer's own wish sets quiet hours aside: around the time asked for."""
    if facts.asked_at is None:
        return None
    return (
        facts.asked_at - facts.profile.callback_early,
        facts.asked_at + facts.profile.callback_grace,
    )


def _in_callback(facts: GateFacts, at: datetime) -> bool:
    window = callback_window(facts)
    return window is not None and window[0] <= at < window[1]


def _or_callback(facts: GateFacts, at: datetime, until: datetime | None) -> datetime | None:
    """The earlier of `until` and the coming callback, which would pass as well."""
    window = callback_window(facts)
    if window is None or window[0] <= at:
        return until
    return min(until, window[0]) if until else window[0]


def _closed_hours(
    facts: GateFacts, at: datetime, hours: WeeklyHours, code: str, closed: frozenset[date]
) -> _No | None:
    zone = ZoneInfo(facts.time_zone)
    local = at.astimezone(zone)
    is_holiday = local.date() in closed
    if not is_holiday and hours.is_open(at, zone):
        return None
    until = hours.next_open(at, zone, closed_dates=closed)
    if is_holiday:
        return _No(Reason("holiday", {"date": local.date()}), until)
    data = {"hours": str(hours), "local_time": f"{local:%H:%M}", "time_zone": facts.time_zone}
    return _No(Reason(code, data), until)


def _outer_hours(facts: GateFacts, at: datetime) -> _No | None:
    if not _is_timed(facts):
        return None
    return _closed_hours(facts, at, facts.profile.outer, "outer_hours", frozenset())


def _stopped(facts: GateFacts, at: datetime) -> _No | None:
    if facts.stop is None or facts.stopped_until is None or at >= facts.stopped_until:
        return None
    return _No(facts.stop, facts.stopped_until)


def _held(facts: GateFacts, at: datetime) -> _No | None:
    acting = [
        (hold.until(facts.purpose), hold)
        for hold in facts.holds
        if hold.starts_at <= at < hold.until(facts.purpose)
    ]
    if not acting:
        return None
    until, last = max(acting, key=lambda one: one[0])
    return _No(Reason("held", {"reason": last.reason, "until": until}), until)


def resting_dates(facts: GateFacts) -> frozenset[date]:
    """The public holidays on which this purpose rests."""
    rests = facts.purpose in facts.profile.rests_on_holidays
    return facts.closed_dates if rests else frozenset()


def _stated_hours(facts: GateFacts, at: datetime) -> _No | None:
    """The customer's own hours stand in the place of quiet hours; holidays stay free."""
    if facts.stated is None or not _is_timed(facts) or _in_callback(facts, at):
        return None
    no = _closed_hours(facts, at, facts.stated, "stated_hours", resting_dates(facts))
    return no and _No(no.reason, _or_callback(facts, at, no.until))


def _quiet_hours(facts: GateFacts, at: datetime) -> _No | None:
    if facts.stated is not None or not _is_timed(facts) or _in_callback(facts, at):
        return None
    hours = facts.profile.hours[facts.purpose]
    no = _closed_hours(facts, at, hours, "quiet_hours", resting_dates(facts))
    return no and _No(no.reason, _or_callback(facts, at, no.until))


def _queue_hours(facts: GateFacts, at: datetime) -> _No | None:
    if facts.queue_hours is None or not _is_timed(facts) or _in_callback(facts, at):
        return None
    no = _closed_hours(facts, at, facts.queue_hours, "queue_hours", frozenset())
    return no and _No(no.reason, _or_callback(facts, at, no.until))


def _cooling_off(facts: GateFacts, at: datetime) -> _No | None:
    if facts.refused_at is None or facts.purpose not in facts.profile.cool_off_purposes:
        return None
    newest = _newest_consent(facts)
    if newest is not None and newest.is_given and newest.at >= facts.refused_at:
        return None
    until = facts.refused_at + facts.profile.cool_off
    if at >= until:
        return None
    return _No(Reason("cooling_off", {"since": facts.refused_at, "until": until}), until)


def _over_cap(facts: GateFacts, at: datetime, cap: Cap) -> _No | None:
    window = timedelta(seconds=cap.seconds)
    counted = sorted(
        (
            contact.at
            for contact in facts.contacts
            if cap.binds(contact.purpose, contact.channel)
            and (cap.counts == "contacts" or contact.is_conversation)
            and contact.at > at - window
        ),
        reverse=True,
    )
    if len(counted) < cap.limit:
        return None
    until = counted[cap.limit - 1] + window
    data = {
        "cap": cap.code,
        "limit": cap.limit,
        "seconds": cap.seconds,
        "counts": cap.counts,
        "until": until,
    }
    return _No(Reason("cap_reached", data), until)


def _capped(facts: GateFacts, at: datetime) -> _No | None:
    """The cap that lasts longest; a callback passes those on selling alone."""
    if not facts.contacts:
        return None
    reached = []
    for cap in facts.profile.caps:
        if not cap.binds(facts.purpose, facts.channel):
            continue
        if cap.is_sales_only and _in_callback(facts, at):
            continue
        if no := _over_cap(facts, at, cap):
            until = _or_callback(facts, at, no.until) if cap.is_sales_only else no.until
            reached.append(_No(no.reason, until))
    return max(reached, key=lambda no: no.until or at, default=None)


# From the strongest to the weakest.
RULES: tuple[_Rule, ...] = (
    _forbidden,
    _consent_missing,
    _number_not_in_order,
    _outer_hours,
    _stopped,
    _held,
    _stated_hours,
    _quiet_hours,
    _queue_hours,
    _cooling_off,
    _capped,
)


def _refusals(facts: GateFacts, at: datetime) -> list[_No]:
    return [no for rule in RULES if (no := rule(facts, at)) is not None]


def next_allowed_at(facts: GateFacts, now: datetime) -> datetime | None:
    """The first instant from `now` on at which every rule passes; None beyond 400 days.

    Each round goes to the latest of the instants the refusing rules name. A rule never passes
    before the instant it names, so nothing is jumped over.
    """
    at, last = now, now + HORIZON
    while at <= last:
        found = _refusals(facts, at)
        if not found:
            return at
        untils = [no.until for no in found]
        if any(until is None for until in untils):
            return None
        at = max(until for until in untils if until is not None)
    return None


def hours_reasons(facts: GateFacts, now: datetime) -> tuple[Reason, ...]:
    """The reasons of the clock alone, strongest first: they pass with the time of day."""
    clock = (_outer_hours, _stated_hours, _quiet_hours, _queue_hours)
    return tuple(no.reason for rule in clock if (no := rule(facts, now)) is not None)


def decide(facts: GateFacts, now: datetime) -> Allowed | Withheld:
    """May this customer be contacted, for this purpose, on this channel, now (FU3)?"""
    found = _refusals(facts, now)
    if not found:
        passed = ("quiet_hours", "sales_cap") if _in_callback(facts, now) else ()
        return Allowed(facts.profile.code, now, passed)
    reasons = tuple(no.reason for no in found)
    if any(no.until is None for no in found):
        return Withheld(reasons, None)
    return Withheld(reasons, next_allowed_at(facts, now))


def lane_is_open(
    profile: Profile,
    *,
    purpose: str,
    weekly: str,
    time_zone: str,
    queue_hours: WeeklyHours | None,
    closed_dates: frozenset[date],
    now: datetime,
) -> bool:
    """Whether the hours of the gate are open for a whole lane: the part that needs no customer.

    `weekly` is the lane's: empty for the quiet hours of the purpose, `asked` for callbacks (outer
    hours alone), `untimed` for channels without hours, else the hours the customer stated.
    """
    if weekly == UNTIMED:
        return True
    zone = ZoneInfo(time_zone)
    if not profile.outer.is_open(now, zone):
        return False
    if weekly == ASKED:
        return True
    hours = WeeklyHours.parse(weekly) if weekly else profile.hours[purpose]
    if not hours.is_open(now, zone):
        return False
    if purpose in profile.rests_on_holidays and now.astimezone(zone).date() in closed_dates:
        return False
    return queue_hours is None or queue_hours.is_open(now, zone)


@dataclass(frozen=True)
class Waiting:
    """What the order of work looks at for one follow-up that may be taken."""

    is_own: bool
    asked_at: datetime | None
    is_commitment: bool
    is_important: bool
    is_morning: bool
    band: int
    rank: int
    due_at: datetime | None = None


def order_of(item: Waiting) -> tuple[Any, ...]:
    """The order of work, lower first (FU6): own callbacks, commitments, band, mornings, rank."""
    return (
        not (item.is_own and item.asked_at is not None),
        item.asked_at.timestamp() if item.is_own and item.asked_at else 0.0,
        not (item.is_own and item.is_commitment),
        not item.is_own,
        item.band,
        not (item.is_important and item.is_morning),
        item.rank,
    )


def why_next(item: Waiting, *, queue: str, subject: str = "") -> Reason:
    """Why this one is next, as data for one sentence (FU6)."""
    if item.asked_at is not None:
        code = "own_callback" if item.is_own else "callback"
        return Reason(code, {"asked_at": item.asked_at})
    if item.is_commitment:
        return Reason("commitment_due", {"due_at": item.due_at, "subject": subject})
    if item.is_own:
        return Reason("assigned_to_you", {"queue": queue, "subject": subject})
    if item.is_important and item.is_morning:
        return Reason("important_in_the_morning", {"queue": queue})
    return Reason("next_in_queue", {"queue": queue, "rank": item.rank})
