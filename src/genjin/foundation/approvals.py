"""Decisions asked of a named person: the one inbox (PL11).

A domain asks with `ask()` and registers with `register()` what happens when the answer is yes
(or no). `decide()` writes the decision and carries it out in one transaction: an approval that
cannot be carried out any more is not approved either. Who may decide stands in
policy/approvals.toml; nobody decides what they asked for, or what is about themselves.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models, transaction

from genjin.foundation import audit, policy
from genjin.foundation.models import Approval, Delegation, Team, User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict, LostRace, NotAllowed
from genjin.kernel.states import StateTable

_S = Approval.State
APPROVAL_STATES = StateTable(
    states=list(_S.values),
    transitions={_S.ASKED: {_S.APPROVED, _S.REFUSED, _S.WITHDRAWN, _S.LAPSED}},
)
Carry = Callable[[Approval, User | None, datetime], None]


@dataclass(frozen=True)
class Kind:
    """What happens after a decision; both run inside the transaction of the decision."""

    carry_out: Carry
    give_up: Carry | None = None


_kinds: dict[str, Kind] = {}


def register(kind: str, *, carry_out: Carry, give_up: Carry | None = None) -> None:
    """Says what an approval of this kind does: `carry_out(approval, by, now)` when approved,
    `give_up` when refused, withdrawn or lapsed. Called once, from the AppConfig of its domain."""
    _kinds[kind] = Kind(carry_out, give_up)


def kinds() -> list[str]:
    """Every kind that policy/approvals.toml knows."""
    return list(policy.shipped("approvals")["kinds"])


def _ladder() -> list[str]:
    return list(policy.value("approvals.ladder"))


def role_for(kind: str, amount: Decimal | None = None) -> str:
    """The lowest role that may decide this kind for this amount, in home currency."""
    terms = policy.value(f"approvals.kinds.{kind}")
    for step in terms.get("steps", ()):
        if amount is not None and amount <= Decimal(str(step["up_to"])):
            return str(step["role"])
    return str(terms["role"])


def _roles_from(role: str) -> list[str]:
    ladder = _ladder()
    return ladder[ladder.index(role) :] if role in ladder else [role]


def _stands_high_enough(user: User, approval: Approval) -> bool:
    if not user.is_active or user.role not in _roles_from(approval.role):
        return False
    # The lowest rung of the ladder decides for the own team only.
    return user.role != _ladder()[0] or user.team_id == approval.team_id


def _is_party(user: User, approval: Approval) -> bool:
    return user.pk == approval.asked_by_id or user.pk in approval.excluded


def _delegators(user: User, now: datetime) -> models.QuerySet[User]:
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    return User.objects.filter(
        is_active=True, delegations__to=user, delegations__ended_at=None,
        delegations__starts_on__lte=today, delegations__ends_on__gte=today,
    )  # fmt: skip


def decides_as(user: User, approval: Approval, now: datetime) -> User | None:
    """In whose name `user` may decide: their own, that of someone who is away, or None.

    Who asked and who the decision is about decide in nobody's name; nor does anyone decide in
    the name of these.
    """
    if _is_party(user, approval):
        return None
    if _stands_high_enough(user, approval):
        return user
    for person in _delegators(user, now):
        if not _is_party(person, approval) and _stands_high_enough(person, approval):
            return person
    return None


def may_decide(user: User, approval: Approval, now: datetime) -> bool:
    """Whether `user` may decide this one now."""
    return approval.state == _S.ASKED and decides_as(user, approval, now) is not None


def _raise_to_someone(approval: Approval) -> bool:
    """Lifts the approval to the first role in which somebody may decide it."""
    for role in _roles_from(approval.role):
        approval.role = role
        people = User.objects.filter(is_active=True, role=role)
        if any(
            _stands_high_enough(one, approval) and not _is_party(one, approval) for one in people
        ):
            return True
    return False


@transaction.atomic
def ask(
    kind: str,
    *,
    subject: tuple[str, str],
    title: Mapping[str, Any],
    payload: Mapping[str, Any],
    reason: str,
    by: User,
    now: datetime,
    evidence: Sequence[Mapping[str, Any]] = (),
    amount: Decimal | None = None,
    currency: str = "",
    team: Team | None = None,
    excluded: Sequence[User] = (),
) -> Approval:
    """Asks for a decision about `subject`; the same open question is asked once.

    `title` is {"code", "data"} for a sentence; `evidence` a list of {"code", "value", "url"};
    `payload` what `carry_out` needs; `excluded` who may not decide besides `by`. Raises BadInput
    (reason missing; `nobody_may_decide`), Conflict `already_asked`.
    """
    if not reason.strip():
        raise BadInput({"reason": ["required"]})
    if len(reason.strip()) > 300:
        raise BadInput({"reason": ["too_long"]})
    same = Approval.objects.select_for_update().filter(
        kind=kind, subject_kind=subject[0], subject_id=subject[1], state=_S.ASKED
    )
    if found := same.first():
        raise Conflict("already_asked", id=str(found.pk))
    approval = Approval(
        kind=kind, subject_kind=subject[0], subject_id=subject[1], title=audit.plain(title),
        evidence=audit.plain(list(evidence)), payload=audit.plain(payload), amount=amount,
        currency=currency, reason=reason.strip(), team=team or by.team,
        role=role_for(kind, amount), excluded=[one.pk for one in excluded], asked_by=by,
        asked_at=now, due_at=now + timedelta(hours=policy.value(f"approvals.kinds.{kind}.hours")),
    )  # fmt: skip
    if not _raise_to_someone(approval):
        raise BadInput("nobody_may_decide", kind=kind)
    approval.save(force_insert=True)
    audit.record("ask", approval, by=by, now=now, reason=approval.reason,
                 changes={"subject": [None, list(subject)]})  # fmt: skip
    return approval


def _locked(approval: Approval) -> Approval:
    """The open row, held until the transaction ends. Raises LostRace when it was decided."""
    row = Approval.objects.select_for_update().get(pk=approval.pk)
    if row.state != _S.ASKED:
        raise LostRace("already_decided", id=str(row.pk), state=row.state)
    return row


def _end(approval: Approval, to: str, *, by: User | None, now: datetime, reason: str,
         **values: Any) -> None:  # fmt: skip
    transition(approval, field="state", table=APPROVAL_STATES, to=to, by=by, now=now,
               reason=reason, decided_at=now, decided_by=by, decision_reason=reason,
               **values)  # fmt: skip
    kind = _kinds[approval.kind]
    if to == _S.APPROVED:
        kind.carry_out(approval, by, now)
    elif kind.give_up is not None:
        kind.give_up(approval, by, now)


@transaction.atomic
def decide(
    approval: Approval, *, approve: bool, by: User, now: datetime, reason: str = ""
) -> Approval:
    """Decides and carries the decision out, all or nothing.

    A refusal needs words. Raises NotAllowed `not_yours_to_decide`, LostRace when somebody was
    faster, BadInput, and whatever carrying out raises (nothing is then decided).
    """
    approval = _locked(approval)
    name = decides_as(by, approval, now)
    if name is None:
        raise NotAllowed("not_yours_to_decide")
    reason = reason.strip()
    if not approve and not reason:
        raise BadInput({"reason": ["required"]})
    if len(reason) > 300:
        raise BadInput({"reason": ["too_long"]})
    _end(approval, _S.APPROVED if approve else _S.REFUSED, by=by, now=now, reason=reason,
         on_behalf_of=name if name.pk != by.pk else None)  # fmt: skip
    return approval


@transaction.atomic
def withdraw(approval: Approval, *, by: User, now: datetime) -> Approval:
    """Takes a question back; only who asked may. Raises NotAllowed, LostRace."""
    approval = _locked(approval)
    if approval.asked_by_id != by.pk:
        raise NotAllowed("not_yours_to_withdraw")
    _end(approval, _S.WITHDRAWN, by=by, now=now, reason="")
    return approval


def is_decider(user: User) -> bool:
    """Whether this person's role decides anything at all (a delegate's inbox is asked for)."""
    return user.role in _ladder()


def waiting_for(user: User, now: datetime) -> list[Approval]:
    """What this person may decide now, the most urgent first."""
    names = [user, *_delegators(user, now)]
    roles = {role for one in names for role in _ladder() if one.role in _roles_from(role)}
    open_ones = (
        Approval.objects.filter(state=_S.ASKED, role__in=roles)
        .select_related("asked_by", "team")
        .order_by("due_at", "pk")
    )
    return [one for one in open_ones if decides_as(user, one, now) is not None]


def asked_by(user: User, limit: int = 100) -> models.QuerySet[Approval]:
    """What this person asked for, newest first."""
    rows = Approval.objects.filter(asked_by=user).select_related("decided_by", "on_behalf_of")
    return rows.order_by("-asked_at")[:limit]


def for_subject(kind: str, pk: str) -> models.QuerySet[Approval]:
    """Every decision that was ever asked about one thing, newest first."""
    rows = Approval.objects.filter(subject_kind=kind, subject_id=pk)
    return rows.select_related("asked_by", "decided_by", "on_behalf_of").order_by("-asked_at")


@transaction.atomic
def delegate(
    person: User, *, to: User, starts_on: date, ends_on: date, by: User, now: datetime
) -> Delegation:
    """Lets `to` decide while `person` is away. Raises BadInput (oneself, days the wrong way)."""
    if to.pk == person.pk:
        raise BadInput({"to": ["not_to_oneself"]})
    if ends_on < starts_on:
        raise BadInput({"ends_on": ["ends_before_it_starts"]})
    if not to.is_active:
        raise BadInput({"to": ["not_active"]})
    made = Delegation.objects.create(person=person, to=to, starts_on=starts_on, ends_on=ends_on,
                                     made_by=by, made_at=now)  # fmt: skip
    audit.record("delegate", made, by=by, now=now, changes={
        "person": [None, person.pk], "to": [None, to.pk],
        "days": [None, f"{starts_on} – {ends_on}"],
    })  # fmt: skip
    return made


@transaction.atomic
def end_delegation(delegation: Delegation, *, by: User, now: datetime) -> None:
    """Ends a delegation before its last day."""
    if Delegation.objects.filter(pk=delegation.pk, ended_at=None).update(ended_at=now):
        audit.record("end_delegation", delegation, by=by, now=now,
                     changes={"ended_at": [None, now]})  # fmt: skip


def tick(now: datetime) -> None:
    """Lifts what nobody decided in time one role up, and lets the forgotten lapse."""
    late = Approval.objects.filter(state=_S.ASKED, due_at__lte=now).order_by("pk")
    for approval in late[:200]:
        with transaction.atomic():
            row = Approval.objects.select_for_update(skip_locked=True).filter(
                pk=approval.pk, state=_S.ASKED, due_at__lte=now
            )
            if found := row.first():
                _lift_or_lapse(found, now)


def _lift_or_lapse(approval: Approval, now: datetime) -> None:
    terms = policy.value(f"approvals.kinds.{approval.kind}")
    if now >= approval.asked_at + timedelta(days=terms["lapse_days"]):
        _end(approval, _S.LAPSED, by=None, now=now, reason="")
        return
    higher = _roles_from(approval.role)[1:]
    before = approval.role
    approval.role = higher[0] if higher else before
    if not _raise_to_someone(approval):
        approval.role = before
    approval.escalated_at = now
    approval.due_at = now + timedelta(hours=terms["hours"])
    approval.save(update_fields=["role", "escalated_at", "due_at"])
    audit.record("escalate", approval, by=None, now=now, changes={"role": [before, approval.role]})


def decided_by(user: User, limit: int = 100) -> models.QuerySet[Approval]:
    """What this person decided, newest first."""
    rows = Approval.objects.filter(decided_by=user).select_related("asked_by", "decided_by")
    return rows.order_by("-decided_at")[:limit]


def may_see(user: User, approval: Approval, now: datetime) -> bool:
    """Who asked, who may decide or decided, and everyone high enough to decide such things.

    Who a decision is about does not read it here.
    """
    if user.pk in approval.excluded and user.pk != approval.asked_by_id:
        return False
    if user.pk in (approval.asked_by_id, approval.decided_by_id):
        return True
    return _stands_high_enough(user, approval) or decides_as(user, approval, now) is not None
