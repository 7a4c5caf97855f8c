"""The rulebook: its rules as sentences, what each would plan, changing them (FU2)."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from genjin.customers import events
from genjin.customers.events import Source
from genjin.customers.queries import visible_to
from genjin.flows.rulebook.dry_run import dry_run
from genjin.followups.models import FollowUp, FollowUpRule, RuleResult
from genjin.followups.rulebook import operations, sentences
from genjin.followups.states import WAITING
from genjin.foundation.access import access, has_right
from genjin.foundation.models import AuditEntry, User
from genjin.kernel.errors import BadInput
from genjin.web.rulebook import words
from genjin.web.rulebook.conditions import Conditions
from genjin.web.rulebook.forms import NewRuleForm, RuleForm

SPANS = (7, 14, 30)
LATELY = timedelta(days=30)
CHANGES = 10
FORM = require_http_methods(["GET", "HEAD", "POST"])


def _by(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _waiting(rules: QuerySet[FollowUpRule] | list[FollowUpRule]) -> dict[str, int]:
    """How many contacts of each rule wait now."""
    rows = FollowUp.objects.filter(
        source_kind="rule", source_id__in=[rule.code for rule in rules], state__in=WAITING
    )
    return dict(rows.values_list("source_id").annotate(count=Count("pk")).order_by())


def _line(rule: FollowUpRule, waiting: dict[str, int]) -> dict[str, Any]:
    return {
        "rule": rule,
        "name": sentences.name_of(rule),
        "sentence": sentences.sentence(rule),
        "remarks": sentences.remarks(rule),
        "waiting": waiting.get(rule.code, 0),
    }


@require_safe
@access("rulebook.view")
def rules(request: HttpRequest) -> HttpResponse:
    """Every rule as a sentence, with what it would plan."""
    rows = list(FollowUpRule.objects.order_by("position", "pk"))
    waiting = _waiting(rows)
    context = {
        "lines": [_line(rule, waiting) for rule in rows],
        "on": sum(rule.is_on for rule in rows),
        "may_manage": has_right(request.user, operations.RIGHT),
    }
    return render(request, "rulebook/rules.html", context)


@require_safe
@access("rulebook.view")
def glance(request: HttpRequest, pk: int) -> HttpResponse:
    """What one rule would plan tomorrow and within a week, for the list."""
    rule = get_object_or_404(FollowUpRule, pk=pk)
    found = dry_run(rule, now=timezone.now(), days=7, lines=0)
    return render(request, "rulebook/_glance.html", {"run": found, "rule": rule})


def _changes(rule: FollowUpRule) -> list[AuditEntry]:
    rows = AuditEntry.objects.filter(object_kind="followuprule", object_id=str(rule.pk))
    return list(rows.select_related("by").order_by("-at")[:CHANGES])


def _missed(rule: FollowUpRule) -> list[dict[str, Any]]:
    rows = RuleResult.objects.filter(rule=rule, at__gte=timezone.now() - LATELY)
    counted = rows.values_list("result").annotate(count=Count("pk")).order_by("-count")
    return [{"text": words.result(code), "count": count} for code, count in counted]


@require_safe
@access("rulebook.view")
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """One rule: its sentence, what it would plan, what it left out lately, who changed it."""
    row = get_object_or_404(FollowUpRule.objects.select_related("team", "changed_by"), pk=pk)
    language = sentences.language()
    context = {
        **_line(row, _waiting([row])),
        "missed": _missed(row),
        "changes": [
            {"entry": entry, "fields": sorted(entry.changes)} for entry in _changes(row)
        ],
        "questions": [
            {"text": sentences.worded(one["labels"], language, one["code"]),
             "is_scored": one.get("scored")}
            for one in row.questions
        ],
        "event": events.TYPES.get(row.event),
        "may_manage": has_right(request.user, operations.RIGHT),
    }  # fmt: skip
    return render(request, "rulebook/rule.html", context)


def _span(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked in map(str, SPANS) else 14


@require_safe
@access("rulebook.view")
def forecast(request: HttpRequest, pk: int) -> HttpResponse:
    """What a rule would plan in the coming days, without planning it."""
    row = get_object_or_404(FollowUpRule, pk=pk)
    days = _span(request)
    found = dry_run(row, now=timezone.now(), days=days)
    shown = {one.customer_id for one in found.lines}
    open_to = set(visible_to(_by(request)).filter(pk__in=shown).values_list("pk", flat=True))
    context = {
        "rule": row,
        "run": found,
        "lines": [{"line": one, "is_open": one.customer_id in open_to} for one in found.lines],
        "spans": [{"days": one, "active": one == days} for one in SPANS],
        "most": max(found.by_day.values(), default=0),
        "withheld": [{"text": words.result(code), "count": count}
                     for code, count in (found.withheld | found.missed).items()],
        "is_clock": (kind := events.TYPES.get(row.event)) and kind.source is Source.CLOCK,
    }  # fmt: skip
    name = "rulebook/_forecast.html" if request.headers.get("HX-Request") else "rulebook/run.html"
    return render(request, name, context | {"name": sentences.name_of(row)})


def _page(
    request: HttpRequest, rule: FollowUpRule, form: RuleForm, conditions: Conditions
) -> HttpResponse:
    kind = events.TYPES.get(rule.event)
    context = {
        "rule": rule,
        "name": sentences.name_of(rule) if rule.pk else "",
        "form": form,
        "conditions": conditions,
        "when": kind.when if kind else rule.event,
        "has_errors": form.is_bound,
    }
    return render(request, "rulebook/edit.html", context, status=422 if form.is_bound else 200)


@FORM
@access("rulebook.manage")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Changes condition, delay, channel, window, priority and who makes the contact."""
    row = get_object_or_404(FollowUpRule, pk=pk)
    data = request.POST if request.method == "POST" else None
    form = RuleForm.of(row, data, language=sentences.language())
    conditions = Conditions(row.event, data=data, conditions=row.conditions)
    if data is not None and all([form.is_valid(), conditions.is_valid()]):
        values = form.values(row) | {"conditions": conditions.value()}
        try:
            operations.change_rule(row, values, by=_by(request), now=timezone.now())
        except BadInput as error:
            form.take(error)
        else:
            messages.success(request, _("Saved. What was planned already stays as it is."))
            return redirect("rule", pk=pk)
    return _page(request, row, form, conditions)


@FORM
@access("rulebook.manage")
def new(request: HttpRequest) -> HttpResponse:
    """Adds a rule: first its event, then what it says. It begins switched off."""
    choices = [(kind.code, kind.label) for kind in events.TYPES.values()]
    event = request.GET.get("event", "")
    if event not in events.TYPES:
        form = NewRuleForm(choices=choices)
        return render(request, "rulebook/new.html", {"form": form})
    draft = FollowUpRule(event=event, channel="call", purpose="service")
    data = request.POST if request.method == "POST" else None
    filled = RuleForm.of(draft, data, language=sentences.language())
    conditions = Conditions(event, data=data)
    if data is not None and all([filled.is_valid(), conditions.is_valid()]):
        values = filled.values(draft) | {"conditions": conditions.value()}
        try:
            made = operations.add_rule(event=event, values=values, by=_by(request),
                                       now=timezone.now())  # fmt: skip
        except BadInput as error:
            filled.take(error)
        else:
            messages.success(
                request, _("The rule is there, switched off. Look at what it would plan first.")
            )
            return redirect("rule", pk=made.pk)
    return _page(request, draft, filled, conditions)


@require_POST
@access("rulebook.manage")
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switches a rule on or off."""
    row = get_object_or_404(FollowUpRule, pk=pk)
    is_on = request.POST.get("on") == "yes"
    operations.switch_rule(row, is_on=is_on, by=_by(request), now=timezone.now())
    if is_on:
        messages.success(request, _("Switched on: it acts on what happens from now on."))
    else:
        messages.success(request, _("Switched off. What it planned already stays."))
    return redirect("rule", pk=pk)


@require_POST
@access("rulebook.manage")
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Makes a shipped rule say again what it was shipped with."""
    row = get_object_or_404(FollowUpRule, pk=pk, is_shipped=True)
    operations.restore_rule(row, by=_by(request), now=timezone.now())
    messages.success(request, _("It says again what it was shipped with."))
    return redirect("rule", pk=pk)
