"""The desk's joint use cases: a call is dialled, hung up, recorded with its effects (CA4).

One recording is one transaction over the queue, the card and the agent's state. The outcome's
rule (`flows.purposes`) says what it does; what a form must hold is decided in `desk_form`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from genjin.calling.models import (
    AgentPresence,
    Campaign,
    DeskDraft,
    Introduction,
    ScriptVersion,
)
from genjin.calling.operations.agents import discard_draft, set_agent_state
from genjin.calling.states import AgentState, IntroductionState
from genjin.customers import timeline
from genjin.customers.models import ContactPoint
from genjin.customers.operations.card import change_customer
from genjin.customers.operations.memories import add_wanted
from genjin.customers.operations.points import mark_point
from genjin.customers.operations.prospects import set_prospect
from genjin.customers.states import ProspectState
from genjin.flows.collecting import follow_outcome
from genjin.flows.desk_email import record_email_answer
from genjin.flows.desk_form import OutcomeForm, check
from genjin.flows.opportunities import Said, write_said
from genjin.flows.purposes import Detail, Effect, OutcomeRule, Retry, outcome, retry_of
from genjin.flows.rulebook.settling import settle
from genjin.followups.claims import is_called_back
from genjin.followups.models import Contact, FollowUp, Interaction
from genjin.followups.operations import (
    begin_contact,
    finish,
    make_commitment,
    open_called_back,
    put_back,
    record_interaction,
    record_refusal,
    take,
)
from genjin.followups.operations.scores import check_given, record_scores
from genjin.followups.states import WAITING, ContactState, State
from genjin.foundation.compiled import Compiled
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason
from genjin.sales.models import Opportunity

TRIES_USED_UP = "tries_used_up"


@dataclass(frozen=True)
class Recorded:
    """What a recording did. `next_at` is when the follow-up comes again; None: it has ended.

    `was_repeated`: the same form had been recorded before, nothing was written now.
    """

    interaction: Interaction
    rule: OutcomeRule
    next_at: datetime | None = None
    has_another_number: bool = False
    was_repeated: bool = False


_CAMPAIGN = Compiled(
    lambda queue: Campaign.objects.select_related("queue", "script", "product").filter(queue=queue),
    queue=int,
)
_LOCKED = Compiled(
    lambda pk: (
        FollowUp.objects.select_for_update(of=("self",))
        .select_related("customer", "queue", "person")
        .filter(pk=pk)
    ),
    pk=UUID,
)
_VERSION = Compiled(
    lambda pk, script: ScriptVersion.objects.filter(pk=pk, script=script), pk=int, script=int
)
_EARLIER = Compiled(lambda followup: Interaction.objects.filter(followup=followup), followup=UUID)
_OPEN_CONTACT = Compiled(
    lambda followup, by: Contact.objects.filter(
        followup=followup, by=by, state__in=[ContactState.STARTED, ContactState.UNKNOWN]
    ).order_by("-started_at")[:1],
    followup=UUID,
    by=int,
)
_PHONES = Compiled(
    lambda customer: ContactPoint.objects.filter(
        customer=customer, kind="phone", is_active=True
    ).order_by("position", "id"),
    customer=UUID,
)
_PRESENCE = Compiled(lambda user: AgentPresence.objects.filter(user=user), user=int)


def campaign_of(followup: FollowUp) -> Campaign | None:
    """The campaign whose queue a follow-up waits in, if it is one's."""
    return _CAMPAIGN.first(queue=followup.queue_id)


@transaction.atomic
def dial(followup: FollowUp, *, point: ContactPoint, by: User, now: datetime) -> Contact:
    """Begins a call to one number of the follow-up in hand, and shows the agent as talking.

    The gate is asked again and the contact is written before anything is dialled. Raises what
    `begin_contact` raises: the number is shown to nobody then.
    """
    contact = begin_contact(followup, point=point, by=by, now=now)
    set_agent_state(
        by, AgentState.ON_CALL, now=now, campaign=campaign_of(followup), followup=followup
    )
    return contact


@transaction.atomic
def answer_call_back(followup: FollowUp, *, by: User, now: datetime) -> None:
    """A customer rings back to a message: opens its follow-up and shows the agent as talking (FU5).

    Raises Conflict `in_other_hands`, LostRace.
    """
    open_called_back(followup, by=by, now=now)
    set_agent_state(
        by, AgentState.ON_CALL, now=now, campaign=campaign_of(followup), followup=followup
    )


def hang_up(followup: FollowUp, *, by: User, now: datetime) -> AgentPresence:
    """Shows the agent as wrapping up; the contact is closed when its outcome is recorded."""
    return set_agent_state(
        by, AgentState.WRAP_UP, now=now, campaign=campaign_of(followup), followup=followup
    )


@transaction.atomic
def record_outcome(followup: FollowUp, *, by: User, now: datetime, form: OutcomeForm) -> Recorded:
    """Records how a contact ended, and everything that follows from it, in one transaction.

    Writes the interaction (which closes the contact), ends or plans the follow-up by the outcome's
    effect and the campaign's plan, grades the card, keeps the wanted item and the commitment,
    records a refusal for good, marks a bad number, discards the draft and frees the agent. The
    same `form.token` again writes nothing and gives what was recorded. Raises BadInput by field;
    Conflict `not_in_hand` when someone else has it or it has ended: nothing is written then.
    """
    row = _LOCKED.first(pk=followup.pk)
    if row is None:
        raise FollowUp.DoesNotExist(str(followup.pk))
    campaign = campaign_of(row)
    kind = campaign.kind if campaign else ""
    earlier = _EARLIER.all(followup=row.pk)
    if repeated := _recorded_before(earlier, form.token):
        return _repeated(repeated, kind)
    rule = outcome(row.purpose, form.outcome, kind)
    if rule is None:
        code = "not_a_choice" if form.outcome else "required"
        raise BadInput({"outcome": [Reason(code)]})
    check(form, rule, now=timezone.localtime(now))
    _check_scores(form, by)
    _bring_in_hand(row, by=by, now=now)
    contact = open_contact(row, by)
    point = _point_of(row, form, contact)
    if rule.effect is Effect.BAD_NUMBER and point is None:
        raise BadInput({"point": [Reason("required")]})
    deal = _write_deal(row, form, campaign, by=by, now=now)
    interaction = _interaction(row, rule, form, contact, campaign, deal, by=by, now=now)
    _write_card(row, form, interaction, by=by, now=now)
    tries = 1 + sum(one.outcome == rule.code and not one.corrects_id for one in earlier)
    recorded = _apply(
        row, rule, form, interaction, point=point, campaign=campaign, tries=tries, by=by, now=now
    )
    # After its own follow-up has ended: what is promised or paid takes the waiting ones back.
    if row.purpose == "collect":
        follow_outcome(row, rule, form, interaction, by=by, now=now)
    if rule.is_reached and rule.effect is Effect.DONE:
        settle(row, by=by, now=now)
    _write_scores(row, rule, form, interaction, by=by, now=now)
    discard_draft(row, by)
    _free(by, now, campaign)
    return recorded


def _check_scores(form: OutcomeForm, by: User) -> None:
    """Raises BadInput at the fields of the scores; nobody scores themselves."""
    try:
        check_given(form.scores, by=by)
    except BadInput as bad:
        raise BadInput({f"score_{code}": found for code, found in bad.problems.items()}) from bad


def _write_scores(
    row: FollowUp,
    rule: OutcomeRule,
    form: OutcomeForm,
    interaction: Interaction,
    *,
    by: User,
    now: datetime,
) -> None:
    """Appends what the customer gave, last of all: scores are appended one at a time."""
    if form.scores and Detail.SCORES in rule.details:
        record_scores(row.customer, form.scores, source="call", by=by, now=now,
                      interaction=interaction, followup=row)  # fmt: skip


def _recorded_before(earlier: Sequence[Interaction], token: str) -> Interaction | None:
    """What this very form wrote when it came the first time."""
    if not token:
        return None
    return next((one for one in earlier if one.detail.get("form_token") == token), None)


def _repeated(interaction: Interaction, kind: str) -> Recorded:
    rule = outcome(interaction.purpose, interaction.outcome, kind)
    if rule is None:
        raise Conflict("outcome_unknown", outcome=interaction.outcome)
    return Recorded(interaction, rule, was_repeated=True)


def _bring_in_hand(row: FollowUp, *, by: User, now: datetime) -> None:
    """A lease that ran out while typing is taken again if nobody else has the follow-up."""
    if row.state == State.TAKEN and row.taken_by_id == by.pk:
        return
    is_theirs = row.assigned_to_id == by.pk or (
        row.assigned_to_id is None and has_unrecorded(row, by)
    )
    if row.state in WAITING and is_theirs:
        take(row, by=by, now=now)
        return
    raise Conflict("not_in_hand", id=str(row.pk), state=row.state)


def has_unrecorded(followup: FollowUp, user: User) -> bool:
    """Whether something of this person's is not recorded yet: what they typed, or a call."""
    if DeskDraft.objects.filter(followup=followup, user=user).exists():
        return True
    return open_contact(followup, user) is not None


def open_contact(followup: FollowUp, user: User) -> Contact | None:
    """The call that this person began for the follow-up and has not recorded."""
    return _OPEN_CONTACT.first(followup=followup.pk, by=user.pk)


def presence_of(user: User) -> AgentPresence | None:
    """What the agent is doing now; None before their first shift."""
    return _PRESENCE.first(user=user.pk)


def _point_of(row: FollowUp, form: OutcomeForm, contact: Contact | None) -> ContactPoint | None:
    """The number that the outcome is about: the one chosen, the one dialled, or the only one."""
    points = _PHONES.all(customer=row.customer_id)
    wanted = form.point or (contact.point_id if contact is not None else None)
    if wanted is not None:
        return next((point for point in points if point.pk == wanted), None)
    return points[0] if len(points) == 1 else None


def _interaction(
    row: FollowUp,
    rule: OutcomeRule,
    form: OutcomeForm,
    contact: Contact | None,
    campaign: Campaign | None,
    deal: Opportunity | None,
    *,
    by: User,
    now: datetime,
) -> Interaction:
    person = row.customer.people.filter(pk=form.person).first() if form.person else row.person
    return record_interaction(
        customer=row.customer,
        by=by,
        now=now,
        followup=row,
        contact=contact,
        outcome=rule.code,
        is_connected=rule.is_connected,
        is_reached=rule.is_reached,
        is_success=rule.is_success,
        # Ringing is not talking: without an answer or a message left there was no talk time.
        talk_seconds=form.talk_seconds if rule.is_connected or _left_message(rule) else 0,
        wrap_seconds=form.wrap_seconds,
        note=form.note,
        next_step=form.next_step,
        detail={**form.detail(rule), **_said_with(form, campaign, by), **_said_of(deal)},
        script_version=_version_of(form, campaign),
        channel=row.channel,
        purpose=row.purpose,
        person=person,
        is_inbound=contact is None and is_called_back(row),
    )


def _version_of(form: OutcomeForm, campaign: Campaign | None) -> int | None:
    """The version that was read out, if it is one of this campaign's script (it comes by form)."""
    named = form.script_version
    if campaign is None or not named or not 0 < named < 2**31:
        return None
    return named if _VERSION.first(pk=named, script=campaign.script_id) else None


def _said_with(form: OutcomeForm, campaign: Campaign | None, by: User) -> dict[str, Any]:
    """The campaign, and the agent's own introduction as it was worded then (CA2)."""
    found: dict[str, Any] = {"campaign": campaign.pk} if campaign else {}
    if (
        form.introduction
        and Introduction.objects.filter(
            pk=form.introduction, agent=by, state=IntroductionState.APPROVED
        ).exists()
    ):
        found["introduction"] = str(form.introduction)
    return found


def _said_of(deal: Opportunity | None) -> dict[str, Any]:
    """The opportunity that the talk was about, as it was called then."""
    return {"opportunity": str(deal.pk), "opportunity_title": deal.title} if deal else {}


def _write_deal(
    row: FollowUp, form: OutcomeForm, campaign: Campaign | None, *, by: User, now: datetime
) -> Opportunity | None:
    """Grade, expected day and amount go to the opportunity that was named, or to the card."""
    said = Said(
        choice=form.opportunity,
        grade=form.grade,
        expected_on=form.expected_close_date,
        amount=form.expected_amount,
        product=form.product or (campaign.product_id if campaign else None),
        needs=form.needs,
        concern=form.concern,
    )
    return write_said(row.customer, said, source=("followup", str(row.pk)), by=by, now=now)


def _left_message(rule: OutcomeRule) -> bool:
    return rule.effect is Effect.MESSAGE_LEFT


def _write_card(
    row: FollowUp, form: OutcomeForm, interaction: Interaction, *, by: User, now: datetime
) -> None:
    if form.prospect_state or form.visiting_grade:
        set_prospect(
            row.customer,
            # A visiting grade alone says that the prospect is kept.
            state=form.prospect_state or ProspectState.KEEP,
            paused_until=form.paused_until,
            visiting_grade=form.visiting_grade,
            by=by,
            now=now,
        )
    if form.enthusiasm:
        change_customer(row.customer, {"fields.enthusiasm": form.enthusiasm}, by=by, now=now)
    if form.wanted:
        add_wanted(row.customer, form.wanted, by, now)
    if form.email or form.email_answer:
        record_email_answer(
            row.customer, email=form.email, answer=form.email_answer, person=form.person,
            interaction=interaction, by=by, now=now,
        )  # fmt: skip
    if form.commitment_text and form.commitment_due_at:
        make_commitment(
            row.customer,
            text=form.commitment_text,
            owner=form.commitment_owner or by,
            due_at=form.commitment_due_at,
            by=by,
            now=now,
            interaction=interaction,
        )


def _apply(
    row: FollowUp,
    rule: OutcomeRule,
    form: OutcomeForm,
    interaction: Interaction,
    *,
    point: ContactPoint | None,
    campaign: Campaign | None,
    tries: int,
    by: User,
    now: datetime,
) -> Recorded:
    """Ends the follow-up or plans its next contact, as the outcome's effect says."""
    if form.callback_at and rule.may_call_back:
        at = form.callback_at
        put_back(row, not_before=at, asked_at=at, assigned_to=by, outcome=rule.code, by=by, now=now)
        return Recorded(interaction, rule, next_at=at)
    if rule.effect is Effect.RETRY:
        plan = retry_of(rule, campaign.retry_plan if campaign else None)
        return _retry(row, rule, interaction, plan, tries=tries, by=by, now=now)
    if rule.effect is Effect.BAD_NUMBER and point is not None:
        return _drop_number(row, rule, form, interaction, point, by=by, now=now)
    finish(row, outcome=rule.code, by=by, now=now, reason=form.no_next_reason)
    if rule.effect is Effect.NEVER_AGAIN:
        record_refusal(
            row.customer,
            purpose="" if form.refuses_all else row.purpose,
            source="desk",
            evidence=f"interaction {interaction.pk}",
            by=by,
            now=now,
        )
    return Recorded(interaction, rule)


def _retry(
    row: FollowUp,
    rule: OutcomeRule,
    interaction: Interaction,
    plan: Retry | None,
    *,
    tries: int,
    by: User,
    now: datetime,
) -> Recorded:
    """Comes back after the plan's delay until this outcome's tries are used up."""
    if plan is None or tries >= plan.tries:
        finish(row, outcome=rule.code, by=by, now=now, reason=TRIES_USED_UP)
        return Recorded(interaction, rule)
    at = now + timedelta(minutes=plan.delay_minutes)
    put_back(row, not_before=at, outcome=rule.code, by=by, now=now)
    return Recorded(interaction, rule, next_at=row.not_before)


def _drop_number(
    row: FollowUp,
    rule: OutcomeRule,
    form: OutcomeForm,
    interaction: Interaction,
    point: ContactPoint,
    *,
    by: User,
    now: datetime,
) -> Recorded:
    """The number rests, not the customer: another one in order is tried next (CA6)."""
    if point.status == "ok":
        mark_point(point, form.number_fault, by=by, now=now)
    others = ContactPoint.objects.filter(
        customer=row.customer_id, kind="phone", is_active=True, status="ok"
    ).exclude(pk=point.pk)
    if others.exists():
        put_back(row, not_before=now, outcome=rule.code, by=by, now=now)
        return Recorded(interaction, rule, next_at=row.not_before, has_another_number=True)
    finish(row, outcome=rule.code, by=by, now=now, reason="no_number_left")
    return Recorded(interaction, rule)


def _free(by: User, now: datetime, campaign: Campaign | None) -> None:
    """After the call the agent is ready again, unless they said otherwise meanwhile."""
    presence = presence_of(by)
    if presence is not None and presence.state in (AgentState.ON_CALL, AgentState.WRAP_UP):
        set_agent_state(by, AgentState.READY, now=now, campaign=campaign)


@transaction.atomic
def keep_as_note(followup: FollowUp, *, text: str, by: User, now: datetime) -> None:
    """Keeps what was typed for a follow-up that is no longer in hand, as a note on the card.

    Raises BadInput when there is nothing to keep.
    """
    words = text.replace("\x00", "").strip()
    if not words:
        raise BadInput({"note": [Reason("required")]})
    timeline.append(
        followup.customer_id,
        kind="memory",
        code="note",
        data={"text": words[:5000]},
        source=("followup", str(followup.pk)),
        by=by,
        at=now,
    )
    discard_draft(followup, by)
