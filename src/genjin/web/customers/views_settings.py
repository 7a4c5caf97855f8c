"""The card's fields as an administrator sees them: list, add, change, retire (CU1)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from genjin.customers import fields as card_fields
from genjin.customers.models import FieldDefinition
from genjin.customers.operations.card_fields import add_field, change_field, retire_field
from genjin.customers.states import Block, FieldType
from genjin.foundation.access import access
from genjin.kernel.errors import BadInput
from genjin.web.customers import words
from genjin.web.customers.common import user_of
from genjin.web.customers.forms.card_fields import CardFieldForm, card_field_initial
from genjin.web.customers.sentences import add_problems

_PLACES = {"labels": "label_zh_hans"}


@access("settings.manage")
@require_GET
def card_fields_page(request: HttpRequest) -> HttpResponse:
    """Every field by block."""
    language = words.language()
    rows: list[dict[str, Any]] = [
        {
            "definition": one,
            "label": card_fields.label(one, language),
            "type": words.choice(FieldType, one.type),
            "choices": [text for _code, text in card_fields.choice_labels(one, language)][:6],
            "more": max(0, len(one.choices) - 6),
        }
        for one in card_fields.definitions(with_retired=True)
    ]
    groups = [
        {"label": label, "rows": [row for row in rows if row["definition"].block == code]}
        for code, label in Block.choices
    ]
    return render(
        request, "customers/card_fields.html", {"groups": [g for g in groups if g["rows"]]}
    )


def _place_problems(form: CardFieldForm, bad: BadInput) -> None:
    moved = {_PLACES.get(str(place), place): found for place, found in bad.problems.items()}
    add_problems(form, BadInput(moved))


def _merged(choices: list[dict[str, Any]], definition: FieldDefinition) -> list[dict[str, Any]]:
    """The choices as typed, with the words of languages that the page does not show kept."""
    before = {choice["code"]: choice.get("labels", {}) for choice in definition.choices}
    shown = ("zh-hans", "zh-hant", "en")
    return [
        {
            "code": choice["code"],
            "labels": {
                **{code: text for code, text in before.get(choice["code"], {}).items()
                   if code not in shown},
                **choice["labels"],
            },
        }
        for choice in choices
    ]  # fmt: skip


@access("settings.manage")
@require_http_methods(["GET", "POST"])
def card_field_new(request: HttpRequest) -> HttpResponse:
    """Adds a field to every card."""
    form = CardFieldForm(request.POST or None, initial={"block": "custom", "type": "choice"})
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            add_field(
                code=typed["code"], type=typed["type"], block=typed["block"], labels=form.labels(),
                choices=typed["choices"], kinds=typed["kinds"], unit=typed["unit"],
                is_facet=typed["is_facet"], by=user_of(request), now=timezone.now(),
            )  # fmt: skip
        except BadInput as bad:
            _place_problems(form, bad)
        else:
            messages.success(request, _("The field is on every card now."))
            return redirect("card-fields")
    status = 422 if form.is_bound else 200
    return render(request, "customers/card_field.html", {"form": form}, status=status)


@access("settings.manage")
@require_http_methods(["GET", "POST"])
def card_field(request: HttpRequest, pk: int) -> HttpResponse:
    """Changes what a field is called and its choices; its code and type stay."""
    definition = get_object_or_404(FieldDefinition, pk=pk)
    form = CardFieldForm(
        request.POST or None, definition=definition, initial=card_field_initial(definition)
    )
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        place = typed["position"]
        values = {
            "labels": form.labels(),
            "choices": _merged(typed["choices"], definition),
            "position": definition.position if place is None else place,
            **{name: typed[name] for name in ("unit", "block", "is_facet", "kinds")},
        }
        try:
            change_field(definition, values, by=user_of(request), now=timezone.now())
        except BadInput as bad:
            _place_problems(form, bad)
        else:
            messages.success(request, _("Saved."))
            return redirect("card-fields")
    context = {"form": form, "definition": definition,
               "label": card_fields.label(definition, words.language())}  # fmt: skip
    status = 422 if form.is_bound else 200
    return render(request, "customers/card_field.html", context, status=status)


@access("settings.manage")
@require_POST
def card_field_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a field off the cards, or brings it back with the values it had."""
    definition = get_object_or_404(FieldDefinition, pk=pk)
    is_active = request.POST.get("active") == "yes"
    retire_field(definition, by=user_of(request), now=timezone.now(), is_active=is_active)
    messages.success(request, _("Saved."))
    return redirect("card-fields")
