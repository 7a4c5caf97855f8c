"""What a supervisor puts right: a call without an outcome, a call recorded wrongly (FU7, FU10)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from genjin.calling.models import Campaign
from genjin.flows.purposes import Effect, OutcomeRule, outcome, retry_of
from genjin.followups.models import Contact, FollowUp, Interaction
from genjin.followups.operations import (
    cancel,
    close_unknown,
    correct_interaction,
    finish,
    put_back,
    reassign,
    record_refusal,
    take,
)
from genjin.followups.states import WAITING
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, NotAllowed
from genjin.kernel.problems import Reason

SETTLED = "settled_by_supervisor"


def rule_for(row: Contact | Interaction, code: str) -> OutcomeRule:
    """The outcome `code` for the purpose of a contact or record. Raises BadInput by field."""
    campaign = campaign_of(row.followup)
    found = outcome(row.purpose, code, campaign.kind if campaign else "")
    if found is None:
        raise BadInput({"outcome": [Reason("not_a_choice" if code else "required")]})
    return found


def campaign_of(followup: FollowUp | None) -> Campaign | None:
    """The campaign whose queue a follow-up waits in, if it is one's."""
    if followup is None:
        return None
    return Campaign.objects.filter(queue=followup.queue_id).first()


@transaction.atomic
def settle_unknown(
    contact: Contact, *, code: str, note: str, by: User, now: datetime
) -> Interaction:
    """Says what became of a call whose outcome nobody knew, and moves its follow-up on.

    An outcome that is tried again goes back by the campaign's plan, a callback back to the queue,
    every other ends the follow-up; "never again" is written as a refusal. In a queue that is
    closed meanwhile the follow-up ends. Raises BadInput, Conflict when it was settled before.
    """
    rule = rule_for(contact, code)
    if not note.strip():
        raise BadInput({"note": [Reason("required")]})
    interaction = close_unknown(
        contact,
        outcome=rule.code,
        is_connected=rule.is_connected,
        is_reached=rule.is_reached,
        is_success=rule.is_success,
        by=by,
        now=now,
        note=note,
        detail={"settled": True},
    )
    if contact.followup is not None:
        _move_on(contact.followup, rule, by=by, now=now)
    if rule.effect is Effect.NEVER_AGAIN:
        _refuse(interaction, by=by, now=now)
    return interaction


def _move_on(followup: FollowUp, rule: OutcomeRule, *, by: User, now: datetime) -> None:
    row = (
        FollowUp.objects.select_for_update(of=("self",))
        .select_related("queue", "customer")
        .get(pk=followup.pk)
    )
    if row.state not in WAITING:
        return
    if not row.queue.is_open:
        cancel(row, by=by, now=now, reason=SETTLED)
        return
    if row.assigned_to_id not in (None, by.pk):
        reassign([row], to=None, by=by, now=now, reason=SETTLED)
        row.refresh_from_db()
    take(row, by=by, now=now)
    campaign = campaign_of(row)
    plan = retry_of(rule, campaign.retry_plan if campaign else None)
    if plan is not None and row.tries < plan.tries:
        at = now + timedelta(minutes=plan.delay_minutes)
        put_back(row, not_before=at, outcome=rule.code, by=by, now=now, reason=SETTLED)
    elif rule.effect is Effect.CALLBACK:
        put_back(row, not_before=now, outcome=rule.code, by=by, now=now, reason=SETTLED)
    else:
        finish(row, outcome=rule.code, by=by, now=now, reason=SETTLED)


def _refuse(interaction: Interaction, *, by: User, now: datetime) -> None:
    record_refusal(
        interaction.customer,
        purpose=interaction.purpose,
        source="supervisor",
        evidence=f"interaction {interaction.pk}",
        by=by,
        now=now,
    )


def may_correct(interaction: Interaction, *, user: User, now: datetime) -> bool:
    """Whether this person may put the record right.

    With the right `interactions.correct` every record they see; else what they recorded
    themselves, on the same day and unless somebody else has corrected it.
    """
    if has_right(user, "interactions.correct"):
        return True
    corrected_by = interaction.detail.get("corrected_by", str(user.pk))
    is_theirs = interaction.by_id == user.pk and corrected_by == str(user.pk)
    today = timezone.localdate(now, timezone.get_default_timezone())
    return is_theirs and interaction.local_day == today


@transaction.atomic
def correct(
    interaction: Interaction,
    *,
    code: str,
    talk_seconds: int,
    note: str,
    next_step: str,
    reason: str,
    by: User,
    now: datetime,
) -> Interaction:
    """Appends the corrected record with the reason; the figures of that day and person follow.

    Corrected to "never again" the refusal is written as well. What the first record planned stays
    planned: the queue shows it. Raises NotAllowed (`may_correct`), BadInput by field, Conflict
    `already_corrected`.
    """
    if not may_correct(interaction, user=by, now=now):
        raise NotAllowed("right_missing", right="interactions.correct")
    rule = rule_for(interaction, code)
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    if talk_seconds < 0:
        raise BadInput({"talk_seconds": [Reason("negative")]})
    values = {
        "outcome": rule.code,
        "is_connected": rule.is_connected,
        "is_reached": rule.is_reached,
        "is_success": rule.is_success,
        "talk_seconds": talk_seconds,
        "note": note.strip(),
        "next_step": next_step.strip(),
    }
    fresh = correct_interaction(interaction, values, by=by, now=now, reason=reason)
    if rule.effect is Effect.NEVER_AGAIN and interaction.outcome != rule.code:
        _refuse(fresh, by=by, now=now)
    return fresh
