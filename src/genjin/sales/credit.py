"""The credit of customers: who set which limit, what was inquired, what secures it (SA4, CU15).

Credit is opened by a named person with the right, only on orders paid in time and a dated inquiry
(`terms.opening_problems`). A head office and its branches may share one account. Every decision is
a row of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from genjin.customers import timeline
from genjin.customers.models import Customer
from genjin.customers.operations.changes import lock
from genjin.foundation import audit, policy
from genjin.foundation.access import require_right
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.money import quantise
from genjin.kernel.problems import Reason
from genjin.sales import terms
from genjin.sales.models import (
    CreditAccount,
    CreditDecision,
    CreditInquiry,
    CreditMember,
    Delivery,
    Order,
    Security,
)
from genjin.sales.orders import amount_problem, home_currency, rate_on
from genjin.sales.states import (
    CREDIT_STANDINGS,
    CreditStanding,
    DeliveryState,
    InquiryCause,
    InquiryResult,
    OrderState,
    PaymentTerm,
    SecurityKind,
)
from genjin.sales.terms import CreditFacts, GradeRule, TermsRules

VIEW, MANAGE = "credit.view", "credit.manage"


def terms_rules() -> TermsRules:
    """The numbers in force."""
    names = TermsRules.__dataclass_fields__
    return TermsRules(**{name: int(policy.value(f"terms.{name}")) for name in names})


def grade_rules() -> list[GradeRule]:
    """The grades of credit in their order, the best first."""
    return [GradeRule(**row) for row in policy.value("terms.grades")]


def account_of(customer_id: UUID) -> CreditAccount | None:
    """The credit account that a customer uses; None: nobody thought of one yet."""
    return CreditAccount.objects.filter(members__customer=customer_id).first()


def locked_account(customer: Customer) -> CreditAccount:
    """The customer's credit account under lock; made, without credit, where there is none.

    The card is locked first, so that two who begin at once make one account.
    """
    lock(customer)
    rows = CreditAccount.objects.select_for_update(of=("self",))
    found = rows.filter(members__customer=customer.pk).first()
    if found is None:
        found = CreditAccount.objects.create(name=customer.name, currency=home_currency())
        CreditMember.objects.create(customer=customer, account=found, is_head=True)
    return found


def members_of(account: CreditAccount) -> list[UUID]:
    """The customers that share an account."""
    return list(account.members.values_list("customer_id", flat=True))


def converted(amount: Decimal, currency: str, to: str, day: date) -> Decimal:
    """An amount in another currency at the rates of a day. Conflict `no_rate` where one lacks."""
    if currency == to or not amount:
        return quantise(amount, to)
    ours, theirs = rate_on(currency, day), rate_on(to, day)
    if ours is None or theirs is None:
        lacking = currency if ours is None else to
        raise Conflict("no_rate", currency=lacking, day=day, home=home_currency())
    return quantise(amount * ours / theirs, to)


def committed(account: CreditAccount, *, day: date, without: Order | None = None) -> Decimal:
    """What concluded orders on credit will still add when they are delivered.

    Orders in instalments were billed when they were concluded and are owed already.
    """
    orders = Order.objects.filter(
        customer__in=members_of(account), state=OrderState.CONCLUDED,
        payment_term=PaymentTerm.AFTER,
    )  # fmt: skip
    if without is not None:
        orders = orders.exclude(pk=without.pk)
    arrived = {
        row["order"]: row["amount"]
        for row in Delivery.objects.filter(order__in=orders, state=DeliveryState.DELIVERED)
        .order_by()
        .values("order")
        .annotate(amount=Sum("amount"))
    }
    return sum(
        (
            converted(total - arrived.get(pk, Decimal(0)), currency, account.currency, day)
            for pk, total, currency in orders.values_list("pk", "total", "currency")
        ),
        Decimal(0),
    )


def newest_inquiry(account: CreditAccount) -> CreditInquiry | None:
    return account.inquiries.order_by("-made_on", "-at").first()


@dataclass(frozen=True)
class MoneyFacts:
    """What the ledger says of the members of a credit account, in the account's currency.

    `used`: owed for goods that went out, less what was paid ahead; `overdue` and the age in days
    of its oldest; `paid_in_time` orders paid by their day; `late_days` on average of paid orders.
    """

    used: Decimal = Decimal(0)
    overdue: Decimal = Decimal(0)
    overdue_days: int = 0
    paid_in_time: int = 0
    paid_orders: int = 0
    late_days: int = 0


def facts_of(
    account: CreditAccount,
    customer: Customer,
    money: MoneyFacts,
    *,
    today: date,
    without: Order | None = None,
    prepayment_only: bool = False,
) -> CreditFacts:
    """Where a customer stands, for the rules of terms; `without` is the order that is asked for."""
    inquiry = newest_inquiry(account)
    concluded = Order.objects.filter(
        customer__in=members_of(account), state__in=[OrderState.CONCLUDED, OrderState.CLOSED]
    )
    if without is not None:
        concluded = concluded.exclude(pk=without.pk)
    return CreditFacts(
        orders=concluded.count(), paid_in_time=money.paid_in_time, standing=account.standing,
        limit=account.limit, used=money.used,
        committed=committed(account, day=today, without=without), overdue=money.overdue,
        overdue_days=money.overdue_days, inquiry_on=inquiry.made_on if inquiry else None,
        inquiry_result=inquiry.result if inquiry else "", inquiry_wanted=account.inquiry_wanted,
        prepayment_only=prepayment_only, currency=account.currency,
    )  # fmt: skip


def _tell(account: CreditAccount, code: str, data: dict[str, object], *, by: User | None,
          now: datetime) -> None:  # fmt: skip
    for pk in members_of(account):
        timeline.append(pk, kind="credit", code=code, by=by, at=now, data=audit.plain(data),
                        source=("credit", str(account.pk)))  # fmt: skip


@transaction.atomic
def decide_credit(
    customer: Customer,
    *,
    limit: Decimal,
    standing: str,
    reason: str,
    money: MoneyFacts,
    by: User,
    now: datetime,
    approval: str = "",
) -> CreditDecision:
    """Sets limit and standing, by name and with the reason.

    Opening or raising credit takes what `terms.opening_problems` asks for, or the `approval` that
    set it aside. BadInput at limit, standing, reason; BadInput "" with what is missing.
    """
    require_right(by, MANAGE)
    account = locked_account(customer)
    problems: dict[str | int, list[Reason]] = {}
    if limit and (wrong := amount_problem(limit, account.currency)):
        problems["limit"] = [wrong]
    if standing not in CreditStanding.values:
        problems["standing"] = [Reason("not_a_choice", {"value": standing[:10]})]
    if not reason.strip():
        problems["reason"] = [Reason("required")]
    elif len(reason.strip()) > 300:
        problems["reason"] = [Reason("too_long", {"limit": 300})]
    opens = standing in (CreditStanding.OPEN, CreditStanding.WATCH)
    if opens and not limit:
        problems["limit"] = [Reason("limit_needed")]
    raises = opens and (limit > account.limit or account.standing == CreditStanding.NONE)
    if raises and not approval and not problems:
        today = timezone.localdate(now)
        facts = facts_of(account, customer, money, today=today)
        if missing := terms.opening_problems(facts, terms_rules(), today=today):
            problems[""] = missing
    if problems:
        raise BadInput(problems)
    return _write_decision(account, limit if opens else account.limit, standing, reason.strip(),
                           by=by, now=now, approval=approval)  # fmt: skip


def _write_decision(
    account: CreditAccount, limit: Decimal, standing: str, reason: str, *, by: User | None,
    now: datetime, approval: str = "",
) -> CreditDecision:  # fmt: skip
    before = (account.standing, account.limit)
    if standing != account.standing:
        transition(account, field="standing", table=CREDIT_STANDINGS, to=standing, by=by, now=now,
                   reason=reason)  # fmt: skip
    audit.change(account, {"limit": limit, "changed_at": now}, by=by, now=now, reason=reason)
    decision = CreditDecision.objects.create(
        account=account, limit=limit, standing=standing, grade=account.grade, reason=reason,
        approval=approval, by=by, at=now,
    )  # fmt: skip
    _tell(account, "credit_decided",
          {"standing": standing, "limit": limit, "currency": account.currency, "reason": reason,
           "before": {"standing": before[0], "limit": before[1]}}, by=by, now=now)  # fmt: skip
    return decision


@transaction.atomic
def restrain_credit(
    customer: Customer, *, standing: str, reason: str, by: User | None, now: datetime
) -> CreditDecision | None:
    """Watches or stops credit on bad news; anyone's news may, and the system by itself.

    Only downwards: none where it is as strict already. The limit stays for the day it opens again.
    """
    account = locked_account(customer)
    strictness = [CreditStanding.OPEN, CreditStanding.WATCH, CreditStanding.NONE,
                  CreditStanding.STOPPED]  # fmt: skip
    place = [str(one) for one in strictness].index
    if place(str(account.standing)) >= place(str(standing)):
        return None
    return _write_decision(account, account.limit, standing, reason.strip()[:300], by=by, now=now)


@transaction.atomic
def demand_inquiry(
    customer: Customer, *, cause: str, by: User | None, now: datetime
) -> CreditAccount:
    """Asks for an inquiry: for a new customer on credit, changed terms, bad news."""
    account = locked_account(customer)
    if cause not in InquiryCause.values:
        raise BadInput({"cause": [Reason("not_a_choice", {"value": cause[:10]})]})
    if not account.inquiry_wanted:
        values = {"inquiry_wanted": cause, "inquiry_wanted_at": now}
        audit.change(account, values, by=by, now=now)
        _tell(account, "inquiry_wanted", {"cause": cause}, by=by, now=now)
    return account


@transaction.atomic
def record_inquiry(
    customer: Customer,
    *,
    cause: str,
    made_on: date,
    source: str,
    result: str,
    by: User,
    now: datetime,
    finding: str = "",
    suggested_limit: Decimal | None = None,
) -> CreditInquiry:
    """Appends an inquiry's result and day, and ends what was demanded. BadInput by field."""
    require_right(by, MANAGE)
    account = locked_account(customer)
    problems: dict[str | int, list[Reason]] = {}
    if cause not in InquiryCause.values:
        problems["cause"] = [Reason("not_a_choice", {"value": cause[:10]})]
    if result not in InquiryResult.values:
        problems["result"] = [Reason("not_a_choice", {"value": result[:10]})]
    if made_on > timezone.localdate(now):
        problems["made_on"] = [Reason("day_to_come")]
    for name, text, most in (("source", source, 120), ("finding", finding, 1000)):
        if len(text) > most:
            problems[name] = [Reason("too_long", {"limit": most})]
    if not source.strip():
        problems["source"] = [Reason("required")]
    if suggested_limit and (wrong := amount_problem(suggested_limit, account.currency)):
        problems["suggested_limit"] = [wrong]
    if problems:
        raise BadInput(problems)
    made = CreditInquiry.objects.create(
        account=account, customer=customer, cause=cause, made_on=made_on, source=source.strip(),
        result=result, finding=finding.strip(), suggested_limit=suggested_limit, by=by, at=now,
    )  # fmt: skip
    audit.change(account, {"inquiry_wanted": "", "inquiry_wanted_at": None}, by=by, now=now)
    _tell(account, "inquiry_made", {"result": result, "made_on": made_on, "source": source},
          by=by, now=now)  # fmt: skip
    return made


@transaction.atomic
def share_account(
    customers: Sequence[Customer], *, head: Customer, by: User, now: datetime, reason: str
) -> CreditAccount:
    """Lets branches use the head office's account: one limit for all of them together.

    Conflict `has_own_credit` for a branch whose own account stands open. BadInput reason.
    """
    require_right(by, MANAGE)
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    account = locked_account(head)
    for customer in sorted(customers, key=lambda one: str(one.pk)):
        own = locked_account(customer)
        if own.pk == account.pk:
            continue
        if own.standing not in (CreditStanding.NONE, CreditStanding.STOPPED):
            raise Conflict("has_own_credit", customer=str(customer.pk), name=customer.name)
        if own.standing == CreditStanding.STOPPED:
            raise Conflict("credit_stopped", customer=str(customer.pk), name=customer.name)
        CreditMember.objects.filter(customer=customer).update(account=account, is_head=False)
        audit.record("share", account, by=by, now=now, reason=reason.strip()[:300],
                     changes={"member": [None, str(customer.pk)]})  # fmt: skip
        timeline.append(customer.pk, kind="credit", code="credit_shared", by=by, at=now,
                        data={"head": head.name}, source=("credit", str(account.pk)))  # fmt: skip
    return account


@transaction.atomic
def leave_account(customer: Customer, *, by: User, now: datetime, reason: str) -> CreditAccount:
    """A branch stands for itself again, without credit. Conflict `is_head_office`."""
    require_right(by, MANAGE)
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    account = locked_account(customer)
    member = CreditMember.objects.get(customer=customer)
    if member.is_head:
        raise Conflict("is_head_office")
    own = CreditAccount.objects.create(name=customer.name, currency=account.currency)
    CreditMember.objects.filter(customer=customer).update(account=own, is_head=True)
    audit.record("share", account, by=by, now=now, reason=reason.strip()[:300],
                 changes={"member": [str(customer.pk), None]})  # fmt: skip
    return own


@transaction.atomic
def add_security(
    customer: Customer, *, kind: str, amount: Decimal, currency: str, given_on: date, by: User,
    now: datetime, valid_until: date | None = None, evidence: str = "",
) -> Security:  # fmt: skip
    """Records what secures a customer's debt. BadInput by field."""
    require_right(by, MANAGE)
    account = locked_account(customer)
    problems: dict[str | int, list[Reason]] = {}
    if kind not in SecurityKind.values:
        problems["kind"] = [Reason("not_a_choice", {"value": kind[:10]})]
    if wrong := amount_problem(amount, currency or account.currency):
        problems["amount"] = [wrong]
    if valid_until is not None and valid_until <= given_on:
        problems["valid_until"] = [Reason("ends_before_it_starts")]
    if len(evidence) > 300:
        problems["evidence"] = [Reason("too_long", {"limit": 300})]
    if problems:
        raise BadInput(problems)
    made = Security.objects.create(
        account=account, kind=kind, amount=amount, currency=currency or account.currency,
        given_on=given_on, valid_until=valid_until, evidence=evidence.strip(), by=by,
    )  # fmt: skip
    audit.record("add", made, by=by, now=now, label=account.name,
                 changes={"kind": [None, kind], "amount": [None, amount]})  # fmt: skip
    _tell(account, "security_given", {"kind": kind, "amount": amount, "currency": made.currency},
          by=by, now=now)  # fmt: skip
    return made


@transaction.atomic
def release_security(security: Security, *, reason: str, by: User, now: datetime) -> None:
    """Gives a security back. BadInput reason; Conflict `released_before`."""
    require_right(by, MANAGE)
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    row = Security.objects.select_for_update().get(pk=security.pk)
    if row.released_at is not None:
        raise Conflict("released_before")
    audit.change(row, {"released_at": now}, by=by, now=now, reason=reason.strip()[:300])


@transaction.atomic
def set_grade(account: CreditAccount, money: MoneyFacts, *, by: User | None, now: datetime) -> str:
    """Works out the credit grade by rule and keeps it with the figures it rests on."""
    row = CreditAccount.objects.select_for_update().get(pk=account.pk)
    inquiry = newest_inquiry(row)
    grade, basis = terms.credit_grade(
        grade_rules(), late_days=money.late_days, paid_orders=money.paid_orders,
        result=inquiry.result if inquiry else "",
    )  # fmt: skip
    if grade != row.grade:
        _tell(row, "credit_grade", {"from": row.grade, "to": grade, **basis}, by=by, now=now)
    audit.change(row, {"grade": grade, "grade_basis": audit.plain(basis)}, by=by, now=now)
    return grade


def secured(accounts: Iterable[UUID], *, today: date) -> dict[UUID, Decimal]:
    """What securities in force come to, in home currency, by credit account."""
    rows = Security.objects.filter(account__in=list(accounts), released_at=None).exclude(
        valid_until__lt=today
    )
    found: dict[UUID, Decimal] = {}
    for row in rows:
        amount = converted(row.amount, row.currency, home_currency(), today)
        found[row.account_id] = found.get(row.account_id, Decimal(0)) + amount
    return found
