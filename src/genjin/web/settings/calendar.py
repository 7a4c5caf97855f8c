"""Official holidays: which years are known, and the entry of one that is not."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from genjin.followups import profiles
from genjin.foundation import calendar, policy
from genjin.foundation.access import access
from genjin.foundation.models import PolicySetting, User
from genjin.foundation.operations.settings import enter_official_year
from genjin.kernel.errors import BadInput
from genjin.web.problems import add_problems
from genjin.web.settings.forms import YearForm
from genjin.web.settings.sentences import sentence
from genjin.web.settings.tabs import pages

RIGHT = "settings.manage"


def written(days: Iterable[date]) -> str:
    """Days as `forms.days_in` reads them: spans of neighbours together, one a line."""
    spans: list[list[date]] = []
    for day in sorted(days):
        if spans and day - spans[-1][1] == timedelta(days=1):
            spans[-1][1] = day
        else:
            spans.append([day, day])
    return "\n".join(
        first.isoformat() if first == last else f"{first.isoformat()} – {last.isoformat()}"
        for first, last in spans
    )


def years_shown(country: str, this_year: int) -> list[dict[str, Any]]:
    """This year, the next two, and every year that was entered."""
    entered = calendar.entered_years(country)
    rows = {
        row.key: row
        for row in PolicySetting.objects.filter(
            key__startswith=f"calendar.{country}."
        ).select_related("changed_by")
    }
    return [
        {
            "year": year,
            "entered": entered.get(year),
            "is_known": calendar.is_known(country, year),
            "setting": rows.get(calendar.key_of(country, year)),
        }
        for year in sorted({this_year, this_year + 1, this_year + 2, *entered})
    ]


@require_http_methods(["GET", "POST"])
@access(RIGHT)
def calendar_page(request: HttpRequest) -> HttpResponse:
    """Which years are known, and the form to enter one."""
    country = profiles.profile().country
    this_year = timezone.localdate().year
    years = years_shown(country, this_year)
    form = YearForm(request.POST or None, initial=_initial(request, country, years))
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            enter_official_year(country, **form.cleaned_data, by=request.user, now=timezone.now())
        except BadInput as error:
            add_problems(form, error, sentence)
        else:
            done = _("The working days of %(year)s are known now.")
            messages.success(request, done % {"year": form.cleaned_data["year"]})
            return redirect("settings-calendar")
    context = {
        "pages": pages("settings-calendar"),
        "country": country,
        "years": years,
        "missing": [entry["year"] for entry in years if not entry["is_known"]],
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(request, "settings/calendar.html", context, status=status)


def _initial(request: HttpRequest, country: str, years: list[dict[str, Any]]) -> dict[str, Any]:
    """The year asked for by ?year=, else the first that is not known."""
    asked = request.GET.get("year", "")
    if asked.isascii() and asked.isdecimal() and len(asked) == 4:
        year = int(asked)
    else:
        year = next((entry["year"] for entry in years if not entry["is_known"]), None) or 0
    if not year:
        return {}
    entry = calendar.official_year(country, year)
    if entry is None:
        return {"year": year}
    return {"year": year, "off": written(entry.days_off), "worked": written(entry.worked)}


@require_POST
@access(RIGHT)
def remove_year(request: HttpRequest) -> HttpResponse:
    """Takes the entry of a year away; the built-in calendar counts again."""
    assert isinstance(request.user, User)
    year = request.POST.get("year", "")
    if year.isascii() and year.isdecimal() and len(year) == 4:
        key = calendar.key_of(profiles.profile().country, int(year))
        policy.reset_value(key, by=request.user, now=timezone.now())
        messages.success(request, _("The entry of %(year)s is gone.") % {"year": year})
    return redirect("settings-calendar")
