"""Reading scripts: the list, one script as agents read it, its versions side by side (CA2)."""

from typing import Any

from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from genjin.calling.models import Script, ScriptVersion
from genjin.calling.operations import scripts as operations
from genjin.calling.scripts import compare
from genjin.calling.scripts.content import Content, PartKind
from genjin.calling.states import IntroductionState
from genjin.foundation.access import access, has_right
from genjin.foundation.models import User
from genjin.web.scripts import introductions
from genjin.web.scripts.editor import found, part_label, sample_of
from genjin.web.scripts.forms import IntroductionForm
from genjin.web.scripts.review import KNOWN, review
from genjin.web.scripts.sentences import sentence


@require_GET
@access("scripts.view")
def index(request: HttpRequest) -> HttpResponse:
    """All scripts: those in use, or those put away."""
    may_manage = has_right(request.user, "scripts.manage")
    archived = may_manage and request.GET.get("shelf") == "archived"
    waiting = Count(
        "introductions", Q(introductions__state=IntroductionState.PROPOSED), distinct=True
    )
    rows = (
        Script.objects.filter(is_archived=archived)
        .select_related("product")
        .annotate(
            newest=Max("versions__number"),
            published_at=Max("versions__published_at"),
            waiting=waiting,
        )
        .order_by("name")
    )
    if not may_manage:
        rows = rows.filter(newest__isnull=False)
    context = {"scripts": rows, "may_manage": may_manage, "archived": archived}
    return render(request, "scripts/index.html", context)


def reading(
    request: HttpRequest, script: Script, content: Content, introduction: str = ""
) -> dict[str, Any]:
    """What a page needs that shows a script as it is read out."""
    assert isinstance(request.user, User)
    sample = sample_of(request.GET)
    seen = review(script, content, user=request.user, sample=sample, introduction=introduction)
    titles = {part.code: part_label(part) for part in content.parts}
    kinds = dict(PartKind.choices)
    parts = [
        {
            "part": part,
            "kind": kinds.get(part.kind, part.kind),
            "branches": [
                {"key": b.key, "label": b.label, "target": b.target, "to": titles.get(b.target)}
                for b in part.branches
            ],
        }
        for part in seen.rendered.parts
    ]
    told = [sentence(problem) for problem in seen.rendered.problems]
    return {
        "rendered": seen.rendered, "parts": parts, "sample": sample, "known": sample == KNOWN,
        "told": told,
    }  # fmt: skip


@require_GET
@access("scripts.view")
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One script as it is read out now, its versions, and one's own introduction."""
    script = found(pk)
    assert isinstance(request.user, User)
    versions = list(
        script.versions.select_related("published_by").order_by("-number").defer("content")[:50]
    )
    context: dict[str, Any] = {
        "script": script,
        "versions": versions,
        "may_manage": has_right(request.user, "scripts.manage"),
        "may_propose": has_right(request.user, "desk.work") and bool(versions),
        "mine": introductions.newest_of(script, request.user),
        "form": IntroductionForm(),
    }
    if context["may_manage"]:
        context["waiting"] = introductions.waiting(script)
    if versions:
        newest = ScriptVersion.objects.get(pk=versions[0].pk)
        own = operations.introduction_of(script, request.user)
        content = Content.from_json(newest.content)
        context |= {"version": newest, **reading(request, script, content, own.text if own else "")}
    return render(request, "scripts/script.html", context)


@require_GET
@access("scripts.view")
def version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A published version, as calls used it."""
    script = found(pk)
    chosen = get_object_or_404(
        ScriptVersion.objects.select_related("published_by"), script=script, number=number
    )
    context = {
        "script": script,
        "version": chosen,
        "may_manage": has_right(request.user, "scripts.manage"),
        **reading(request, script, Content.from_json(chosen.content)),
    }
    return render(request, "scripts/version.html", context)


def _chosen(script: Script, number: str) -> Content:
    """A version's content, or the draft's."""
    if number == "draft":
        return Content.from_json(script.draft)
    wanted = int(number) if number.isdecimal() and len(number) < 9 else 0
    return Content.from_json(get_object_or_404(script.versions, number=wanted).content)


@require_GET
@access("scripts.manage")
def compare_versions(request: HttpRequest, pk: int) -> HttpResponse:
    """Two versions, or a version and the draft, with what went and what came."""
    script = found(pk)
    numbers = [
        str(number)
        for number in script.versions.order_by("-number").values_list("number", flat=True)
    ]
    new = request.GET.get("to", "draft")
    old = request.GET.get("from") or next((n for n in numbers if n != new), "draft")
    found_differences = compare.compare(_chosen(script, old), _chosen(script, new))
    kinds = dict(PartKind.choices)
    rows = [
        {"difference": one, "kind": kinds.get(one.kind, "")}
        for one in found_differences
        if one.state != compare.SAME
    ]
    context = {
        "script": script,
        "old": old,
        "new": new,
        "numbers": numbers,
        "rows": rows,
        "same": len(found_differences) - len(rows),
    }
    return render(request, "scripts/compare.html", context)


@require_POST
@access("scripts.manage")
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Puts a script away, or takes it out again."""
    script = found(pk)
    assert isinstance(request.user, User)
    put_away = request.POST.get("archived") == "1"
    operations.archive_script(script, by=request.user, now=timezone.now(), is_archived=put_away)
    return redirect("script", pk=pk)
