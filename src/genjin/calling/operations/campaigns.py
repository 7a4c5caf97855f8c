"""Makes campaigns and changes what they are made of (CA1).

The steps from one state to the next stand in `flows.campaigns`, since they fill and close queues.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from genjin.calling import rules, states
from genjin.calling.models import BriefingPass, Campaign, CampaignAgent
from genjin.followups.operations import ensure_queue
from genjin.foundation import audit, policy
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict, GenjinError
from genjin.kernel.ids import uuid7
from genjin.kernel.problems import Reason
from genjin.kernel.worktime import WeeklyHours

OPEN_FIELDS = frozenset(
    {
        "name", "kind", "segment", "selection", "script", "product", "team", "weekly", "starts_on",
        "ends_on", "goals", "closings_wanted", "retry_plan", "order", "wrap_up_seconds",
        "rotation_days", "payment_terms", "sheet", "briefing", "briefing_questions", "skills",
    }
)  # fmt: skip
# What the queue was filled with stands once calls are made; another selection is a new campaign.
FIXED_ONCE_FILLED = frozenset({"kind", "segment", "selection", "order"})
_EDITABLE = frozenset(states.CampaignState.values) - {"review", "closed"}


class WrongAnswersError(GenjinError):
    """Some questions were answered wrongly; `data["wrong"]` holds their places from 0."""

    code = "briefing_failed"


def check_values(values: Mapping[str, Any], campaign: Campaign | None = None) -> None:
    """Raises `BadInput` naming each field that cannot be taken, all of them at once."""
    if unknown := set(values) - OPEN_FIELDS:
        raise KeyError(f"not fields of a campaign: {sorted(unknown)}")
    problems: dict[str | int, list[Reason]] = {}
    for field, reason in (*_basic_problems(values, campaign), *_list_problems(values)):
        problems.setdefault(field, []).append(reason)
    if problems:
        raise BadInput(problems)


def _basic_problems(
    values: Mapping[str, Any], campaign: Campaign | None
) -> Iterator[tuple[str, Reason]]:
    if "name" in values and not str(values["name"]).strip():
        yield "name", Reason("required")
    if values.get("weekly"):
        try:
            WeeklyHours.parse(values["weekly"])
        except (BadInput, ValueError):
            yield "weekly", Reason("hours_not_understood")
    starts = values.get("starts_on", getattr(campaign, "starts_on", None))
    ends = values.get("ends_on", getattr(campaign, "ends_on", None))
    if starts and ends and ends < starts:
        yield "ends_on", Reason("ends_before_start", {"starts_on": starts})
    if any(len(skill) > 40 for skill in values.get("skills", ())):
        yield "skills", Reason("too_long", {"limit": 40})
    if values.get("rotation_days", 1) < 1:
        yield "rotation_days", Reason("at_least_one")


def _list_problems(values: Mapping[str, Any]) -> Iterator[tuple[str, Reason]]:
    goals = values.get("goals", {})
    if set(goals) - set(rules.GOAL_PERIODS) or any(value < 0 for value in goals.values()):
        yield "goals", Reason("goal_not_understood")
    for place, question in enumerate(values.get("briefing_questions", ())):
        if not _is_question(question):
            yield "briefing_questions", Reason("question_incomplete", {"number": place + 1})
    for outcome, plan in values.get("retry_plan", {}).items():
        if plan.get("delay_minutes", 0) < 1 or not 0 <= plan.get("tries", -1) <= 20:
            yield "retry_plan", Reason("retry_out_of_bounds", {"outcome": outcome})


def _is_question(question: Mapping[str, Any]) -> bool:
    answers = [text for text in question.get("answers", ()) if str(text).strip()]
    right = question.get("right")
    return (
        bool(str(question.get("question", "")).strip())
        and len(answers) == len(question["answers"])
        and len(answers) >= 2
        and isinstance(right, int)
        and 0 <= right < len(answers)
    )


@transaction.atomic
def create_campaign(
    *, name: str, kind: str, by: User | None, now: datetime, **values: Any
) -> Campaign:
    """Makes a draft with its queue, still closed. `values` are fields of `OPEN_FIELDS`.

    `skills` are what an agent must have to get its customers (FU6); they belong to the queue.

    Raises `BadInput` (fields), `Conflict("name_taken")`.
    """
    name = name.strip()
    check_values({"name": name, "kind": kind, **values})
    _check_name_is_free(name)
    skills = values.pop("skills", [])
    queue = ensure_queue(
        name=name,
        source=("campaign", str(uuid7())),
        purpose=states.PURPOSE_OF[states.CampaignKind(kind)],
        team=values.get("team"),
        weekly=values.get("weekly", ""),
        is_open=False,
    )
    values.setdefault("wrap_up_seconds", policy.value("organisation.desk.wrap_up_seconds"))
    campaign = Campaign.objects.create(
        name=name, kind=kind, queue=queue, created_by=by, created_at=now, **values
    )
    queue.source_id, queue.skills = str(campaign.pk), list(skills)
    queue.save(update_fields=["source_id", "skills"])
    audit.record("create", campaign, by=by, now=now, changes={"name": [None, name]})
    return campaign


def _check_name_is_free(name: str, campaign: Campaign | None = None) -> None:
    rows = Campaign.objects.filter(name=name)
    if campaign is not None:
        rows = rows.exclude(pk=campaign.pk)
    if rows.exists():
        raise BadInput({"name": [Reason("name_taken", {"name": name})]})


@transaction.atomic
def change_campaign(
    campaign: Campaign, values: Mapping[str, Any], *, by: User | None, now: datetime
) -> dict[str, list[Any]]:
    """Writes `values` with their audit entry and returns what changed.

    A changed briefing gets a new version, so everyone reads it again before the next call. What
    the queue is filled with may change in draft and briefing only. Raises `BadInput` (fields) and
    `Conflict` (`campaign_over`, `already_filled` with `fields`).
    """
    values = dict(values)
    check_values(values, campaign)
    campaign = (
        Campaign.objects.select_for_update(of=("self",)).select_related("queue").get(pk=campaign.pk)
    )
    if campaign.state not in _EDITABLE:
        raise Conflict("campaign_over", state=campaign.state)
    skills = {name: values.pop(name) for name in ("skills",) if name in values}
    changed = set(audit.differences(campaign, values))
    if campaign.filled_at and (fixed := changed & FIXED_ONCE_FILLED):
        raise Conflict("already_filled", fields=sorted(fixed))
    if "name" in changed:
        _check_name_is_free(values["name"], campaign)
    if changed & {"briefing", "briefing_questions"}:
        values["briefing_version"] = campaign.briefing_version + 1
    changes = audit.change(campaign, values, by=by, now=now)
    changes |= audit.change(campaign.queue, skills, by=by, now=now)
    if changed & {"name", "kind", "team", "weekly"}:
        _follow_in_queue(campaign)
    if "rotation_days" in changed:
        _move_rotations(campaign)
    return changes


def _follow_in_queue(campaign: Campaign) -> None:
    queue = campaign.queue
    queue.name, queue.weekly, queue.team = campaign.name, campaign.weekly, campaign.team
    queue.purpose = states.PURPOSE_OF[states.CampaignKind(campaign.kind)]
    queue.save(update_fields=["name", "weekly", "team", "purpose"])


def _move_rotations(campaign: Campaign) -> None:
    for place in campaign.agents.filter(is_active=True):
        place.rotates_on = rules.rotation_date(place.since, campaign.rotation_days)
        place.save(update_fields=["rotates_on"])


@transaction.atomic
def set_agents(
    campaign: Campaign, users: Iterable[User], *, by: User | None, now: datetime, today: date
) -> dict[str, list[str]]:
    """Makes exactly `users` the people who work on the campaign; who leaves stays on record.

    Someone who comes back starts a new term until rotation. Returns {"added", "removed"} as names
    for people. `today` is the day in the organisation's zone.
    """
    if campaign.state not in _EDITABLE:
        raise Conflict("campaign_over", state=campaign.state)
    wanted = {user.pk: user for user in users}
    places = {
        place.user_id: place
        for place in campaign.agents.select_for_update(of=("self",)).select_related("user")
    }
    added, removed = [], []
    for pk, user in wanted.items():
        place = places.get(pk)
        if place is not None and place.is_active:
            continue
        CampaignAgent.objects.update_or_create(
            campaign=campaign,
            user=user,
            defaults={
                "since": today,
                "rotates_on": rules.rotation_date(today, campaign.rotation_days),
                "is_active": True,
            },
        )
        added.append(str(user))
    for pk, place in places.items():
        if place.is_active and pk not in wanted:
            place.is_active = False
            place.save(update_fields=["is_active"])
            removed.append(str(place.user))
    if added or removed:
        audit.record(
            "agents", campaign, by=by, now=now, changes={"agents": [removed or None, added or None]}
        )
    return {"added": added, "removed": removed}


@transaction.atomic
def extend_rotation(
    campaign: Campaign, user: User, *, until: date, reason: str, by: User, now: datetime
) -> CampaignAgent:
    """Lets a person work on past the day of rotation, with the reason on record.

    Raises `BadInput` without a reason or with a day that is not later.
    """
    place = campaign.agents.select_for_update().get(user=user, is_active=True)
    problems: dict[str | int, list[Reason]] = {}
    if not reason.strip():
        problems["reason"] = [Reason("required")]
    if until <= place.rotates_on:
        problems["until"] = [Reason("not_later", {"rotates_on": place.rotates_on})]
    if problems:
        raise BadInput(problems)
    before, place.rotates_on = place.rotates_on, until
    place.save(update_fields=["rotates_on"])
    audit.record(
        "rotation",
        campaign,
        by=by,
        now=now,
        changes={"agent": [str(user), str(user)], "rotates_on": [before, until]},
        reason=reason,
    )
    return place


@transaction.atomic
def pass_briefing(
    campaign: Campaign, *, answers: Sequence[int | None], by: User, now: datetime
) -> BriefingPass:
    """Records that `by` read the briefing and answered every question rightly (CA1).

    `answers` are the chosen places from 0, in the order of the questions. Raises
    `WrongAnswersError` with the places that were wrong; nothing is written then. Passing twice
    gives the first proof.
    """
    questions = campaign.briefing_questions
    if wrong := rules.wrong_answers(questions, answers):
        raise WrongAnswersError(wrong=wrong)
    row, _ = BriefingPass.objects.get_or_create(
        campaign=campaign,
        user=by,
        version=campaign.briefing_version,
        defaults={"answers": list(answers), "passed_at": now},
    )
    return row
