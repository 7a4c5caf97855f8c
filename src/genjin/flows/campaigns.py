"""Takes a campaign from draft to close, fills its queue and says beforehand what it means (CA1).

States: draft → briefing → pilot → running → closing review → closed, with paused beside them. A
queue is open in the pilot and while running; every other state closes it in the same transaction,
so nothing is handed out from that moment on, while a call in hand may be finished.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, F, Func, OuterRef, QuerySet, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils import timezone

from genjin.calling import rules, states
from genjin.calling.models import Campaign
from genjin.calling.queries import expected_rates, facts_of
from genjin.customers.models import Customer, SegmentMember
from genjin.customers.segments import customers_in
from genjin.followups.gate import GateForecast, forecast
from genjin.followups.models import FollowUp
from genjin.followups.operations import (
    PlanResult,
    cancel_waiting,
    close_queue,
    open_queue,
    plan_for_customers,
)
from genjin.foundation import policy
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import Conflict
from genjin.kernel.problems import Reason

_S = states.CampaignState


class NotReadyError(Conflict):
    """The campaign lacks something for the step; `reasons` says what, all of it."""

    code = "campaign_not_ready"

    def __init__(self, reasons: list[Reason]) -> None:
        self.reasons = reasons
        super().__init__(reasons=[reason.to_json() for reason in reasons])


def organisation_day(now: datetime) -> date:
    """The day in the organisation's zone."""
    return timezone.localtime(now, timezone.get_default_timezone()).date()


# -- steps ------------------------------------------------------------------------------------


def missing(campaign: Campaign, to: str, now: datetime, *, reason: str = "") -> list[Reason]:
    """What still stands against the step to `to`, for the screen that offers it."""
    return rules.missing_for(
        facts_of(campaign),
        to,
        today=organisation_day(now),
        pilot_days=policy.value("campaigns.pilot.days"),
        stated_reason=reason,
    )


def next_steps(campaign: Campaign) -> list[str]:
    """The states that may follow, in the order in which a screen offers them."""
    order = [_S.BRIEFING, _S.PILOT, _S.RUNNING, _S.PAUSED, _S.REVIEW, _S.CLOSED, _S.DRAFT]
    possible = states.CAMPAIGN_STATES.next_states(campaign.state)
    return [str(state) for state in order if state in possible]


@transaction.atomic
def move(campaign: Campaign, to: str, *, by: User | None, now: datetime, reason: str = "") -> None:
    """Takes the campaign to `to`, opening or closing its queue with it.

    Raises `NotReadyError` with everything that is missing, `IllegalTransition`, `LostRace`. The
    pilot's first day is written once. Starting enqueues the job that fills the queue.
    """
    states.CAMPAIGN_STATES.check(campaign.state, to)
    if reasons := missing(campaign, to, now, reason=reason):
        raise NotReadyError(reasons)
    values: dict[str, Any] = {}
    if to == _S.PILOT and campaign.pilot_since is None:
        values["pilot_since"] = organisation_day(now)
    transition(
        campaign,
        field="state",
        table=states.CAMPAIGN_STATES,
        to=to,
        by=by,
        now=now,
        reason=reason,
        **values,
    )
    if to in states.CALLING:
        open_queue(campaign.queue, by=by, now=now)
    else:
        close_queue(campaign.queue, by=by, now=now)


def start_briefing(campaign: Campaign, *, by: User | None, now: datetime) -> None:
    """Lets the agents read the briefing and answer its questions."""
    move(campaign, _S.BRIEFING, by=by, now=now)


def start_pilot(campaign: Campaign, *, by: User | None, now: datetime) -> None:
    """Begins calling for the pilot week. The caller enqueues `jobs.fill` beside it."""
    move(campaign, _S.PILOT, by=by, now=now)


def run(campaign: Campaign, *, by: User | None, now: datetime, reason: str = "") -> None:
    """Goes on after the pilot, a pause or a review; before the pilot's end only with a reason."""
    move(campaign, _S.RUNNING, by=by, now=now, reason=reason)


def pause(campaign: Campaign, *, by: User | None, now: datetime, reason: str = "") -> None:
    """Stops handing out at once; a call in hand may be finished."""
    move(campaign, _S.PAUSED, by=by, now=now, reason=reason)


def review(campaign: Campaign, *, by: User | None, now: datetime, reason: str = "") -> None:
    """Ends calling and begins the closing review."""
    move(campaign, _S.REVIEW, by=by, now=now, reason=reason)


def close(campaign: Campaign, *, by: User | None, now: datetime, reason: str = "") -> None:
    """Closes the campaign for good, once nobody has one of its calls in hand."""
    move(campaign, _S.CLOSED, by=by, now=now, reason=reason)


def clear_queue(campaign: Campaign, *, by: User | None, now: datetime) -> int:
    """Ends what still waits in the queue of a closed campaign; returns how many follow-ups."""
    rows = FollowUp.objects.filter(queue=campaign.queue_id)
    return cancel_waiting(rows, by=by, now=now, reason="campaign_closed")


# -- forecast ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class CampaignForecast:
    """What a campaign will mean before it starts; the screen shows every assumption in it.

    `hours` are agent-hours; `days` working days of the team as it is now, None without one.
    """

    gate: GateForecast
    rates: rules.Rates
    calls_per_customer: float
    wrap_up_seconds: int
    work_share: float
    seconds_per_call: float
    hours: float
    agents: int
    hours_per_day: float
    days: int | None
    need: rules.Need | None
    working_days: int

    @property
    def expected_successes(self) -> float:
        """Successes to expect: each customer reached once at most, within the calls assumed."""
        missed = (1 - self.rates.reached) ** self.calls_per_customer
        return self.gate.allowed * (1 - missed) * self.rates.success


def forecast_campaign(campaign: Campaign, now: datetime) -> CampaignForecast:
    """How many customers it reaches, how many the gate holds back and why, and the agent-hours.

    Reads only. What passes with the time of day holds nobody back: a campaign lasts for weeks.
    """
    customers = chosen_customers(campaign)
    purpose = states.PURPOSE_OF[states.CampaignKind(campaign.kind)]
    gate = forecast(customers, purpose=purpose, channel="call", now=now, with_hours=False)
    rates = expected_rates(campaign, now)
    assumed = policy.value("campaigns.forecast")
    agents = campaign.agents.filter(is_active=True).count()
    days, hours_per_day = rules.working_days(
        rules.hours_by_weekday(campaign.weekly),
        campaign.starts_on,
        campaign.ends_on,
        today=organisation_day(now),
    )
    hours = rules.agent_hours(
        gate.allowed,
        rates,
        calls_per_customer=assumed["calls_per_customer"],
        wrap_up_seconds=campaign.wrap_up_seconds,
    )
    return CampaignForecast(
        gate=gate,
        rates=rates,
        calls_per_customer=assumed["calls_per_customer"],
        wrap_up_seconds=campaign.wrap_up_seconds,
        work_share=assumed["work_share"],
        seconds_per_call=rules.seconds_per_call(rates, campaign.wrap_up_seconds),
        hours=hours,
        agents=agents,
        hours_per_day=hours_per_day,
        days=rules.days_needed(
            hours, agents=agents, hours_per_day=hours_per_day, work_share=assumed["work_share"]
        ),
        need=rules.contacts_needed(
            campaign.closings_wanted or 0, rates, days=days, hours_per_day=hours_per_day
        ),
        working_days=days,
    )


# -- filling the queue ------------------------------------------------------------------------


def _frozen_name(campaign: Campaign) -> str:
    return f"campaign:{campaign.pk}"


def chosen_customers(campaign: Campaign) -> QuerySet[Customer]:
    """The customers that the campaign is for: its frozen list once there is one, else the segment.

    A segment made by someone with a narrower scope gives what that person may see.
    """
    if campaign.segment is None:
        return Customer.objects.none()
    if campaign.selection == Campaign.Selection.FROZEN and campaign.filled_at:
        member = SegmentMember.objects.filter(
            frozen_for=_frozen_name(campaign), customer=OuterRef("pk")
        )
        return Customer.objects.filter(Exists(member), merged_into__isnull=True)
    return customers_in(campaign.segment.criteria, user=campaign.created_by)


ORDERS: dict[str, tuple[Any, ...]] = {
    "list": ("number",),
    "newest": ("-created_at", "number"),
    "oldest": (F("last_contact_at").asc(nulls_first=True), "number"),
    # A hash of the id: mixed, and the same at every repetition.
    "random": (Func(Cast("id", TextField()), function="md5"),),
}


def order_of(campaign: Campaign) -> tuple[Any, ...]:
    """The stated order of the campaign's customers as ORDER BY terms; else a card field."""
    return ORDERS.get(campaign.order) or (KT(f"fields__{campaign.order}"), "number")


@transaction.atomic
def freeze(campaign: Campaign, now: datetime) -> int:
    """Writes down who is in the segment now, once, whoever repeats it. Returns how many.

    One statement in the database: a million customers are not carried through Python. A run that
    was killed left nothing behind, since the list and its mark are one transaction.
    """
    locked = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    if locked.filled_at is not None:
        campaign.filled_at = locked.filled_at
        return SegmentMember.objects.filter(frozen_for=_frozen_name(campaign)).count()
    chosen = chosen_customers(campaign).order_by().values("pk")
    sql, params = chosen.query.sql_with_params()
    insert = (
        "INSERT INTO customers_segmentmember (frozen_for, customer_id) "  # noqa: S608 - own SQL
        f"SELECT %s, chosen.id FROM ({sql}) AS chosen(id) ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(insert, [_frozen_name(campaign), *params])
        count = cursor.rowcount
    _mark_filled(campaign, now)
    return count


def _mark_filled(campaign: Campaign, now: datetime) -> None:
    campaign.filled_at = now
    campaign.save(update_fields=["filled_at"])


def fill_queue(
    campaign: Campaign,
    *,
    by: User | None,
    now: datetime,
    on_progress: Callable[[int, int], None] | None = None,
) -> PlanResult:
    """Plans a follow-up for each chosen customer; safe to kill and to repeat.

    A frozen campaign first writes its list down. Each customer's cause is unique, so a repetition
    plans only what is not there yet.
    """
    if campaign.selection == Campaign.Selection.FROZEN:
        freeze(campaign, now)
    elif campaign.filled_at is None:
        _mark_filled(campaign, now)
    return plan_for_customers(
        _not_yet_planned(campaign),
        queue=campaign.queue,
        cause_prefix=_frozen_name(campaign),
        subject=campaign.name,
        order_by=order_of(campaign),
        by=by,
        now=now,
        on_progress=on_progress,
    )


def _not_yet_planned(campaign: Campaign) -> QuerySet[Customer]:
    planned = FollowUp.objects.filter(queue=campaign.queue_id, customer=OuterRef("pk"))
    return chosen_customers(campaign).filter(~Exists(planned))


def refill_live(now: datetime) -> dict[str, int]:
    """Plans for those who entered the segments of live campaigns; counts by campaign's name."""
    found = {}
    for campaign in Campaign.objects.filter(
        state__in=states.CALLING, selection=Campaign.Selection.LIVE, filled_at__isnull=False
    ).select_related("queue", "segment", "created_by"):
        result = fill_queue(campaign, by=None, now=now)
        if result.planned:
            found[campaign.name] = result.planned
    return found
