"""Forms about a script; its content is read by `editing`."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from genjin.calling.models import Script
from genjin.kernel.errors import BadInput
from genjin.sales.models import Product
from genjin.web.scripts.sentences import sentence


class ScriptForm(forms.Form):
    """Name, product and language of a script."""

    template_name = "partials/form.html"
    name = forms.CharField(label=_("Name"), max_length=120)
    product = forms.ModelChoiceField(
        Product.objects.none(), label=_("Product"), required=False, empty_label=_("None"),
        help_text=_("Prices and savings are computed from its price fields."),
    )  # fmt: skip
    language = forms.ChoiceField(
        label=_("Language it is spoken in"), choices=settings.LANGUAGES, initial="zh-hans"
    )

    def __init__(self, *arguments: Any, script: Script | None = None, **named: Any) -> None:
        if script is not None:
            named["initial"] = {
                "name": script.name, "product": script.product_id, "language": script.language,
            }  # fmt: skip
        super().__init__(*arguments, **named)
        offered = Product.objects.filter(is_active=True)
        if script is not None and script.product_id:
            offered = offered | Product.objects.filter(pk=script.product_id)
        self.fields["product"].queryset = offered.order_by("name")  # type: ignore[attr-defined]

    def take(self, error: BadInput) -> None:
        """Shows an operation's refusals beside the fields they belong to."""
        for name, reasons in error.problems.items():
            for reason in reasons:
                self.add_error(str(name) if name in self.fields else None, sentence(reason))


class NewScriptForm(ScriptForm):
    """A script to begin: with a conversation to rewrite, or empty."""

    begin = forms.ChoiceField(
        label=_("Begin with"),
        choices=[
            ("starter", _("A whole conversation to rewrite")),
            ("empty", _("An empty sheet")),
        ],
        initial="starter",
        widget=forms.RadioSelect,
    )


class IntroductionForm(forms.Form):
    """An agent's own introduction."""

    template_name = "partials/form.html"
    text = forms.CharField(
        label=_("My own introduction"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def take(self, error: BadInput) -> None:
        """Shows an operation's refusals beside the text."""
        for reasons in error.problems.values():
            for reason in reasons:
                self.add_error("text", sentence(reason))
