"""Opens, changes, moves and ends opportunities (SA2): the only writers of these tables.

Every operation locks the card first and then the opportunity, writes what follows for the card
(`showing`), and tells the move three times: in its own history, on the customer's timeline and in
the audit trail.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from genjin.customers import timeline
from genjin.customers.models import Customer, ProductCategory
from genjin.customers.operations.card import set_grade
from genjin.customers.operations.changes import lock, touch
from genjin.customers.states import Grade
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict, LostRace
from genjin.kernel.problems import Reason
from genjin.sales.models import Opportunity, OpportunityFact, OpportunityMove, Order, Product
from genjin.sales.opportunities import queries, stages
from genjin.sales.opportunities.rules import missing
from genjin.sales.opportunities.showing import show_for
from genjin.sales.opportunities.states import OPPORTUNITY_STATES, Move, OpportunityState
from genjin.sales.opportunities.values import FACT_LENGTH, GRADES, Problems, checked, text_problem
from genjin.sales.states import OrderState

TIMELINE = "opportunity"
FIGURES = ("amount", "currency", "expected_on")
# Fields of which the present value proves a fact of a stage.
COLUMNS = ("product", "category", "amount", "expected_on", "next_step", "rival")
COUNTED_ORDERS = (OrderState.CONCLUDED, OrderState.CLOSED)


def _locked(opportunity: Opportunity, *, is_open: bool = True) -> Opportunity:
    """The opportunity as it stands, its card locked before it. Conflict `opportunity_ended`."""
    seen = Opportunity.objects.select_related("customer").get(pk=opportunity.pk)
    lock(seen.customer)
    rows = Opportunity.objects.select_related("customer", "product", "category", "owner")
    row = rows.select_for_update(of=("self",)).get(pk=opportunity.pk)
    if row.customer_id != seen.customer_id:
        raise LostRace("state_changed", kind="opportunity", id=str(row.pk))
    if is_open and row.state != OpportunityState.OPEN:
        raise Conflict("opportunity_ended", state=row.state)
    return row


def _move(
    row: Opportunity,
    what: Move,
    *,
    before: object = "",
    after: object = "",
    reason: str = "",
    by: User | None,
    now: datetime,
) -> OpportunityMove:
    """Keeps one step in the opportunity's own history."""
    Opportunity.objects.filter(pk=row.pk).update(moved_at=now)
    row.moved_at = now
    return OpportunityMove.objects.create(
        opportunity=row, at=now, by=by, what=what, before=str(before)[:120], after=str(after)[:120],
        reason=reason, stage=row.stage, grade=row.grade, state=row.state,
        home_amount=row.home_amount, expected_on=row.expected_on, owner_id=row.owner_id,
    )  # fmt: skip


def _tell(
    row: Opportunity, code: str, data: Mapping[str, Any], *, by: User | None, now: datetime
) -> None:
    """Shows the card's best grade and puts the move on the customer's timeline."""
    moved = show_for([row.customer_id], now=now, by=by).get(row.customer_id)
    timeline.append(
        row.customer_id, kind=TIMELINE, code=code, by=by, at=now,
        data={"title": row.title, **data, **({"card": list(moved)} if moved else {})},
        source=("opportunity", str(row.pk)),
    )  # fmt: skip
    touch(row.customer, now)


@transaction.atomic
def open_opportunity(
    customer: Customer,
    *,
    title: str = "",
    product: Product | None = None,
    category: ProductCategory | None = None,
    amount: Decimal | None = None,
    currency: str = "",
    expected_on: date | None = None,
    grade: str = "",
    owner: User | None = None,
    next_step: str = "",
    next_on: date | None = None,
    source: tuple[str, str] = ("", ""),
    by: User,
    now: datetime,
) -> Opportunity:
    """Opens a possible deal in the first stage; its owner is the person unless another is named.

    Without a title it is called after its product; without a grade it has the opening grade of
    policy/pipeline.toml; `currency` empty is the home currency. The card shows its grade when it
    is the best. BadInput by field as `values.checked` says, and not_a_choice for a grade.
    """
    card = lock(customer)
    grade = grade or stages.opening_grade()
    columns, problems = checked(
        {
            "title": title, "product": product, "category": category, "amount": amount,
            "currency": currency, "expected_on": expected_on, "next_step": next_step,
            "next_on": next_on,
        },
        row=None, now=now,
    )  # fmt: skip
    if grade not in GRADES:
        problems["grade"] = [Reason("not_a_choice", {"value": grade[:10]})]
    if problems:
        raise BadInput(problems)
    row = Opportunity.objects.create(
        customer=card, owner=owner or by, grade=grade, grade_set_at=now, created_at=now,
        created_by=by, stage=stages.stages()[0].code, stage_at=now, moved_at=now,
        source_kind=source[0], source_id=source[1], **columns,
    )  # fmt: skip
    told = {"grade": grade, "stage": row.stage, "amount": row.amount, "currency": row.currency,
            "expected_on": row.expected_on}  # fmt: skip
    audit.record("add", row, by=by, now=now, label=f"{card.name}: {row.title}", changes=told)
    _move(row, Move.OPENED, after=row.title, by=by, now=now)
    _tell(row, "opportunity_opened", told, by=by, now=now)
    return row


@transaction.atomic
def change_opportunity(
    opportunity: Opportunity, values: Mapping[str, Any], *, by: User | None, now: datetime
) -> dict[str, list[Any]]:
    """Changes title, product, category, amount, currency, expected_on, owner, next_step, next_on
    or rival; returns the changes. What `values` leaves out stays. An amount in another currency
    counts at today's rate. BadInput as `values.checked` says; Conflict `opportunity_ended`.
    """
    return _change(_locked(opportunity), values, by=by, now=now)


def _change(
    row: Opportunity, values: Mapping[str, Any], *, by: User | None, now: datetime
) -> dict[str, list[Any]]:
    columns, problems = checked(values, row=row, now=now)
    if problems:
        raise BadInput(problems)
    return _write(row, columns, by=by, now=now)


def _write(
    row: Opportunity, columns: Mapping[str, Any], *, by: User | None, now: datetime
) -> dict[str, list[Any]]:
    owner_before = row.owner
    changes = audit.change(row, columns, by=by, now=now)
    told = {name: pair for name, pair in changes.items() if name not in ("rate", "home_amount")}
    if not told:
        return told
    if any(name in told for name in FIGURES):
        pairs = [told[name] for name in FIGURES if name in told]
        before, after = (" ".join(str(pair[at] or "–") for pair in pairs) for at in (0, 1))
        _move(row, Move.FIGURES, before=before, after=after, by=by, now=now)
    if "owner" in told:
        _move(row, Move.OWNER, before=owner_before, after=row.owner, by=by, now=now)
        told["owner"] = [str(owner_before), str(row.owner)]
    for name in ("product", "category"):
        if name in told:
            told[name] = [told[name][0] and "…", str(getattr(row, name) or "")]
    _tell(row, "opportunity_changed", {"changes": told}, by=by, now=now)
    return told


@transaction.atomic
def note_facts(
    opportunity: Opportunity,
    facts: Mapping[str, str],
    *,
    values: Mapping[str, Any] | None = None,
    by: User | None,
    now: datetime,
) -> list[str]:
    """Notes what was found out, by code of policy/pipeline.toml; returns the codes that are new.

    The newest text counts; an empty one takes back what was noted. Of one that has ended, too:
    after the deal there is much to find out. `values` are fields of an open one, as in
    `change_opportunity`. BadInput at "fact_<code>": not_a_choice, too_long, bad_character.
    """
    row = _locked(opportunity, is_open=bool(values))
    if values:
        _change(row, values, by=by, now=now)
    return _note(row, facts, by=by, now=now)


def _note(
    row: Opportunity, facts: Mapping[str, str], *, by: User | None, now: datetime
) -> list[str]:
    problems: Problems = {}
    stand = queries.facts_of(row)
    fresh: list[OpportunityFact] = []
    for code, given in facts.items():
        text = given.strip()
        known = stages.fact(code)
        if known is None or known.column:
            problems[f"fact_{code}"] = [Reason("not_a_choice", {"value": code[:20]})]
        elif wrong := text_problem(text, FACT_LENGTH):
            problems[f"fact_{code}"] = [wrong]
        elif text != (stand[code].text if code in stand else ""):
            fresh.append(OpportunityFact(opportunity=row, code=code, text=text, at=now, by=by))
    if problems:
        raise BadInput(problems)
    OpportunityFact.objects.bulk_create(fresh)
    if fresh:
        audit.record("note", row, by=by, now=now,
                     changes={one.code: [None, one.text] for one in fresh})  # fmt: skip
    return [one.code for one in fresh]


@transaction.atomic
def move_stage(
    opportunity: Opportunity,
    *,
    to: str,
    reason: str = "",
    facts: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    by: User | None,
    now: datetime,
) -> None:
    """Moves an opportunity to another stage, with what was found out on the way.

    `facts` and `values` are noted first, as `note_facts` and `change_opportunity` do; nothing is
    written when the move fails. Going on needs all that the stages between must know: BadInput
    `fact_missing` at "fact_<code>" or at the field that proves it. Going back needs a reason.
    BadInput at "stage": not_a_choice, same_stage. Conflict `win_first` for the stage after the
    deal: winning leads there.
    """
    row = _locked(opportunity)
    every = stages.stages()
    places = {one.code: one.place for one in every}
    if to not in places:
        raise BadInput({"stage": [Reason("not_a_choice", {"value": to[:20]})]})
    if to == stages.AFTER:
        raise Conflict("win_first")
    if to == row.stage:
        raise BadInput({"stage": [Reason("same_stage")]})
    if values:
        _change(row, values, by=by, now=now)
    if facts:
        _note(row, facts, by=by, now=now)
    is_back = places[to] < places[row.stage]
    words = reason.strip()
    problems = _stage_problems(row, to) if not is_back else {}
    if wrong := text_problem(words, FACT_LENGTH, is_needed=is_back):
        problems["reason"] = [wrong]
    if problems:
        raise BadInput(problems)
    before = row.stage
    audit.change(row, {"stage": to, "stage_at": now}, by=by, now=now, reason=words)
    _move(row, Move.STAGE, before=before, after=to, reason=words, by=by, now=now)
    _tell(row, "opportunity_stage", {"before": before, "after": to, "reason": words}, by=by,
          now=now)  # fmt: skip


def _stage_problems(row: Opportunity, to: str) -> Problems:
    """What must still be known before a stage, beside the field that asks for it."""
    found: Problems = {}
    known = {code for code, one in queries.facts_of(row).items() if one.text}
    columns = {name: getattr(row, name) for name in COLUMNS}
    for stage, code in missing(stages.stages(), at=row.stage, to=to, known=known, columns=columns):
        fact = stages.fact(code)
        assert fact is not None
        place = fact.column or f"fact_{code}"
        found[place] = [Reason("fact_missing", {"stage": stage, "fact": code})]
    return found


@transaction.atomic
def grade_opportunity(
    opportunity: Opportunity,
    *,
    grade: str,
    expected_on: date | None = None,
    amount: Decimal | None = None,
    by: User | None,
    now: datetime,
) -> None:
    """Grades an opportunity A to E; day and amount that are given are written with it.

    The same grade again confirms it: its term begins anew (CU5). BadInput: not_a_choice, and as
    `change_opportunity`; Conflict `opportunity_ended`.
    """
    row = _locked(opportunity)
    values: dict[str, Any] = {}
    if expected_on is not None:
        values["expected_on"] = expected_on
    if amount is not None:
        values["amount"] = amount
    columns, problems = checked(values, row=row, now=now)
    if grade not in GRADES:
        problems["grade"] = [Reason("not_a_choice", {"value": grade[:10]})]
    if problems:
        raise BadInput(problems)
    _write(row, columns, by=by, now=now)
    _grade(row, grade, by=by, now=now)


def _grade(row: Opportunity, grade: str, *, by: User | None, now: datetime) -> None:
    before = row.grade
    is_same = before == grade
    audit.change(row, {"grade": grade, "grade_set_at": now}, by=by, now=now)
    what = Move.CONFIRMED if is_same else Move.GRADE
    _move(row, what, before=before, after=grade, by=by, now=now)
    code = "opportunity_grade_confirmed" if is_same else "opportunity_grade"
    _tell(row, code, {"before": before, "after": grade}, by=by, now=now)


@transaction.atomic
def confirm_grade(opportunity: Opportunity, *, by: User | None, now: datetime) -> None:
    """Keeps the grade as it stands: its term begins anew. Conflict `opportunity_ended`."""
    row = _locked(opportunity)
    _grade(row, row.grade, by=by, now=now)


@transaction.atomic
def win(opportunity: Opportunity, *, order: Order, by: User | None, now: datetime) -> None:
    """Wins a deal: its order is concluded, and the stage after the deal begins.

    BadInput at "order": order_of_another, order_not_concluded, order_won_another. Conflict
    `opportunity_ended`.
    """
    row = _locked(opportunity)
    _check_order(row, order)
    if order.state not in COUNTED_ORDERS:
        raise BadInput({"order": [Reason("order_not_concluded", {"state": order.state})]})
    before = row.stage
    transition(row, field="state", table=OPPORTUNITY_STATES, to=OpportunityState.WON, by=by,
               now=now, order_id=order.pk, stage=stages.AFTER, stage_at=now,
               ended_at=now)  # fmt: skip
    _move(row, Move.STATE, before=OpportunityState.OPEN, after=OpportunityState.WON, by=by, now=now)
    _tell(
        row, "opportunity_won",
        {"before": before, "order": order.number, "amount": order.total,
         "currency": order.currency},
        by=by, now=now,
    )  # fmt: skip


def _check_order(row: Opportunity, order: Order) -> None:
    """An order is its own customer's and of one opportunity alone."""
    if order.customer_id != row.customer_id:
        raise BadInput({"order": [Reason("order_of_another")]})
    if Opportunity.objects.filter(order=order).exclude(pk=row.pk).exists():
        raise BadInput({"order": [Reason("order_won_another")]})


@transaction.atomic
def name_order(opportunity: Opportunity, *, order: Order, by: User | None, now: datetime) -> None:
    """Says which order an open opportunity is becoming: when that is concluded, it is won.

    BadInput at "order": order_of_another, order_won_another. Conflict `opportunity_ended`.
    """
    row = _locked(opportunity)
    _check_order(row, order)
    audit.change(row, {"order": order}, by=by, now=now)
    _tell(row, "opportunity_order", {"amount": order.total, "currency": order.currency}, by=by,
          now=now)  # fmt: skip


@transaction.atomic
def follow_concluded(order: Order, *, by: User | None, now: datetime) -> Opportunity | None:
    """Wins the opportunity that an order was made of, now that it is concluded; None without."""
    row = Opportunity.objects.filter(order=order, state=OpportunityState.OPEN).first()
    if row is not None:
        win(row, order=order, by=by, now=now)
    return row


@transaction.atomic
def follow_cancelled(
    order: Order, *, reason: str, by: User | None, now: datetime
) -> Opportunity | None:
    """Takes an order that was cancelled off its opportunity; one that it had won is open again."""
    row = Opportunity.objects.filter(order=order).first()
    if row is None:
        return None
    if row.state == OpportunityState.WON:
        reopen(row, reason=reason, by=by, now=now)
    elif row.state == OpportunityState.OPEN:
        audit.change(_locked(row), {"order": None}, by=by, now=now, reason=reason)
    return row


@transaction.atomic
def lose(
    opportunity: Opportunity,
    *,
    reason: str,
    words: str = "",
    rival: str = "",
    card_grade: str = "",
    by: User | None,
    now: datetime,
) -> None:
    """Records that a deal was lost, why and to whom.

    `reason` is a code of policy/pipeline.toml; a reason that names a rival needs the name.
    `card_grade` is the grade that the card carries itself when this was the last open one; empty
    leaves it ungraded. BadInput: required, not_a_choice, too_long, bad_character. Conflict
    `opportunity_ended`.
    """
    problems: Problems = {}
    known = stages.lost_reason(reason)
    if known is None:
        code = "not_a_choice" if reason else "required"
        problems["reason"] = [Reason(code, {"value": reason[:20]})]
    if wrong := text_problem(rival, 80, is_needed=known is not None and known.needs_rival):
        problems["rival"] = [wrong]
    _end(opportunity, OpportunityState.LOST, problems, words=words, card_grade=card_grade, by=by,
         now=now, lost_reason=reason, rival=" ".join(rival.split()))  # fmt: skip


@transaction.atomic
def drop(
    opportunity: Opportunity, *, words: str, card_grade: str = "", by: User | None, now: datetime
) -> None:
    """Gives a deal up ourselves, with the reason in words. As `lose` otherwise."""
    problems: Problems = {}
    if not words.strip():
        problems["words"] = [Reason("required")]
    _end(opportunity, OpportunityState.DROPPED, problems, words=words, card_grade=card_grade,
         by=by, now=now)  # fmt: skip


def _end(
    opportunity: Opportunity,
    to: OpportunityState,
    problems: Problems,
    *,
    words: str,
    card_grade: str,
    by: User | None,
    now: datetime,
    **columns: Any,
) -> None:
    words = words.strip()
    if wrong := text_problem(words, FACT_LENGTH):
        problems["words"] = [wrong]
    if card_grade not in Grade.values:
        problems["card_grade"] = [Reason("not_a_choice", {"value": card_grade[:10]})]
    if problems:
        raise BadInput(problems)
    row = _locked(opportunity)
    if not columns.get("rival"):
        columns.pop("rival", None)
    transition(row, field="state", table=OPPORTUNITY_STATES, to=to, by=by, now=now, reason=words,
               end_words=words, ended_at=now, **columns)  # fmt: skip
    _move(row, Move.STATE, before=OpportunityState.OPEN, after=to,
          reason=" ".join(part for part in (columns.get("lost_reason", ""), words) if part)[:500],
          by=by, now=now)  # fmt: skip
    _tell(row, f"opportunity_{to.value}", {**columns, "words": words}, by=by, now=now)
    _own_grade(row.customer, card_grade, by=by, now=now)


def _own_grade(card: Customer, grade: str, *, by: User | None, now: datetime) -> None:
    """Gives a card without an open opportunity a grade of its own: the old one was of the deal."""
    if not queries.open_of(card).exists():
        set_grade(card, grade=grade, by=by, now=now)


@transaction.atomic
def reopen(opportunity: Opportunity, *, reason: str, by: User | None, now: datetime) -> None:
    """Takes up a deal again that was lost, given up, or won by an order that was cancelled.

    A deal that was won goes back to the stage of agreement. BadInput at "reason": required,
    too_long; Conflict `order_stands` while its order does.
    """
    words = reason.strip()
    if wrong := text_problem(words, FACT_LENGTH, is_needed=True):
        raise BadInput({"reason": [wrong]})
    row = _locked(opportunity, is_open=False)
    before = row.state
    if before == OpportunityState.WON and row.order and row.order.state in COUNTED_ORDERS:
        raise Conflict("order_stands", order=row.order.number)
    columns: dict[str, Any] = {"ended_at": None, "order_id": None, "grade_set_at": now,
                               "lost_reason": "", "end_words": ""}  # fmt: skip
    if row.stage == stages.AFTER:
        columns |= {"stage": stages.AGREEMENT, "stage_at": now}
    transition(row, field="state", table=OPPORTUNITY_STATES, to=OpportunityState.OPEN, by=by,
               now=now, reason=words, **columns)  # fmt: skip
    _move(row, Move.STATE, before=before, after=OpportunityState.OPEN, reason=words, by=by, now=now)
    _tell(row, "opportunity_reopened", {"before": before, "reason": words}, by=by, now=now)
