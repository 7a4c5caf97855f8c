"""The uncollected statement on screen, as PDF and as XLSX (RE3)."""

import io
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from genjin.customers.models import Customer
from genjin.customers.queries import visible_to
from genjin.foundation.access import access
from genjin.foundation.models import User
from genjin.foundation.papers import Column, Paper, Table, Total, render_paper
from genjin.foundation.tabular.sheet import SheetColumn, write_sheet
from genjin.insight import uncollected
from genjin.receivables.models import Receivable
from genjin.receivables.states import ValueClass
from genjin.sales.orders import home_currency
from genjin.web.customers.common import user_of
from genjin.web.orders.words import money

PAGE = 100
MOST_ON_PAPER = 5000


def age_words() -> dict[str, str]:
    """The ages by their codes."""
    return {
        "not_due": _("Not due"), "d30": _("1–30 days"), "d60": _("31–60 days"),
        "d90": _("61–90 days"), "older": _("Over 90 days"),
    }  # fmt: skip


def _asked(request: HttpRequest) -> uncollected.Asked:
    seller = request.GET.get("salesperson", "")
    klass = request.GET.get("class", "")
    age = request.GET.get("age", "")
    return uncollected.Asked(
        salesperson=int(seller) if seller.isascii() and seller.isdigit() and len(seller) < 10
        else None,
        value_class=klass if klass in ValueClass.values else "",
        age=age if age in uncollected.AGES else "",
        customer=_customer(request),
    )  # fmt: skip


def _customer(request: HttpRequest) -> UUID | None:
    try:
        pk = UUID(request.GET.get("customer", ""))
    except ValueError:
        return None
    found: Customer | None = visible_to(user_of(request)).filter(pk=pk).first()
    return found.pk if found else None


def _query(asked: uncollected.Asked) -> str:
    values = {"salesperson": asked.salesperson, "class": asked.value_class, "age": asked.age,
              "customer": asked.customer}  # fmt: skip
    return urlencode({name: value for name, value in values.items() if value})


def _row(one: Receivable, today: date) -> dict[str, Any]:
    return {
        "debt": one,
        "days": one.days_overdue(today),
        "open": money(one.open_amount, one.currency),
        "amount": money(one.amount, one.currency) if one.amount != one.open_amount else "",
        "class": one.get_value_class_display(),
    }


@access("receivables.view")
@require_GET
def statement(request: HttpRequest) -> HttpResponse:
    """What is owed, the oldest first; the sums count every line, not the page alone."""
    user, today, asked = user_of(request), timezone.localdate(), _asked(request)
    rows = uncollected.lines(user, asked, today=today)
    number = request.GET.get("page", "1")
    place = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    place = max(place, 1)
    found = list(uncollected.in_order(rows)[(place - 1) * PAGE : place * PAGE + 1])
    query = _query(asked)
    url = reverse("uncollected")
    context = {
        "rows": [_row(one, today) for one in found[:PAGE]],
        "totals": [
            {"count": one.count, "open": money(one.open, one.currency),
             "overdue": money(one.overdue, one.currency), "currency": one.currency}
            for one in uncollected.totals(rows, today=today)
        ],
        "asked": asked,
        "salespeople": uncollected.salespeople(user),
        "classes": ValueClass.choices,
        "ages": age_words().items(),
        "today": today,
        "before": f"{url}?{query}&page={place - 1}" if place > 1 else "",
        "after": f"{url}?{query}&page={place + 1}" if len(found) > PAGE else "",
        "query": query,
    }  # fmt: skip
    return render(request, "uncollected/statement.html", context)


def _printed(
    user: User, asked: uncollected.Asked, today: date
) -> tuple[list[Receivable], list[uncollected.Total]]:
    rows = uncollected.lines(user, asked, today=today)
    found = list(uncollected.in_order(rows)[:MOST_ON_PAPER])
    return found, uncollected.totals(rows, today=today)


def _heads() -> list[str]:
    return [
        _("Customer"), pgettext("of a bill", "Number"), _("Due"), _("Days late"),
        _("Class"), _("Salesperson"),
    ]  # fmt: skip


@access("receivables.view")
@require_GET
def as_xlsx(request: HttpRequest) -> HttpResponse:
    """The statement as a sheet: amounts are numbers, text is text whatever it looks like."""
    user, today, asked = user_of(request), timezone.localdate(), _asked(request)
    found, sums = _printed(user, asked, today)
    customer, number, due, late, klass, seller = _heads()
    columns = [
        SheetColumn(customer, width=30), SheetColumn(number, width=18), SheetColumn(due, "day"),
        SheetColumn(late, "integer"), SheetColumn(_("Currency"), width=9),
        SheetColumn(_("Amount"), "amount"), SheetColumn(pgettext("amount", "Open"), "amount"),
        SheetColumn(klass), SheetColumn(seller),
    ]  # fmt: skip
    lines = [
        [one.customer.name, one.number, one.due_on, one.days_overdue(today), one.currency,
         one.amount, one.open_amount, one.get_value_class_display(),
         one.salesperson.name if one.salesperson else ""]
        for one in found
    ]  # fmt: skip
    lines += [
        [_("Total"), "", None, None, one.currency, None, one.open, "", ""] for one in sums
    ]  # fmt: skip
    target = io.BytesIO()
    write_sheet(target, name=_("Uncollected"), columns=columns, rows=lines,
                currency=sums[0].currency if sums else home_currency())  # fmt: skip
    answer = HttpResponse(
        target.getvalue(),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    answer["Content-Disposition"] = f'attachment; filename="uncollected-{today}.xlsx"'
    return answer


@access("receivables.view")
@require_GET
def as_pdf(request: HttpRequest) -> HttpResponse:
    """The statement on paper, in the reader's language."""
    user, today, asked = user_of(request), timezone.localdate(), _asked(request)
    found, sums = _printed(user, asked, today)
    customer, number, due, late, klass, seller = _heads()
    table = Table(
        columns=[
            Column(customer, width=6), Column(number, width=4), Column(due, "day", width=3),
            Column(late, "quantity", width=2), Column(klass, width=3), Column(seller, width=3),
            Column(_("Currency"), width=2), Column(pgettext("amount", "Open"), "amount", width=4),
        ],
        rows=[
            [one.customer.name, one.number, one.due_on or "–", one.days_overdue(today),
             one.get_value_class_display(), one.salesperson.name if one.salesperson else "",
             one.currency, one.open_amount]
            for one in found
        ],
    )  # fmt: skip
    paper = Paper(
        title=_("Uncollected statement"), number="", day=today,
        currency=sums[0].currency if len(sums) == 1 else "CNY", table=table,
        totals=[Total(_("Total"), sums[0].open, is_strong=True, in_capitals=True)]
        if len(sums) == 1 else [],
        remarks=[] if len(sums) == 1 else [
            _("%(currency)s: %(amount)s") % {"currency": one.currency,
                                             "amount": money(one.open, one.currency)}
            for one in sums
        ],
    )  # fmt: skip
    made = render_paper(paper, language=get_language() or "en", at=timezone.now())
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="uncollected-{today}.pdf"'
    return answer
