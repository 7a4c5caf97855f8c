"""Segments: the list, a segment with its sentences and count, making one from the list's filter."""

from datetime import datetime
from itertools import islice
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from genjin.customers.facets import Members, tally
from genjin.customers.models import Customer, Segment
from genjin.customers.operations.segment_days import changes_of, counts_by_day
from genjin.customers.operations.segments import (
    archive_segment,
    change_segment,
    create_segment,
)
from genjin.customers.segments import describe, fields_for_selection
from genjin.foundation.access import access, has_right, scope_of
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.web.customers import listing
from genjin.web.customers.common import user_of
from genjin.web.customers.sentences import sentence
from genjin.web.segments import criteria as reading

FORM = require_http_methods(["GET", "POST"])
NAMED = 50
"""So many of those who entered and left are named."""


class SegmentForm(forms.Form):
    """The name; whom it holds is read from the rest of what was sent."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)


def may_change(user: User, segment: Segment) -> bool:
    """Whether `user` may change a segment: campaigns of its maker select by it, in their scope.

    Those who see every customer change any; others their own and their team's.
    """
    if scope_of(user) == "all":
        return True
    maker = segment.created_by
    if maker is None or maker.pk == user.pk:
        return maker is not None
    return scope_of(maker) != "all" and maker.team_id is not None and maker.team_id == user.team_id


def _to_change(request: HttpRequest, pk: int) -> Segment:
    row = get_object_or_404(Segment.objects.select_related("created_by"), pk=pk)
    if not may_change(user_of(request), row):
        raise PermissionDenied("segment of a wider scope")
    return row


def _sentences(criteria: dict[str, Any]) -> list[str]:
    try:
        return describe(criteria)
    except (BadInput, KeyError):
        return [_("This selection cannot be understood any more.")]


def _count(criteria: dict[str, Any], user: User) -> int | None:
    """How many customers of this person's scope are in it now; None if it cannot be asked."""
    try:
        return tally(criteria, user=user).total
    except BadInput:
        return None


@access("segments.manage")
@require_GET
def segments(request: HttpRequest) -> HttpResponse:
    """All segments with their sentences; the archived ones on request."""
    is_archived = request.GET.get("archived") == "yes"
    rows = Segment.objects.filter(is_archived=is_archived).select_related("created_by")
    found = [{"segment": one, "sentences": _sentences(one.criteria)} for one in
             rows.order_by("-changed_at", "-pk")[:200]]  # fmt: skip
    return render(request, "segments/list.html", {"rows": found, "is_archived": is_archived})


def _changed(row: Segment, user: User, now: datetime) -> dict[str, Any] | None:
    """What entered and left since yesterday, each with the first of their names."""
    change = changes_of(row, user=user, now=now)
    if change is None:
        return None

    def named(members: Members) -> list[Customer]:
        numbers = list(islice(members.numbers(), NAMED))
        return list(Customer.objects.filter(number__in=numbers).order_by("number"))

    return {
        "change": change,
        "entered": named(change.entered),
        "left": named(change.left),
        "gone": change.gone if scope_of(user) == "all" else 0,
    }


def _pictures(row: Segment) -> list[int] | None:
    days = counts_by_day(row)
    if len(days) < 2:
        return None
    return [one.count for one in days]


@access("segments.manage")
@require_GET
def segment(request: HttpRequest, pk: int) -> HttpResponse:
    """One segment: how many, which, by grade, and what entered and left since yesterday."""
    row = get_object_or_404(Segment.objects.select_related("created_by"), pk=pk)
    user, now = user_of(request), timezone.now()
    context: dict[str, Any] = {
        "segment": row, "sentences": _sentences(row.criteria), "count": None,
        "may_change": may_change(user, row), "may_export": has_right(user, "customers.export"),
        "may_call": has_right(user, "campaigns.manage"),
    }  # fmt: skip
    try:
        counted = tally(row.criteria, user=user, facets=["grade"], is_inside=True)
        by_grade = counted.by_facet.get("grade", {})
        inside = listing.rows_of(row.criteria, user, counted.total).select_related("custodian")
        context |= {
            "count": counted.total,
            "rows": listing.list_rows(list(inside.order_by("-changed_at", "-id")[:20]), user),
            "grades": [{"grade": one, "n": n} for one, n in sorted(by_grade.items()) if one],
            "address": reading.address_of(row.criteria, fields_for_selection()),
            "since": _changed(row, user, now),
        }
        if scope_of(user) == "all":
            context["pictures"] = _pictures(row)
    except BadInput:
        context["rows"] = []
    return render(request, "segments/segment.html", context)


def _say_problems(form: SegmentForm, bad: BadInput) -> None:
    """Names the condition for each problem that has no control of the form's own."""
    fields = fields_for_selection()
    for place, reasons in bad.problems.items():
        for reason in reasons:
            if place in form.fields:
                form.add_error(str(place), sentence(reason))
            else:
                label = reading.field_label(str(place), fields)
                form.add_error(None, f"{label}: {sentence(reason)}")


def _editor(
    request: HttpRequest, form: SegmentForm, criteria: dict[str, Any], **more: Any
) -> HttpResponse:
    user = user_of(request)
    context = {
        "form": form,
        "fields": reading.controls(fields_for_selection(), criteria),
        "sentences": _sentences(criteria),
        "count": _count(criteria, user),
        **more,
    }
    if request.headers.get("HX-Request"):
        return render(request, "segments/_preview.html", context)
    return render(request, "segments/edit.html", context, status=422 if form.errors else 200)


@access("segments.manage")
@FORM
def segment_new(request: HttpRequest) -> HttpResponse:
    """Makes a segment; an address of the customer list brings its filter along."""
    if request.method == "GET":
        return _editor(request, SegmentForm(), reading.read(request.GET, fields_for_selection()))
    form = SegmentForm(request.POST)
    criteria = reading.read(request.POST, fields_for_selection())
    if form.is_valid():
        try:
            row = create_segment(name=form.cleaned_data["name"], criteria=criteria,
                                 by=user_of(request), now=timezone.now())  # fmt: skip
        except BadInput as bad:
            _say_problems(form, bad)
        else:
            messages.success(request, _("The segment is made."))
            return redirect("segment", pk=row.pk)
    return _editor(request, form, criteria)


@access("segments.manage")
@FORM
def segment_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Renames a segment or changes whom it holds."""
    row = _to_change(request, pk)
    if request.method == "GET":
        sent: QueryDict = request.GET
        criteria = reading.read(sent, fields_for_selection()) if sent else row.criteria
        return _editor(request, SegmentForm(initial={"name": row.name}), criteria, segment=row)
    form = SegmentForm(request.POST)
    criteria = reading.read(request.POST, fields_for_selection())
    if form.is_valid():
        try:
            change_segment(row, name=form.cleaned_data["name"], criteria=criteria,
                           by=user_of(request), now=timezone.now())  # fmt: skip
        except BadInput as bad:
            _say_problems(form, bad)
        else:
            messages.success(request, _("Saved."))
            return redirect("segment", pk=row.pk)
    return _editor(request, form, criteria, segment=row)


@access("segments.manage")
@require_POST
def segment_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Puts a segment away, or takes it out again; campaigns that use it go on."""
    row = _to_change(request, pk)
    is_archived = request.POST.get("archived", "yes") == "yes"
    archive_segment(row, by=user_of(request), now=timezone.now(), is_archived=is_archived)
    messages.success(request, _("The segment is put away.") if is_archived else _("Saved."))
    return redirect("segments")
