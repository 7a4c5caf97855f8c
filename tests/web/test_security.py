"""What holds for every page: headers, cookies, CSRF, default deny, sessions, redirects."""

import re

import pytest
from django.core import checks
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path
from tests.factories import PASSWORD, make_user

from genjin.conf import urls as product
from genjin.foundation.access import public
from genjin.foundation.middleware import CONTENT_POLICY
from genjin.foundation.models import User

pytestmark = pytest.mark.django_db


def unmarked(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open to all")


@public
def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("secret detail of the program")


urlpatterns = [path("", include(product)), path("unmarked", unmarked), path("broken", broken)]
handler403 = product.handler403
handler500 = product.handler500
HERE = override_settings(ROOT_URLCONF=__name__)


def signed_in(**options) -> Client:
    client = Client(**options)
    client.force_login(make_user(role="administrator", language="en"))
    return client


@HERE
def test_the_start_refuses_a_view_without_an_access_mark():
    found = [error for error in checks.run_checks() if error.id == "genjin.E001"]
    assert len(found) == 1
    assert "unmarked" in found[0].msg


def test_every_view_of_the_product_has_its_mark():
    assert [error for error in checks.run_checks() if error.id == "genjin.E001"] == []


@HERE
def test_a_view_without_a_mark_opens_to_nobody():
    for client in (Client(), signed_in()):
        answer = client.get("/unmarked")
        assert answer.status_code == 403
        assert b"open to all" not in answer.content


@HERE
def test_a_fault_is_told_without_the_details_of_the_program():
    client = signed_in(raise_request_exception=False)
    answer = client.get("/broken")
    assert answer.status_code == 500
    assert b"secret detail" not in answer.content
    assert b"Traceback" not in answer.content


@pytest.mark.parametrize("page", ["/", "/sign-in", "/healthz", "/users", "/nowhere", "/audit"])
def test_every_answer_has_the_strict_headers(page):
    answer = signed_in().get(page)
    assert answer.headers["Content-Security-Policy"] == CONTENT_POLICY
    assert "unsafe" not in CONTENT_POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "camera=()" in answer.headers["Permissions-Policy"]


@pytest.mark.parametrize(
    "page",
    ["/users", "/users/add", "/settings", "/settings/contact", "/settings/calendar", "/audit",
     "/tasks", "/me", "/me/password"],
)  # fmt: skip
def test_no_page_has_script_or_style_inside(page):
    html = signed_in().get(page).content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)
    for attributes in re.findall(r"<script([^>]*)>", html):
        assert "src=" in attributes or 'type="application/json"' in attributes


def test_the_cookies_are_kept_from_scripts_and_from_other_sites():
    make_user(username="wang", password=PASSWORD)
    client = Client()
    client.get("/sign-in")
    client.post("/sign-in", {"username": "wang", "password": PASSWORD})
    session = client.cookies["genjin_session"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert client.cookies["genjin_csrf"]["samesite"] == "Lax"


@override_settings(SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True)
def test_behind_tls_the_cookies_travel_encrypted_only():
    make_user(username="wang", password=PASSWORD)
    client = Client()
    client.get("/sign-in")
    client.post("/sign-in", {"username": "wang", "password": PASSWORD})
    assert client.cookies["genjin_session"]["secure"]
    assert client.cookies["genjin_csrf"]["secure"]


@pytest.mark.parametrize(
    "page", ["/sign-in", "/users/add", "/settings/contact", "/me/password", "/sign-out"]
)
def test_a_post_without_its_token_is_refused_and_does_nothing(page):
    client = signed_in(enforce_csrf_checks=True)
    before = User.objects.count()
    answer = client.post(page, {"username": "x", "name": "x", "role": "agent"})
    assert answer.status_code == 403
    assert "Load it again" in answer.content.decode() or "csrf" not in answer.content.decode()
    assert User.objects.count() == before
    assert client.get("/me").status_code == 200


def test_signing_in_makes_a_new_session_key():
    make_user(username="wang", password=PASSWORD)
    client = Client()
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    planted = session.session_key
    client.cookies["genjin_session"] = planted
    client.post("/sign-in", {"username": "wang", "password": PASSWORD})
    assert client.cookies["genjin_session"].value != planted
    thief = Client()
    thief.cookies["genjin_session"] = planted
    assert thief.get("/me").status_code == 302


def test_signing_out_makes_the_old_cookie_worthless():
    make_user(username="wang", password=PASSWORD)
    client = Client()
    client.post("/sign-in", {"username": "wang", "password": PASSWORD})
    old = client.cookies["genjin_session"].value
    client.post("/sign-out")
    thief = Client()
    thief.cookies["genjin_session"] = old
    assert thief.get("/me").status_code == 302


FOREIGN = ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)",
           "http:///evil.example"]  # fmt: skip


@pytest.mark.parametrize("target", FOREIGN)
def test_no_page_sends_on_to_a_foreign_one(target):
    make_user(username="wang", password=PASSWORD)
    entered = {"username": "wang", "password": PASSWORD, "next": target}
    assert Client().post("/sign-in", entered)["Location"] == "/"
    assert Client().post("/language", {"language": "en", "next": target})["Location"] == "/"
    assert Client().post("/theme/", {"theme": "dark", "next": target})["Location"] == "/"


def test_no_page_of_administration_shows_a_secret(settings):
    client = signed_in()
    user = User.objects.get()
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    client.force_login(user)
    secrets = [settings.SECRET_KEY, user.password, PASSWORD, client.session.session_key]
    for page in ("/users", f"/users/{user.pk}", "/me", "/audit", "/settings", "/tasks", "/healthz"):
        html = client.get(page).content.decode()
        assert [secret for secret in secrets if secret in html] == []


def test_the_list_of_sessions_says_where_and_when():
    make_user(username="wang", password=PASSWORD, language="en")
    client = Client(REMOTE_ADDR="192.0.2.7", headers={"User-Agent": "x Windows x Firefox/140"})
    client.post("/sign-in", {"username": "wang", "password": PASSWORD})
    (session,) = client.get("/me").context["sessions"]
    assert (session.device, session.address, session.is_this) == (
        "Firefox, Windows", "192.0.2.7", True,
    )  # fmt: skip
