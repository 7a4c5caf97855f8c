"""What a collection call does beside ending its follow-up (RE5, RE6, RE7): promises, arrangements
to pay now, disputes, our own faults, anger. In the transaction of the recording.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from genjin.complaints.models import ComplaintKind
from genjin.complaints.operations import open_complaint
from genjin.customers.models import Customer
from genjin.flows.desk_form import OutcomeForm
from genjin.flows.purposes import OutcomeRule, collect
from genjin.followups.models import FollowUp, Interaction
from genjin.followups.operations import make_commitment
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason
from genjin.receivables import resting
from genjin.receivables.operations.excuses import record_excuse
from genjin.receivables.operations.promises import record_promise
from genjin.receivables.resting import Debt

# A payment that the customer says is made shows on the account within so many days.
CHECK_PAYMENT_AFTER = timedelta(days=3)


@dataclass(frozen=True)
class Owed:
    """What of a customer's debts may be asked for in one currency, and which they are."""

    currency: str
    debts: tuple[Debt, ...]

    @property
    def amount(self) -> Decimal:
        return sum((one.rest.dunnable for one in self.debts), Decimal(0))


def owed_by(customer: Customer, now: datetime) -> list[Owed]:
    """What is due and may be asked for, by currency, the largest first."""
    today = timezone.localdate(now)
    found: dict[str, list[Debt]] = {}
    for debt in resting.debts_of([customer.pk], now)[customer.pk]:
        if debt.is_due(today) and debt.rest.dunnable > 0:
            found.setdefault(debt.receivable.currency, []).append(debt)
    rows = [Owed(currency, tuple(debts)) for currency, debts in found.items()]
    return sorted(rows, key=lambda one: -one.amount)


def follow_outcome(
    row: FollowUp, rule: OutcomeRule, form: OutcomeForm, interaction: Interaction, *, by: User,
    now: datetime,
) -> None:  # fmt: skip
    """Writes what an outcome of a collection call means. Raises BadInput at the form's fields."""
    if form.excuse:
        _keep_excuse(row, form, interaction, by=by, now=now)
    if rule.code in (collect.PROMISED, collect.PAYS_NOW):
        _promise(row, rule, form, interaction, by=by, now=now)
    if rule.code == collect.PAYS_NOW:
        _arrange(row, form, interaction, by=by, now=now)
    if rule.code == collect.SAYS_PAID:
        _check_payment(row, form, interaction, by=by, now=now)
    if rule.code in (collect.DISPUTES, collect.OUR_FAULT):
        _complaint(row, rule, form, interaction, by=by, now=now)
    if rule.code == collect.ANGRY:
        record_excuse(row.customer, code="anger", by=by, now=now, interaction=str(interaction.pk),
                      note=form.grievance)  # fmt: skip
        if form.grievance:
            _complaint(row, rule, form, interaction, by=by, now=now)


def _keep_excuse(
    row: FollowUp, form: OutcomeForm, interaction: Interaction, *, by: User, now: datetime
) -> None:
    try:
        record_excuse(row.customer, code=form.excuse, by=by, now=now, note=form.note[:500],
                      interaction=str(interaction.pk))  # fmt: skip
    except BadInput as bad:
        raise BadInput({"excuse": [one for found in bad.problems.values() for one in found]}) from (
            bad
        )


def _promise(
    row: FollowUp, rule: OutcomeRule, form: OutcomeForm, interaction: Interaction, *, by: User,
    now: datetime,
) -> None:  # fmt: skip
    """A promise suspends dunning for what it covers; without an amount, for all that is due."""
    found = owed_by(row.customer, now)
    if not found:
        raise BadInput({"promise_amount": [Reason("nothing_is_owed")]})
    owed = found[0]
    try:
        record_promise(
            row.customer, amount=form.promise_amount or owed.amount, currency=owed.currency,
            promised_on=form.promise_date, by=by, now=now, means=_means(form),
            person=interaction.person, note=form.note[:300], interaction=str(interaction.pk),
        )  # fmt: skip
    except BadInput as bad:
        names = {"promised_on": "promise_date", "amount": "promise_amount"}
        raise BadInput({
            names.get(str(place), "promise_amount"): found for place, found in bad.problems.items()
        }) from bad  # fmt: skip


def _means(form: OutcomeForm) -> str:
    return {"deliverer": "deliverer", "visit": "cash"}.get(form.arrangement, "transfer")


def _arrange(
    row: FollowUp, form: OutcomeForm, interaction: Interaction, *, by: User, now: datetime
) -> None:
    """Arranges the collection in the same step: account details, a visit, or on delivery."""
    texts = {
        "account": _("Send the details of our account"),
        "visit": _("Fetch the money, with a receipt"),
        "deliverer": _("The deliverer takes the money and hands it in"),
    }
    day = form.promise_date or timezone.localdate(now)
    zone = timezone.get_default_timezone()
    due = now + timedelta(hours=2) if form.arrangement == "account" else max(
        datetime.combine(day, time(17), zone), now + timedelta(hours=1)
    )  # fmt: skip
    make_commitment(
        row.customer, text=texts[form.arrangement], owner=by, due_at=due, by=by, now=now,
        interaction=interaction,
    )  # fmt: skip


def _check_payment(
    row: FollowUp, form: OutcomeForm, interaction: Interaction, *, by: User, now: datetime
) -> None:
    """The customer says that it is paid: somebody looks whether it came in."""
    said = {"day": form.promise_date or "–", "amount": form.promise_amount or "–"}
    make_commitment(
        row.customer, text=_("Look whether the payment came in (%(amount)s, %(day)s)") % said,
        owner=by, due_at=now + CHECK_PAYMENT_AFTER, by=by, now=now, interaction=interaction,
    )  # fmt: skip


def _complaint(
    row: FollowUp, rule: OutcomeRule, form: OutcomeForm, interaction: Interaction, *, by: User,
    now: datetime,
) -> None:  # fmt: skip
    """Opens a complaint about what is owed; a corrected notice is promised where we erred."""
    kinds = {collect.DISPUTES: ComplaintKind.DISPUTE, collect.OUR_FAULT: ComplaintKind.OUR_FAULT}
    kind = kinds.get(rule.code, ComplaintKind.GRIEVANCE)
    owed = owed_by(row.customer, now)
    named: list[UUID] = []
    if kind != ComplaintKind.GRIEVANCE and owed:
        named = [one.receivable.pk for one in owed[0].debts]
    amount = form.disputed_amount if named else None
    if amount is not None and amount > owed[0].amount:
        raise BadInput({"disputed_amount": [Reason("more_than_is_owed")]})
    open_complaint(
        row.customer, kind=kind, text=form.grievance or str(rule.label), by=by, now=now,
        about=[str(pk) for pk in named], amount=amount,
        currency=owed[0].currency if owed else "", source=("interaction", str(interaction.pk)),
    )  # fmt: skip
    if kind == ComplaintKind.OUR_FAULT:
        make_commitment(
            row.customer, text=_("Send a corrected payment notice"), owner=by,
            due_at=now + timedelta(days=1), by=by, now=now, interaction=interaction,
        )  # fmt: skip
