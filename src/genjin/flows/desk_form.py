"""What the desk's outcome form holds, and what is wrong with it: pure, on plain values (CA7)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from genjin.customers.states import Grade, ProspectState, VisitingGrade
from genjin.flows.purposes import Detail, Effect, OutcomeRule
from genjin.followups.operations.scores import Given
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

LONGEST_TALK_SECONDS = 6 * 3600
FURTHEST_DAYS = 366
# How money is collected that a customer agreed to pay now (RE6).
ARRANGEMENTS = ("account", "visit", "deliverer")
NUMBER_FAULTS = ("dead", "wrong")
LIMITS = {
    "note": 5000,
    "next_step": 300,
    "no_next_reason": 300,
    "needs": 500,
    "concern": 500,
    "objection_card": 60,
    "wanted": 200,
    "commitment_text": 300,
    "message_text": 500,
    "message_number": 40,
    "grievance": 500,
    "email": 254,
}
EMAIL_ANSWERS = ("", "yes", "no")
Problems = dict[str | int, list[Reason]]


@dataclass(frozen=True)
class OutcomeForm:
    """One filled-in outcome panel. Seconds are whole; instants are aware; texts are stripped.

    `token` names this filling-in: sent twice it is recorded once. `point` is the number the
    outcome is about, `person` who spoke, `introduction` the agent's own one that stood in the
    script. `refuses_all` widens "never again" to every purpose.
    `email` is an address they gave, `email_answer` whether we may write to it about the house's
    purposes (yes, no; empty: not asked).
    `opportunity` is the id of an open one, "new", or "" (`flows.opportunities`): grade, expected
    day and amount belong to it.
    `scores` are what the customer gave our people (FU8): they stand in their chain alone.
    """

    outcome: str
    token: str = ""
    talk_seconds: int = 0
    wrap_seconds: int = 0
    note: str = ""
    next_step: str = ""
    no_next_reason: str = ""
    callback_at: datetime | None = None
    grade: str = ""
    opportunity: str = ""
    expected_close_date: date | None = None
    expected_amount: Decimal | None = None
    prospect_state: str = ""
    paused_until: date | None = None
    visiting_grade: str = ""
    enthusiasm: str = ""
    needs: str = ""
    concern: str = ""
    objection_card: str = ""
    product: int | None = None
    product_name: str = ""
    wanted: str = ""
    commitment_text: str = ""
    commitment_owner: User | None = None
    commitment_due_at: datetime | None = None
    message_text: str = ""
    message_number: str = ""
    number_fault: str = ""
    promise_amount: Decimal | None = None
    promise_date: date | None = None
    excuse: str = ""
    arrangement: str = ""
    grievance: str = ""
    disputed_amount: Decimal | None = None
    refuses_all: bool = False
    email: str = ""
    email_answer: str = ""
    scores: tuple[Given, ...] = ()
    point: UUID | None = None
    person: UUID | None = None
    script_version: int | None = None
    introduction: UUID | None = None

    @property
    def is_about_deal(self) -> bool:
        """Whether expected day and amount count: they go with a grade or an opportunity."""
        return bool(self.grade or self.opportunity)

    def detail(self, rule: OutcomeRule) -> dict[str, Any]:
        """What the interaction keeps beside its columns: what was said, as JSON's own types."""
        values: dict[str, Any] = {
            "form_token": self.token,
            "no_next_reason": self.no_next_reason,
            "grade": self.grade,
            "prospect_state": self.prospect_state,
            "paused_until": _iso(self.paused_until) if self.prospect_state else None,
            "visiting_grade": self.visiting_grade,
            "enthusiasm": self.enthusiasm,
            "needs": self.needs,
            "concern": self.concern,
            "objection_card": self.objection_card,
            "product": self.product,
            "product_name": self.product_name,
            "wanted": self.wanted,
            "commitment": self.commitment_text,
            "commitment_due_at": _iso(self.commitment_due_at),
            "email_answer": self.email_answer,
            "expected_close_date": _iso(self.expected_close_date) if self.is_about_deal else None,
            "expected_amount": _plain(self.expected_amount) if self.is_about_deal else None,
        }
        if rule.may_call_back:
            values["callback_at"] = _iso(self.callback_at)
        if Detail.MESSAGE in rule.details:
            values["message"] = {"text": self.message_text, "number": self.message_number}
        if Detail.NUMBER_FAULT in rule.details:
            values["number_fault"] = self.number_fault
        if Detail.PROMISE in rule.details:
            values |= {
                "promise_amount": _plain(self.promise_amount),
                "promise_date": _iso(self.promise_date),
            }
        if Detail.EXCUSE in rule.details:
            values["excuse"] = self.excuse
        if Detail.PAY_NOW in rule.details:
            values["arrangement"] = self.arrangement
        if Detail.GRIEVANCE in rule.details:
            values |= {
                "grievance": self.grievance,
                "disputed_amount": _plain(self.disputed_amount),
            }
        if rule.effect is Effect.NEVER_AGAIN:
            values["refuses_all"] = self.refuses_all
        return {name: value for name, value in values.items() if value not in (None, "")}


def _iso(value: date | datetime | None) -> str | None:
    return value.isoformat() if value else None


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def check(form: OutcomeForm, rule: OutcomeRule, *, now: datetime) -> None:
    """Raises BadInput with every problem of the form at its field; passes a form in order."""
    problems: Problems = {}
    for found in (
        _text_problems(form),
        _figure_problems(form, now),
        _prospect_problems(form, now),
        _callback_problems(form, rule, now),
        _commitment_problems(form, now),
        _own_problems(form, rule, now),
    ):
        problems |= found
    if rule.needs_next_step and not _has_next_step(form, rule):
        problems["next_step"] = [Reason("next_step_or_reason")]
    if problems:
        raise BadInput(problems)


def _has_next_step(form: OutcomeForm, rule: OutcomeRule) -> bool:
    """A promise of ours and an agreed time are next steps too; a reason for none stands in."""
    called_back = rule.may_call_back and form.callback_at is not None
    return bool(form.next_step or form.no_next_reason or form.commitment_text or called_back)


def _text_problems(form: OutcomeForm) -> Problems:
    problems: Problems = {}
    for name, limit in LIMITS.items():
        text = getattr(form, name)
        if len(text) > limit:
            problems[name] = [Reason("too_long", {"limit": limit})]
        elif "\x00" in text:
            problems[name] = [Reason("bad_character")]
    return problems


def _figure_problems(form: OutcomeForm, now: datetime) -> Problems:
    problems: Problems = {}
    if not 0 <= form.talk_seconds <= LONGEST_TALK_SECONDS:
        problems["talk"] = [Reason("not_a_duration")]
    if form.email_answer not in EMAIL_ANSWERS:
        problems["email_answer"] = [Reason("not_a_choice")]
    if form.grade and form.grade not in Grade.values:
        problems["grade"] = [Reason("not_a_choice")]
    day = form.expected_close_date
    if form.is_about_deal and day and day < now.date():
        problems["expected_close_date"] = [Reason("in_the_past")]
    for name in ("expected_amount", "promise_amount", "disputed_amount"):
        amount = getattr(form, name)
        if amount is not None and not 0 <= amount < Decimal(10) ** 16:
            problems[name] = [Reason("not_an_amount")]
    return problems


def _prospect_problems(form: OutcomeForm, now: datetime) -> Problems:
    problems: Problems = {}
    if form.prospect_state not in ProspectState.values:
        problems["prospect_state"] = [Reason("not_a_choice")]
    if form.visiting_grade not in VisitingGrade.values:
        problems["visiting_grade"] = [Reason("not_a_choice")]
    if form.prospect_state == ProspectState.PAUSE:
        if form.paused_until is None:
            problems["paused_until"] = [Reason("required")]
        elif form.paused_until <= now.date():
            problems["paused_until"] = [Reason("in_the_past")]
    return problems


def _time_problem(at: datetime, now: datetime) -> Reason | None:
    if at <= now:
        return Reason("in_the_past")
    if at > now + timedelta(days=FURTHEST_DAYS):
        return Reason("too_far", {"days": FURTHEST_DAYS})
    return None


def _callback_problems(form: OutcomeForm, rule: OutcomeRule, now: datetime) -> Problems:
    if not rule.may_call_back:
        return {}
    if form.callback_at is None:
        needed = rule.effect is Effect.CALLBACK
        return {"callback_at": [Reason("required")]} if needed else {}
    problem = _time_problem(form.callback_at, now)
    return {"callback_at": [problem]} if problem else {}


def _commitment_problems(form: OutcomeForm, now: datetime) -> Problems:
    problems: Problems = {}
    if form.commitment_text and form.commitment_due_at is None:
        problems["commitment_due_at"] = [Reason("required")]
    if form.commitment_due_at is not None and not form.commitment_text:
        problems["commitment_text"] = [Reason("required")]
    if form.commitment_due_at is not None and (p := _time_problem(form.commitment_due_at, now)):
        problems["commitment_due_at"] = [p]
    return problems


def _own_problems(form: OutcomeForm, rule: OutcomeRule, now: datetime) -> Problems:
    """What this one outcome asks for."""
    problems: Problems = {}
    if rule.effect is Effect.MESSAGE_LEFT and not form.message_text:
        problems["message_text"] = [Reason("required")]
    if rule.effect is Effect.BAD_NUMBER and form.number_fault not in NUMBER_FAULTS:
        problems["number_fault"] = [Reason("required")]
    if Detail.PROMISE in rule.details and rule.is_success:
        if form.promise_date is None:
            problems["promise_date"] = [Reason("required")]
        elif form.promise_date < now.date():
            problems["promise_date"] = [Reason("in_the_past")]
    if Detail.PAY_NOW in rule.details and form.arrangement not in ARRANGEMENTS:
        problems["arrangement"] = [Reason("required")]
    if rule.code in ("disputes", "our_fault") and not form.grievance:
        problems["grievance"] = [Reason("required")]
    return problems
