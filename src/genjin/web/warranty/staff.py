"""Stubs with their problems, QR codes, what was shipped, and lists for dealers."""

import io
from datetime import date
from typing import Any
from uuid import UUID

import segno
from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from genjin.customers.exporting.operations import ask_export
from genjin.customers.models import Customer
from genjin.customers.segments import customers_in
from genjin.foundation.access import access
from genjin.kernel import address
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason
from genjin.sales.models import Product
from genjin.service.models import ShippedSerial, Warranty, WarrantyStub
from genjin.service.operations import SerialRow, add_shipped, registrable, review_stub
from genjin.web.customers.common import user_of
from genjin.web.exports.views import sentence as export_sentence
from genjin.web.problems import Needing, add_problems
from genjin.web.warranty import words

RIGHT = "warranties.manage"
SHOWN = 100
_MOST_BYTES = 5 * 2**20
# What a dealer needs to look after the consumers of a region, and no more.
DEALER_COLUMNS = ("number", "name", "phones", "region", "addresses")


@require_safe
@access(RIGHT)
def stubs(request: HttpRequest) -> HttpResponse:
    """The newest stubs; those with a problem that nobody decided come first on request."""
    rows = WarrantyStub.objects.select_related("customer", "product", "review")
    asked = request.GET.get("show", "")
    if asked == "problems":
        rows = rows.exclude(problems=[]).filter(review=None)
    context = {
        "lines": [
            {"row": row, "problems": [words.PROBLEMS[code] for code in row.problems],
             "review": getattr(row, "review", None)}
            for row in rows.order_by("-at")[:SHOWN]
        ],
        "open_count": WarrantyStub.objects.exclude(problems=[]).filter(review=None).count(),
        "asked": asked,
        "has_shipped": ShippedSerial.objects.exists(),
    }  # fmt: skip
    return render(request, "warranty/stubs.html", context)


class ReviewForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, required=False,
        widget=forms.Textarea({"rows": 2}), help_text=gettext_lazy("Needed for a refusal."),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@access(RIGHT)
def stub_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One stub as it came, its problems, and the decision about it."""
    rows = WarrantyStub.objects.select_related("customer", "product", "owned", "review__by")
    stub = get_object_or_404(rows, pk=pk)
    form = ReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        accept = request.POST.get("answer") == "accept"
        try:
            review_stub(stub, accept=accept, note=form.cleaned_data["note"], by=user_of(request),
                        now=timezone.now())  # fmt: skip
        except BadInput as error:
            add_problems(form, error, words.sentence)
        except GenjinError as error:
            messages.error(request, words.sentence(Reason(error.code, error.data)))
            return redirect("warranty-stub", pk=pk)
        else:
            messages.success(request, _("Saved."))
            return redirect("warranty-stub", pk=pk)
    context = {
        "stub": stub,
        "form": form,
        "problems": [words.PROBLEMS[code] for code in stub.problems],
        "warranty": Warranty.objects.filter(owned=stub.owned).first(),
        "shipped": ShippedSerial.objects.filter(serial=stub.serial).select_related("dealer")
        .first(),
        "others": WarrantyStub.objects.filter(serial=stub.serial).exclude(pk=pk)
        .select_related("customer"),
        "review": getattr(stub, "review", None),
    }  # fmt: skip
    return render(request, "warranty/stub.html", context, status=422 if form.errors else 200)


@require_safe
@access(RIGHT)
def qr_sheet(request: HttpRequest) -> HttpResponse:
    """The QR code of each product, to be printed and put into its box."""
    context = {"products": registrable(), "url": request.build_absolute_uri(reverse("warranty"))}
    return render(request, "warranty/qr.html", context)


@require_safe
@access(RIGHT)
def qr_image(request: HttpRequest, pk: int) -> HttpResponse:
    """The QR code of a product as SVG: it leads to the page with the product chosen."""
    product = get_object_or_404(Product, pk=pk)
    url = f"{request.build_absolute_uri(reverse('warranty'))}?p={product.code}"
    picture = io.BytesIO()
    segno.make(url, error="m", micro=False).save(picture, kind="svg", scale=6, border=4)
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml")


class ShippedForm(forms.Form):
    rows = forms.CharField(
        label=gettext_lazy("Shipped pieces"), widget=forms.Textarea({"rows": 10}), required=False,
        help_text=gettext_lazy(
            "One piece a line: serial number, product code, customer number of the dealer, "
            "region, day. Dealer and region may be empty."
        ),
    )  # fmt: skip
    file = forms.FileField(label=gettext_lazy("or a text file with such lines"), required=False)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _serial_rows(text: str) -> list[SerialRow]:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            cells = [cell.strip() for cell in line.replace("，", ",").replace("\t", ",").split(",")]
            serial, product, dealer, region, day = (*cells, "", "", "", "", "")[:5]
            rows.append(SerialRow(number, serial, product, dealer, region, _day(day)))
    return rows


@require_http_methods(["GET", "POST"])
@access(RIGHT)
def shipped(request: HttpRequest) -> HttpResponse:
    """What left us, so that unknown, doubled and strayed serials are found."""
    form = ShippedForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        text, file = form.cleaned_data["rows"], form.cleaned_data["file"]
        if file is not None and file.size > _MOST_BYTES:
            form.add_error("file", _("This file is too large; cut it into several."))
        else:
            text += "\n" + file.read().decode("utf-8-sig", "replace") if file is not None else ""
            _add_shipped(request, form, _serial_rows(text))
            if not form.errors:
                return redirect("warranty-shipped")
    newest = ShippedSerial.objects.select_related("product", "dealer").order_by("-pk")[:20]
    context = {"form": form, "newest": newest, "count": ShippedSerial.objects.count()}
    return render(request, "warranty/shipped.html", context, status=422 if form.errors else 200)


def _add_shipped(request: HttpRequest, form: ShippedForm, rows: list[SerialRow]) -> None:
    if not rows:
        form.add_error("rows", words.sentence(Reason("required")))
        return
    try:
        count = add_shipped(rows, by=user_of(request), now=timezone.now())
    except BadInput as error:
        for line, reasons in list(error.problems.items())[:20]:
            texts = " ".join(words.sentence(reason) for reason in reasons)
            form.add_error("rows", _("Line %(line)s: %(text)s") % {"line": line, "text": texts})
    else:
        messages.success(request, _("%(count)s pieces are new.") % {"count": count})


class DealerForm(Needing):
    needed = ("reason",)

    region = forms.CharField(label=gettext_lazy("Region"), max_length=60)
    dealer = forms.IntegerField(
        label=gettext_lazy("Customer number of the dealer"), min_value=1, max_value=10**15
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, required=False)

    def clean_region(self) -> str:
        code = address.division_of(self.cleaned_data["region"])
        if not code:
            raise forms.ValidationError(_("This region is not known."))
        return code

    def clean_dealer(self) -> Customer:
        found = Customer.objects.filter(
            Q(number=self.cleaned_data["dealer"]), merged_into=None
        ).first()
        if found is None:
            raise forms.ValidationError(_("There is no such customer."))
        return found


@require_http_methods(["GET", "POST"])
@access("customers.export")
def dealer_list(request: HttpRequest) -> HttpResponse:
    """The consumers of a region who agreed to it, as a marked file for the region's dealer."""
    user = user_of(request)
    form = DealerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            made = ask_export(
                by=user, criteria=agreed_in(chosen["region"]), chosen=DEALER_COLUMNS,
                file_format="xlsx", reason=chosen["reason"], recipient=chosen["dealer"].name,
                now=timezone.now(),
            )  # fmt: skip
        except BadInput as error:
            add_problems(form, error, export_sentence)
        else:
            return redirect("export", pk=made.pk)
    context = {"form": form, "regions": _regions(user)}
    return render(request, "warranty/dealers.html", context, status=422 if form.errors else 200)


def agreed_in(region: str) -> dict[str, Any]:
    """The consumers of a division who agreed to be named to its dealer."""
    return {
        "all": [
            {"field": "fields.dealer_list", "op": "in", "values": ["true"]},
            *([{"field": "region", "op": "in", "values": [region]}] if region else []),
        ],
        "none": [],
    }


def _regions(user: Any) -> list[dict[str, Any]]:
    """How many agreed, by province; regions without anybody are left out."""
    try:
        rows = customers_in(agreed_in(""), user=user).values_list("region", flat=True)
    except BadInput:
        return []
    counts: dict[str, int] = {}
    for code in rows:
        path = address.path(code) if code else []
        name = path[0].name if path else _("Region not known")
        counts[name] = counts.get(name, 0) + 1
    return [
        {"name": name, "count": count}
        for name, count in sorted(counts.items(), key=lambda pair: -pair[1])
    ]
