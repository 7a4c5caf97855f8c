"""The shared look: how forms are rendered, the choice of light or dark, and the /design/ page.

/design/ shows every shared piece once, in its states, with made-up values, so that a new page is
put together from what is there and a change to a piece is judged in one place.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from genjin.foundation.access import public
from genjin.web import widgets

THEMES = ("light", "dark", "auto")
YEAR = 365 * 24 * 3600


class GenjinRenderer(TemplatesSetting):
    """Render every Django form with the shared field template (setting FORM_RENDERER)."""

    form_template_name = "partials/form.html"
    field_template_name = "partials/field.html"

    def render(
        self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None
    ) -> str:
        """Write a common control directly (web/widgets.py); anything else from its template."""
        written = widgets.write(template_name, context)
        return super().render(template_name, context, request) if written is None else written


@public
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice of light, dark or as the device in a cookie and go back to the page."""
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    response = HttpResponseRedirect(back if safe else "/")
    chosen = request.POST.get("theme")
    if chosen in THEMES:
        response.set_cookie(
            "theme", chosen, max_age=YEAR, samesite="Lax", secure=request.is_secure()
        )
    return response


class SampleForm(forms.Form):
    """One field of each kind for the /design/ page."""

    name = forms.CharField(label=_lazy("Name"), help_text=_lazy("As on the business licence."))
    phone = forms.CharField(label=_lazy("Phone"))
    region = forms.ChoiceField(
        label=_lazy("Region"),
        choices=[("", "–"), ("east", _lazy("East")), ("south", _lazy("South"))],
        required=False,
    )
    note = forms.CharField(
        label=_lazy("Note"), widget=forms.Textarea(attrs={"rows": 3}), required=False
    )
    birthday = forms.DateField(
        label=_lazy("Birthday"), widget=forms.DateInput(attrs={"type": "date"}), required=False
    )
    file = forms.FileField(label=_lazy("File"), required=False)
    channels = forms.MultipleChoiceField(
        label=_lazy("May contact by"),
        choices=[("call", _lazy("Phone")), ("letter", _lazy("Letter")), ("email", _lazy("Email"))],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    pace = forms.ChoiceField(
        label=_lazy("Speed of reading"),
        choices=[("slow", _lazy("Slow")), ("normal", _lazy("Normal")), ("fast", _lazy("Fast"))],
        widget=forms.RadioSelect,
    )
    agreed = forms.BooleanField(label=_lazy("The customer agreed to be recorded"))

    def clean_phone(self) -> str:
        """Refuse whatever is entered, so that the page can show the error beside the field."""
        raise forms.ValidationError(_("This number has 10 digits; a mobile number has 11."))


def sample_form() -> SampleForm:
    """Return the sample form as it comes back with one error."""
    values = {"name": "Lin Xiao", "phone": "1541234567", "pace": "normal", "agreed": "on"}
    form = SampleForm({**values, "channels": ["call"]})
    form.full_clean()
    return form


def sample_timeline() -> list[dict[str, object]]:
    """Return timeline entries of every tone."""
    now = timezone.now()
    return [
        {
            "at": now - timedelta(minutes=12),
            "title": _("Call: agreed to a trial of two boxes"),
            "icon": "phone-outgoing",
            "tone": "good",
            "by": "Lin Xiao",
            "badge": _("success"),
            "badge_tone": "good",
            "body": _("Wants the invoice with the goods. Call back on Thursday after 14:00."),
        },
        {
            "at": now - timedelta(days=3, hours=2),
            "title": _("Call: nobody answered"),
            "icon": "phone-x",
            "tone": "quiet",
            "by": "Chen Wei",
        },
        {
            "at": now - timedelta(days=9),
            "title": _("Hold: open complaint stops selling"),
            "icon": "hand-stop",
            "tone": "warn",
            "by": "Zhao Min",
        },
        {
            "at": now - timedelta(days=420),
            "title": _("Card imported from a file"),
            "icon": "file-import",
            "tone": "accent",
            "corrected": True,
        },
    ]


def sample_rows() -> list[dict[str, object]]:
    """Return table rows with each state of a follow-up."""
    names = ["Lin Xiao", "Chen Wei", "Zhao Min", "Wu Fang", "Sun Lei", "Zhou Jing"]
    states = [
        ("planned", _("planned")),
        ("ready", _("ready")),
        ("taken", _("taken")),
        ("done", _("done")),
        ("cancelled", _("cancelled")),
        ("expired", _("expired")),
    ]
    return [
        {
            "name": name,
            "number": f"C{10230 + place}",
            "klass": "ABC"[place % 3],
            "grade": "ABCDE"[place % 5],
            "state": states[place],
            "amount": 1280.5 * (place + 1) ** 3,
            "seconds": 47 + 131 * place,
            "at": timezone.now() - timedelta(hours=7 * place, minutes=4),
        }
        for place, name in enumerate(names)
    ]


def sample_charts() -> dict[str, dict[str, object]]:
    """Return two chart options: bars beside a plan by hour, and a line by day."""
    hours = [f"{hour}:00" for hour in range(9, 18)]
    days = [f"11-{day:02}" for day in range(1, 22)]
    contacts = [12, 18, 16, 4, 3, 15, 19, 21, 14]
    rate = [8.1, 8.4, 7.9, 9.2, 9.6, 9.1, 8.8, 9.9, 10.4, 10.1, 9.7, 10.8, 11.2, 10.9, 11.4]
    return {
        "hours": {
            "legend": {},
            "xAxis": {"type": "category", "data": hours},
            "yAxis": {"type": "value"},
            "series": [
                {"type": "bar", "name": _("Contacts"), "data": contacts},
                {"type": "line", "name": _("Plan"), "data": [15] * 9, "step": "middle"},
            ],
        },
        "days": {
            "xAxis": {"type": "category", "data": days[: len(rate)], "boundaryGap": False},
            "yAxis": {"type": "value", "axisLabel": {"formatter": "{value}%"}},
            "series": [
                {"type": "line", "name": _("Success rate"), "data": rate, "areaStyle": {}},
            ],
        },
    }


@public
@require_safe
def design_page(request: HttpRequest) -> HttpResponse:
    """Show each shared piece of the interface once, in all its states."""
    if request.GET.get("say"):
        messages.success(request, _("Saved: 3 customers were given to Lin Xiao."))
        messages.error(request, _("The file could not be read: line 12 has no phone."))
    now = timezone.now()
    context = {
        "form": sample_form(),
        "timeline": sample_timeline(),
        "rows": sample_rows(),
        "charts": sample_charts(),
        "tones": ["quiet", "accent", "busy", "good", "warn", "bad"],
        "grades": "ABCDE",
        "classes": "ABC",
        "bars": [12, 18, 16, 4, 3, 15, 19, 21, 14],
        "next_at": now + timedelta(hours=3, minutes=12),
        "reasons": [
            {"text": _("Sales conversation with this customer 4 days ago; 1 in 7 days allowed.")},
            {
                "text": _("Open complaint stops selling."),
                "until": now + timedelta(days=3),
                "source": "K-2071",
                "icon": "mood-angry",
            },
        ],
        "ticks": [
            {"value": "A", "label": _("Class A"), "count": 412, "checked": True},
            {"value": "B", "label": _("Class B"), "count": 3170},
            {"value": "C", "label": _("Class C"), "count": 41629},
        ],
        "tabs": [
            {"label": _("Timeline"), "url": "?", "active": True, "icon": "timeline", "count": 128},
            {"label": _("Orders"), "url": "?tab=orders", "icon": "receipt", "count": 4},
            {"label": _("Consents"), "url": "?tab=consents", "icon": "shield-check"},
        ],
    }
    return render(request, "design/design.html", context)
