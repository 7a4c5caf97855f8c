"""Rows for tests: keyword-only, valid by default, named after people who do not exist."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from genjin.calling.models import Campaign, CampaignAgent, Script, ScriptVersion
from genjin.customers.models import ContactPoint, Customer, ProductCategory
from genjin.followups import lanes
from genjin.followups.models import FollowUp, Lane, Queue
from genjin.foundation.models import Team, User
from genjin.foundation.papers import Paper
from genjin.sales.models import IssuedPaper, Opportunity, OrderLine, Product
from genjin.sales.papers.operations import issue_paper

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)  # a Monday morning inside working hours
PASSWORD = "correct-horse-battery"
_count = itertools.count(1)


def morning_zone() -> str:
    """A time zone in which it is between ten and eleven in the morning at this moment.

    For tests against the real clock: a customer who lives there may be called now.
    """
    east = (10 - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}"


def make_team(*, name: str = "") -> Team:
    return Team.objects.create(name=name or f"一组-{next(_count)}")


def make_user(*, role: str = "agent", team: Team | None = None, **fields: Any) -> User:
    number = next(_count)
    values: dict[str, Any] = {
        "username": f"{role}{number}",
        "name": f"李坐席{number}",
        "staff_number": f"T{number:05d}",
        "role": role,
        "team": team,
        **fields,
    }
    password = values.pop("password", None)
    user = User(**values)
    if password:
        user.set_password(password)
    else:
        user.set_unusable_password()
    user.save()
    return user


def make_customer(
    *, name: str = "张三", phone: str = "", kind: str = "person", **fields: Any
) -> Customer:
    """A card with its search columns and, when `phone` is given, one number in order."""
    from genjin.customers.search import search_columns

    columns = search_columns(
        name=name, kind=kind, other_names=(), person_names=(), phones=(phone,) if phone else ()
    )
    customer = Customer.objects.create(
        name=name, kind=kind, **columns, **{"created_at": NOW, "changed_at": NOW, **fields}
    )
    if phone:
        make_point(customer=customer, value=phone)
    customer.refresh_from_db(fields=["number"])
    return customer


def make_point(*, customer: Customer, value: str = "+8613800138000", **fields: Any) -> ContactPoint:
    values = {"kind": "phone", "label": "mobile", "raw": value, "status": "ok", **fields}
    return ContactPoint.objects.create(customer=customer, value=value, **values)


def make_queue(
    *, name: str = "", purpose: str = "sell", is_open: bool = True, **fields: Any
) -> Queue:
    number = next(_count)
    values = {"source_kind": "test", "source_id": str(number), **fields}
    return Queue.objects.create(
        name=name or f"队列{number}", purpose=purpose, is_open=is_open, **values
    )


def make_lane(*, purpose: str = "sell", time_zone: str = "Asia/Shanghai", **fields: Any) -> Lane:
    return lanes.by_id(lanes.lane_id(lanes.LaneKey(purpose, time_zone, **fields)))


def make_followup(
    *,
    customer: Customer | None = None,
    queue: Queue | None = None,
    state: str = "ready",
    **fields: Any,
) -> FollowUp:
    """A follow-up as a row, past the gate; `plan_followup` is the way of the product."""
    customer = customer or make_customer(phone=f"+86138{next(_count):08d}")
    queue = queue or make_queue()
    values: dict[str, Any] = {
        "lane": make_lane(purpose=queue.purpose),
        "purpose": queue.purpose,
        "cause_key": f"test:{next(_count)}",
        "not_before": NOW - timedelta(hours=1),
        "created_at": NOW - timedelta(hours=1),
        **fields,
    }
    if state == "taken":
        values.setdefault("taken_by", make_user())
        values.setdefault("taken_at", NOW)
        values.setdefault("lease_until", NOW + timedelta(minutes=15))
    return FollowUp.objects.create(customer=customer, queue=queue, state=state, **values)


def make_script_version(*, content: dict[str, Any] | None = None, number: int = 1) -> ScriptVersion:
    script = Script.objects.create(name=f"话术{next(_count)}")
    return ScriptVersion.objects.create(script=script, number=number, content=content or {})


def make_campaign(
    *,
    name: str = "",
    kind: str = "selling",
    state: str = "running",
    agents: tuple[User, ...] = (),
    queue: Queue | None = None,
    **fields: Any,
) -> Campaign:
    number = next(_count)
    campaign = Campaign.objects.create(
        name=name or f"项目{number}",
        kind=kind,
        state=state,
        queue=queue or make_queue(source_kind="campaign", source_id=f"t{number}"),
        **fields,
    )
    for user in agents:
        CampaignAgent.objects.create(
            campaign=campaign,
            user=user,
            since=NOW.date(),
            rotates_on=NOW.date() + timedelta(days=60),
        )
    return campaign


def make_category(*, code: str = "", name: str = "", **fields: Any) -> ProductCategory:
    number = next(_count)
    return ProductCategory.objects.create(
        code=code or f"category-{number}", labels={"zh-hans": name or f"品类{number}"}, **fields
    )


def make_order(
    *, customer: Customer, category: ProductCategory | None = None, amount: Any = 100, **fields: Any
) -> OrderLine:
    """An order as a row, in home currency; `enter_order` is the way of the product."""
    values = {"ordered_on": NOW.date(), "home_amount": amount, "created_at": NOW, **fields}
    return OrderLine.objects.create(
        customer=customer, category=category or make_category(), amount=amount, **values
    )


def make_paper(*, customer: Customer, by: User | None = None, **fields: Any) -> IssuedPaper:
    """A paper of one page that went out to the customer."""
    values: dict[str, Any] = {
        "kind": "bill",
        "day": NOW.date(),
        "language": "zh-hans",
        "build": lambda number: Paper(title="账单", number=number, day=NOW.date(), currency="CNY"),
        **fields,
    }
    return issue_paper(customer, by=by, now=NOW, **values)


def make_product(*, name: str = "", **fields: Any) -> Product:
    number = next(_count)
    values = {"code": f"P{number}", **fields}
    return Product.objects.create(name=name or f"产品{number}", **values)


def make_opportunity(*, customer: Customer | None = None, **fields: Any) -> Opportunity:
    """An opportunity as a row; `open_opportunity` is the way of the product."""
    values = {
        "title": f"商机{next(_count)}", "stage": "impression", "stage_at": NOW, "grade": "C",
        "grade_set_at": NOW, "created_at": NOW, "moved_at": NOW, **fields,
    }  # fmt: skip
    values.setdefault("home_amount", values.get("amount"))
    if "owner" not in values:
        values["owner"] = make_user()
    return Opportunity.objects.create(customer=customer or make_customer(), **values)
