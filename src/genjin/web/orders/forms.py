"""Forms of orders, owned products, prospects, classes and rates: they parse, operations decide."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers.models import ProductCategory
from genjin.customers.operations import categories
from genjin.customers.operations.owned import rounded
from genjin.customers.states import Condition, DatePrecision, ProspectState, VisitingGrade
from genjin.foundation.operations.settings import CURRENCIES
from genjin.sales import settings as class_settings
from genjin.sales.models import OrderLine, Product
from genjin.sales.orders import home_currency
from genjin.web.orders.words import category_name

DATE = {"type": "date"}


class CategoryField(forms.ModelChoiceField):
    """One of the product categories in use, by its name in the reader's language."""

    def __init__(self, **options: Any) -> None:
        rows = ProductCategory.objects.filter(is_active=True).order_by("position", "id")
        super().__init__(queryset=rows, label=_("Category"), **options)

    def label_from_instance(self, obj: Any) -> str:
        return category_name(obj)


class OrderForm(forms.Form):
    """An order or a return."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=OrderLine.Kind.choices, initial=OrderLine.Kind.ORDER,
        widget=forms.RadioSelect,
    )  # fmt: skip
    category = CategoryField()
    product = forms.ModelChoiceField(
        label=_("Product"), queryset=Product.objects.none(), required=False
    )
    ordered_on = forms.DateField(label=_("Date"), widget=forms.DateInput(attrs=DATE))
    amount = forms.DecimalField(
        label=_("Amount"), max_digits=18, decimal_places=4, widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )  # fmt: skip
    currency = forms.ChoiceField(label=_("Currency"), choices=[(one, one) for one in CURRENCIES])
    is_trial = forms.BooleanField(label=_("Bought as a trial for a larger order"), required=False)
    external_key = forms.CharField(
        label=_("Number in another system"), max_length=80, required=False
    )
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["product"].queryset = (  # type: ignore[attr-defined]
            Product.objects.filter(is_active=True).order_by("name")
        )
        self.fields["ordered_on"].initial = timezone.localdate
        self.fields["currency"].initial = home_currency()


class OwnedForm(forms.Form):
    """Something that the customer owns, ours or a competitor's."""

    category = CategoryField()
    is_ours = forms.ChoiceField(
        label=_("Whose"), widget=forms.RadioSelect, initial="theirs",
        choices=[("theirs", _("A competitor's")), ("ours", _("Ours"))],
    )  # fmt: skip
    brand = forms.CharField(
        label=_("Brand"), max_length=80, required=False,
        widget=forms.TextInput(attrs={"list": "brands", "autocomplete": "off"}),
        help_text=_("Needed for a competitor's product; names are suggested while you type."),
    )  # fmt: skip
    model = forms.CharField(label=_("Model"), max_length=80, required=False)
    serial = forms.CharField(label=_("Serial number"), max_length=80, required=False)
    bought = forms.CharField(
        label=_("Bought when"), max_length=10, required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "2018-07"}),
        help_text=_("As exactly as it is known: 2018, 2018-07 or 2018-07-15."),
    )  # fmt: skip
    condition = forms.ChoiceField(label=_("Condition"), choices=Condition.choices, required=False)

    def clean_bought(self) -> tuple[date | None, str]:
        """The day and how exactly it is known."""
        text = self.cleaned_data["bought"].strip().replace("/", "-").replace(".", "-")
        if not text:
            return None, DatePrecision.DAY
        parts = text.split("-")
        precision = (DatePrecision.YEAR, DatePrecision.MONTH, DatePrecision.DAY)
        try:
            if not 1 <= len(parts) <= 3 or len(parts[0]) != 4:
                raise ValueError(text)
            numbers = [int(part) for part in parts]
            found = date(*[*numbers, 1, 1][:3])
        except ValueError:
            raise forms.ValidationError(_("This is not a day that exists.")) from None
        return rounded(found, precision[len(parts) - 1]), precision[len(parts) - 1]

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        bought_on, precision = data.pop("bought")
        data["is_ours"] = data["is_ours"] == "ours"
        return {**data, "bought_on": bought_on, "bought_precision": precision}


class NoneForm(forms.Form):
    """Asked, and owns nothing of a category."""

    category = CategoryField()


class GoneForm(forms.Form):
    """When something was gone."""

    gone_on = forms.DateField(label=_("Gone on"), widget=forms.DateInput(attrs=DATE))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["gone_on"].initial = timezone.localdate


class ProspectForm(forms.Form):
    """What to do with a prospect."""

    prospect_state = forms.ChoiceField(
        label=_("What to do"), choices=ProspectState.choices, required=False,
        widget=forms.RadioSelect,
    )  # fmt: skip
    paused_until = forms.DateField(
        label=_("Pause until"), required=False, widget=forms.DateInput(attrs=DATE),
        help_text=_("For a pause alone."),
    )  # fmt: skip
    visiting_grade = forms.ChoiceField(
        label=_("Visiting grade"), choices=VisitingGrade.choices, required=False,
        help_text=_("For those to keep visiting: how often they are visited and phoned."),
    )  # fmt: skip


class CancelForm(forms.Form):
    """Why an order is taken out."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class KeyForm(forms.Form):
    """A manager's word on a key customer."""

    is_key = forms.ChoiceField(
        label=_("Key customer"), widget=forms.RadioSelect, initial="yes",
        choices=[("yes", _("Yes")), ("no", _("No"))],
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason in words"), max_length=300)


class OrdersFileForm(forms.Form):
    """A list of orders."""

    file = forms.FileField(
        label=_("File"), help_text=_("CSV or XLSX with a heading row."),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.txt"}),
    )  # fmt: skip


class RateForm(forms.Form):
    """What a currency is worth from a day on."""

    currency = forms.ChoiceField(label=_("Currency"), choices=())
    from_day = forms.DateField(label=_("From"), widget=forms.DateInput(attrs=DATE))
    rate = forms.DecimalField(
        label=_("Rate"), max_digits=18, decimal_places=8,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        home = home_currency()
        self.fields["currency"].choices = [  # type: ignore[attr-defined]
            (one, one) for one in CURRENCIES if one != home
        ]
        self.fields["from_day"].initial = timezone.localdate
        self.fields["rate"].help_text = _("How many %(home)s one unit is worth.") % {"home": home}


_LABELS = {
    "months": _("Period in months"),
    "a_percent": _("A up to (per cent of all deals)"),
    "b_percent": _("B up to (per cent of all deals)"),
    "grade_review-days": _("Days to confirm before a grade drops"),
    "key_customers-expected_amount": _("Expected amount that proposes a prospect"),
}


def _label(name: str) -> Any:
    if name in _LABELS:
        return _LABELS[name]
    kind, code, *rest = name.split("-")
    if kind == "grade_term_days":
        return _("Grade %(grade)s: days it stands") % {"grade": code}
    form = (
        _("Visiting grade %(grade)s: days between visits")
        if rest == ["visit_days"]
        else _("Visiting grade %(grade)s: days between calls")
    )
    return form % {"grade": code}


def field_name(key: str) -> str:
    """The form's name of a setting."""
    return key.removeprefix("classes.").replace(".", "-")


class ClassesForm(forms.Form):
    """Cut-offs, terms and visiting: every number of policy/classes.toml."""

    groups = (
        ("classes", ("months", "a_percent", "b_percent")),
        ("grades", ("grade_term_days-A", "grade_term_days-B", "grade_term_days-C",
                    "grade_term_days-D", "grade_review-days")),
        ("visiting", tuple(f"visiting-{code}-{what}" for code in "123"
                           for what in ("visit_days", "call_days"))),
        ("key", ("key_customers-expected_amount",)),
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault(
            "initial", {field_name(key): value for key, value in class_settings.values().items()}
        )
        super().__init__(*args, **options)
        for one in class_settings.NUMBERS:
            name = field_name(one.key)
            self.fields[name] = forms.IntegerField(
                label=_label(name),
                widget=forms.NumberInput(attrs={"min": one.least, "max": one.most}),
            )

    def grouped(self) -> list[tuple[str, list[Any]]]:
        return [(code, [self[name] for name in names]) for code, names in self.groups]

    def values(self) -> dict[str, int]:
        return {one.key: self.cleaned_data[field_name(one.key)] for one in class_settings.NUMBERS}


class CategoryForm(forms.Form):
    """A product category: its names, life and competitors' brands."""

    code = forms.CharField(
        label=_("Code"), max_length=40,
        help_text=_("Small letters, digits, - and _. It stays for good."),
    )  # fmt: skip
    life_years = forms.IntegerField(
        label=_("Years until replacement"), required=False,
        help_text=_("Empty: nobody is asked whether it is to be replaced."),
    )  # fmt: skip
    brands = forms.CharField(
        label=_("Competitors' brands"), required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One on each line; they are suggested while typing."),
    )  # fmt: skip
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(self, *args: Any, category: ProductCategory | None = None, **options: Any) -> None:
        if category is not None:
            options["initial"] = {
                "code": category.code, "life_years": category.life_years,
                "is_active": category.is_active,
                "brands": "\n".join(categories.set_brands(category)),
                **{f"label_{code}": text for code, text in category.labels.items()},
            }  # fmt: skip
        super().__init__(*args, **options)
        for code, name in settings.LANGUAGES:
            self.fields[f"label_{code}"] = forms.CharField(
                label=_("Name (%(language)s)") % {"language": name}, max_length=60, required=False
            )
        names = [f"label_{code}" for code, _name in settings.LANGUAGES]
        self.order_fields(["code", *names, "life_years", "brands", "is_active"])
        if category is not None:
            self.fields["code"].disabled = True

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "code": data["code"].strip(), "life_years": data["life_years"],
            "is_active": data["is_active"], "brand_names": data["brands"].splitlines(),
            "labels": {code: data[f"label_{code}"] for code, _name in settings.LANGUAGES},
        }  # fmt: skip
