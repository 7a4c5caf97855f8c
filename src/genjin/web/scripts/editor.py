"""The script editor: parts, answers, objection cards, selling point; saved while typing (CA2).

Every button posts the whole form, so that nothing typed is lost and all of it works without
scripts. While typing the page posts by itself and gets back only what stands beside the texts.
"""

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from genjin.calling.models import Script, ScriptVersion
from genjin.calling.operations import scripts as operations
from genjin.calling.scripts import library
from genjin.calling.scripts.content import Branch, Content, Part, PartKind
from genjin.foundation.access import access
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, LostRace
from genjin.kernel.problems import Reason
from genjin.web.scripts import editing
from genjin.web.scripts.forms import NewScriptForm, ScriptForm
from genjin.web.scripts.palette import palette
from genjin.web.scripts.review import KNOWN, UNKNOWN, Review, review
from genjin.web.scripts.sentences import sentence

page_methods = require_http_methods(["GET", "HEAD", "POST"])
EMPTY_ROWS = 1


def found(pk: int) -> Script:
    """The script with its product and prices, or 404."""
    rows = Script.objects.select_related("product").prefetch_related("product__prices")
    return get_object_or_404(rows, pk=pk)


def _by(request: HttpRequest) -> dict[str, Any]:
    assert isinstance(request.user, User)
    return {"by": request.user, "now": timezone.now()}


def sample_of(data: QueryDict) -> str:
    """Which sample customer the preview speaks to."""
    return UNKNOWN if data.get("sample") == UNKNOWN else KNOWN


@page_methods
@access("scripts.manage")
def new(request: HttpRequest) -> HttpResponse:
    """Begins a script and opens its editor."""
    initial = {"language": getattr(request.user, "language", "zh-hans")}
    form = NewScriptForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        content = library.starter(data["language"])
        if data["begin"] == "empty":
            content = editing.add_part(editing.add_part(Content(), "opening"), "closing")
        try:
            script = operations.create_script(
                data["name"], product=data["product"], language=data["language"],
                content=content, **_by(request),
            )  # fmt: skip
        except BadInput as error:
            form.take(error)
        else:
            return redirect("script-edit", pk=script.pk)
    status = 422 if form.is_bound else 200
    return render(request, "scripts/new.html", {"form": form}, status=status)


@page_methods
@access("scripts.manage")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Renames a script, gives it another product or language."""
    script = found(pk)
    form = ScriptForm(request.POST or None, script=script)
    if request.method == "POST" and form.is_valid():
        try:
            operations.change_script(script, **form.cleaned_data, **_by(request))
        except BadInput as error:
            form.take(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("script-edit", pk=pk)
    context = {"form": form, "script": script}
    return render(request, "scripts/settings.html", context, status=422 if form.is_bound else 200)


@page_methods
@access("scripts.manage")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Shows the editor; a POST saves the draft and does what the pressed button says."""
    script = found(pk)
    if request.method != "POST":
        content = Content.from_json(script.draft)
        return _show(request, script, content, sample=sample_of(request.GET))
    action = request.POST.get("action", "save")
    content = _acted(request.POST, script, action)
    try:
        _save(request, script, content)
    except LostRace as error:
        return _conflict(request, script, content, action, error)
    if action == "autosave":
        return _beside(request, script, content)
    if action == "publish":
        return _publish(request, script, content)
    if action == "save":
        messages.success(request, _("Saved."))
    url = f"{reverse('script-edit', args=[pk])}?sample={sample_of(request.POST)}"
    return redirect(url + _focus(action, content))


def _focus(action: str, content: Content) -> str:
    """Where the cursor goes after a button: to what was added."""
    if action == "add-part":
        return f"&focus={next((p.code for p in reversed(content.parts) if not p.text), '')}"
    if action == "add-own-card" and content.cards:
        return f"&focus={content.cards[-1].code}"
    return ""


def _acted(data: QueryDict, script: Script, action: str) -> Content:
    content = editing.read(data)
    if action == "add-part":
        kind = data.get("new_kind", "")
        return editing.add_part(content, kind) if kind in PartKind.values else content
    if action == "add-cards":
        wanted = set(data.getlist("shipped"))
        cards = [card for card in library.shipped_cards(script.language) if card.code in wanted]
        return editing.add_cards(content, cards)
    if action == "add-own-card":
        return editing.add_own_card(content)
    return editing.move(content, action)


def _seen_at(data: QueryDict) -> datetime:
    """The draft's time that the page was made from; a broken one matches no draft."""
    try:
        seen = parse_datetime(data.get("seen_at", ""))
    except ValueError:
        seen = None
    return seen if seen and timezone.is_aware(seen) else datetime.min.replace(tzinfo=UTC)


def _save(request: HttpRequest, script: Script, content: Content) -> None:
    if content != Content.from_json(script.draft):
        operations.save_draft(script, content, seen_at=_seen_at(request.POST), **_by(request))


def _conflict(
    request: HttpRequest, script: Script, content: Content, action: str, error: LostRace
) -> HttpResponse:
    """Somebody else saved: what was typed stays on the page, nothing is overwritten unasked."""
    told = sentence(Reason(error.code))
    if action == "autosave":
        return render(request, "scripts/_conflict.html", {"told": told})
    script = found(script.pk)
    sample = sample_of(request.POST)
    return _show(request, script, content, sample=sample, told=told, status=422)


def _publish(request: HttpRequest, script: Script, content: Content) -> HttpResponse:
    try:
        version = operations.publish(
            script,
            note=request.POST.get("note", ""),
            seen_at=script.draft_changed_at,
            **_by(request),
        )
    except BadInput as error:
        told = _told(error)
        return _show(
            request, script, content, sample=sample_of(request.POST), told=told, status=422
        )
    messages.success(request, _("Version %(number)s is published.") % {"number": version.number})
    url = reverse("script", args=[script.pk])
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


def _told(error: BadInput) -> str:
    reasons = [reason for found in error.problems.values() for reason in found]
    if [reason.code for reason in reasons] == ["same_as_version"]:
        return sentence(reasons[0])
    return ngettext(
        "Not published yet: %(count)s place needs your attention.",
        "Not published yet: %(count)s places need your attention.",
        len(reasons),
    ) % {"count": len(reasons)}


def _review(request: HttpRequest, script: Script, content: Content, sample: str) -> Review:
    assert isinstance(request.user, User)
    return review(script, content, user=request.user, sample=sample)


def _beside(request: HttpRequest, script: Script, content: Content) -> HttpResponse:
    """What stands beside the texts, to be put in place while the person types on."""
    seen = _review(request, script, content, sample_of(request.POST))
    context = {
        "script": script,
        "review": seen,
        "parts": [_part_row(part, seen) for part in content.parts],
        "cards": [{"card": card, "place": seen.place(card.code)} for card in content.cards],
        "usp_place": seen.place("usp"),
        "whole": seen.place(""),
        "oob": True,
    }
    return render(request, "scripts/_beside.html", context)


def _part_row(part: Part, seen: Review) -> dict[str, Any]:
    return {
        "part": part,
        "place": seen.place(part.code),
        "branches": [*part.branches, *[Branch("")] * EMPTY_ROWS],
    }


def part_label(part: Part) -> str:
    """How a part is named in a list: its title, else its kind."""
    kind = PartKind(part.kind).label if part.kind in PartKind.values else part.kind
    return part.title or str(kind)


def _show(
    request: HttpRequest,
    script: Script,
    content: Content,
    *,
    sample: str,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    seen = _review(request, script, content, sample)
    have = {card.code for card in content.cards}
    shipped = library.shipped_cards(script.language)
    newest = ScriptVersion.objects.filter(script=script).order_by("-number").first()
    context = {
        "script": script,
        "review": seen,
        "parts": [_part_row(part, seen) for part in content.parts],
        "cards": [{"card": card, "place": seen.place(card.code)} for card in content.cards],
        "usp": content.usp,
        "usp_neutral": content.usp_neutral,
        "usp_place": seen.place("usp"),
        "whole": seen.place(""),
        "targets": [(part.code, part_label(part)) for part in content.parts],
        "kinds": PartKind.choices,
        "offered": [card for card in shipped if card.code not in have],
        "palette": palette(script.product),
        "sample": sample,
        "focus": request.GET.get("focus", ""),
        "newest": newest,
        "is_published": newest is not None and Content.from_json(newest.content) == content,
        "told": told,
    }
    return render(request, "scripts/edit.html", context, status=status)


@require_POST
@access("scripts.manage")
def restore(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Puts a published version's words back into the draft."""
    script = found(pk)
    version = get_object_or_404(ScriptVersion, script=script, number=number)
    try:
        operations.save_draft(
            script,
            Content.from_json(version.content),
            seen_at=script.draft_changed_at,
            **_by(request),
        )
    except LostRace as error:
        messages.error(request, sentence(Reason(error.code)))
    else:
        messages.success(request, _("The draft holds version %(n)s again.") % {"n": number})
    return redirect("script-edit", pk=pk)
