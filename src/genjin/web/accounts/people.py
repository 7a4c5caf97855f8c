"""People and teams, for the administrator (PL4)."""

from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from genjin.foundation import queries, sign_in
from genjin.foundation.access import access
from genjin.foundation.models import Team, User
from genjin.foundation.operations import users
from genjin.kernel.errors import BadInput, Conflict, NotAllowed
from genjin.web.accounts import sessions, tokens, words
from genjin.web.accounts.forms import NewPersonForm, PersonForm, TeamForm
from genjin.web.problems import add_problems

RIGHT = "users.manage"
_NEXT_TO = ("role", "team", "spoken", "skills", "language", "time_zone", "name", "staff_number")


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _person(pk: int) -> User:
    return get_object_or_404(User.objects.select_related("team"), pk=pk)


@require_safe
@access(RIGHT)
def people_page(request: HttpRequest) -> HttpResponse:
    """Everyone who signs in, with what they may do and when they were last seen."""
    asked = request.GET
    words_asked, role, team = (
        asked.get("q", "").strip(),
        asked.get("role", ""),
        asked.get("team", ""),
    )
    with_inactive = asked.get("all") == "1"
    rows = queries.people(
        words=words_asked, role=role, team=_number(team), with_inactive=with_inactive
    )
    context = {
        "people": [{"row": row, "role": words.role_label(row.role)} for row in rows],
        "locked": queries.locked_names(timezone.now()),
        "roles": words.role_choices(),
        "teams": queries.teams(),
        "q": words_asked,
        "role_asked": role,
        "team_asked": team,
        "with_inactive": with_inactive,
        "is_filtered": bool(words_asked or role or team),
    }
    return render(request, "accounts/people.html", context)


@require_http_methods(["GET", "POST"])
@access(RIGHT)
def add_person(request: HttpRequest) -> HttpResponse:
    """A new person; the answer shows once the password to hand over."""
    form = NewPersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = users.add_user(**form.cleaned_data, by=_me(request), now=timezone.now())
        except BadInput as error:
            add_problems(form, error, words.sentence)
        else:
            return _handed_over(request, made.user, made.password)
    context = {"form": form, "zones": words.TIME_ZONES}
    return render(request, "accounts/person_add.html", context, status=_status(form))


def _status(form: BaseForm) -> int:
    return 422 if form.errors else 200


def _handed_over(request: HttpRequest, user: User, password: str) -> HttpResponse:
    """Shows a password once. It is kept nowhere, so there is nothing to redirect to."""
    return render(request, "accounts/password_made.html", {"person": user, "password": password})


@require_http_methods(["GET", "POST"])
@access(RIGHT)
def person_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: the card, the sessions, the last tries to sign in."""
    person = _person(pk)
    initial = {name: getattr(person, name) for name in _NEXT_TO}
    initial["skills"] = ", ".join(person.skills)
    form = PersonForm(request.POST or None, initial=initial, person=person)
    if request.method == "POST" and form.is_valid() and _changed(request, person, form):
        return redirect("user", pk=person.pk)
    return _person_answer(request, person, form)


def _changed(request: HttpRequest, person: User, form: PersonForm) -> bool:
    try:
        changes = users.change_user(person, form.cleaned_data, by=_me(request), now=timezone.now())
    except BadInput as error:
        add_problems(form, error, words.sentence)
    except (NotAllowed, Conflict) as error:
        form.add_error("role", words.sentence(error))
    else:
        messages.success(request, _("Saved.") if changes else _("Nothing was different."))
        return True
    return False


def _person_answer(request: HttpRequest, person: User, form: PersonForm) -> HttpResponse:
    now = timezone.now()
    context: dict[str, Any] = {
        "person": person,
        "form": form,
        "role": words.role_label(person.role),
        "zones": words.TIME_ZONES,
        "is_me": person.pk == _me(request).pk,
        "locked_until": sign_in.locked_until(person.username, now),
        "sessions": sessions.open_sessions(person, now=now, this_key=request.session.session_key),
        "tokens": tokens.lines(person, now),
        "attempts": queries.recent_attempts(person.username),
        "audit_url": reverse("audit") + f"?kind=user&id={person.pk}",
    }
    return render(request, "accounts/person.html", context, status=_status(form))


@require_POST
@access(RIGHT)
def set_active(request: HttpRequest, pk: int) -> HttpResponse:
    """Switches a person off (their sessions end at once) or on again."""
    person = _person(pk)
    is_active = request.POST.get("active") == "1"
    try:
        users.change_user(person, {"is_active": is_active}, by=_me(request), now=timezone.now())
    except (NotAllowed, Conflict) as error:
        messages.error(request, words.sentence(error))
    else:
        done = _("%(name)s may sign in again.") if is_active else _(
            "%(name)s is switched off and signed out everywhere."
        )  # fmt: skip
        messages.success(request, done % {"name": person.name})
    return redirect("user", pk=person.pk)


@require_POST
@access(RIGHT)
def reset_password(request: HttpRequest, pk: int) -> HttpResponse:
    """A new password to hand over; the person chooses their own at the next sign-in."""
    person = _person(pk)
    if person.pk == _me(request).pk:
        return redirect("password")
    password = users.reset_password(person, by=_me(request), now=timezone.now())
    return _handed_over(request, person, password)


@require_POST
@access(RIGHT)
def end_sessions(request: HttpRequest, pk: int) -> HttpResponse:
    """Ends one session of a person, or all of them."""
    person = _person(pk)
    handles = request.POST.getlist("session")
    keys = sessions.keys_for(person, handles) if handles else None
    count = sign_in.end_sessions(person, by=_me(request), now=timezone.now(), keys=keys)
    text = ngettext("%(count)d session ended.", "%(count)d sessions ended.", count)
    messages.success(request, text % {"count": count})
    return redirect("user", pk=person.pk)


@require_POST
@access(RIGHT)
def unlock(request: HttpRequest) -> HttpResponse:
    """Opens a name that wrong tries had locked."""
    name = request.POST.get("username", "")
    if users.unlock_name(name, by=_me(request), now=timezone.now()):
        messages.success(request, _("“%(name)s” may sign in again.") % {"name": name})
    else:
        messages.info(request, _("This name is not locked."))
    return redirect("users")


@require_http_methods(["GET", "POST"])
@access(RIGHT)
def teams_page(request: HttpRequest) -> HttpResponse:
    """The teams; the form adds one."""
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            users.add_team(**form.cleaned_data, by=_me(request), now=timezone.now())
        except BadInput as error:
            add_problems(form, error, words.sentence)
        else:
            messages.success(request, _("The team is there."))
            return redirect("teams")
    context = {"form": form, "teams": queries.teams_with_members()}
    return render(request, "accounts/teams.html", context, status=_status(form))


@require_POST
@access(RIGHT)
def change_team(request: HttpRequest, pk: int) -> HttpResponse:
    """Renames a team, closes it, or opens it again."""
    team = get_object_or_404(Team, pk=pk)
    values: dict[str, Any] = {}
    if "name" in request.POST:
        values["name"] = request.POST["name"]
    if "active" in request.POST:
        values["is_active"] = request.POST["active"] == "1"
    try:
        users.change_team(team, **values, by=_me(request), now=timezone.now())
    except BadInput as error:
        for reasons in error.problems.values():
            for reason in reasons:
                messages.error(request, f"{team.name}: {words.sentence(reason)}")
    except Conflict as error:
        messages.error(request, f"{team.name}: {words.sentence(error)}")
    else:
        messages.success(request, _("Saved."))
    return redirect("teams")
