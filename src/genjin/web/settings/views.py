"""The settings: the list of pages, and those with plain values."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from genjin.foundation.access import access
from genjin.foundation.models import PolicySetting, User
from genjin.foundation.operations.settings import change_settings
from genjin.kernel.errors import BadInput
from genjin.web.accounts.words import TIME_ZONES
from genjin.web.audit.words import setting_told
from genjin.web.settings.forms import OrganisationForm, PlainForm, WorkForm
from genjin.web.settings.sentences import sentence
from genjin.web.settings.tabs import pages

RIGHT = "settings.manage"


@require_safe
@access(RIGHT)
def index(request: HttpRequest) -> HttpResponse:
    """Everything that can be set, and what was set last."""
    recent = PolicySetting.objects.select_related("changed_by").order_by("-changed_at")[:8]
    rows = [{"label": setting_told(entry.key), "entry": entry} for entry in recent]
    return render(request, "settings/index.html", {"pages": pages(), "recent": rows})


@require_http_methods(["GET", "POST"])
@access(RIGHT)
def organisation(request: HttpRequest) -> HttpResponse:
    """Who we are: name, currency, clock, language."""
    return _plain(request, OrganisationForm, "settings-organisation", _("Organisation"))


@require_http_methods(["GET", "POST"])
@access(RIGHT)
def work(request: HttpRequest) -> HttpResponse:
    """Numbers of the sign-in and of the desk."""
    return _plain(request, WorkForm, "settings-work", _("Sign-in and desk"))


def _plain(
    request: HttpRequest, form_class: type[PlainForm], name: str, title: str
) -> HttpResponse:
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            changed = change_settings(form.values(), by=request.user, now=timezone.now())
        except BadInput as error:
            form.take(error, sentence)
        else:
            messages.success(request, _("Saved.") if changed else _("Nothing was different."))
            return redirect(name)
    context: dict[str, Any] = {
        "form": form,
        "title": title,
        "pages": pages(name),
        "zones": TIME_ZONES,
        "changes": PolicySetting.objects.filter(key__in=form_class.keys.values())
        .select_related("changed_by")
        .order_by("-changed_at"),
        "labels": {key: form.fields[field].label for field, key in form_class.keys.items()},
    }
    return render(request, "settings/plain.html", context, status=422 if form.errors else 200)
