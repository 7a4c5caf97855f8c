"""Giving a customer the link to their page of wishes: showing, sending, revoking it."""

import io
from typing import Any
from uuid import UUID

import segno
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from genjin.customers.models import ContactPoint, Customer
from genjin.customers.visibility import shown_phone
from genjin.followups.models import PreferenceKey
from genjin.followups.operations import wishes as operations
from genjin.followups.wishes import links
from genjin.foundation import policy
from genjin.foundation.access import access
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, GenjinError
from genjin.web.customers.common import back_to, customer_of, go, user_of
from genjin.web.problems import add_problems
from genjin.web.wishes import words


class LinkForm(forms.Form):
    """For which address, and why where a link is revoked."""

    point = forms.ChoiceField(
        label=gettext_lazy("For which address or number"), widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason for revoking"), max_length=300, required=False,
        help_text=gettext_lazy("Only needed when the links given out so far shall end."),
    )  # fmt: skip

    def __init__(self, *arguments: Any, customer: Customer, by: User, **named: Any) -> None:
        super().__init__(*arguments, **named)
        rows = customer.points.filter(is_active=True, kind__in=("email", "phone"))
        self.points = {str(one.pk): one for one in rows.order_by("kind", "position", "pk")}
        field = self.fields["point"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(pk, shown_phone(by, one)) for pk, one in self.points.items()]
        if not self.is_bound and self.points:
            field.initial = next(iter(self.points))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access("customers.change")
def links_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Shows the link (as text and QR code), sends it by e-mail, or ends all given out before."""
    customer, user = customer_of(request, pk), user_of(request)
    form = LinkForm(request.POST or None, customer=customer, by=user)
    context: dict[str, Any] = {"form": form, "customer": customer, "back": back_to(customer),
                               "days": policy.value("mail.preferences.days")}  # fmt: skip
    if request.method == "POST" and form.is_valid():
        point = form.points[form.cleaned_data["point"]]
        try:
            done = _act(request, form, point, user)
        except BadInput as error:
            add_problems(form, error, words.sentence)
        except GenjinError as error:
            form.add_error(None, words.sentence(error))
        else:
            if done:
                messages.success(request, done)
                return go(request, back_to(customer, "permission"))
            return render(request, "wishes/link.html", {**context, **_shown(point)})
    context["keys"] = PreferenceKey.objects.filter(
        point__customer=customer, opened_at__isnull=False
    ).select_related("point")
    status = 422 if form.errors else 200
    return render(request, "wishes/give.html", context, status=status)


def _act(request: HttpRequest, form: LinkForm, point: ContactPoint, user: User) -> str:
    """Carries out the button that was pressed; the words of success, or "" to show the link."""
    action, now = request.POST.get("action", "show"), timezone.now()
    if action == "send":
        operations.send_link(point, by=user, now=now)
        return _("The link is on its way.")
    if action == "revoke":
        operations.revoke_links(point, by=user, now=now, reason=form.cleaned_data["reason"])
        return _("The links given out so far lead nowhere now.")
    return ""


def _shown(point: ContactPoint) -> dict[str, Any]:
    url = links.wishes_url(point, way=links.SHOWN)
    picture = io.BytesIO()
    segno.make(url, error="m").save(
        picture, kind="svg", xmldecl=False, svgns=True, scale=6, border=3, dark="#000",
        light="#fff", title=url,
    )  # fmt: skip
    # made here from a link of ours: nothing of it was typed by anybody
    return {"url": url, "qr": mark_safe(picture.getvalue().decode("utf-8"))}  # noqa: S308
