"""The head of papers: who we are on bills and letters, with a sample to look at (SA12)."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_safe

from genjin.foundation import pdf, policy
from genjin.foundation.access import access
from genjin.foundation.models import User
from genjin.foundation.operations.settings import change_settings
from genjin.foundation.papers import organisation_head, render_paper
from genjin.foundation.papers.sample import sample_paper
from genjin.kernel.errors import BadInput
from genjin.web.settings.forms import HeadForm
from genjin.web.settings.sentences import sentence
from genjin.web.settings.tabs import pages

RIGHT = "settings.manage"
PAGE = "settings-papers"


@require_http_methods(["GET", "POST"])
@access(RIGHT)
def papers(request: HttpRequest) -> HttpResponse:
    """Name, address, numbers and bank account that papers carry."""
    form = HeadForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            changed = change_settings(form.values(), by=request.user, now=timezone.now())
        except BadInput as error:
            form.take(error, sentence)
        else:
            messages.success(request, _("Saved.") if changed else _("Nothing was different."))
            return redirect(PAGE)
    context = {
        "pages": pages(PAGE),
        "form": form,
        "languages": settings.LANGUAGES,
        "is_nameless": not organisation_head().name,
    }
    return render(request, "settings/papers.html", context, status=422 if form.errors else 200)


@require_safe
@access(RIGHT)
def sample(request: HttpRequest, language: str) -> HttpResponse:
    """A paper with the head as it is saved, marked as a sample, in one language."""
    if language not in pdf.LANGUAGES:
        raise Http404
    now = timezone.now()
    with override(language):
        paper = sample_paper(
            day=timezone.localdate(), currency=str(policy.value("organisation.currency"))
        )
    made = render_paper(paper, language=language, at=now)
    return HttpResponse(
        made,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="sample-{language}.pdf"'},
    )
