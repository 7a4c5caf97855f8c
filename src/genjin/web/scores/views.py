"""Scores that customers gave: figures, the records behind them, corrections, the check (FU8)."""

import re
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from genjin.followups.models import Score
from genjin.followups.operations.scores import ask_correction
from genjin.followups.scores import chain, jobs, questions, sealing
from genjin.followups.scores.keys import KeyProblem
from genjin.followups.scores.queries import Filter, figures, own_scores, visible_scores
from genjin.foundation import approvals
from genjin.foundation.access import access, has_right, signed_in
from genjin.foundation.models import LongTask, User
from genjin.kernel.errors import BadInput, GenjinError, NotAllowed
from genjin.web.problems import add_problems
from genjin.web.scores import words

PAGE = 50
WAYS = (
    ("person", gettext_lazy("By person")),
    ("role", pgettext_lazy("figures", "By role")),
    ("month", gettext_lazy("By month")),
)
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])(?:-\d\d)?")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _month(text: str) -> date | None:
    found = _MONTH.fullmatch(text)
    return date(int(found[1]), int(found[2]), 1) if found and int(found[1]) >= 2000 else None


def _filter(request: HttpRequest) -> Filter:
    person = request.GET.get("person", "")
    role = request.GET.get("role", "")
    return Filter(
        person=int(person) if person.isdecimal() and len(person) < 18 else None,
        role=role if role in questions.roles() else "",
        month=_month(request.GET.get("month", "")),
    )


def _query(chosen: Filter, **more: Any) -> str:
    values = {
        "person": chosen.person,
        "role": chosen.role or None,
        "month": f"{chosen.month:%Y-%m}" if chosen.month else None,
        **more,
    }
    return "?" + urlencode({name: value for name, value in values.items() if value is not None})


def _label(by: str, row: dict[str, Any]) -> str:
    if by == "role":
        return words.role_label(row["label"])
    return row["label"] or _("nobody known")


def _rows(user: User, chosen: Filter, by: str) -> list[dict[str, Any]]:
    found = figures(user, chosen, by=by)
    for row in found:
        key = f"{row['key']:%Y-%m}" if by == "month" else row["key"]
        row["label"] = _label(by, row)
        row["url"] = reverse("score-records") + _query(chosen, **{by: key})
    return found


@require_safe
@access("scores.view")
def index(request: HttpRequest) -> HttpResponse:
    """Averages by person, role and month; each figure opens the scores that make it up."""
    user, chosen = _user(request), _filter(request)
    by = request.GET.get("by", "person")
    by = by if by in dict(WAYS) else "person"
    rows = _rows(user, chosen, by)
    count = sum(row["count"] for row in rows)
    months = [row["key"] for row in figures(user, Filter(), by="month")]
    context = {
        "rows": rows,
        "by": by,
        "by_label": dict(WAYS)[by],
        "chosen": chosen,
        "month": f"{chosen.month:%Y-%m}" if chosen.month else "",
        "months": [f"{month:%Y-%m}" for month in months],
        "roles": [(code, words.role_label(code)) for code in questions.roles()],
        "tabs": [
            {"label": label, "url": _query(chosen, by=code), "active": code == by}
            for code, label in WAYS
        ],
        "count": count,
        "average": round(sum(row["average"] * row["count"] for row in rows) / count, 2)
        if count
        else None,
        "out_of": questions.OUT_OF,
        "records_url": reverse("score-records") + _query(chosen),
        "last": _check_line(jobs.last_result()) if has_right(user, "scores.verify") else None,
        "may_check": has_right(user, "scores.verify"),
        "chart": _chart(rows) if by == "month" and len(rows) > 1 else None,
    }
    return render(request, "scores/index.html", context)


def _chart(rows: list[dict[str, Any]]) -> dict[str, Any]:
    ordered = list(reversed(rows))
    return {
        "xAxis": {"type": "category", "data": [row["label"] for row in ordered]},
        "yAxis": {"type": "value", "min": 0, "max": questions.OUT_OF},
        "series": [{"type": "line", "data": [row["average"] for row in ordered]}],
    }


@require_safe
@access("scores.view")
def records(request: HttpRequest) -> HttpResponse:
    """The scores behind a figure, newest first."""
    user, chosen = _user(request), _filter(request)
    page = Paginator(chosen.narrow(visible_scores(user)), PAGE).get_page(request.GET.get("page"))
    person = User.objects.filter(pk=chosen.person).first() if chosen.person else None
    told = [
        str(person) if person else _("nobody known") if chosen.person == 0 else "",
        words.role_label(chosen.role) if chosen.role else "",
        f"{chosen.month:%Y-%m}" if chosen.month else "",
    ]
    context = {
        "page": page,
        "filters": [text for text in told if text],
        "rows": [_line(one) for one in page],
        "may_open": has_right(user, "customers.view"),
        "earlier": _query(chosen, page=page.previous_page_number()) if page.has_previous() else "",
        "later": _query(chosen, page=page.next_page_number()) if page.has_next() else "",
    }
    return render(request, "scores/records.html", context)


def _line(one: Any) -> dict[str, Any]:
    return {
        "score": one,
        "role": words.role_label(one.role),
        "question": words.question_label(one.question),
        "is_corrected": one.counts != one.points,
        "has_words": one.text_digest is not None,
    }


class CorrectionForm(forms.Form):
    """How a score should count, and why."""

    points = forms.TypedChoiceField(
        label=gettext_lazy("Should count as"), coerce=int, widget=forms.RadioSelect,
        choices=[(number, str(number)) for number in range(1, questions.OUT_OF + 1)],
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300,
        help_text=gettext_lazy("Kept for good beside the score. Name no customer in it."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@access("scores.view")
def score(request: HttpRequest, pk: int) -> HttpResponse:
    """One score with its corrections; asking for one."""
    user = _user(request)
    row = get_object_or_404(visible_scores(user), pk=pk)
    may_ask = has_right(user, "scores.correct")
    form = CorrectionForm(request.POST or None)
    if request.method == "POST":
        if not may_ask:
            raise PermissionDenied
        if form.is_valid() and _ask(form, row, user):
            messages.success(
                request, _("The correction waits for the decision of a second person.")
            )
            return redirect("score", pk=pk)
    waiting = [
        one for one in approvals.for_subject("score", str(pk)) if one.state == one.State.ASKED
    ]
    context = {
        **_line(row),
        "said": _said(row),
        "corrections": row.corrections.select_related("by").order_by("sequence"),
        "waiting": waiting,
        "form": form if may_ask and not waiting else None,
        "may_open": has_right(user, "customers.view"),
    }
    return render(request, "scores/score.html", context, status=422 if form.errors else 200)


def _ask(form: CorrectionForm, row: Score, user: User) -> bool:
    try:
        ask_correction(row, **form.cleaned_data, by=user, now=timezone.now())
    except BadInput as error:
        add_problems(form, error, words.sentence)
    except NotAllowed as error:
        raise PermissionDenied(error.code) from error
    except GenjinError as error:
        form.add_error(None, words.sentence(error))
    return not form.errors


def _said(row: Score) -> str:
    """The customer's words; a sentence where they cannot be read."""
    if row.text_digest is None:
        return ""
    try:
        return chain.words_of(row) or _("The words were erased.")
    except (sealing.Unreadable, KeyProblem):
        return _("The words cannot be read: they were changed, or this machine lacks the key.")


@require_safe
@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """One's own scores, as much as the organisation shows."""
    own = own_scores(_user(request))
    rows = [
        {**one, "role": words.role_label(one["role"]),
         "question": words.question_label(one["question"])}
        for one in own.rows
    ]  # fmt: skip
    context = {"own": own, "rows": rows, "out_of": questions.OUT_OF}
    return render(request, "scores/mine.html", context)


def _check_line(task: LongTask | None) -> dict[str, Any] | None:
    """A check as the screen tells it."""
    if task is None:
        return None
    result = task.result
    is_done = task.state == LongTask.State.DONE and "sound" in result
    fault = result.get("fault") if is_done else None
    return {
        "task": task,
        "is_done": is_done,
        "is_sound": is_done and result["sound"],
        "text": words.found_sentence(fault)
        if fault
        else words.count_sentence(result["count"])
        if is_done
        else "",
        "until": words.count_sentence(result["count"]) if fault and result["count"] else "",
        "seconds": result.get("seconds"),
        "compared": [
            {"place": words.place_label(one["place"]), "sequence": one["sequence"]}
            for one in result.get("compared", ())
        ][-3:],
        "head": result.get("head"),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@access("scores.verify")
def check(request: HttpRequest) -> HttpResponse:
    """The last checks of the chain, and a new one on demand."""
    if request.method == "POST":
        jobs.enqueue_verify(by=_user(request), now=timezone.now())
        messages.info(request, _("The check runs; its result stands here when it is done."))
        return redirect("score-check")
    lines = [_check_line(task) for task in jobs.results()]
    is_running = any(line and not line["is_done"] and line["task"].state in ("queued", "running")
                     for line in lines)  # fmt: skip
    context = {"lines": lines, "last": _check_line(jobs.last_result()), "is_running": is_running}
    return render(request, "scores/check.html", context)
