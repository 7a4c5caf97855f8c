"""Keeps the excuses that customers give, with what the catalogue proposes next (RE5)."""

from datetime import datetime

from django.db import transaction

from genjin.customers import timeline
from genjin.customers.models import Customer
from genjin.foundation import policy
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason
from genjin.receivables.models import ExcuseGiven
from genjin.receivables.rules import excuses as rules

KIND = "collection"


def catalogue(language: str) -> list[rules.Excuse]:
    """Every excuse with its replies, in a language, in the order in which they are offered."""
    return rules.catalogue(policy.shipped("excuses"), language)


def anger(language: str) -> rules.Excuse:
    """What to say and do when the customer is angry."""
    return rules.anger(policy.shipped("excuses"), language)


def customer_types(language: str) -> list[rules.CustomerType]:
    """The types of payers: whom to ask and when, where to press, in what form."""
    return rules.customer_types(policy.shipped("excuses"), language)


@transaction.atomic
def record_excuse(
    customer: Customer,
    *,
    code: str,
    by: User | None,
    now: datetime,
    taken: str = "",
    note: str = "",
    interaction: str = "",
) -> ExcuseGiven:
    """Keeps an excuse, or `anger`; the row carries the action that is proposed next.

    `taken` is the action that the person chose, where known. Anger counts as a possible evasion
    and never as a refusal to be contacted. BadInput by field: not_a_choice, too_long.
    """
    known = {one.code: one for one in (*catalogue("en"), anger("en"))}
    problems: dict[str | int, list[Reason]] = {}
    if code not in known:
        problems["code"] = [Reason("not_a_choice", {"value": code[:24]})]
    if taken and taken not in rules.ACTIONS:
        problems["taken"] = [Reason("not_a_choice", {"value": taken[:24]})]
    if len(note) > 500:
        problems["note"] = [Reason("too_long", {"limit": 500})]
    if problems:
        raise BadInput(problems)
    excuse = known[code]
    row = ExcuseGiven.objects.create(
        customer=customer, code=code, is_grievance=excuse.is_grievance,
        is_evasion=excuse.is_evasion, taken=taken, note=note.strip(), interaction=interaction,
        proposed={"action": excuse.action.code, **excuse.action.values}, at=now, by=by,
    )  # fmt: skip
    timeline.append(customer.pk, kind=KIND, code="excuse_given", by=by, at=now,
                    data={"excuse": code, "note": note.strip(), "action": taken},
                    source=("excuse", str(row.pk)))  # fmt: skip
    return row
