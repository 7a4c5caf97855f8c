"""The door: right, wrong, locked, and open again."""

from datetime import timedelta

import pytest
from django.test import Client

from genjin.foundation import sign_in
from genjin.foundation.models import AuditEntry, SignInAttempt, UserSession
from tests.factories import NOW, PASSWORD, make_user

pytestmark = pytest.mark.django_db


def enter(client: Client, username: str, password: str):
    return client.post("/sign-in", {"username": username, "password": password})


def test_the_right_password_opens_a_session_that_is_listed(client):
    user = make_user(username="Wang.Fang", password=PASSWORD)
    response = enter(client, "wang.fang", PASSWORD)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert [session.user for session in UserSession.objects.all()] == [user]


def test_a_wrong_password_is_told_without_saying_what_was_wrong(client):
    make_user(username="wang", password=PASSWORD)
    unknown = enter(client, "nobody", PASSWORD)
    wrong = enter(client, "wang", "wrong")
    assert unknown.status_code == wrong.status_code == 422
    assert unknown.context["form"].errors == wrong.context["form"].errors


def test_five_wrong_tries_lock_the_name_even_for_the_right_password(client):
    make_user(username="wang", password=PASSWORD)
    for _ in range(5):
        enter(client, "wang", "wrong")
    assert enter(client, "WANG", PASSWORD).status_code == 422
    assert not UserSession.objects.exists()
    assert AuditEntry.objects.filter(action="locked_out", object_id="wang").count() == 1


@pytest.mark.parametrize("spelling", ["WANGSI", "wang\u017fi", "wangs\u0131", " wangsi\u00a0"])
def test_another_spelling_of_a_name_is_the_same_name_to_the_lock(client, spelling):
    make_user(username="wangsi", password=PASSWORD)
    assert enter(Client(), spelling, PASSWORD).status_code == 302
    for _ in range(5):
        enter(client, "wangsi", "wrong")
    assert enter(client, spelling, PASSWORD).status_code == 422


def test_the_lock_opens_again_after_its_minutes():
    for minute in range(5):
        SignInAttempt.objects.create(
            username="wang", at=NOW + timedelta(minutes=minute), was_right=False
        )
    last = NOW + timedelta(minutes=4)
    assert sign_in.locked_until("wang", last) == last + timedelta(minutes=15)
    assert sign_in.locked_until("wang", last + timedelta(minutes=15)) is None


def test_a_right_try_in_between_starts_the_count_anew():
    for minute, right in enumerate([False, False, False, False, True, False]):
        SignInAttempt.objects.create(
            username="wang", at=NOW + timedelta(minutes=minute), was_right=right
        )
    assert sign_in.locked_until("wang", NOW + timedelta(minutes=6)) is None


def test_ending_the_sessions_of_a_person_signs_them_out_at_once(client):
    user, admin = make_user(username="wang", password=PASSWORD), make_user(role="administrator")
    enter(client, "wang", PASSWORD)
    assert sign_in.end_sessions(user, by=admin, now=NOW) == 1
    assert client.get("/").status_code == 302
    assert "/sign-in" in client.get("/")["Location"]


def test_an_inactive_person_cannot_sign_in(client):
    make_user(username="gone", password=PASSWORD, is_active=False)
    assert enter(client, "gone", PASSWORD).status_code == 422


def test_the_page_after_signing_in_is_one_of_ours(client):
    make_user(username="wang", password=PASSWORD)
    response = client.post(
        "/sign-in?next=https://evil.example/", {"username": "wang", "password": PASSWORD}
    )
    assert response["Location"] == "/"
