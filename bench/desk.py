"""A running campaign with people who may work in it, for the measures of the desk."""

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from bench.common import Context
from bench.data import customer_id, ensure_customers, name_of

DATABASE = "genjin_bench_find"  # shared with B4: a million searchable customers


def use_customers(context: Context, count: int) -> None:
    """Turns to the shared database, in the form of today, with this many customers."""
    from django.core.management import call_command

    from genjin.customers import fields

    context.use(DATABASE)
    call_command("migrate", verbosity=0, interactive=False)
    ensure_customers(context, count, is_searchable=True)
    fields.sync_shipped_fields()


def agents(count: int, *, password: str = "") -> list[Any]:
    """Agents load0, load1 …, with nothing in hand."""
    from django.contrib.auth.hashers import make_password
    from django.utils import timezone

    from genjin.followups.models import FollowUp
    from genjin.foundation.models import User

    secret, users = make_password(password or None), []
    for number in range(count):
        user, _ = User.objects.update_or_create(
            username=f"load{number}",
            defaults={"name": name_of(number * 5 + 1)[1], "role": "agent", "password": secret,
                      "staff_number": f"L{number:04d}", "is_active": True},
        )  # fmt: skip
        users.append(user)
    FollowUp.objects.filter(taken_by__in=users, state="taken").update(
        state="done", lease_until=None, ended_at=timezone.now()
    )
    return users


def running_campaign(users: Sequence[Any]) -> Any:
    """A new selling campaign with the shipped script, its briefing passed by these people."""
    from django.utils import timezone

    from genjin.calling.models import BriefingPass, Campaign, CampaignAgent, Script, ScriptVersion
    from genjin.calling.scripts.library import starter
    from genjin.followups.operations import ensure_queue

    name, today = f"load-{time.time_ns()}", timezone.now().date()
    script = Script.objects.create(name=name)
    content = starter("zh-hans").to_json()
    ScriptVersion.objects.create(script=script, number=1, content=content)
    campaign = Campaign.objects.create(
        name=name, kind="selling", state="running", script=script,
        queue=ensure_queue(name=name, source=("campaign", name), purpose="sell"),
        goals={"day": 100}, wrap_up_seconds=60,
    )  # fmt: skip
    CampaignAgent.objects.filter(user__in=users).update(is_active=False)
    CampaignAgent.objects.bulk_create(
        CampaignAgent(campaign=campaign, user=user, since=today,
                      rotates_on=today + timedelta(days=60))
        for user in users
    )  # fmt: skip
    BriefingPass.objects.bulk_create(
        BriefingPass(campaign=campaign, user=user, version=1) for user in users
    )
    return campaign


def plan(context: Context, campaign: Any, indexes: Sequence[int]) -> None:
    """Plans a follow-up of the campaign for each of these customers, where it is morning now."""
    from django.utils import timezone

    from genjin.customers.models import ContactHours, Customer
    from genjin.followups.operations import plan_for_customers

    hours, _ = ContactHours.objects.get_or_create(weekly="daily 08:00-21:00")
    wanted = [customer_id(index) for index in indexes]
    chosen = Customer.objects.filter(pk__in=wanted)
    chosen.update(time_zone=morning_zone(), stated_hours=hours)
    result = plan_for_customers(
        chosen, queue=campaign.queue, cause_prefix=campaign.name, by=None, now=timezone.now()
    )
    context.progress(f"{result.planned:,} follow-ups wait")


def hand_over(campaign: Any, user: Any) -> dict[UUID, UUID]:
    """Puts everything that waits in the campaign into one person's hands: {customer: follow-up}."""
    from django.utils import timezone

    from genjin.followups.models import FollowUp

    now = timezone.now()
    rows = FollowUp.objects.filter(queue=campaign.queue)
    rows.update(state="taken", taken_by=user, taken_at=now, lease_until=now + timedelta(hours=1))
    return dict(rows.values_list("customer_id", "pk"))


def morning_zone() -> str:
    """A time zone in which it is about ten in the morning now."""
    offset = (10 - time.gmtime().tm_hour + 12) % 24 - 12
    return "Etc/GMT" if offset == 0 else f"Etc/GMT{-offset:+d}"
