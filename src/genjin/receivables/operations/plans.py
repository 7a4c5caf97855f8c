"""Makes the collection plans of a day: whom each person presses, in which order, and why (RE4).

One run ranks every debt in the database and hands each person the places that fit into their hours;
for these it plans the follow-ups, which go the way of every contact: gate, queue, desk. Nothing is
planned while news of payments is stale.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from genjin.customers import holds
from genjin.followups.models import FollowUp, Queue
from genjin.followups.operations import Listed, cancel_waiting, ensure_queue, plan_listed
from genjin.followups.states import WAITING
from genjin.foundation import audit, policy
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.kernel.address import centre, parse_address
from genjin.kernel.errors import Conflict
from genjin.kernel.ids import uuid7
from genjin.kernel.money import format_money
from genjin.receivables import news, plan_sql, terms
from genjin.receivables.models import CollectionPlan, PlanPlace, Receivable
from genjin.receivables.operations.paydays import work_out_pay_days
from genjin.receivables.resting import as_held
from genjin.receivables.rules.limitation import add_months
from genjin.receivables.rules.paydays import Chance
from genjin.receivables.rules.plan import (
    PlaceFacts,
    PlanTerms,
    fitting,
    minutes_of,
    reasons_of,
)
from genjin.receivables.rules.promises import OpenDebt, rests
from genjin.receivables.states import CollectRole
from genjin.sales.models import ExchangeRate

SOURCE = "collection"
PLAN_RIGHT = "collection.plan"
NOT_ON_PLAN = "not_on_todays_plan"
ZERO = Decimal(0)


@dataclass(frozen=True)
class PlanRun:
    """What a run made: the plans, and how many follow-ups it planned anew."""

    plans: list[CollectionPlan] = field(default_factory=list)
    planned: int = 0


class StaleNews(Conflict):
    """Nobody is dunned now: it is not known who has paid. `data` as `News.reason`."""

    code = "payment_news_stale"


def collection_queue() -> Queue:
    """The queue in which dunning waits, made when it is first needed."""
    found = Queue.objects.filter(source_kind=SOURCE, source_id="").first()
    if found is not None:
        return found
    with override(policy.value("organisation.language")):
        return ensure_queue(name=_("Collection"), source=(SOURCE, ""), purpose="collect")


def collection_queues(user: User) -> list[Queue]:
    """The queue of dunning for who makes plans: collectors take what waits for nobody by name."""
    if not has_right(user, PLAN_RIGHT):
        return []
    return list(Queue.objects.filter(source_kind=SOURCE, source_id="", is_open=True))


def make_todays_plans(now: datetime) -> PlanRun | None:
    """The night's run for everybody; None while news of payments is stale, until it is not."""
    if news.is_stale(now):
        return None
    return make_plans(by=None, now=now)


def are_made(now: datetime) -> bool:
    """Whether today's plans were made."""
    return CollectionPlan.objects.filter(day=terms.day_of(now)).exists()


def make_plans(
    *, by: User | None, now: datetime, person: User | None = None, minutes: int | None = None
) -> PlanRun:
    """Makes the plans of today, of everybody or of one `person`; what was made before is replaced.

    `minutes` is the budget of that person today; else what the policy gives. Raises StaleNews.
    """
    known = news.state(now)
    if reason := known.reason():
        raise StaleNews(reason.code, dict(reason.data))
    work_out_pay_days(now)
    with transaction.atomic():
        return _Run(by=by, now=now, person=person, minutes=minutes).make()


class _Run:
    """One run: fills the temporary tables, reads the ranked places, writes plans and follow-ups."""

    def __init__(
        self, *, by: User | None, now: datetime, person: User | None, minutes: int | None
    ) -> None:
        self.by, self.now, self.person, self.minutes = by, now, person, minutes
        self.today = terms.day_of(now)
        self.terms: PlanTerms = terms.plan_terms()
        self.ladder = terms.ladder()
        self.currency = str(policy.value("organisation.currency"))
        self.values: dict[str, Any] = {
            **plan_sql.horizon_values(self.today, self.terms),
            "seller_days": terms.seller_days(),
            "kept_since": self.today - timedelta(days=terms.promise_terms().counts_days),
            "talked_since": self.today
            - timedelta(days=max(step.every_days for step in self.ladder.values())),
        }
        if person is not None:
            self.values["person"] = person.pk

    def make(self) -> PlanRun:
        # Two runs at once would each plan the follow-ups of the other.
        self.queue = Queue.objects.select_for_update().get(pk=collection_queue().pk)
        self._rank()
        plans = self._plans()
        self._write(plans)
        planned = self._plan_followups(plans)
        audit.record(
            "plan", ("collection", self.today.isoformat()), by=self.by, now=self.now,
            changes={"plans": [None, len(plans)],
                     "places": [None, sum(plan.place_count for plan, _places in plans)],
                     "followups": [None, planned]},
        )  # fmt: skip
        return PlanRun([plan for plan, _places in plans], planned)

    # ── Ranking ──────────────────────────────────────────────────────────────────────────────

    def _rank(self) -> None:
        home = self._home()
        if home:
            self.values |= {"latitude": home[0], "longitude": home[1]}
        # Read before: the connection serves nothing else while it takes a COPY.
        held, rates = self._held(), self._rates()
        with connection.cursor() as cursor:
            cursor.execute(
                "DROP TABLE IF EXISTS pg_temp.genjin_held, pg_temp.genjin_rates, "
                "pg_temp.genjin_debts, pg_temp.genjin_places"
            )
            cursor.execute(plan_sql.TABLES)
            with cursor.copy("COPY genjin_held FROM STDIN") as copy:
                for pk, amount in held:
                    copy.write_row((pk, amount))
            with cursor.copy("COPY genjin_rates FROM STDIN") as copy:
                for code, rate in rates:
                    copy.write_row((code, rate))
            is_of_one = self.person is not None
            cursor.execute(plan_sql.debts(self.ladder, only_of_some=is_of_one), self.values)
            cursor.execute("ANALYZE genjin_debts")
            cursor.execute(
                plan_sql.places(self.terms, self.ladder, has_place=home is not None), self.values
            )
            cursor.execute("ANALYZE genjin_places")

    @staticmethod
    def _home() -> tuple[float, float] | None:
        """Where we are, if the organisation said so: distances are measured from there."""
        found = centre([parse_address(str(policy.value("organisation.place"))).division])
        return (found[0], found[1]) if found else None

    def _held(self) -> list[tuple[UUID, Decimal]]:
        """What acting holds take off the debts they name."""
        acting = holds.acting(self.now).filter(
            about__len__gt=0, purposes__contains=["collect"]
        ).order_by("starts_at", "id")  # fmt: skip
        rows = as_held(acting)
        named = {UUID(key) for hold in rows for key in hold.about}
        debts = Receivable.objects.filter(pk__in=named, state="open")
        found = rests(
            [OpenDebt(str(one.pk), one.open_amount, one.due_on) for one in debts], holds=rows
        )
        return [(UUID(key), rest.held) for key, rest in found.items() if rest.held]

    def _rates(self) -> list[tuple[str, Decimal]]:
        rates = ExchangeRate.objects.filter(from_day__lte=self.today)
        newest = rates.order_by("currency", "-from_day").distinct("currency")
        known = dict(newest.values_list("currency", "rate"))
        known[self.currency] = Decimal(1)
        return list(known.items())

    # ── Reading ──────────────────────────────────────────────────────────────────────────────

    def _plans(self) -> list[tuple[CollectionPlan, list[PlanPlace]]]:
        is_of_one = self.person is not None
        with connection.cursor() as cursor:
            mine = plan_sql.mine(is_of_one)
            cursor.execute(plan_sql.TOTALS.format(mine=mine), self.values)
            totals = {row[0]: row[1:] for row in cursor.fetchall()}
            cursor.execute(
                plan_sql.RANK.format(order=plan_sql.order(self.terms), mine=mine),
                {**self.values, "most": self._most()},
            )
            names = [column.name for column in cursor.description]
            ranked: dict[int | None, list[dict[str, Any]]] = {}
            for row in cursor.fetchall():
                found = dict(zip(names, row, strict=True))
                ranked.setdefault(found["person_id"], []).append(found)
        if is_of_one and self.person is not None and self.person.pk not in totals:
            totals[self.person.pk] = (self.person.role == "collector", 0, 0, 0, 0, 0, 0, 0)
        plans = [self._plan(pk, found, ranked.get(pk, [])) for pk, found in totals.items()]
        self._name_debts(plans)
        return plans

    def _most(self) -> int:
        """More places than anybody gets to in a day, and some to spare."""
        longest = max(self.terms.collector_minutes, self.terms.seller_minutes, self.minutes or 0)
        shortest = max(min(self.terms.minutes.values()), 1)
        return longest // shortest + self.terms.spare_places

    def _plan(
        self, person_id: int | None, totals: Sequence[Any], rows: Sequence[dict[str, Any]]
    ) -> tuple[CollectionPlan, list[PlanPlace]]:
        is_collector, count, amount, held_count, held, said_count, said, resting = totals
        budget = self.minutes
        if budget is None:
            budget = self.terms.collector_minutes if is_collector else self.terms.seller_minutes
        facts = [self._facts(row) for row in rows]
        lengths = [minutes_of(one, self.terms) for one in facts]
        fits = fitting(lengths, budget)
        plan = CollectionPlan(
            day=self.today, person_id=person_id, currency=self.currency,
            role=CollectRole.COLLECTOR if is_collector else CollectRole.SELLER,
            budget_minutes=budget,
            planned_minutes=sum(length for length, one in zip(lengths, fits, strict=True) if one),
            place_count=count, total_amount=amount,
            left_count=count - sum(fits),
            left_amount=amount
            - sum((one.amount for one, is_in in zip(facts, fits, strict=True) if is_in), ZERO),
            held_count=held_count, held_amount=held or ZERO, promised_count=said_count,
            promised_amount=said or ZERO, resting_count=resting, made_at=self.now,
            made_by=self.by,
        )  # fmt: skip
        kept = self._kept(fits)
        places = [
            PlanPlace(
                plan=plan, number=number, customer_id=UUID(one.customer), amount=one.amount,
                way=one.way, minutes=length, fits=is_in,
                reasons=[
                    reason.to_json()
                    for reason in reasons_of(one, today=self.today, terms=self.terms)
                ],
            )
            for number, (one, length, is_in) in enumerate(
                zip(facts, lengths, fits, strict=True), 1
            )
            if number <= kept
        ]  # fmt: skip
        return plan, places

    def _kept(self, fits: Sequence[bool]) -> int:
        """The last number that is kept: what fits, and some of what does not."""
        last = max((number for number, is_in in enumerate(fits, 1) if is_in), default=0)
        return last + self.terms.spare_places

    def _facts(self, row: dict[str, Any]) -> PlaceFacts:
        chance = None
        if row["next_pay_on"] and row["start_by"]:
            chance = Chance(row["next_pay_on"], row["start_by"], row["missed_on"])
        steps = row["steps"] or []
        order = self.terms.class_order
        place = row["class_place"]
        return PlaceFacts(
            customer=str(row["customer_id"]), amount=row["amount"], debts=row["debts"],
            oldest_due=row["oldest_due"],
            value_class=order[place] if place < len(order) else "outstanding",
            way=row["way"], broken=row["broken"], broken_on=row["broken_on"],
            broken_amount=row["broken_amount"], chance=chance,
            signers=tuple(step["signer"] for step in _json(steps) if step.get("signer")),
            distance_km=row["km"], promises_kept=row["kept"], held=row["held"],
            promised=row["promised"], signals=tuple(row["signals"] or ()),
            limitation_ends_on=self._limitation_ends(row["limitation_from"]),
        )  # fmt: skip

    def _limitation_ends(self, runs_from: date | None) -> date | None:
        """The last day of the period that ends first, when it is near."""
        if runs_from is None:
            return None
        rules = terms.limitation_terms()
        ends = add_months(runs_from, 12 * rules.years) - timedelta(days=1)
        near = ends - timedelta(days=rules.warn_days) <= self.today
        return ends if near else None

    def _name_debts(self, plans: Sequence[tuple[CollectionPlan, list[PlanPlace]]]) -> None:
        customers = [place.customer_id for _plan, places in plans for place in places]
        with connection.cursor() as cursor:
            cursor.execute(plan_sql.DEBTS_OF, {"customers": customers})
            found = {pk: [str(one) for one in ids] for pk, ids in cursor.fetchall()}
        for _plan, places in plans:
            for place in places:
                place.debts = found.get(place.customer_id, [])

    # ── Writing ──────────────────────────────────────────────────────────────────────────────

    def _write(self, plans: Sequence[tuple[CollectionPlan, list[PlanPlace]]]) -> None:
        old = CollectionPlan.objects.filter(day=self.today)
        if self.person is not None:
            old = old.filter(person=self.person)
        PlanPlace.objects.filter(plan__in=old)._raw_delete(old.db)
        old.delete()
        CollectionPlan.objects.bulk_create([plan for plan, _places in plans])
        PlanPlace.objects.bulk_create(
            [place for _plan, places in plans for place in places], batch_size=2000
        )

    def _plan_followups(self, plans: Sequence[tuple[CollectionPlan, list[PlanPlace]]]) -> int:
        zone = ZoneInfo(settings.TIME_ZONE)
        due_at = datetime.combine(self.today + timedelta(days=1), time(), tzinfo=zone)
        with override(policy.value("organisation.language")):
            rows = [
                Listed(place.customer_id, place.number, place.way, self._subject(place),
                       plan.person_id, due_at)
                for plan, places in plans
                for place in places
                if place.fits
            ]  # fmt: skip
        waiting = FollowUp.objects.filter(
            queue=self.queue, source_kind=SOURCE, state__in=WAITING, asked_at=None
        ).exclude(customer__in=[one.customer_id for one in rows])
        if self.person is not None:
            waiting = waiting.filter(assigned_to=self.person)
        cancel_waiting(waiting, by=self.by, now=self.now, reason=NOT_ON_PLAN)
        result = plan_listed(
            rows, queue=self.queue, source_kind=SOURCE, by=self.by, now=self.now,
            cause_prefix=f"{SOURCE}:{self.today:%Y%m%d}:{uuid7().hex[-8:]}",
        )  # fmt: skip
        return result.planned

    def _subject(self, place: PlanPlace) -> str:
        language = str(policy.value("organisation.language"))
        owed = format_money(place.amount, self.currency, language)
        late = next((one["data"]["days"] for one in place.reasons if one["code"] == "days_late"), 0)
        if not late:
            return _("Owes %(amount)s") % {"amount": owed}
        return ngettext(
            "Owes %(amount)s, %(days)s day late", "Owes %(amount)s, %(days)s days late", late
        ) % {"amount": owed, "days": late}


def _json(value: Any) -> Any:
    """A JSON column as a plain cursor gives it."""
    return json.loads(value) if isinstance(value, str) else value
