"""Asks for a file of customers, and what the answer to an approval does."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import translation

from genjin.customers.exporting.columns import columns
from genjin.customers.exporting.jobs import start
from genjin.customers.models import CardAccess, Customer, CustomerExport
from genjin.customers.segments import customers_in, describe
from genjin.customers.states import EXPORT_STATES, AccessAction, ExportState
from genjin.foundation import approvals, audit, policy
from genjin.foundation.access import has_right, require_right
from genjin.foundation.models import Approval, User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

KIND = "card_export"
FORMATS = ("xlsx", "csv")
# Read aloud and typed without mistakes: no I, L, O, U, no 0 and 1.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_mark() -> str:
    """A mark as it stands in the file: GJ- and ten letters."""
    return "GJ-" + "".join(secrets.choice(_LETTERS) for _place in range(10))


@transaction.atomic
def ask_export(
    *,
    by: User,
    criteria: Mapping[str, Any],
    chosen: Sequence[str],
    file_format: str,
    reason: str,
    recipient: str = "",
    segment_name: str = "",
    now: datetime,
) -> CustomerExport:
    """Asks to take the selection out; small ones begin at once, others wait for an approval.

    Needs the right customers.export; only cards in the asker's scope go out. Raises BadInput by
    field (reason, columns, format, `selection_empty`, `selection_too_large`).
    """
    require_right(by, "customers.export")
    known = {column.code for column in columns("en")}
    problems: dict[str | int, list[Reason | str]] = {}
    if not reason.strip():
        problems["reason"] = ["required"]
    elif len(reason.strip()) > 300:
        problems["reason"] = [Reason("too_long", {"limit": 300})]
    if len(recipient.strip()) > 160:
        problems["recipient"] = [Reason("too_long", {"limit": 160})]
    if not chosen:
        problems["columns"] = ["required"]
    elif not set(chosen) <= known:
        problems["columns"] = ["not_a_choice"]
    if file_format not in FORMATS:
        problems["format"] = ["not_a_choice"]
    if problems:
        raise BadInput(problems)
    count = customers_in(criteria, user=by).count()
    limit = int(policy.value("exports.most_cards"))
    if count == 0:
        raise BadInput("selection_empty")
    if count > limit:
        raise BadInput("selection_too_large", limit=limit, count=count)
    export = CustomerExport.objects.create(
        mark=new_mark(), by=by, reason=reason.strip(), recipient=recipient.strip(),
        criteria=dict(criteria), segment_name=segment_name[:120],
        columns=list(dict.fromkeys(chosen)), format=file_format, row_count=count,
        asked_at=now,
    )  # fmt: skip
    audit.record("ask", export, by=by, now=now, reason=export.reason,
                 changes={"cards": [None, count], "columns": [None, export.columns],
                          "recipient": [None, export.recipient]})  # fmt: skip
    if count > int(policy.value("exports.approval_above")):
        _ask_approval(export, count, by=by, now=now)
    else:
        _begin(export, by=by, now=now)
    return export


def _ask_approval(export: CustomerExport, count: int, *, by: User, now: datetime) -> None:
    with translation.override(by.language or settings.LANGUAGE_CODE):
        selection = "; ".join(describe(export.criteria))
        labels = {column.code: str(column.label) for column in columns(by.language)}
    approval = approvals.ask(
        KIND,
        subject=("export", str(export.pk)),
        title={"code": KIND, "data": {"count": count}},
        evidence=[
            {"code": "count", "value": count},
            {"code": "selection", "value": export.segment_name or selection},
            {"code": "columns", "value": ", ".join(labels[code] for code in export.columns)},
            {"code": "recipient", "value": export.recipient or "–"},
        ],
        payload={"export": str(export.pk)},
        reason=export.reason,
        by=by,
        now=now,
    )
    export.approval = approval.pk
    export.save(update_fields=["approval"])


def _begin(export: CustomerExport, *, by: User | None, now: datetime) -> None:
    transition(export, field="state", table=EXPORT_STATES, to=ExportState.APPROVED, by=by, now=now)
    start(export)


def carry_out(approval: Approval, by: User | None, now: datetime) -> None:
    """The approval said yes: the file is made in the worker."""
    _begin(CustomerExport.objects.get(pk=approval.payload["export"]), by=by, now=now)


def give_up(approval: Approval, by: User | None, now: datetime) -> None:
    """Refused, taken back or forgotten: there will be no file."""
    export = CustomerExport.objects.get(pk=approval.payload["export"])
    transition(export, field="state", table=EXPORT_STATES, to=ExportState.REFUSED, by=by, now=now,
               reason=approval.decision_reason)  # fmt: skip


def visible_exports(user: User) -> Q:
    """Whose exports a person sees: their own; all of them with the right to read the trail."""
    return Q() if has_right(user, "audit.view") else Q(by=user)


def in_export(customer: Customer) -> list[CustomerExport]:
    """The files that a customer went out in, newest first."""
    marks = CardAccess.objects.filter(customer=customer, action=AccessAction.EXPORTED)
    names = [row.detail.get("mark", "") for row in marks.order_by("-at")[:50]]
    return list(CustomerExport.objects.filter(mark__in=names).order_by("-made_at"))
