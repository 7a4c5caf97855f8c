"""Settings of classes, exchange rates and product categories."""

from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from genjin.customers.models import ProductCategory
from genjin.customers.operations import categories
from genjin.foundation.access import access
from genjin.foundation.models import PolicySetting
from genjin.kernel.errors import BadInput
from genjin.sales.models import ExchangeRate
from genjin.sales.order_sentences import sentence
from genjin.sales.orders import home_currency, set_rate
from genjin.sales.settings import set_class_settings
from genjin.web.customers.common import user_of
from genjin.web.orders.forms import CategoryForm, ClassesForm, RateForm, field_name
from genjin.web.orders.words import category_name
from genjin.web.problems import add_problems
from genjin.web.settings.tabs import pages

RIGHT = "settings.manage"
_RATES = 100
GROUPS = {
    "classes": (gettext_lazy("Classes"), gettext_lazy(
        "Customers in the order of their deal amount; the next run takes what is set here.")),
    "grades": (gettext_lazy("Grades"), gettext_lazy(
        "After its days a grade comes up for review; unless confirmed it drops by one.")),
    "visiting": (gettext_lazy("Prospects to keep visiting"), gettext_lazy(
        "How often by visiting grade.")),
    "key": (gettext_lazy("Key customers"), gettext_lazy(
        "Proposed from class, growth potential and grade; a manager decides.")),
}  # fmt: skip


@access(RIGHT)
@require_http_methods(["GET", "POST"])
def classes_page(request: HttpRequest) -> HttpResponse:
    """Cut-offs, period, terms of grades, visiting, key customers."""
    form = ClassesForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            changed = set_class_settings(form.values(), by=user_of(request), now=timezone.now())
        except BadInput as error:
            for place, reasons in error.problems.items():
                for reason in reasons:
                    form.add_error(field_name(str(place)), sentence(reason))
        else:
            messages.success(request, _("Saved.") if changed else _("Nothing was different."))
            return redirect("settings-classes")
    context = {
        "form": form,
        "pages": pages("settings-classes"),
        "groups": [(*GROUPS[code], fields) for code, fields in form.grouped()],
        "changes": PolicySetting.objects.filter(key__startswith="classes.")
        .select_related("changed_by")
        .order_by("-changed_at")[:12],
    }
    return render(request, "orders/settings_classes.html", context,
                  status=422 if form.errors else 200)  # fmt: skip


@access(RIGHT)
@require_http_methods(["GET", "POST"])
def rates(request: HttpRequest) -> HttpResponse:
    """Exchange rates to the home currency, from which day on."""
    form = RateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            set_rate(**form.cleaned_data, by=user_of(request), now=timezone.now())
        except BadInput as error:
            add_problems(form, error, sentence)
        else:
            messages.success(request, _("The rate counts for orders entered from now on."))
            return redirect("settings-rates")
    rows = ExchangeRate.objects.select_related("by").order_by("currency", "-from_day")[:_RATES]
    context = {
        "form": form,
        "pages": pages("settings-rates"),
        "home": home_currency(),
        "rows": [{"row": row, "rate": _plain(row.rate)} for row in rows],
    }
    return render(request, "orders/settings_rates.html", context,
                  status=422 if form.errors else 200)  # fmt: skip


def _plain(rate: Decimal) -> str:
    """A rate without noughts at its end."""
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@access(RIGHT)
@require_GET
def category_list(request: HttpRequest) -> HttpResponse:
    """The product categories that sets of cards are kept for."""
    rows = [
        {"category": one, "name": category_name(one), "brands": categories.set_brands(one)}
        for one in ProductCategory.objects.order_by("-is_active", "position", "id")
    ]
    context = {"rows": rows, "pages": pages("settings-categories")}
    return render(request, "orders/settings_categories.html", context)


@access(RIGHT)
@require_http_methods(["GET", "POST"])
def category(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Adds or changes a category with its competitors' brands."""
    row = get_object_or_404(ProductCategory, pk=pk) if pk else None
    form = CategoryForm(request.POST or None, category=row)
    if request.method == "POST" and form.is_valid():
        try:
            categories.save_category(row, **form.values(), by=user_of(request), now=timezone.now())
        except BadInput as error:
            error.problems.setdefault("label_zh-hans", error.problems.pop("labels", []))
            add_problems(form, error, sentence)
        else:
            messages.success(request, _("Saved."))
            return redirect("settings-categories")
    context = {
        "form": form,
        "category": row,
        "title": category_name(row) if row else _("Add a category"),
        "pages": pages("settings-categories"),
    }
    return render(request, "orders/settings_category.html", context,
                  status=422 if form.errors else 200)  # fmt: skip
