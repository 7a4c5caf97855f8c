"""Signing in and out, and the language of the screen."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_supported_language_variant
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.http import require_http_methods, require_POST

from genjin.foundation import policy
from genjin.foundation.access import public
from genjin.foundation.models import User
from genjin.foundation.operations.users import change_own_settings
from genjin.foundation.sign_in import LockedOut, WrongCredentials, sign_in, sign_out
from genjin.web.accounts import words
from genjin.web.accounts.forms import SignInForm


def safe_next(request: HttpRequest, default: str = "/") -> str:
    """The page to go on to, when it is one of ours."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else default


def speak_as_the_house(request: HttpRequest) -> None:
    """Takes the organisation's language for a visitor who asks for none that we speak."""
    if request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) in dict(settings.LANGUAGES):
        return
    for wanted, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        try:
            get_supported_language_variant(wanted)
        except LookupError:
            continue
        return
    translation.activate(str(policy.value("organisation.language")))


@public
@require_http_methods(["GET", "POST"])
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """The door: name and password, with a clear word when it stays shut."""
    if request.user.is_authenticated:
        return redirect(safe_next(request))
    speak_as_the_house(request)
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                sign_in(request, now=timezone.now(), **form.cleaned_data)
            except WrongCredentials:
                form.add_error(None, _("The sign-in name or the password is not right."))
            except LockedOut as error:
                form.add_error(None, words.locked_until(error.data["until"]))
            else:
                return redirect(safe_next(request))
    context = {"form": form, "next": safe_next(request, "")}
    return render(request, "accounts/sign_in.html", context, status=status)


@public
@require_POST
def sign_out_now(request: HttpRequest) -> HttpResponse:
    sign_out(request)
    return redirect("sign-in")


@public
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Changes the language of the screen, for good when signed in."""
    language = request.POST.get("language", "")
    response = HttpResponseRedirect(safe_next(request))
    if language in dict(settings.LANGUAGES):
        if isinstance(request.user, User):
            change_own_settings(request.user, {"language": language}, now=timezone.now())
        translation.activate(language)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=31_536_000, samesite="Lax"
        )
    return response
