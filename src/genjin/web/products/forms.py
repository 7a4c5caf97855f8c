"""Forms of the catalogue: they parse and warn; `sales.operations` decides."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from genjin.kernel.errors import BadInput
from genjin.sales.models import KnowledgeCard, Product
from genjin.sales.operations import SHEET
from genjin.web.products.sentences import sentence

LINES = _("One sentence on each line.")


def take(form: forms.BaseForm, error: BadInput) -> None:
    """Shows an operation's refusals beside the fields they belong to."""
    for name, reasons in error.problems.items():
        for reason in reasons:
            form.add_error(str(name) if name in form.fields else None, sentence(reason))


def take_rows(rows: list[forms.BaseForm], error: BadInput) -> None:
    """Shows refusals keyed "<table>.<place>.<column>" in the row they belong to."""
    for name, reasons in error.problems.items():
        _table, place, column = str(name).split(".")
        for reason in reasons:
            rows[int(place)].add_error(column, sentence(reason))


class ProductForm(forms.Form):
    """What a product is, and its FAB sheet."""

    name = forms.CharField(label=_("Name"), max_length=120)
    code = forms.CharField(label=_("Code"), max_length=40)
    category = forms.CharField(label=_("Category"), max_length=80, required=False)
    is_main = forms.BooleanField(label=_("Main product: named first to customers"), required=False)
    is_active = forms.BooleanField(label=_("On sale"), required=False, initial=True)
    features = forms.CharField(
        label=_("Features: what it is and does"), required=False, help_text=LINES,
        widget=forms.Textarea(attrs={"rows": 5}),
    )  # fmt: skip
    advantages = forms.CharField(
        label=_("Advantages: what it does better than others"), required=False, help_text=LINES,
        widget=forms.Textarea(attrs={"rows": 5}),
    )  # fmt: skip
    benefits = forms.CharField(
        label=_("Benefits: what the customer has of it"), required=False, help_text=LINES,
        widget=forms.Textarea(attrs={"rows": 5}),
    )  # fmt: skip
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    @staticmethod
    def initial_of(product: Product) -> dict[str, Any]:
        plain = ("name", "code", "category", "is_main", "is_active", "description")
        return {
            **{name: getattr(product, name) for name in plain},
            **{name: "\n".join(getattr(product, name)) for name in SHEET},
        }

    def values(self) -> dict[str, Any]:
        lists = {name: self.cleaned_data[name].splitlines() for name in SHEET}
        return {**self.cleaned_data, **lists}


class PriceForm(forms.Form):
    """One price field of a product."""

    code = forms.CharField(label=_("Field"), max_length=20, required=False)
    label = forms.CharField(label=_("Shown as"), max_length=60, required=False)
    amount = forms.CharField(
        label=_("Amount"), max_length=20, required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )  # fmt: skip
    currency = forms.CharField(label=_("Currency"), max_length=3, required=False, initial="CNY")
    months = forms.CharField(
        label=_("Pays for months"), max_length=3, required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip


class ComparisonForm(forms.Form):
    """One point in which a product is compared with a competitor's."""

    competitor = forms.CharField(label=_("Competitor"), max_length=120, required=False)
    point = forms.CharField(label=_("Point"), max_length=120, required=False)
    ours = forms.CharField(label=_("Ours"), max_length=200, required=False)
    theirs = forms.CharField(label=_("Theirs"), max_length=200, required=False)
    source = forms.CharField(label=_("Source"), max_length=200, required=False)


class Rows(BaseFormSet):
    """A table that is saved whole: rows ticked for removal and empty ones are left out."""

    def kept(self) -> list[forms.Form]:
        return [
            form
            for form in self.forms
            if not form.cleaned_data.get("DELETE")
            and any(
                str(value).strip()
                for name, value in form.cleaned_data.items()
                if name not in ("DELETE", "currency")
            )
        ]


PriceRows = formset_factory(PriceForm, formset=Rows, extra=3, can_delete=True, max_num=60)
ComparisonRows = formset_factory(ComparisonForm, formset=Rows, extra=3, can_delete=True, max_num=99)


def price_rows(product: Product) -> list[dict[str, Any]]:
    """The prices as a table begins with; a product without any is offered the usual fields."""
    names = ("code", "label", "amount", "currency", "months")
    return [
        {name: getattr(price, name) for name in names}
        for price in product.prices.order_by("-amount", "code")
    ]


def comparison_rows(product: Product) -> list[dict[str, Any]]:
    """The comparison table as it stands."""
    names = ("competitor", "point", "ours", "theirs", "source")
    rows: Iterable[Any] = product.comparisons.order_by("id")
    return [{name: getattr(row, name) for name in names} for row in rows]


class CardForm(forms.Form):
    """A knowledge card."""

    title = forms.CharField(label=_("Question or heading"), max_length=160)
    body = forms.CharField(
        label=_("Answer"), max_length=4000, widget=forms.Textarea(attrs={"rows": 8})
    )
    product = forms.ModelChoiceField(
        Product.objects.none(), label=_("Product"), required=False, empty_label=_("All products")
    )

    def __init__(self, *arguments: Any, card: KnowledgeCard | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        offered = Product.objects.filter(is_active=True)
        if card is not None and card.product_id:
            offered = offered | Product.objects.filter(pk=card.product_id)
        self.fields["product"].queryset = offered.order_by("name")  # type: ignore[attr-defined]
