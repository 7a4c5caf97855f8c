"""Forms of orders, deliveries and credit: they parse and warn, operations decide."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers.models import ContactPerson, Customer
from genjin.foundation import policy
from genjin.foundation.operations.settings import CURRENCIES
from genjin.kernel.money import decimals_of
from genjin.sales import states, terms
from genjin.sales.delivering import Left
from genjin.sales.models import Order, OrderLine, Product, TermsAgreement
from genjin.sales.ordering import LineDraft, TermsDraft, plan_of
from genjin.sales.orders import home_currency
from genjin.sales.queries import price_fields
from genjin.web.orders.forms import CategoryField

DATE = {"type": "date"}
DECIMAL = {"inputmode": "decimal", "autocomplete": "off"}
SPARE_LINES = 2


def _amount(label: Any, **options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, max_digits=18, decimal_places=4, widget=forms.TextInput(attrs=DECIMAL),
        **options,
    )  # fmt: skip


class LineForm(forms.Form):
    """One line of an order; an empty one is left out."""

    product = forms.ModelChoiceField(
        label=_("Product"), queryset=Product.objects.none(), required=False
    )
    category = CategoryField(required=False)
    text = forms.CharField(label=_("Description"), max_length=200, required=False)
    quantity = _amount(_("Quantity"), required=False)
    unit_price = _amount(_("Unit price"), required=False)
    mark = forms.ChoiceField(
        label=_("Kind of line"), required=False,
        choices=[("", _("ordinary")), ("trial", _("trial")), ("gift", _("gift"))],
    )  # fmt: skip
    mark_for = forms.CharField(label=_("For what or whom"), max_length=120, required=False)
    mark_on = forms.DateField(
        label=_("Decided or given on"), required=False, widget=forms.DateInput(attrs=DATE)
    )

    def __init__(self, *args: Any, products: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["product"].queryset = products  # type: ignore[attr-defined]

    @property
    def is_empty(self) -> bool:
        data = self.cleaned_data
        return not any(data.get(name) for name in ("product", "category", "text", "unit_price"))

    def draft(self) -> LineDraft | None:
        """The line as operations take it; None (and an error) where its category is not known."""
        data = self.cleaned_data
        product = data.get("product")
        category = data.get("category") or (product.kind if product else None)
        if category is None:
            self.add_error("category", _("This is needed."))
            return None
        price = data.get("unit_price")
        if price is None and product is not None and data.get("mark") != "gift":
            price = _list_price(product)
        is_trial, is_gift = data.get("mark") == "trial", data.get("mark") == "gift"
        what_for, on = data.get("mark_for", ""), data.get("mark_on")
        return LineDraft(
            category=category, product=product, text=data.get("text", ""),
            quantity=data.get("quantity") or Decimal(1), unit_price=price, is_trial=is_trial,
            trial_for=what_for if is_trial else "", trial_decided_on=on if is_trial else None,
            is_gift=is_gift, gift_for=what_for if is_gift else "",
            gift_on=on if is_gift else None,
        )  # fmt: skip


def _list_price(product: Product) -> Decimal | None:
    """What the product costs now: the price of today before the list price."""
    fields = price_fields(product)
    found = fields.get("now") or fields.get("list")
    return found.amount if found else None


def _initial(line: OrderLine) -> dict[str, Any]:
    mark = "trial" if line.is_trial else "gift" if line.is_gift else ""
    return {
        "product": line.product_id, "category": line.category_id, "text": line.text,
        "quantity": line.quantity.normalize(), "unit_price": _short(line.unit_price), "mark": mark,
        "mark_for": line.trial_for or line.gift_for, "mark_on": line.trial_decided_on or
        line.gift_on,
    }  # fmt: skip


def _short(value: Decimal | None) -> Decimal | None:
    """An amount without noughts that say nothing, two behind the point at least."""
    if value is None:
        return None
    return value.quantize(Decimal("0.01")) if value == value.quantize(Decimal("0.01")) else value


class DealForm(forms.Form):
    """An order: currency, when it is paid, where it goes. Its lines are `LineForm`s."""

    currency = forms.ChoiceField(label=_("Currency"), choices=[(one, one) for one in CURRENCIES])
    payment_term = forms.ChoiceField(
        label=_("Payment"), choices=states.PaymentTerm.choices, widget=forms.RadioSelect
    )
    net_days = forms.IntegerField(
        label=_("Days to pay after delivery"), required=False, min_value=0, max_value=3650,
        help_text=_("For payment after delivery."),
    )  # fmt: skip
    count = forms.IntegerField(
        label=_("Number of instalments"), required=False, min_value=0, max_value=120,
        help_text=_("For payment in instalments: equal amounts, a month apart."),
    )  # fmt: skip
    first_on = forms.DateField(
        label=_("First instalment on"), required=False, widget=forms.DateInput(attrs=DATE)
    )
    down_payment = _amount(
        _("Down payment"), required=False,
        help_text=_("Due today, before the first instalment. May be empty."),
    )  # fmt: skip
    deliver_on = forms.DateField(
        label=_("Delivery wished on"), required=False, widget=forms.DateInput(attrs=DATE)
    )
    deliver_to = forms.CharField(label=_("Delivered to"), max_length=300, required=False)
    note = forms.CharField(
        label=_("Note"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, data: QueryDict | None = None, *, order: Order | None = None,
                 address: str = "") -> None:  # fmt: skip
        initial: dict[str, Any] = {
            "currency": home_currency(), "payment_term": policy.value("terms.default_term"),
            "net_days": policy.value("terms.default_net_days"), "deliver_to": address,
        }  # fmt: skip
        if order is not None:
            names = ("currency", "payment_term", "deliver_on", "deliver_to", "note")
            initial = {name: getattr(order, name) for name in names}
            initial["net_days"] = order.net_days or policy.value("terms.default_net_days")
        super().__init__(data, initial=initial)
        self.kept_plan = plan_of(order) if order is not None else []
        products = Product.objects.filter(is_active=True).select_related("kind").order_by("name")
        self.lines = self._line_forms(data, order, products)

    def _line_forms(self, data: QueryDict | None, order: Order | None, products: Any
                    ) -> list[LineForm]:  # fmt: skip
        known = list(order.lines.order_by("position")) if order is not None else []
        if data is not None:
            sent = data.get("lines", "0")
            count = min(int(sent), 200) if sent.isascii() and sent.isdecimal() else 0
            more = SPARE_LINES if data.get("action") == "more" else 0
            forms_sent = [
                LineForm(data, prefix=f"line-{place}", products=products) for place in range(count)
            ]
            blank = [LineForm(prefix=f"line-{place}", products=products)
                     for place in range(count, count + more)]  # fmt: skip
            return forms_sent + blank
        rows = [LineForm(prefix=f"line-{place}", initial=_initial(line), products=products)
                for place, line in enumerate(known)]  # fmt: skip
        return rows + [
            LineForm(prefix=f"line-{place}", products=products, initial={"quantity": 1})
            for place in range(len(known), len(known) + max(SPARE_LINES, 3 - len(known)))
        ]

    def line_drafts(self) -> tuple[list[LineDraft], list[LineForm]]:
        """The lines that say something, with the forms they came from; errors stay on these."""
        drafts, sources = [], []
        for form in self.lines:
            if not form.is_bound or not form.is_valid():
                continue
            if not form.is_empty and (draft := form.draft()):
                drafts.append(draft)
                sources.append(form)
        return drafts, sources

    @property
    def lines_are_valid(self) -> bool:
        return all(not form.errors for form in self.lines if form.is_bound)

    def payment(self, total: Decimal) -> TermsDraft:
        """When it is paid; instalments are spread evenly unless the plan on record still fits."""
        data = self.cleaned_data
        term = data["payment_term"]
        plan: Sequence[terms.Due] = ()
        if term == states.PaymentTerm.INSTALMENTS:
            plan = self._plan(total)
        return TermsDraft(term, data.get("net_days") or 0, tuple(plan))

    def _plan(self, total: Decimal) -> Sequence[terms.Due]:
        data, today = self.cleaned_data, timezone.localdate()
        count, first = data.get("count") or 0, data.get("first_on")
        if not count and self.kept_plan and sum(one.amount for one in self.kept_plan) == total:
            return self.kept_plan
        if not count or first is None:
            return ()
        down = data.get("down_payment") or Decimal(0)
        step = Decimal(1).scaleb(-decimals_of(data["currency"]))
        rest = terms.even_plan(total - down, count=count, first_on=first, step=step)
        return [terms.Due(today, down), *rest] if down else rest


class TermsForm(forms.Form):
    """What the customer was told and what they answered."""

    answer = forms.ChoiceField(label=_("What happened"), choices=[], widget=forms.RadioSelect)
    means = forms.ChoiceField(label=_("How"), choices=states.AgreementMeans.choices, initial="call")
    person = forms.ModelChoiceField(
        label=_("Who at the customer"), queryset=ContactPerson.objects.none(), required=False
    )
    evidence = forms.CharField(
        label=_("Where the proof lies"), max_length=300, required=False,
        help_text=_("Number of the recording, the signed paper, the e-mail."),
    )  # fmt: skip
    words = forms.CharField(
        label=_("In the customer's words"), max_length=500, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, data: QueryDict | None, *, customer: Customer, was_told: bool) -> None:
        super().__init__(data)
        answers = TermsAgreement.Answer
        offered = [("both", _("Told, and agreed to in the same conversation")),
                   (answers.TOLD, answers.TOLD.label)]  # fmt: skip
        if was_told:
            offered = [(answers.AGREED, answers.AGREED.label),
                       (answers.REFUSED, answers.REFUSED.label),
                       (answers.TOLD, _("Told again"))]  # fmt: skip
        self.fields["answer"].choices = offered  # type: ignore[attr-defined]
        self.fields["answer"].initial = offered[0][0]
        people = ContactPerson.objects.filter(customer=customer).order_by("name")
        self.fields["person"].queryset = people  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class DeliveryForm(forms.Form):
    """What of an order leaves when."""

    planned_on = forms.DateField(label=_("Planned for"), widget=forms.DateInput(attrs=DATE))
    deliver_to = forms.CharField(label=_("Delivered to"), max_length=300, required=False)
    deliverer = forms.CharField(label=_("Deliverer"), max_length=120, required=False)

    def __init__(self, data: QueryDict | None, *, order: Order, left: Sequence[Left]) -> None:
        first: date = order.deliver_on or timezone.localdate()
        day = max(first, timezone.localdate())
        super().__init__(data, initial={"planned_on": day, "deliver_to": order.deliver_to})
        self.left = [one for one in left if one.quantity > 0]
        for one in self.left:
            name = one.line.text or (one.line.product.name if one.line.product else "")
            self.fields[f"line-{one.line.pk}"] = forms.DecimalField(
                label=name or _("Line %(number)s") % {"number": one.line.position},
                initial=one.quantity.normalize(), required=False, min_value=0, max_digits=14,
                decimal_places=3, widget=forms.TextInput(attrs=DECIMAL),
                help_text=_("Left: %(left)s") % {"left": one.quantity.normalize()},
            )  # fmt: skip

    def quantities(self) -> dict[Any, Decimal]:
        return {
            one.line.pk: self.cleaned_data.get(f"line-{one.line.pk}") or Decimal(0)
            for one in self.left
        }


class ShipForm(forms.Form):
    """Who brings it."""

    deliverer = forms.CharField(label=_("Deliverer"), max_length=120, required=False)
    tracking = forms.CharField(label=_("Tracking number"), max_length=80, required=False)


class ArrivalForm(forms.Form):
    """How goods arrived."""

    delivered_on = forms.DateField(label=_("Delivered on"), widget=forms.DateInput(attrs=DATE))
    condition = forms.ChoiceField(
        label=_("Condition on arrival"), choices=states.Condition.choices, initial="good",
        widget=forms.RadioSelect,
    )  # fmt: skip
    receiver = forms.CharField(label=_("Taken by"), max_length=120, required=False)
    proof = forms.CharField(
        label=_("Proof of delivery"), max_length=300, required=False,
        help_text=_("Where the signed note or the photograph lies."),
    )  # fmt: skip
    collected_amount = _amount(_("Money taken by the deliverer"), required=False)
    note = forms.CharField(label=_("What was wrong"), max_length=300, required=False)

    def __init__(self, data: QueryDict | None = None, *, collect: Decimal | None = None) -> None:
        super().__init__(data, initial={"delivered_on": timezone.localdate(),
                                        "collected_amount": collect})  # fmt: skip


class CreditForm(forms.Form):
    """Limit and standing, by name and with the reason."""

    standing = forms.ChoiceField(
        label=_("Standing"), choices=states.CreditStanding.choices, widget=forms.RadioSelect
    )
    limit = _amount(_("Limit"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=300)


class InquiryForm(forms.Form):
    """What an inquiry found."""

    cause = forms.ChoiceField(label=_("Cause"), choices=states.InquiryCause.choices)
    made_on = forms.DateField(label=_("Made on"), widget=forms.DateInput(attrs=DATE))
    source = forms.CharField(
        label=_("Source"), max_length=120,
        help_text=_("Agency, public register, bank, other suppliers, a visit."),
    )  # fmt: skip
    result = forms.ChoiceField(
        label=_("Result"), choices=states.InquiryResult.choices, widget=forms.RadioSelect
    )
    finding = forms.CharField(
        label=_("What was found"), max_length=1000, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    suggested_limit = _amount(_("Limit that it supports"), required=False)

    def __init__(self, data: QueryDict | None = None, *, cause: str = "") -> None:
        super().__init__(data, initial={"made_on": timezone.localdate(), "cause": cause or "new"})


class SecurityForm(forms.Form):
    """What secures a debt."""

    kind = forms.ChoiceField(label=_("Kind"), choices=states.SecurityKind.choices)
    amount = _amount(_("Amount"))
    currency = forms.ChoiceField(label=_("Currency"), choices=[(one, one) for one in CURRENCIES])
    given_on = forms.DateField(label=_("Given on"), widget=forms.DateInput(attrs=DATE))
    valid_until = forms.DateField(
        label=_("Valid until"), required=False, widget=forms.DateInput(attrs=DATE)
    )
    evidence = forms.CharField(label=_("Where the proof lies"), max_length=300, required=False)

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(
            data, initial={"given_on": timezone.localdate(), "currency": home_currency()}
        )


class ShareForm(forms.Form):
    """The head office whose account a branch uses."""

    head = forms.IntegerField(
        label=_("Customer number of the head office"), min_value=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), max_length=300)
