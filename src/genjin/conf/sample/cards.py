"""Sample cards that grew old, warranty stubs, and a file that waits for an approval."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from genjin.customers.exporting.operations import ask_export
from genjin.customers.models import Customer
from genjin.foundation.models import User
from genjin.service.operations import SerialRow, add_shipped, register_stub

OLD_CARDS = 9


def age_cards(agents: list[User], *, now: datetime) -> None:
    """Some of each agent's cards were opened long ago and never looked over since (CU6).

    The sample's cards all came in one file; only their age is set here.
    """
    for agent in agents:
        rows = Customer.objects.filter(custodian=agent, merged_into=None).order_by("number")
        for place, pk in enumerate(rows.values_list("pk", flat=True)[20 : 20 + OLD_CARDS]):
            Customer.objects.filter(pk=pk).update(created_at=now - timedelta(days=190 + 17 * place))


def make_warranties(data: Mapping, *, by: User, now: datetime) -> None:
    """What was shipped, and what owners registered of it, two of them with a problem (CU13)."""
    stubs = data.get("stubs", [])
    day = (now - timedelta(days=60)).date()
    rows = [
        SerialRow(line, one["serial"], one["product"], "", one.get("area", ""), day)
        for line, one in enumerate(stubs, 1)
        if one.get("is_shipped", True)
    ]
    add_shipped(rows, by=by, now=now - timedelta(days=60))
    for place, one in enumerate(stubs):
        at = now - timedelta(days=len(stubs) - place)
        register_stub(
            {**one, "bought_on": at.date() - timedelta(days=5), "agreed_to_dealer": place % 2 == 0},
            language="zh-hans", origin="", now=at,
        )  # fmt: skip


def ask_for_file(data: Mapping, *, by: User, now: datetime) -> None:
    """A file of a region's best customers that somebody must allow (CU8, PL11)."""
    wanted = data["export"]
    ask_export(
        by=by, criteria=wanted["criteria"], chosen=wanted["columns"], file_format="xlsx",
        reason=wanted["reason"], recipient=wanted["recipient"], now=now,
    )  # fmt: skip
