"""The survey page: a customer answers by link, without a login, once (FU8)."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from genjin.followups.models import SurveyInvitation
from genjin.followups.operations.scores import LONGEST_WORDS
from genjin.followups.operations.surveys import answer_survey, find_invitation, note_opened
from genjin.followups.scores.questions import OUT_OF, in_language
from genjin.foundation import policy
from genjin.foundation.access import public
from genjin.kernel.errors import BadInput, Conflict, GenjinError
from genjin.web.problems import add_problems
from genjin.web.scores import words
from genjin.web.throttle import may_pass

LANGUAGES = (("zh-hans", "简"), ("zh-hant", "繁"), ("en", "EN"))


def _levels() -> list[tuple[str, str]]:
    return [
        ("1", _("bad")), ("2", _("not good")), ("3", _("all right")), ("4", _("good")),
        ("5", _("very good")),
    ]  # fmt: skip


class SurveyForm(forms.Form):
    """One choice from 1 to 5 for each question; every one may be left out."""

    words = forms.CharField(
        label=gettext_lazy("Would you like to tell us more?"), required=False,
        max_length=LONGEST_WORDS, widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(self, *arguments: Any, invitation: SurveyInvitation, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.codes = [one["code"] for one in invitation.questions]
        for one in invitation.questions:
            self.fields[one["code"]] = forms.TypedChoiceField(
                label=in_language(one["text"]), required=False, coerce=int, empty_value=None,
                choices=_levels(), widget=forms.RadioSelect, help_text=one["name"],
            )  # fmt: skip

    def points(self) -> dict[str, int]:
        data = self.cleaned_data
        return {code: data[code] for code in self.codes if data.get(code)}

    def questions(self) -> list[Any]:
        return [self[code] for code in self.codes]


def _language(request: HttpRequest, invitation: SurveyInvitation | None) -> str:
    """The one chosen on the page, else the customer's, else the browser's."""
    chosen = request.GET.get("lang", "")
    if chosen in dict(LANGUAGES) or chosen == "zh-hk":
        return chosen
    return (invitation.language if invitation else "") or translation.get_language() or "zh-hans"


def _answer(request: HttpRequest, state: str, *, status: int = 200, **context: Any) -> HttpResponse:
    context |= {
        "state": state,
        "house": policy.value("organisation.name"),
        "languages": [{"code": code, "name": name, "url": f"?lang={code}",
                       "active": code == translation.get_language()}
                      for code, name in LANGUAGES],
    }  # fmt: skip
    return render(request, "surveys/survey.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public
def survey(request: HttpRequest, token: str) -> HttpResponse:
    """The questions of an invitation; answered once, until its last day."""
    if not may_pass(
        request, "survey", per_minute=int(policy.value("scores.invitation.per_minute"))
    ):
        return _answer(request, "busy", status=429)
    invitation = find_invitation(token[:200])
    with translation.override(_language(request, invitation)):
        if invitation is None:
            return _answer(request, "unknown", status=404)
        if invitation.answered_at is not None:
            return _answer(request, "answered")
        if invitation.expires_at <= timezone.now():
            return _answer(request, "over", status=410)
        return _show(request, invitation)


def _show(request: HttpRequest, invitation: SurveyInvitation) -> HttpResponse:
    now = timezone.now()
    if request.method == "GET":
        note_opened(invitation, now=now)
    sent = request.POST if request.method == "POST" else None
    form = SurveyForm(sent, invitation=invitation)
    if request.method == "POST" and form.is_valid():
        try:
            answer_survey(invitation, points=form.points(), words=form.cleaned_data["words"],
                          now=now)  # fmt: skip
        except BadInput as error:
            add_problems(form, error, words.sentence)
        except Conflict as error:
            is_answered = error.code == "survey_answered"
            return _answer(request, "answered" if is_answered else "over")
        except GenjinError:
            return _answer(request, "busy", status=503)
        else:
            return _answer(request, "thanks")
    context = {
        "form": form,
        "out_of": OUT_OF,
        "shows": policy.value("scores.scored_person.shows"),
        "customer": invitation.customer,
    }
    return _answer(request, "open", status=422 if form.errors else 200, **context)
