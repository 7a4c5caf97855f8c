"""Forms of opportunities: they parse, operations decide."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from genjin.customers.states import Grade
from genjin.foundation.models import User
from genjin.foundation.operations.settings import CURRENCIES
from genjin.sales.models import Opportunity, Order, Product
from genjin.sales.opportunities import stages
from genjin.sales.opportunities.stages import Stage
from genjin.sales.orders import home_currency
from genjin.web.orders.forms import CategoryField
from genjin.web.problems import Needing

DATE = {"type": "date"}
GRADES = [(code, label) for code, label in Grade.choices if code]


def _amount(**options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=_("Expected amount"), required=False, max_digits=18, decimal_places=4,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), **options,
    )  # fmt: skip


def _day(label: Any, **options: Any) -> forms.DateField:
    widget = forms.DateInput(attrs=DATE, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, **options)


def _products() -> QuerySet[Product]:
    return Product.objects.filter(is_active=True).order_by("name")


class FiguresForm(forms.Form):
    """What the deal is about, how much, by when, whose it is and what comes next."""

    title = forms.CharField(
        label=_("Title"), max_length=120, required=False,
        help_text=_("Left empty it is called after its product."),
    )  # fmt: skip
    product = forms.ModelChoiceField(
        label=_("Product"), queryset=Product.objects.none(), required=False
    )
    category = CategoryField(required=False)
    amount = _amount()
    currency = forms.ChoiceField(label=_("Currency"), choices=[(one, one) for one in CURRENCIES])
    expected_on = _day(_("Expected close"))
    owner = forms.ModelChoiceField(label=_("Owner"), queryset=User.objects.none())
    next_step = forms.CharField(label=_("Next step"), max_length=300, required=False)
    next_on = _day(_("Next step on"))

    def __init__(self, *args: Any, people: QuerySet[User], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["product"].queryset = _products()  # type: ignore[attr-defined]
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]
        self.fields["currency"].initial = home_currency()


class OpenForm(FiguresForm):
    """A new opportunity; its grade stands for a term from now."""

    grade = forms.ChoiceField(label=_("Grade"), choices=GRADES)
    field_order = ("title", "product", "category", "grade", "amount", "currency", "expected_on",
                   "owner", "next_step", "next_on")  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["grade"].initial = stages.opening_grade()


class GradeForm(forms.Form):
    """A grade from now on."""

    grade = forms.ChoiceField(label=_("Grade"), choices=GRADES)


class FactsForm(forms.Form):
    """What is known for some stages: facts in words, and the fields that prove others."""

    def __init__(self, *args: Any, shown: list[Stage], **options: Any) -> None:
        super().__init__(*args, **options)
        self.shown = shown
        for fact in (fact for stage in shown for fact in stage.facts):
            if fact.column:
                self._add_column(fact.column, fact.label)
            else:
                self.fields[f"fact_{fact.code}"] = forms.CharField(
                    label=fact.label, required=False,
                    widget=forms.Textarea(attrs={"rows": 1, "maxlength": 500}),
                )  # fmt: skip

    def _add_column(self, name: str, label: str) -> None:
        field: forms.Field
        if name == "product":
            field = forms.ModelChoiceField(label=label, queryset=_products(), required=False)
        elif name == "category":
            field = CategoryField(required=False)
        elif name == "amount":
            field = _amount()
        elif name in ("expected_on", "next_on"):
            field = _day(label)
        else:
            field = forms.CharField(label=label, max_length=300, required=False)
        field.label = label
        self.fields[name] = field

    def facts(self) -> dict[str, str]:
        """The facts in words, by code."""
        return {
            name.removeprefix("fact_"): text
            for name, text in self.cleaned_data.items()
            if name.startswith("fact_")
        }

    def values(self) -> dict[str, Any]:
        """The fields of the opportunity among them."""
        return {
            name: value for name, value in self.cleaned_data.items()
            if not name.startswith("fact_")
        }  # fmt: skip


class BackForm(Needing):
    """Back to an earlier stage, or on past the next one."""

    stage = forms.ChoiceField(label=_("Stage"))
    reason = forms.CharField(
        label=_("Reason"), max_length=500, required=False,
        help_text=_("Needed to go back."),
    )  # fmt: skip

    def __init__(self, *args: Any, opportunity: Opportunity, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["stage"].choices = [  # type: ignore[attr-defined]
            (one.code, one.label) for one in stages.open_stages() if one.code != opportunity.stage
        ]


class WinForm(forms.Form):
    """The order that the deal became."""

    order = forms.ModelChoiceField(label=_("Order"), queryset=Order.objects.none())

    def __init__(self, *args: Any, orders: QuerySet[Order], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["order"].queryset = orders  # type: ignore[attr-defined]


_AFTER_HELP = _("When no other opportunity of the customer is open.")


def _card_grade() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("The card's own grade from now on"), choices=Grade.choices, required=False,
        help_text=_AFTER_HELP,
    )  # fmt: skip


def _words(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class LoseForm(Needing):
    """Why the deal was lost, and to whom."""

    needed = ("reason",)
    reason = forms.ChoiceField(label=_("Why it was lost"), required=False)
    rival = forms.CharField(
        label=_("Rival"), max_length=80, required=False,
        widget=forms.TextInput(attrs={"list": "rivals", "autocomplete": "off"}),
    )  # fmt: skip
    words = _words(_("In words"))
    card_grade = _card_grade()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            ("", "–"), *((one.code, one.label) for one in stages.lost_reasons())]  # fmt: skip


class DropForm(Needing):
    """Why we give it up."""

    needed = ("words",)
    words = _words(_("Why we give it up"))
    card_grade = _card_grade()


class ReopenForm(Needing):
    """Why it is taken up again."""

    needed = ("reason",)
    reason = _words(_("Why it is taken up again"))
