"""Making the link to the survey page for a customer, to copy or to show as a QR code (FU8)."""

import io
from typing import Any
from uuid import UUID

import segno
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from genjin.customers.models import Customer
from genjin.followups.operations.surveys import Invited, invite
from genjin.followups.scores import questions
from genjin.foundation import policy
from genjin.foundation.access import access
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.web.customers.common import back_to, customer_of, user_of
from genjin.web.problems import add_problems
from genjin.web.scores import words

NOT_ASKED, NOBODY = "", "0"


class InvitationForm(forms.Form):
    """Which questions are asked, and about whom."""

    def __init__(self, *arguments: Any, customer: Customer, by: User, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.people = {
            one.pk: one
            for one in User.objects.filter(is_active=True).exclude(pk=by.pk).order_by("name", "pk")
        }
        for one in questions.questions():
            able = questions.people_for(one.role, among=self.people.values())
            proposed = questions.proposed(one.role, customer)
            label = f"{words.role_label(one.role)} · {words.question_label(one.code)}"
            self.fields[one.code] = forms.ChoiceField(
                label=label, required=False,
                initial=str(proposed) if proposed in {person.pk for person in able} else NOT_ASKED,
                choices=[(NOT_ASKED, _("Do not ask")), (NOBODY, _("Ask; nobody known")),
                         *((str(person.pk), str(person)) for person in able)],
            )  # fmt: skip

    def about(self) -> dict[str, User | None]:
        return {
            code: None if chosen == NOBODY else self.people[int(chosen)]
            for code, chosen in self.cleaned_data.items()
            if chosen != NOT_ASKED
        }


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access("customers.view")
def invitation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Chooses what is asked about whom; then the link, shown this once and kept nowhere."""
    customer, user = customer_of(request, pk), user_of(request)
    form = InvitationForm(request.POST or None, customer=customer, by=user)
    context = {"form": form, "customer": customer, "back": back_to(customer)}
    if request.method == "POST" and form.is_valid():
        try:
            made = invite(customer, about=form.about(), by=user, now=timezone.now(),
                          language=customer.language)  # fmt: skip
        except BadInput as error:
            add_problems(form, error, words.sentence)
        else:
            return render(request, "surveys/link.html", {**context, **_link(request, made)})
    context["days"] = policy.value("scores.invitation.days")
    status = 422 if form.errors else 200
    return render(request, "surveys/new.html", context, status=status)


def _link(request: HttpRequest, made: Invited) -> dict[str, Any]:
    url = request.build_absolute_uri(reverse("survey", args=[made.token]))
    picture = io.BytesIO()
    segno.make(url, error="m").save(
        picture, kind="svg", xmldecl=False, svgns=True, scale=6, border=3, dark="#000",
        light="#fff", title=url,
    )  # fmt: skip
    svg = picture.getvalue().decode("utf-8")
    # made here from a link of ours: nothing of it was typed by anybody
    return {"url": url, "qr": mark_safe(svg), "invitation": made.invitation}  # noqa: S308
