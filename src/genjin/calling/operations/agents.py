"""What an agent is doing now, and what they have typed and not yet recorded (CA4).

The state changes by what the person does (dials, hangs up, records) or says (busy, break). Each
state that is left becomes an `AgentStateChange`, which the logbook and the floor add up.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from genjin.calling.models import AgentPresence, AgentStateChange, Campaign, DeskDraft
from genjin.calling.states import AGENT_STATES, AgentState
from genjin.followups.models import FollowUp
from genjin.followups.states import State
from genjin.foundation.compiled import Compiled
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, LostRace
from genjin.kernel.problems import Reason

REASON_LIMIT = 80
DRAFT_FIELDS_LIMIT = 60
DRAFT_TEXT_LIMIT = 20_000


_PRESENCE = Compiled(
    lambda user: AgentPresence.objects.select_for_update().filter(user=user), user=int
)
_DRAFT = Compiled(
    lambda followup, user: DeskDraft.objects.select_for_update().filter(
        followup=followup, user=user
    ),
    followup=UUID,
    user=int,
)


def _presence(user: User, now: datetime) -> AgentPresence:
    if (found := _PRESENCE.first(user=user.pk)) is not None:
        return found
    AgentPresence.objects.get_or_create(user=user, defaults={"since": now, "seen_at": now})
    return AgentPresence.objects.select_for_update().get(user=user)


@transaction.atomic
def set_agent_state(
    user: User,
    state: str,
    *,
    now: datetime,
    reason: str = "",
    campaign: Campaign | None = None,
    followup: FollowUp | None = None,
) -> AgentPresence:
    """Puts an agent into `state`, and keeps how long the one before it lasted.

    A break needs a reason (`BadInput` on "reason"). The same state again with another reason,
    campaign or follow-up corrects what is shown and starts no new span.
    """
    reason = reason.strip()
    if state not in AgentState.values:
        raise BadInput({"state": [Reason("not_a_choice")]})
    if state == AgentState.BREAK and not reason:
        raise BadInput({"reason": [Reason("required")]})
    if len(reason) > REASON_LIMIT:
        raise BadInput({"reason": [Reason("too_long", {"limit": REASON_LIMIT})]})
    presence = _presence(user, now)
    if presence.state != state:
        AgentStateChange.objects.create(
            user=user,
            state=presence.state,
            reason=presence.reason,
            campaign_id=presence.campaign_id,
            started_at=presence.since,
            ended_at=max(now, presence.since),
        )
        transition(
            presence,
            field="state",
            table=AGENT_STATES,
            to=state,
            by=user,
            now=now,
            is_audited=False,  # the state change itself is the record
            since=now,
        )
    presence.reason, presence.seen_at = reason, now
    presence.campaign, presence.followup = campaign, followup
    presence.save(update_fields=["reason", "seen_at", "campaign", "followup"])
    return presence


def touch(user: User, now: datetime) -> bool:
    """Says that the agent's page is still open; the floor shows who went silent.

    Returns False for someone who has no presence yet: they have not begun a shift.
    """
    return AgentPresence.objects.filter(user=user).update(seen_at=now) == 1


def _check_draft(content: dict[str, Any]) -> None:
    fields = content.get("fields")
    if not isinstance(fields, dict) or len(fields) > DRAFT_FIELDS_LIMIT:
        raise BadInput("draft_unreadable")
    for name, value in fields.items():
        if not isinstance(value, str):
            raise BadInput("draft_unreadable")
        if len(value) > DRAFT_TEXT_LIMIT:
            raise BadInput("too_long", limit=DRAFT_TEXT_LIMIT)
        if "\x00" in name + value:
            raise BadInput("bad_character")


def _serial(content: dict[str, Any]) -> int:
    serial = content.get("serial", 0)
    return serial if isinstance(serial, int) else 0


@transaction.atomic
def save_draft(
    followup: FollowUp, user: User, content: dict[str, Any], revision: int, now: datetime
) -> int:
    """Keeps what an agent has typed for a follow-up; returns the new revision.

    `content` is {"fields": {name: text}, "writer": id of the page, "serial": number that grows
    with every change in that page}. `revision` is the one that the page started from; another
    page that saved since is never overwritten: `LostRace("draft_is_newer")`, with what is stored
    in the row. The page's own save whose answer was lost on the way counts as its own, by
    `writer`, and a save that overtook another one is not undone by the later arrival, by `serial`.
    """
    _check_draft(content)
    draft = _DRAFT.first(followup=followup.pk, user=user.pk)
    if draft is None:
        return _first_save(followup, user, content, revision, now)
    writer = content.get("writer", "")
    is_own = bool(writer) and draft.content.get("writer") == writer
    if is_own and _serial(content) <= _serial(draft.content):
        return draft.revision
    if draft.revision != revision and not is_own:
        raise LostRace("draft_is_newer", revision=draft.revision)
    draft.content, draft.revision, draft.saved_at = content, draft.revision + 1, now
    draft.save(update_fields=["content", "revision", "saved_at"])
    return draft.revision


def _first_save(
    followup: FollowUp, user: User, content: dict[str, Any], revision: int, now: datetime
) -> int:
    mine = FollowUp.objects.select_for_update(no_key=True).filter(
        pk=followup.pk, state=State.TAKEN, taken_by=user
    )
    if revision != 0 or not mine.exists():
        # Recorded meanwhile, here or in another page: a save that comes late puts nothing back.
        raise LostRace("draft_is_gone", revision=0)
    try:
        with transaction.atomic():
            DeskDraft.objects.create(
                followup=followup, user=user, content=content, revision=1, saved_at=now
            )
    except IntegrityError as error:
        raise LostRace("draft_is_newer", revision=1) from error
    return 1


def discard_draft(followup: FollowUp, user: User) -> bool:
    """Removes what was typed, once it is recorded or thrown away on purpose."""
    return bool(DeskDraft.objects.filter(followup=followup, user=user).delete()[0])
