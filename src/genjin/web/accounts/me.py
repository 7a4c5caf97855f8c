"""One's own page: language, time zone, password, open sessions."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_POST

from genjin.foundation import sign_in
from genjin.foundation.access import before_password_change, has_right, signed_in
from genjin.foundation.models import User
from genjin.foundation.operations import users
from genjin.foundation.passwords import WeakPassword
from genjin.foundation.tokens import RIGHT
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason
from genjin.web.accounts import sessions, tokens, words
from genjin.web.accounts.forms import OwnSettingsForm, PasswordForm
from genjin.web.problems import add_problems

_YEAR = 31_536_000


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return User.objects.select_related("team").get(pk=request.user.pk)


@require_http_methods(["GET", "POST"])
@signed_in
def own_page(request: HttpRequest) -> HttpResponse:
    """Who I am here, in which language and by which clock, and where I am signed in."""
    me = _me(request)
    initial = {"language": me.language, "time_zone": me.time_zone}
    form = OwnSettingsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            users.change_own_settings(me, form.cleaned_data, now=timezone.now())
        except BadInput as error:
            add_problems(form, error, words.sentence)
        else:
            with override(me.language):
                messages.success(request, _("Saved."))
            response = redirect("me")
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME, me.language, max_age=_YEAR, samesite="Lax"
            )
            return response
    now = timezone.now()
    context = {
        "me": me,
        "role": words.role_label(me.role),
        "spoken": [words.spoken_label(code) for code in me.spoken],
        "form": form,
        "zones": words.TIME_ZONES,
        "sessions": sessions.open_sessions(me, now=now, this_key=request.session.session_key),
        "tokens": tokens.lines(me, now),
        "may_make_tokens": has_right(me, RIGHT),
    }
    return render(request, "accounts/me.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@signed_in
@before_password_change
def password_page(request: HttpRequest) -> HttpResponse:
    """A new password of one's own; the only page open to someone who was handed theirs."""
    me = _me(request)
    is_forced = me.must_change_password
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _changed(request, me, form):
        messages.success(request, _("Your password is changed; other sessions were ended."))
        return redirect("home" if is_forced else "me")
    context = {"form": form, "is_forced": is_forced}
    return render(request, "accounts/password.html", context, status=422 if form.errors else 200)


def _changed(request: HttpRequest, me: User, form: PasswordForm) -> bool:
    values = form.cleaned_data
    now = timezone.now()
    try:
        sign_in.confirm_password(request, me, values["present"], now=now)
        users.change_own_password(me, present=values["present"], new=values["new"], now=now)
    except sign_in.WrongCredentials:
        form.add_error("present", words.sentence(Reason("wrong_password")))
    except sign_in.LockedOut as error:
        form.add_error(None, words.locked_until(error.data["until"]))
    except BadInput as error:
        add_problems(form, error, words.sentence)
    except WeakPassword as error:
        for sentence in error.messages:
            form.add_error("new", sentence)
    else:
        sign_in.renew_session(request, me, now=now)
        return True
    return False


@require_POST
@signed_in
def end_own_sessions(request: HttpRequest) -> HttpResponse:
    """Ends one of one's own sessions, or all but this one."""
    me = _me(request)
    this = sessions.handle_of(request.session.session_key or "")
    now = timezone.now()
    handles = request.POST.getlist("session") or [
        entry.handle for entry in sessions.open_sessions(me, now=now)
    ]
    keys = sessions.keys_for(me, [handle for handle in handles if handle != this])
    sign_in.end_sessions(me, by=me, now=now, keys=keys)
    messages.success(request, _("Signed out there."))
    return redirect("me")
