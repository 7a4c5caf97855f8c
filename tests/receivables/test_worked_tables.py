"""The worked tables of docs/receivables.md, line by line, asked of the rules."""

import tomllib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from genjin.kernel.money import quantise
from genjin.kernel.workdays import WorkCalendar
from genjin.receivables.operations import instruments, ledger
from genjin.receivables.rules import (
    allocation,
    amounts,
    classes,
    freshness,
    limitation,
    paydays,
    plan,
    promises,
)
from tests.factories import NOW, make_customer
from tests.receivables.books import bill, pay, standing
from tests.receivables.worked import rows, tables

POLICY = tomllib.loads(
    (Path(__file__).resolve().parents[2] / "policy/collection.toml").read_text("utf-8")
)
TODAY = date(2026, 11, 23)
CHINA = WorkCalendar("CN")
DAY = date.fromisoformat


def some(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def day(text: str) -> date | None:
    return DAY(text) if text else None


def label(row: dict[str, str]) -> str:
    return " ".join(row.values())


def test_every_table_of_the_page_is_asked_here():
    source = Path(__file__).read_text("utf-8")
    asked = {name for name in tables() if f'rows("{name}")' in source}
    assert asked == set(tables())
    assert all(tables().values())


@pytest.mark.parametrize("row", rows("classes"), ids=label)
def test_class_of_a_debt(row):
    late = row["days past due"]
    due_on = TODAY + timedelta(days=10) if late == "not due" else TODAY - timedelta(days=int(late))
    facts = classes.DebtFacts(due_on, int(row["broken promises"]), tuple(some(row["signals"])))
    found = classes.classify(facts, today=TODAY, terms=classes.ClassTerms.of_policy(POLICY))
    assert (found.value_class, found.evidence.code, found.likelihood_percent) == (
        row["class"], row["rule"], int(row["likelihood %"]),
    )  # fmt: skip
    assert found.evidence.data["due_on"] == due_on


@pytest.mark.parametrize("row", rows("by hand"), ids=label)
def test_class_that_a_person_gave(row):
    by_hand = None
    if row["given by hand"]:
        by_hand = classes.ByHand(row["given by hand"], row["rules said then"])
    assert classes.standing_class(row["rules say now"], by_hand) == row["class that counts"]


@pytest.mark.parametrize("row", rows("who acts"), ids=label)
def test_who_acts(row):
    ladder = classes.ladder_of(POLICY)
    found = classes.who_acts(row["class"], int(row["days past due"]), ladder=ladder,
                             seller_days=POLICY["seller_days"])  # fmt: skip
    assert found == row["who acts"]


@pytest.mark.parametrize("row", rows("limitation"), ids=label)
def test_limitation_period(row):
    breaks = [
        limitation.Interruption(DAY(on), kind)
        for kind, on in (part.split() for part in some(row["interrupted by"]))
    ]
    terms = limitation.LimitationTerms.of_policy(POLICY, row["country"])
    found = limitation.limitation(DAY(row["fell due"]), breaks, today=DAY(row["today"]),
                                  terms=terms)  # fmt: skip
    assert (found.ends_on, found.state, found.suit_by) == (
        DAY(row["last day"]), row["state"], day(row["suit by"]),
    )  # fmt: skip


@pytest.mark.parametrize("row", rows("pay days"), ids=label)
def test_next_pay_day(row):
    days = tuple(int(one) if one.isdigit() else one for one in some(row["pay days"]))
    by = int(row["bill in by"]) if row["bill in by"] else None
    length = int(row["procedure in working days"])
    procedure = paydays.Procedure(days, by, (paydays.Step("审核", length),) if length else ())
    assert paydays.problems(procedure) == {}
    found = paydays.next_chance(procedure, today=DAY(row["today"]), calendar=CHINA, is_billed=False)
    assert (found.pay_day, found.start_by, found.missed) == (
        DAY(row["pay day"]), DAY(row["begin by"]), day(row["too late for"]),
    )  # fmt: skip


def place(row: dict[str, str]) -> plan.PlaceFacts:
    late = int(row["days past due"])
    chance = None
    if row["pay day"]:
        chance = paydays.Chance(DAY(row["pay day"]), DAY(row["begin by"]))
    return plan.PlaceFacts(
        customer=row["customer"],
        amount=Decimal(row["owes"]),
        debts=1,
        oldest_due=TODAY - timedelta(days=late) if late else TODAY + timedelta(days=2),
        value_class=row["class"],
        way=row["way"],
        broken=int(row["broken"]),
        chance=chance,
        distance_km=Decimal(row["km"]) if row["km"] else None,
        promises_kept=int(row["kept"]),
    )


def test_order_of_the_plan():
    terms = plan.PlanTerms.of_policy(POLICY)
    table = rows("plan")
    found = plan.make_plan(map(place, reversed(table)), today=TODAY, budget_minutes=10_000,
                           terms=terms)  # fmt: skip
    assert [(one.number, one.facts.customer) for one in found.places] == [
        (int(row["place"]), row["customer"]) for row in table
    ]
    assert all(one.fits and one.reasons for one in found.places)


@pytest.mark.parametrize("row", rows("cut"), ids=label)
def test_cut_to_the_hours(row):
    minutes = [int(one) for one in some(row["minutes of the contacts"])]
    found = plan.fitting(minutes, round(60 * float(row["hours"])))
    assert found == [one == "yes" for one in some(row["fit"])]
    assert found.count(False) == int(row["left over"])


@pytest.mark.parametrize("row", rows("rests"), ids=label)
def test_what_holds_and_promises_take_off(row):
    debts = []
    for part in some(row["debts (due: open)"]):
        key, due, amount = part.replace(":", "").split()
        debts.append(promises.OpenDebt(key, Decimal(amount), DAY(due)))
    holds = []
    for part in some(row["holds (debts: amount)"]):
        about, amount = part.split(": ")
        held = None if amount == "all" else Decimal(amount)
        holds.append(promises.HeldDebts(tuple(about.split("+")), held))
    promised = []
    for part in some(row["promises (covers; paid)"]):
        cover, paid = part.split("; ")
        key, amount = cover.split()
        promised.append(promises.PromisedDebts({key: Decimal(amount)}, Decimal(paid)))
    found = promises.rests(debts, holds=holds, promises=promised)
    expected = dict(part.split() for part in some(row["dunnable"]))
    assert {key: rest.dunnable for key, rest in found.items()} == {
        key: Decimal(amount) for key, amount in expected.items()
    }
    for debt in debts:
        rest = found[debt.key]
        assert rest.held + rest.promised + rest.dunnable == debt.open_amount


@pytest.mark.parametrize("row", rows("supervisor"), ids=label)
def test_which_promise_needs_a_supervisor(row):
    found = promises.needs_supervisor(
        Decimal(row["promised"]), DAY(row["by"]), today=TODAY, due=Decimal(row["due in all"]),
        promised_already=Decimal(row["promised already"]), broken=int(row["broken before"]),
        terms=promises.PromiseTerms.of_policy(POLICY),
    )  # fmt: skip
    assert [one.code for one in found] == some(row["a supervisor, because"])


@pytest.mark.parametrize("row", rows("rest until"), ids=label)
def test_until_when_a_promise_keeps_dunning_still(row):
    terms = promises.PromiseTerms.of_policy(POLICY)
    found = promises.rests_until(DAY(row["promised for"]), calendar=CHINA, terms=terms)
    assert found == DAY(row["dunning rests until"])


@pytest.mark.parametrize("row", rows("verdicts"), ids=label)
def test_whether_a_promise_was_kept(row):
    made_at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    promise = promises.Promise("p", Decimal(1000), made_at, date(2026, 11, 25), date(2026, 11, 26))
    receipts = []
    for number, part in enumerate(some(row["came in (day: amount)"])):
        on, amount = part.split(": ")
        at = datetime.fromisoformat(f"{on}T09:00+00:00")
        receipts.append(promises.Receipt(str(number), Decimal(amount), at, DAY(on)))
    kept = promises.settle([promise], receipts)["p"]
    found = promises.verdict(
        promise, kept, owed=Decimal(row["still owed"]),
        complete_to=DAY(row["payments known to"]),
        terms=promises.PromiseTerms.of_policy(POLICY),
    )  # fmt: skip
    assert found == row["verdict"]


@pytest.mark.parametrize("row", rows("news"), ids=label)
def test_freshness_of_payment_news(row):
    known = None if row["payments known to"] == "never" else DAY(row["payments known to"])
    found = freshness.news(known, today=DAY(row["today"]), calendar=CHINA,
                           limit_days=POLICY["news_working_days"])  # fmt: skip
    assert (found.age_days, found.is_stale) == (
        int(row["working days old"]), row["dunning"] == "rests",
    )  # fmt: skip
    assert (found.reason() is not None) == found.is_stale == bool(found.what_to_do())


# ── The ledger ───────────────────────────────────────────────────────────────────────────────


def debts(text: str) -> dict[str, allocation.Owed]:
    """Open debts by name, as the page writes them: "A 100 2026-10-31 secured 70; B …"."""
    found = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        name, amount, due, *more = part.split()
        found[name] = allocation.Owed(
            UUID(int=ord(name)), Decimal(amount), None if due == "none" else DAY(due), TODAY,
            is_charge="charge" in more,
            secured=Decimal(more[more.index("secured") + 1]) if "secured" in more else Decimal(0),
        )  # fmt: skip
    return found


def parts_of(text: str) -> list[tuple[UUID, Decimal]]:
    pairs = (part.split() for part in text.split(";") if part.strip())
    return [(UUID(int=ord(name)), Decimal(amount)) for name, amount in pairs]


@pytest.mark.parametrize("row", rows("allocation"), ids=label)
def test_what_a_payment_pays(row):
    found = allocation.spread(Decimal(row["amount"]), debts(row["open debts"]).values(),
                              charges=allocation.Charges(row["charges"]))  # fmt: skip
    assert (list(found.parts), found.left) == (parts_of(row["pays"]), Decimal(row["left"]))


@pytest.mark.parametrize("row", rows("named"), ids=label)
def test_what_a_person_named(row):
    owed = {one.id: one for one in debts(row["open debts"]).values()}
    found = allocation.spread_named(Decimal(row["amount"]), owed, parts_of(row["named"]))
    if found.problems:
        assert [reason.code for reason in found.problems] == [row["answer"]]
        assert found.parts == ()
    else:
        assert list(found.parts) == parts_of(row["answer"])
    assert found.left == Decimal(row["left"])


@pytest.mark.parametrize("row", rows("rounding"), ids=label)
def test_rounding_of_what_is_computed(row):
    found = quantise(row["computed"], row["currency"])
    assert str(found) == row["rounded"]
    computed = Decimal(row["computed"])
    refused = amounts.amount_problem(abs(computed), row["currency"])
    assert (refused is None) == (computed == found)


@pytest.mark.parametrize("row", rows("cut into parts"), ids=label)
def test_cutting_an_amount_into_parts(row):
    amount, weights = Decimal(row["amount"]), [Decimal(one) for one in some(row["weights"])]
    found = amounts.cut(amount, weights, row["currency"])
    assert [str(one) for one in found] == some(row["parts"])
    assert sum(found) == amount


class Account:
    """Makes the steps of the page's account on the ledger."""

    def __init__(self) -> None:
        self.customer = make_customer()
        self.debts, self.last, self.paper = {}, None, None

    def take(self, step: str, amount: Decimal) -> None:
        what, _of, name = step.partition(" ")
        getattr(self, what.replace("-", "_"))(amount, name)

    def bill(self, amount: Decimal, name: str) -> None:
        self.debts[name] = bill(self.customer, amount)

    def charge(self, amount: Decimal, name: str) -> None:
        principal = self.debts[name[-1]]
        ledger.charge(self.customer, amount=amount, currency="CNY", issued_on=TODAY, due_on=TODAY,
                      principal=principal, note="interest", by=None, now=NOW)  # fmt: skip

    def payment(self, amount: Decimal, _name: str) -> None:
        self.last = pay(self.customer, amount).entry

    def credit(self, amount: Decimal, _name: str) -> None:
        ledger.credit_note(self.customer, amount=amount, currency="CNY", booked_on=TODAY,
                           reason="returned", by=None, now=NOW)  # fmt: skip

    def refund(self, amount: Decimal, _name: str) -> None:
        ledger.refund(self.last, amount=amount, means="transfer", refunded_on=TODAY,
                      reason="too much", by=None, now=NOW)  # fmt: skip

    def write_off(self, amount: Decimal, name: str) -> None:
        ledger.write_off(self.debts[name[-1]], amount=amount, reason="lost", by=None, now=NOW)

    def recovery(self, amount: Decimal, name: str) -> None:
        ledger.recover(self.debts[name[-1]], amount=amount, reason="found", by=None, now=NOW)

    def reversal(self, amount: Decimal, _name: str) -> None:
        assert self.last.amount == amount
        ledger.reverse(self.last, reason="wrong", by=None, now=NOW)

    def cheque(self, amount: Decimal, name: str) -> None:
        step = {"received": self._receive, "cleared": self._clear, "dishonoured": self._refuse}
        step[name](amount)

    def _receive(self, amount: Decimal) -> None:
        self.paper = instruments.receive_instrument(
            self.customer, kind="cheque", number="1", amount=amount, currency="CNY",
            received_on=TODAY, matures_on=TODAY, by=None, now=NOW,
        )  # fmt: skip

    def _clear(self, _amount: Decimal) -> None:
        instruments.clear(self.paper, on=TODAY, by=None, now=NOW)

    def _refuse(self, _amount: Decimal) -> None:
        instruments.dishonour(self.paper, on=TODAY, reason="no funds", by=None, now=NOW)


@pytest.mark.django_db
def test_the_account_of_the_page_step_by_step():
    account = Account()
    for row in rows("account"):
        account.take(row["step"], Decimal(row["amount"]))
        is_open, advance = standing(account.customer)
        found = {"open": is_open, "advance": advance, "balance": is_open - advance}
        assert {name: str(value) for name, value in found.items()} == {
            name: row[name] for name in found
        }, row["step"]  # fmt: skip
