"""The numbers of papers: what each series looks like, what comes next, and changing it (SA12)."""

import zoneinfo
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from genjin.customers.fields import worded
from genjin.foundation import policy
from genjin.foundation.access import access
from genjin.foundation.models import NumberSeries, User
from genjin.foundation.numbering.rules import LONGEST
from genjin.foundation.numbering.series import SeriesRow, change_series, continue_from, series_rows
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason
from genjin.web.problems import Needing, add_problems
from genjin.web.settings.sentences import sentence as plain_sentence
from genjin.web.settings.tabs import pages

RIGHT = "settings.manage"
PAGE = "settings-numbering"
_SENTENCES = {
    "one_number_needed": _("Write {number} once, such as {number:05} for at least five digits."),
    "unknown_field": _("Known are {year}, {yy}, {month} and {number:05}, not “%(field)s”."),
    "letters_first": _("Begin with letters that tell this series from the others."),
    "strange_sign": _("“%(sign)s” cannot stand in a number."),
    "sign_before_number": _("Put a letter or a sign such as - before {number}."),
    "sign_after_number": _("After {number} comes nothing, a letter or a sign."),
    "year_needed": _("Counting begins anew each year, so {year} or {yy} must be in it."),
    "month_needed": _("Counting begins anew each month, so {month} must be in it."),
    "start_is_taken": _("“%(series)s” begins, or once began, with the same letters."),
    "reset_needs_new_pattern": _(
        "Numbers of this shape were counted another way already; give it another shape as well."
    ),
    "number_was_drawn": _("Number %(last)s was drawn already; counting only goes on."),
    "out_of_bounds": _("Between %(least)s and %(most)s, please."),
}


class SeriesForm(Needing):
    """What the numbers of one series look like."""

    needed = ("pattern",)
    pattern = forms.CharField(
        label=pgettext_lazy("numbers", "Pattern"),
        max_length=LONGEST,
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    reset = forms.ChoiceField(label=_("Begins at one again"), choices=NumberSeries.Reset.choices)


class NextForm(Needing):
    """Where a series goes on."""

    needed = ("number",)
    number = forms.IntegerField(label=_("Go on at number"), required=False)


def sentence(reason: Reason) -> str:
    """Why a pattern or a number is refused, in the reader's language."""
    if reason.code not in _SENTENCES:
        return plain_sentence(reason)
    values = dict(reason.data)
    if "series" in values:
        labels = policy.shipped("numbering").get(values["series"], {}).get("labels", {})
        values["series"] = worded(labels, get_language() or "en", values["series"])
    return str(_SENTENCES[reason.code]) % values


@require_http_methods(["GET", "POST"])
@access(RIGHT)
def numbering(request: HttpRequest) -> HttpResponse:
    """Every series with its pattern; a change holds from the next paper on."""
    code = request.POST.get("code", "")
    if request.method == "POST" and code in policy.shipped("numbering"):
        form = SeriesForm(request.POST, prefix=code)
        if form.is_valid():
            try:
                changed = change_series(
                    code, **form.cleaned_data, by=_me(request), now=timezone.now()
                )
            except BadInput as error:
                add_problems(form, error, sentence)
            else:
                done = _now("Saved.") if changed else _now("Nothing was different.")
                messages.success(request, done)
                return redirect(PAGE)
        return _answer(request, code, form=form)
    return _answer(request)


@require_POST
@access(RIGHT)
def go_on(request: HttpRequest, code: str) -> HttpResponse:
    """Lets a series go on at a higher number."""
    if code not in policy.shipped("numbering"):
        return redirect(PAGE)
    form = NextForm(request.POST, prefix=code)
    if form.is_valid():
        try:
            continue_from(
                code,
                number=form.cleaned_data["number"] or 0,
                on=_today(),
                by=_me(request),
                now=timezone.now(),
            )
        except BadInput as error:
            add_problems(form, error, sentence)
        else:
            messages.success(request, _now("Saved."))
            return redirect(PAGE)
    return _answer(request, code, next_form=form)


def _answer(
    request: HttpRequest,
    code: str = "",
    *,
    form: SeriesForm | None = None,
    next_form: NextForm | None = None,
) -> HttpResponse:
    language = get_language() or "en"
    lines = [
        _line(
            row,
            language,
            form if row.series.code == code else None,
            next_form if row.series.code == code else None,
        )
        for row in series_rows(today=_today())
    ]
    context = {"pages": pages(PAGE), "lines": lines}
    return render(request, "settings/numbering.html", context, status=422 if code else 200)


def _line(
    row: SeriesRow, language: str, form: SeriesForm | None, next_form: NextForm | None
) -> dict[str, Any]:
    code = row.series.code
    initial = {"pattern": row.series.pattern, "reset": row.series.reset}
    return {
        "row": row,
        "label": worded(row.labels, language, code),
        "form": form or SeriesForm(initial=initial, prefix=code),
        "next_form": next_form or NextForm(initial={"number": row.last + 1}, prefix=code),
        "is_open": bool(form or next_form),
    }


def _today() -> Any:
    zone = zoneinfo.ZoneInfo(policy.value("organisation.time_zone"))
    return timezone.localdate(timezone=zone)


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
