"""The audit trail: read, never written (PL5)."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe

from genjin.foundation import queries
from genjin.foundation.access import access
from genjin.foundation.models import AuditEntry, User
from genjin.web.audit import words

# A search for words reads every entry of its time, so it gets a time.
WORD_SEARCH_DAYS = 90


def _choices(table: dict[str, Any], every: Any) -> list[tuple[str, Any]]:
    return [("", every), *table.items()]


class AuditForm(forms.Form):
    """What to look for. An unknown kind or action is looked for as it is."""

    by = forms.ModelChoiceField(
        label=pgettext_lazy("did it", "Who"), queryset=User.objects.none(), required=False
    )
    kind = forms.CharField(required=False, max_length=40)
    action = forms.CharField(required=False, max_length=60)
    source = forms.CharField(required=False, max_length=12)
    id = forms.CharField(required=False, max_length=60)
    q = forms.CharField(required=False, max_length=100)
    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        people = self.fields["by"]
        assert isinstance(people, forms.ModelChoiceField)
        people.queryset = self.people = User.objects.order_by("name", "pk")


def _wanted(form: AuditForm) -> queries.AuditFilter:
    """The filter that a form asks for; a field that cannot be read filters nothing."""
    form.is_valid()
    found = form.cleaned_data
    since: date | None = found.get("since")
    text = found.get("q", "")
    if text and since is None and not found.get("id"):
        since = timezone.localdate() - timedelta(days=WORD_SEARCH_DAYS)
    by = found.get("by")
    return queries.AuditFilter(
        by=by.pk if by else None,
        kind=found.get("kind", ""),
        object_id=found.get("id", ""),
        action=found.get("action", ""),
        source=found.get("source", ""),
        words=text,
        since=since,
        until=found.get("until"),
    )


def _line(entry: AuditEntry, names: words.Names) -> dict[str, Any]:
    return {
        "entry": entry,
        "kind": words.kind_words(entry.object_kind),
        "action": words.action_words(entry.action),
        "source": words.source_words(entry.source),
        "changes": words.changes_of(entry, names),
        "url": words.page_of(entry),
    }


@require_safe
@access("audit.view")
def audit_page(request: HttpRequest) -> HttpResponse:
    """Who changed what, when, from what to what; newest first."""
    form = AuditForm(request.GET)
    wanted = _wanted(form)
    page = queries.audit_entries(
        wanted, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    names = words.Names(page.rows)
    context = {
        "form": form,
        "wanted": wanted,
        "page": page,
        "lines": [_line(entry, names) for entry in page.rows],
        "people": form.people,
        "kinds": _choices(words.KINDS, _("Every kind")),
        "actions": _choices(words.ACTIONS, _("Every action")),
        "sources": _choices(words.SOURCES, _("Every way")),
        "is_filtered": wanted != queries.AuditFilter(),
        "of_one": words.kind_words(wanted.kind) if wanted.object_id else "",
    }
    return render(request, "audit/audit.html", context)
