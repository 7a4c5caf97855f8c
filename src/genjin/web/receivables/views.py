"""The account of a customer, and what is entered there: bills, payments, credit notes, charges."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from genjin.customers.family import family_of
from genjin.customers.models import Customer
from genjin.foundation.access import access
from genjin.kernel.errors import BadInput, GenjinError, NotAllowed
from genjin.receivables import jobs
from genjin.receivables.models import LedgerEntry, Receivable
from genjin.receivables.operations import ledger
from genjin.receivables.sentences import of_error, sentence
from genjin.sales.orders import home_currency
from genjin.web.customers.common import customer_of, user_of
from genjin.web.problems import add_problems
from genjin.web.receivables import forms, page, words

FORM = require_http_methods(["GET", "HEAD", "POST"])


def today() -> date:
    return timezone.localdate(timezone=timezone.get_default_timezone())


def account_url(customer: Customer) -> str:
    return reverse("customer-account", args=[customer.pk])


def form_page(
    request: HttpRequest,
    customer: Customer,
    form: Any,
    *,
    title: str,
    save: Callable[[Any, datetime], str],
    back: str = "",
    lead: str = "",
    button: str = "",
    currency: str = "",
    extra: dict[str, Any] | None = None,
) -> HttpResponse:
    """Shows a form of the account; `save` calls the ledger and says what was done."""
    back = back or account_url(customer)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                said = save(form, timezone.now())
            except BadInput as error:
                place = {"allocate": "way", "covers": "way"}
                error.problems = {place.get(str(at), at): found
                                  for at, found in error.problems.items()}  # fmt: skip
                add_problems(form, error, lambda reason: sentence(reason, currency))
            except NotAllowed as error:
                form.add_error(None, of_error(error, currency))
                status = 403
            except GenjinError as error:
                form.add_error(None, of_error(error, currency))
            else:
                messages.success(request, said)
                return redirect(back)
    context = {"form": form, "title": title, "lead": lead, "back": back, "customer": customer,
               "button": button or _("Save"), "today": today(), **(extra or {})}  # fmt: skip
    return render(request, "receivables/step.html", context, status=status)


def sent(request: HttpRequest) -> str:
    """The currency of the amounts in what was sent."""
    return request.POST.get("currency", "")[:3]


def spread_extra(form: forms.Spreading) -> dict[str, Any]:
    """The debts of a form beside their fields."""
    rows = page.debt_rows((one["debt"] for one in form.parts), today())
    return {
        "parts": [{**row, "field": one["field"]}
                  for row, one in zip(rows, form.parts, strict=True)]
    }  # fmt: skip


def _debts(customer: Customer, currency: str = "") -> list[Receivable]:
    rows = page.debts_of(customer)
    return list((rows.filter(currency=currency) if currency else rows)[: page.DEBTS])


def first_values(customer: Customer) -> dict[str, Any]:
    """A form begins with today and the currency in which the customer owes."""
    debt = page.debts_of(customer).first()
    return {"currency": debt.currency if debt else home_currency()}


@require_safe
@access("receivables.view")
def account(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What a customer owes and paid, by currency."""
    customer, user = customer_of(request, pk), user_of(request)
    return render(request, "receivables/account.html",
                  page.account_context(customer, user, today=today()))  # fmt: skip


@require_safe
@access("receivables.view")
def entries(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Older entries: the rest of the list alone for htmx, a page of its own without."""
    customer, user = customer_of(request, pk), user_of(request)
    try:
        before = UUID(request.GET.get("before", ""))
    except ValueError:
        before = None
    rows, more = page.entries_of(customer, before)
    context = {"customer": customer, "entries": page.entry_rows(rows, user), "more": more}
    name = "_entries" if request.headers.get("HX-Request") else "entries"
    return render(request, f"receivables/{name}.html", context)


@access("ledger.post")
@FORM
def payment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Records money that came in."""
    customer, user = customer_of(request, pk), user_of(request)
    initial = {**first_values(customer), "received_on": today(), "means": "transfer"}
    form = forms.PaymentForm(request.POST or None, debts=_debts(customer), initial=initial)

    def save(form: forms.PaymentForm, now: datetime) -> str:
        data = form.cleaned_data
        done = ledger.receive_payment(
            customer, amount=data["amount"], currency=data["currency"], means=data["means"],
            received_on=data["received_on"], reference=data["reference"], note=data["note"],
            allocate=form.named(), by=user, now=now,
        )  # fmt: skip
        return _said(done)

    return form_page(request, customer, form, title=_("Record a payment"), save=save,
                     currency=sent(request), extra=spread_extra(form))  # fmt: skip


def _said(done: ledger.Paid) -> str:
    """What a payment did, for the person who entered it."""
    if done.left:
        return _("Recorded; %(amount)s stays as an advance.") % {
            "amount": words.money(done.left, done.entry.currency)}  # fmt: skip
    return _("Recorded.")


@access("ledger.post")
@FORM
def credit_note(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Credits a customer: goods returned, a price put right, a rebate."""
    customer, user = customer_of(request, pk), user_of(request)
    initial = {**first_values(customer), "booked_on": today()}
    form = forms.CreditNoteForm(request.POST or None, debts=_debts(customer), initial=initial)

    def save(form: forms.CreditNoteForm, now: datetime) -> str:
        data = form.cleaned_data
        done = ledger.credit_note(
            customer, amount=data["amount"], currency=data["currency"],
            booked_on=data["booked_on"], reason=data["reason"], reference=data["reference"],
            allocate=form.named(), by=user, now=now,
        )  # fmt: skip
        return _said(done)

    return form_page(request, customer, form, title=_("Credit note"), save=save,
                     currency=sent(request), extra=spread_extra(form))  # fmt: skip


@access("ledger.post")
@FORM
def bill(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Enters an amount that the customer owes."""
    customer, user = customer_of(request, pk), user_of(request)
    initial = {**first_values(customer), "issued_on": today()}
    form = forms.BillForm(request.POST or None, initial=initial)

    def save(form: forms.BillForm, now: datetime) -> str:
        row = ledger.bill(customer, source=("entered", ""), by=user, now=now, **form.cleaned_data)
        return _("Entered; %(amount)s of it is open.") % {
            "amount": words.money(row.open_amount, row.currency)}  # fmt: skip

    return form_page(request, customer, form, title=_("Enter a bill"), save=save,
                     lead=_("Orders and deliveries make their bills by themselves."))  # fmt: skip


@access("ledger.post")
@FORM
def charge(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Enters interest or costs."""
    customer, user = customer_of(request, pk), user_of(request)
    initial = {**first_values(customer), "issued_on": today(), "due_on": today()}
    debts = page.debts_of(customer).filter(is_charge=False)
    form = forms.ChargeForm(request.POST or None, debts=debts, initial=initial)

    def save(form: forms.ChargeForm, now: datetime) -> str:
        ledger.charge(customer, by=user, now=now, **form.cleaned_data)
        return _("Entered.")

    return form_page(request, customer, form, title=_("Interest or costs"), save=save)


# ── Entries that stand ───────────────────────────────────────────────────────────────────────


def entry_of(customer: Customer, pk: UUID) -> LedgerEntry:
    """An entry of the customer's or of a card merged into theirs."""
    rows = LedgerEntry.objects.select_related("receivable")
    return get_object_or_404(rows, pk=pk, customer_id__in=family_of(customer.pk))


def _about(entry: LedgerEntry) -> str:
    return _("%(what)s of %(day)s, %(amount)s") % {
        "what": words.kind_name(entry.kind, entry.reversed_kind),
        "day": words.day(entry.booked_on),
        "amount": words.money(entry.amount, entry.currency),
    }  # fmt: skip


@access("ledger.post")
@FORM
def allocate(request: HttpRequest, pk: UUID, entry_pk: UUID) -> HttpResponse:
    """Uses what is left of a payment or credit note."""
    customer, user = customer_of(request, pk), user_of(request)
    entry = entry_of(customer, entry_pk)
    form = forms.AllocateForm(request.POST or None, debts=_debts(customer, entry.currency))

    def save(form: forms.AllocateForm, now: datetime) -> str:
        return _said(ledger.allocate(entry, to=form.named(), by=user, now=now))

    return form_page(request, customer, form, title=_("Use an advance"), lead=_about(entry),
                     save=save, currency=entry.currency, extra=spread_extra(form))  # fmt: skip


@access("ledger.reverse")
@FORM
def reverse_entry(request: HttpRequest, pk: UUID, entry_pk: UUID) -> HttpResponse:
    """Takes an entry back."""
    customer, user = customer_of(request, pk), user_of(request)
    entry = entry_of(customer, entry_pk)

    def save(form: forms.ReverseForm, now: datetime) -> str:
        done = ledger.reverse(entry, by=user, now=now, **form.cleaned_data)
        if done.with_it:
            return _("Reversed, and what it had paid is open again.")
        return _("Reversed.")

    return form_page(request, customer, forms.ReverseForm(request.POST or None), save=save,
                     title=_("Reverse an entry"), lead=_about(entry), button=_("Reverse"),
                     currency=entry.currency)  # fmt: skip


@access("ledger.write_off")
@FORM
def refund(request: HttpRequest, pk: UUID, entry_pk: UUID) -> HttpResponse:
    """Gives back what is left of a payment or credit note."""
    customer, user = customer_of(request, pk), user_of(request)
    entry = entry_of(customer, entry_pk)
    left = page.with_left(LedgerEntry.objects.filter(pk=entry.pk)).get().left
    initial = {"amount": left, "refunded_on": today(), "means": entry.means or "transfer"}

    def save(form: forms.RefundForm, now: datetime) -> str:
        ledger.refund(entry, by=user, now=now, **form.cleaned_data)
        return _("The refund is recorded.")

    return form_page(request, customer, forms.RefundForm(request.POST or None, initial=initial),
                     title=_("Give money back"), lead=_about(entry), save=save,
                     currency=entry.currency)  # fmt: skip


# ── The check ────────────────────────────────────────────────────────────────────────────────


@access("ledger.reverse")
@FORM
def check(request: HttpRequest) -> HttpResponse:
    """The last checks of the ledger, and a new one on demand."""
    if request.method == "POST":
        jobs.enqueue_check(by=user_of(request), now=timezone.now())
        messages.info(request, _("The check runs; its result stands here when it is done."))
        return redirect("ledger-check")
    tasks = jobs.results()
    last = jobs.last_result()
    context = {
        "lines": [_check_line(task) for task in tasks],
        "totals": [
            {**one, "open": words.money(one["open"], one["currency"]),
             "advance": words.money(one["advance"], one["currency"]),
             "balance": words.money(one["balance"], one["currency"])}
            for one in (last.result.get("totals", ()) if last else ())
        ],
        "last": _check_line(last) if last else None,
        "is_running": any(task.state in ("queued", "running") for task in tasks),
    }  # fmt: skip
    return render(request, "receivables/check.html", context)


def _check_line(task: Any) -> dict[str, Any]:
    result = task.result or {}
    return {
        "task": task,
        "is_done": task.state == "done",
        "is_sound": bool(result.get("sound")),
        "fault": words.fault(result["fault"]) if result.get("fault") else "",
        "rows": result.get("rows", 0),
        "accounts": result.get("accounts", 0),
        "days": result.get("days", 0),
    }


def debt_of(customer: Customer, pk: UUID) -> Receivable:
    """A debt of the customer's or of a card merged into theirs."""
    rows = Receivable.objects.select_related("salesperson", "collector", "principal")
    found = rows.filter(pk=pk, customer_id__in=family_of(customer.pk)).first()
    if found is None:
        raise Http404
    return found
