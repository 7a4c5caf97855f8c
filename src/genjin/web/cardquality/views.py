"""The count of the cards on screen; each figure opens the cards behind it where it can."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from genjin.customers import fields, freshness
from genjin.customers.quality import jobs
from genjin.customers.quality.core import core_of
from genjin.customers.states import Kind
from genjin.foundation.access import access, has_right, scope_of
from genjin.foundation.models import LongTask, Team, User
from genjin.insight import card_quality
from genjin.insight.card_quality import Quality, Row, Targets
from genjin.kernel import address
from genjin.web.cardquality import charts
from genjin.web.custody.words import FIELDS as FRESH_FIELDS
from genjin.web.customers import words
from genjin.web.customers.common import user_of
from genjin.web.ui.figures import number, percent

RIGHT = "cards.quality"
NOBODY = "none"
FIELDS: dict[str, Any] = {
    **FRESH_FIELDS,
    "emails": gettext_lazy("E-mail addresses"),
    "birthday": gettext_lazy("Birthday"),
}


@dataclass(frozen=True)
class Asked:
    """Whose cards the page shows: of one team, of one custodian (`NOBODY`: the pool)."""

    team: Team | None
    custodian: str

    def names(self) -> dict[str, Any]:
        """The same question to this page."""
        found: dict[str, Any] = {"team": self.team.pk} if self.team else {}
        return {**found, "custodian": self.custodian} if self.custodian else found

    def filters(self) -> dict[str, Any]:
        """The same question to the list of customers."""
        found: dict[str, Any] = {"team": self.team.pk} if self.team else {}
        if self.custodian:
            found["custodian"] = "" if self.custodian == NOBODY else self.custodian
        return found


def _asked(request: HttpRequest) -> Asked:
    user, query = user_of(request), request.GET
    team, who = query.get("team", ""), query.get("custodian", "")
    found = None
    if scope_of(user) == "all" and team.isdecimal() and len(team) < 10:
        found = Team.objects.filter(pk=int(team)).first()
    known = who == NOBODY or (who.isascii() and who.isdecimal() and len(who) < 10)
    return Asked(found, who if known else "")


def _rows(user: User, asked: Asked) -> Any:
    rows = card_quality.visible_counts(user, asked.team)
    if asked.custodian == NOBODY:
        return rows.filter(custodian=None)
    return rows.filter(custodian=int(asked.custodian)) if asked.custodian else rows


@require_safe
@access(RIGHT)
def page(request: HttpRequest) -> HttpResponse:
    """New cards, completeness and freshness of the newest count, by custodian and province."""
    user, asked = user_of(request), _asked(request)
    day = card_quality.newest_day()
    context: dict[str, Any] = {
        "day": day,
        "task": LongTask.objects.filter(kind=jobs.KIND).order_by("-created_at").first(),
        "teams": Team.objects.order_by("name") if scope_of(user) == "all" else [],
        "asked": asked,
    }
    if day is not None:
        context |= _figures(user, asked, day)
    return render(request, "cardquality/quality.html", context)


def _figures(user: User, asked: Asked, day: date) -> dict[str, Any]:
    rows, targets = _rows(user, asked), card_quality.targets()
    total = card_quality.total(rows, day)
    people = card_quality.by("custodian", rows, day)
    named = {one.pk: one for one in User.objects.filter(pk__in=[row.key for row in people])}
    opens = _Opens(asked, day) if has_right(user, "customers.view") else None
    custodians = [
        _line(row, targets, opens, name=named[row.key].name if row.key else _("Nobody"),
              custodian=row.key, narrows=_narrowed(asked, row.key)) for row in people
    ]  # fmt: skip
    provinces = [
        _line(row, targets, opens, name=address.place_name(row.key) or _("Not known"),
              province=row.key) for row in card_quality.by("province", rows, day)
    ]  # fmt: skip
    wanted = targets.new_cards * card_quality.custodians(rows, day)
    months = card_quality.new_by_month(rows, day)
    only = next((line["name"] for line in custodians), "") if asked.custodian else ""
    return {
        "total": total,
        "only": only,
        "targets": targets,
        "tiles": _tiles(total, wanted, targets, opens),
        "custodians": custodians,
        "provinces": provinces,
        "new_chart": charts.new_cards(months, wanted),
        "trend_chart": charts.trend(card_quality.trend(rows, day), targets),
        "custodian_chart": charts.shares(_named(custodians), targets),
        "province_chart": charts.shares(_named(provinces), targets),
        "is_cut": max(len(custodians), len(provinces)) > charts.SHOWN,
        "shown": charts.SHOWN,
        "core": _core(),
        "stale_days": freshness.stale_after().days,
    }


def _core() -> list[dict[str, Any]]:
    """Which fields a person's and an organisation's card are asked for, by their names."""
    known = {definition.code: definition for definition in fields.definitions()}
    return [
        {"kind": kind.label,
         "fields": _(", ").join(
             str(FIELDS.get(code) or words.column_label(code, known)) for code in core_of(kind))}
        for kind in Kind
    ]  # fmt: skip


def _named(lines: Sequence[dict[str, Any]]) -> list[tuple[str, Quality]]:
    return [(line["name"], line["quality"]) for line in lines]


def _narrowed(asked: Asked, custodian: int | None) -> str:
    names = {**asked.names(), "custodian": custodian or NOBODY}
    return f"{reverse('card-quality')}?{urlencode(names)}"


@dataclass(frozen=True)
class _Opens:
    """The addresses of the cards behind a figure; they show the cards of now."""

    asked: Asked
    day: date

    def _filters(self, row: dict[str, Any]) -> dict[str, Any]:
        found = self.asked.filters()
        if "custodian" in row:
            found["custodian"] = row["custodian"] or ""
        if "province" in row:
            found["region"] = row["province"]
        return found

    def cards(self, **row: Any) -> str:
        return f"{reverse('customers')}?{urlencode(self._filters(row))}"

    def new(self, **row: Any) -> str:
        span = {"from.created": self.day.replace(day=1), "to.created": self.day}
        return f"{reverse('customers')}?{urlencode({**self._filters(row), **span})}"

    def stale(self, **row: Any) -> str:
        found = {name: value or NOBODY for name, value in self._filters(row).items()}
        return f"{reverse('customers-review')}?{urlencode({'whose': 'all', **found})}"


def _line(
    row: Row, targets: Targets, opens: _Opens | None, *, name: str, narrows: str = "", **key: Any
) -> dict[str, Any]:
    """One line of a table: its figures, whether they reach the targets, and what they open."""
    own = row.quality
    is_person = key.get("custodian") is not None
    return {
        "name": name,
        "narrows": narrows,
        "quality": own,
        "cards_url": opens.cards(**key) if opens else "",
        "new_url": opens.new(**key) if opens and own.new_cards else "",
        "stale_url": opens.stale(**key) if opens and own.stale else "",
        "wanted": targets.new_cards if is_person else None,
        "is_short": is_person and own.new_cards < targets.new_cards,
        "is_thin": own.completeness is not None and own.completeness < targets.completeness,
        "is_old": own.freshness is not None and own.freshness < targets.fresh,
    }


def _target(text: str) -> str:
    return _("target %(value)s") % {"value": text}


def _tiles(
    total: Quality, wanted: int, targets: Targets, opens: _Opens | None
) -> list[dict[str, Any]]:
    return [
        {"label": _("Cards"), "value": number(total.cards),
         "url": opens.cards() if opens else ""},
        {"label": _("New this month"), "value": number(total.new_cards),
         "plan": _target(number(wanted)) if wanted else "",
         "url": opens.new() if opens and total.new_cards else ""},
        {"label": _("Completeness"), "value": percent(total.completeness, 1),
         "plan": _target(percent(targets.completeness))},
        {"label": _("Fresh"), "value": percent(total.freshness, 1),
         "plan": _target(percent(targets.fresh))},
        {"label": _("E-mail and consent"), "value": percent(total.consent_share, 1),
         "plan": _("address: %(share)s") % {"share": percent(total.email_share, 1)}},
        {"label": _("To be looked over"), "value": number(total.stale),
         "url": opens.stale() if opens and total.stale else ""},
    ]  # fmt: skip


@require_POST
@access(RIGHT)
def count(request: HttpRequest) -> HttpResponse:
    """Counts the cards now, in the worker."""
    with transaction.atomic():
        jobs.enqueue_count(by=user_of(request), now=timezone.now())
    messages.success(request, _("The cards are being counted; this page shows it when it is done."))
    return redirect("card-quality")
