"""What the owner of a product sees: register it, and get the certificate at once."""

from typing import Any

from django import forms
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from genjin.foundation import policy
from genjin.foundation.access import public
from genjin.kernel.errors import BadInput
from genjin.service.models import Warranty, WarrantyStub
from genjin.service.operations import TooMany, origin_digest, owner_of, register_stub, registrable
from genjin.web.problems import Needing, add_problems
from genjin.web.throttle import may_pass
from genjin.web.warranty import words

SEAL = "warranty"
# The link to a certificate is for the moment after registering and for the owner's own notes.
SEAL_DAYS = 3650
_PER_MINUTE = 20


class StubForm(Needing):
    """What stands on the paper stub."""

    needed = ("serial", "bought_on", "name", "phone")

    product = forms.ChoiceField(label=_("Product"))
    serial = forms.CharField(
        label=_("Serial number"), max_length=80, required=False,
        help_text=_("On the label at the back or on the box."),
        widget=forms.TextInput({"autocapitalize": "characters", "autocomplete": "off"}),
    )  # fmt: skip
    bought_on = forms.DateField(
        label=_("Bought on"), required=False, widget=forms.DateInput({"type": "date"})
    )
    name = forms.CharField(
        label=_("Your name"), max_length=100, required=False,
        widget=forms.TextInput({"autocomplete": "name"}),
    )  # fmt: skip
    phone = forms.CharField(
        label=_("Your phone"), max_length=40, required=False,
        widget=forms.TextInput({"autocomplete": "tel", "inputmode": "tel"}),
    )  # fmt: skip
    address = forms.CharField(
        label=_("Where it stands"), max_length=300, required=False,
        help_text=_("So that the nearest service point can come. You may leave it empty."),
        widget=forms.TextInput({"autocomplete": "street-address"}),
    )  # fmt: skip
    agreed_to_dealer = forms.BooleanField(
        label=_("The dealer of my region may get my name and phone."), required=False
    )
    agreed_to_calls = forms.BooleanField(
        label=_("You may call me about your products."), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(one.code, one.name) for one in registrable()]
        self.fields["product"].choices = choices  # type: ignore[attr-defined]


def _first(request: HttpRequest) -> dict[str, str]:
    """What the QR code knows already."""
    asked = {"product": request.GET.get("p", "")[:40], "serial": request.GET.get("s", "")[:80]}
    return {name: value for name, value in asked.items() if value}


@never_cache
@require_http_methods(["GET", "POST"])
@public
def register(request: HttpRequest) -> HttpResponse:
    """The form of the stub; a good one leads to its certificate."""
    form = StubForm(request.POST) if request.method == "POST" else StubForm(initial=_first(request))
    context = {"form": form, "house": policy.value("organisation.name")}
    if request.method != "POST":
        return render(request, "warranty/register.html", context)
    if not may_pass(request, "warranty", per_minute=_PER_MINUTE):
        return render(request, "warranty/register.html", {**context, "is_busy": True}, status=429)
    if form.is_valid():
        try:
            found = register_stub(
                form.cleaned_data, language=get_language() or "",
                origin=origin_digest(request.META.get("REMOTE_ADDR", "")), now=timezone.now(),
            )  # fmt: skip
        except BadInput as error:
            add_problems(form, error, words.sentence)
        except TooMany:
            context["is_busy"] = True
            return render(request, "warranty/register.html", context, status=429)
        else:
            seal = signing.dumps(str(found.stub.pk), salt=SEAL)
            return redirect("warranty-certificate", seal=seal)
    return render(request, "warranty/register.html", context, status=422)


@never_cache
@require_safe
@public
def certificate(request: HttpRequest, seal: str) -> HttpResponse:
    """The certificate, or what we look into first. Only the sealed link leads here."""
    try:
        pk = signing.loads(seal, salt=SEAL, max_age=SEAL_DAYS * 86_400)
        stub = WarrantyStub.objects.select_related("owned__customer", "product").get(pk=pk)
    except (signing.BadSignature, WarrantyStub.DoesNotExist, ValueError):
        raise Http404 from None
    warranty = Warranty.objects.select_related("owned__customer").filter(owned=stub.owned).first()
    context: dict[str, Any] = {
        "stub": stub,
        "warranty": warranty,
        "house": policy.value("organisation.name"),
        "problems": [words.PROBLEMS[code] for code in stub.problems],
    }
    if warranty is not None:
        context["owner"], context["owned"] = owner_of(warranty)
        context["promises"] = words.promises(warranty.terms)
    return render(request, "warranty/certificate.html", context)
