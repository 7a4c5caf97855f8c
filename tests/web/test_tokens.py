"""Access tokens on one's own page, and on the page of a person for the administrator (PL6)."""

import re

import pytest
from django.test import Client
from django.utils import timezone
from tests.api.caller import Caller, token_for
from tests.factories import PASSWORD, make_user

from genjin.foundation.models import ApiToken, SignInAttempt

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return make_user(username="wang", password=PASSWORD, language="en", role="manager")


@pytest.fixture
def client(person):
    client = Client()
    client.force_login(person)
    return client


def form(**values):
    return {"name": "ERP", "scope": "read", "last_day": "", "present": PASSWORD, **values}


def test_a_token_is_shown_once_and_opens_the_api(client, person):
    answer = client.post("/me/tokens", form())
    text = re.search(r'handed-token">(gj_[^<]+)<', answer.content.decode())[1]
    assert answer.headers["Cache-Control"] == "no-store"
    assert Caller(text).get("status").json()["person"] == "wang"
    page = client.get("/me").content.decode()
    assert text.split("_")[2] not in page
    assert ("ERP" in page, text.split("_")[1] in page) == (True, True)


def test_making_one_needs_the_password_and_a_wrong_one_counts(client, person):
    answer = client.post("/me/tokens", form(present="wrong"))
    assert answer.status_code == 422
    assert answer.context["form"].errors["present"] == ["This is not your present password."]
    assert not ApiToken.objects.exists()
    assert SignInAttempt.objects.filter(username="wang", was_right=False).count() == 1


def test_what_cannot_be_taken_is_said_beside_the_field(client):
    answer = client.post("/me/tokens", form(name="", scope="all", last_day="2020-01-01"))
    assert set(answer.context["form"].errors) == {"name", "scope"}
    answer = client.post("/me/tokens", form(last_day="2020-01-01"))
    assert answer.context["form"].errors == {"last_day": ["Choose a day to come."]}


def test_its_person_revokes_a_token(client, person):
    text = token_for(person)
    row = ApiToken.objects.get()
    assert client.post(f"/me/tokens/{row.pk}/revoke")["Location"] == "/me"
    assert Caller(text).get("status").status_code == 401
    assert "ended" in client.get("/me").content.decode()


def test_nobody_revokes_another_s_token_on_their_own_page(client):
    token_for(make_user())
    row = ApiToken.objects.get()
    assert client.post(f"/me/tokens/{row.pk}/revoke").status_code == 404
    row.refresh_from_db()
    assert row.revoked_at is None


def test_an_administrator_sees_and_revokes_the_tokens_of_a_person(person):
    admin, client = make_user(role="administrator", language="en"), Client()
    client.force_login(admin)
    text = token_for(person)
    row = ApiToken.objects.get()
    assert row.handle in client.get(f"/users/{person.pk}").content.decode()
    assert client.post(f"/users/{admin.pk}/tokens/{row.pk}").status_code == 404
    client.post(f"/users/{person.pk}/tokens/{row.pk}")
    row.refresh_from_db()
    assert row.revoked_by == admin
    assert Caller(text).get("status").status_code == 401
    trail = client.get("/audit?kind=apitoken").content.decode()
    assert ("access token" in trail, str(person) in trail) == (True, True)


@pytest.mark.parametrize("count", [1, 6])
def test_the_page_costs_as_many_queries_for_one_token_as_for_six(
    client, person, count, django_assert_num_queries
):
    for _ in range(count):
        token_for(person)
    ApiToken.objects.update(used_at=timezone.now(), used_from="198.51.100.7")
    client.get("/me")
    with django_assert_num_queries(12, exact=False):
        client.get("/me")
