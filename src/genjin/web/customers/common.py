"""What the views of the card share: finding the card, answering with a form or a way back."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from genjin.customers.models import Customer, FieldDefinition
from genjin.customers.operations.changes import ChangedMeanwhile
from genjin.customers.queries import visible_to
from genjin.foundation.models import User
from genjin.kernel.errors import GenjinError, NotAllowed
from genjin.web.customers import words
from genjin.web.customers.forms.base import SeenForm
from genjin.web.customers.sentences import add_problems


def user_of(request: HttpRequest) -> User:
    """The signed-in person; the access mark of the view has made sure of one."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def customer_of(request: HttpRequest, pk: UUID) -> Customer:
    """The card within the person's scope. A merged card leads to the one it went into."""
    found = visible_to(user_of(request)).select_related("custodian", "team", "stated_hours")
    customer = found.filter(pk=pk).first()
    if customer is None:
        raise Http404
    return customer


def back_to(customer: Customer, part: str = "") -> str:
    """The address of the card, at one of its parts."""
    return reverse("customer", args=[customer.pk]) + (f"#{part}" if part else "")


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Leads to another page, also when htmx asked."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def conflict_rows(
    error: ChangedMeanwhile, definitions: dict[str, FieldDefinition]
) -> list[dict[str, str]]:
    """Both values of every field that two people changed, for the message."""
    return [
        {
            "label": words.column_label(name, definitions),
            "theirs": words.value_text(name, pair["theirs"], definitions),
            "yours": words.value_text(name, pair["yours"], definitions),
        }
        for name, pair in error.data["conflicts"].items()
    ]


def form_view(
    request: HttpRequest,
    customer: Customer,
    *,
    form: forms.Form,
    title: Any,
    save: Callable[[Any, datetime], Any],
    part: str = "",
    seen: Callable[[], dict[str, Any]] | None = None,
    said: Any = "",
    template: str = "customers/form.html",
    extra: dict[str, Any] | None = None,
    definitions: dict[str, FieldDefinition] | None = None,
    say: Callable[[Any], str] | None = None,
) -> HttpResponse:
    """Shows a form about a card and saves it: problems stand beside their fields.

    `save(form, now)` calls the operation and may answer what is said after it. `seen()` gives the
    values as they stand now: after a conflict the form keeps what was typed, shows both values
    and counts the other person's as seen, so that saving again is a decision. `say` puts reasons
    of another floor into words.
    """
    context: dict[str, Any] = {"conflicts": [], **(extra or {})}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                outcome = save(form, timezone.now())
            except ChangedMeanwhile as error:
                context["conflicts"] = conflict_rows(error, definitions or {})
            except NotAllowed as error:
                add_problems(form, error, say)
                status = 403
            except GenjinError as error:
                add_problems(form, error, say)
            else:
                words_said = outcome if isinstance(outcome, str) and outcome else said
                messages.success(request, words_said or _("Saved."))
                return go(request, back_to(customer, part))
    if isinstance(form, SeenForm) and seen is not None and (
        not form.is_bound or context["conflicts"]
    ):  # fmt: skip
        remember(form, seen())
    context |= {"form": form, "title": title, "customer": customer, "part": part,
                "back": back_to(customer, part)}  # fmt: skip
    if request.headers.get("HX-Request"):
        template = "customers/_form.html"
        # A refused form is an answer to be shown in its place.
        status = 422 if status == 403 else status
    return render(request, template, context, status=status)


def remember(form: SeenForm, values: dict[str, Any]) -> None:
    """Puts what stands now into the form's hidden field, also on a form that was sent."""
    form.remember(values)
    if form.is_bound:
        sent = form.data.copy() if isinstance(form.data, QueryDict) else dict(form.data)
        sent[form.add_prefix("seen")] = form.initial["seen"]
        form.data = sent
