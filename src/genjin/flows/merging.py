"""Merging two cards, undoing it, and deciding whose customer it is (CU10, CU17).

Who may do it stands here: cards that one keeps oneself, or that nobody keeps, are merged at once;
a card of another custodian needs the yes of somebody who may give cards away.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from genjin.customers.models import Customer, DuplicatePair, Merge
from genjin.customers.operations import merging as cards
from genjin.customers.operations.custody import COLLISION, move_custody
from genjin.customers.states import PAIR_STATES, PairState
from genjin.customers.visibility import may_see
from genjin.followups.operations.merging import hold_still, restore_queue, settle_queue
from genjin.foundation import approvals
from genjin.foundation.access import has_right, scope_of
from genjin.foundation.models import Approval, User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict, LostRace, NotAllowed
from genjin.kernel.problems import Reason
from genjin.sales.opportunities.showing import show_for
from genjin.sales.standing import refresh_standings

MERGE_KIND, COLLISION_KIND = "merge_owned_cards", "collision"


@dataclass(frozen=True)
class SplitResult:
    """Fields that keep what was written since, entries since, follow-ups planned again."""

    kept: list[str]
    entries_since: int
    planned: int


def may_merge(user: User, first: Customer, second: Customer) -> bool:
    """Whether this person may merge the two at once, without asking anybody."""
    if not (may_see(user, first) and may_see(user, second)):
        return False
    others = {first.custodian_id, second.custodian_id} - {None, user.pk}
    return not others or has_right(user, "customers.assign")


def pair_of(first: Customer, second: Customer) -> DuplicatePair | None:
    """The pair on the list that these two make, if there is one."""
    return DuplicatePair.objects.filter(
        Q(first=first, second=second) | Q(first=second, second=first)
    ).first()


@transaction.atomic
def merge_customers(
    survivor: Customer,
    merged: Customer,
    *,
    choices: Mapping[str, str],
    by: User,
    now: datetime,
    reason: str = "",
) -> Merge:
    """Merges a card into another, at once. Raises NotAllowed `approval_needed` where others keep
    one; Conflict `in_hand` during a conversation; LostRace when one was merged meanwhile."""
    if not may_merge(by, survivor, merged):
        raise NotAllowed("approval_needed")
    return _merge(survivor, merged, choices=choices, by=by, now=now, reason=reason)


def _merge(
    survivor: Customer, merged: Customer, *, choices: Mapping[str, str], by: User,
    now: datetime, reason: str,
) -> Merge:  # fmt: skip
    survivor, merged = cards.lock_both(survivor, merged)
    hold_still(merged, survivor)
    merge = cards.join_cards(survivor, merged, choices=choices, reason=reason, by=by, now=now)
    settle_queue(merge, by=by, now=now)
    if pair := pair_of(survivor, merged):
        merge.pair = pair
        merge.save(update_fields=["pair"])
        if pair.state == PairState.DISTINCT:
            _settle(pair, PairState.OPEN, by=by, now=now, reason=reason)
        if pair.state == PairState.OPEN:
            _settle(pair, PairState.MERGED, by=by, now=now, reason=reason)
    _close_other_pairs(merged)
    refresh_standings([survivor.pk], now=now)
    show_for([survivor.pk, merged.pk], now=now, by=by)
    return merge


def _close_other_pairs(merged: Customer) -> None:
    """Open pairs with the card that is gone lead nowhere; the next scan makes the survivor's."""
    gone = Q(first=merged) | Q(second=merged)
    DuplicatePair.objects.filter(gone, state=PairState.OPEN).delete()


def _settle(pair: DuplicatePair, to: str, *, by: User, now: datetime, reason: str) -> None:
    transition(pair, field="state", table=PAIR_STATES, to=to, by=by, now=now, reason=reason,
               decided_at=now, decided_by=by)  # fmt: skip
    DuplicatePair.objects.filter(pk=pair.pk).update(reason=reason.strip()[:300])


def may_split(user: User, merge: Merge) -> bool:
    """Whether this person may undo a merge: who did it, and who may give cards away."""
    if not may_see(user, merge.survivor):
        return False
    return merge.by_id == user.pk or has_right(user, "customers.assign")


@transaction.atomic
def split_customers(merge: Merge, *, by: User, now: datetime) -> SplitResult:
    """Undoes a merge; the two count as two customers from now on.

    Raises NotAllowed, LostRace `already_split`, Conflict `merged_further` or `in_hand`.
    """
    if not may_split(by, merge):
        raise NotAllowed("right_missing", right="customers.assign")
    hold_still(merge.survivor)
    split = cards.split_cards(merge, by=by, now=now)
    merge = Merge.objects.select_related("survivor", "merged").get(pk=merge.pk)
    planned = restore_queue(merge, by=by, now=now)
    pair = pair_of(merge.survivor, merge.merged)
    if pair is not None and pair.state == PairState.MERGED:
        _settle(pair, PairState.OPEN, by=by, now=now, reason="split")
        _settle(pair, PairState.DISTINCT, by=by, now=now, reason="split")
    refresh_standings([merge.survivor_id, merge.merged_id], now=now)
    show_for([merge.survivor_id, merge.merged_id], now=now, by=by)
    return SplitResult(split.kept, split.entries_since, planned)


def may_decide(user: User, pair: DuplicatePair) -> bool:
    """Whether this person may say that the two are two customers: one's own, or as supervisor."""
    return may_see(user, pair.first) and may_see(user, pair.second)


@transaction.atomic
def mark_distinct(pair: DuplicatePair, *, reason: str, by: User, now: datetime) -> None:
    """Remembers that the two are two customers; the pair never comes up again by itself.

    Raises NotAllowed outside one's scope, LostRace when it was decided meanwhile.
    """
    if not may_decide(by, pair) and not may_decide_collision(by, pair):
        raise NotAllowed("right_missing", right="customers.assign")
    _settle(pair, PairState.DISTINCT, by=by, now=now, reason=reason)


@transaction.atomic
def reopen(pair: DuplicatePair, *, by: User, now: datetime) -> None:
    """Puts a pair that was said to be two customers back on the list."""
    if not may_decide(by, pair):
        raise NotAllowed("right_missing", right="customers.assign")
    _settle(pair, PairState.OPEN, by=by, now=now, reason="")


# ── Asking for the yes of somebody who may give cards away ───────────────────────────────────


def _evidence(pair: DuplicatePair | None, roles: Mapping[str, Customer]) -> list[dict[str, object]]:
    """What the decider reads: the cards with custodian and day, and how alike they are."""
    found: list[dict[str, object]] = [
        {
            "code": code,
            "value": f"{one.name} ({one.number}) · {one.custodian or '–'}"
            f" · {one.created_at.date().isoformat()}",
            "url": f"/customers/{one.pk}",
        }
        for code, one in roles.items()
    ]
    if pair is not None:
        found.append(
            {"code": "evidence", "value": f"{pair.score}/100", "url": f"/duplicates/{pair.pk}"}
        )
    return found


@transaction.atomic
def ask_to_merge(
    survivor: Customer,
    merged: Customer,
    *,
    choices: Mapping[str, str],
    reason: str,
    by: User,
    now: datetime,
) -> Approval:
    """Asks for a merge that takes a card out of somebody else's custody.

    The supervisor of the card's team decides; neither who asks nor the other custodian does.
    Raises NotAllowed when neither card is in the asker's scope, BadInput, Conflict.
    """
    if not (may_see(by, survivor) or may_see(by, merged)):
        raise NotAllowed("right_missing", right="customers.view")
    pair = pair_of(survivor, merged)
    others = [one for one in (survivor, merged) if one.custodian_id not in (None, by.pk)]
    return approvals.ask(
        MERGE_KIND,
        subject=("customer", str(merged.pk)),
        title={"code": MERGE_KIND, "data": {"survivor": survivor.name, "merged": merged.name}},
        evidence=_evidence(pair, {"survivor": survivor, "merged": merged}),
        payload={"survivor": survivor.pk, "merged": merged.pk, "choices": dict(choices)},
        reason=reason,
        team=others[0].team if others else None,
        excluded=[one.custodian for one in others if one.custodian],
        by=by,
        now=now,
    )


def carry_out_merge(approval: Approval, by: User | None, now: datetime) -> None:
    """What the yes to a merge does, in the transaction of the decision."""
    payload = approval.payload
    survivor, merged = (Customer.objects.get(pk=payload[name]) for name in ("survivor", "merged"))
    _merge(survivor, merged, choices=payload["choices"], by=by or approval.asked_by, now=now,
           reason=approval.reason)  # fmt: skip


# ── Collisions: two people claim one customer ────────────────────────────────────────────────


def first_on_record(pair: DuplicatePair) -> Customer:
    """The card that was opened first: its custodian keeps the customer unless decided else."""
    return min((pair.first, pair.second), key=lambda one: (one.created_at, one.number))


def is_claimed_by_two(pair: DuplicatePair) -> bool:
    """Whether two people keep the cards now; one may have lost theirs since the pair was found."""
    keepers = {pair.first.custodian_id, pair.second.custodian_id} - {None}
    return pair.is_collision and len(keepers) == 2


def may_decide_collision(user: User, pair: DuplicatePair) -> bool:
    """Whether this person decides whose customer it is.

    Who may give cards away, in the team of who was first on record; never one of the two.
    """
    if not (is_claimed_by_two(pair) and has_right(user, "customers.assign")):
        return False
    if user.pk in (pair.first.custodian_id, pair.second.custodian_id):
        return False
    return scope_of(user) == "all" or (
        user.team_id is not None and user.team_id == first_on_record(pair).team_id
    )


@transaction.atomic
def decide_collision(
    pair: DuplicatePair, *, keeper: User, reason: str, by: User, now: datetime
) -> None:
    """Says who keeps a customer whom two claim, with a reason; both cards come into their hands.

    The pair stays on the list as an ordinary one: the keeper merges the cards. Raises NotAllowed,
    BadInput without a reason, LostRace when it was decided meanwhile, Conflict `not_a_claimant`.
    """
    if not may_decide_collision(by, pair):
        raise NotAllowed("right_missing", right="customers.assign")
    _award(pair, keeper=keeper, reason=reason, by=by, now=now)


def _award(
    pair: DuplicatePair, *, keeper: User, reason: str, by: User | None, now: datetime
) -> None:
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    row = DuplicatePair.objects.select_for_update(of=("self",)).get(pk=pair.pk)
    if row.state != PairState.OPEN or not row.is_collision:
        raise LostRace("already_decided")
    both = [row.first, row.second]
    if keeper.pk not in {one.custodian_id for one in both}:
        raise Conflict("not_a_claimant", name=keeper.name)
    move_custody(both, to=keeper, team=keeper.team, reason=COLLISION, note=reason, by=by, now=now)
    row.is_collision, row.reason = False, reason.strip()[:300]
    row.save(update_fields=["is_collision", "reason"])
    pair.is_collision = False


@transaction.atomic
def claim_customer(pair: DuplicatePair, *, reason: str, by: User, now: datetime) -> Approval:
    """One of the two custodians claims the customer; the supervisor of the first decides.

    A refusal leaves the customer with who was first on record. Raises NotAllowed for anybody
    else, BadInput without a reason, Conflict `already_asked`.
    """
    if by.pk not in (pair.first.custodian_id, pair.second.custodian_id):
        raise NotAllowed("not_a_claimant")
    if pair.state != PairState.OPEN or not is_claimed_by_two(pair):
        raise LostRace("already_decided")
    first = first_on_record(pair)
    second = pair.second if first == pair.first else pair.first
    return approvals.ask(
        COLLISION_KIND,
        subject=("duplicatepair", str(pair.pk)),
        title={
            "code": COLLISION_KIND, "data": {"first": pair.first.name, "second": pair.second.name}
        },
        evidence=_evidence(pair, {"first": first, "second": second}),
        payload={"pair": pair.pk, "keeper": by.pk},
        reason=reason,
        team=first.team,
        excluded=[one.custodian for one in (pair.first, pair.second) if one.custodian],
        by=by,
        now=now,
    )  # fmt: skip


def carry_out_claim(approval: Approval, by: User | None, now: datetime) -> None:
    """What the yes to a claim does: the claimant keeps the customer."""
    pair = DuplicatePair.objects.select_related("first", "second").get(pk=approval.payload["pair"])
    keeper = User.objects.get(pk=approval.payload["keeper"])
    _award(pair, keeper=keeper, reason=approval.decision_reason or approval.reason, by=by, now=now)


def register_kinds() -> None:
    """Says what approvals of this floor do."""
    approvals.register(MERGE_KIND, carry_out=carry_out_merge)
    approvals.register(COLLISION_KIND, carry_out=carry_out_claim)
