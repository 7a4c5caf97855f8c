"""People, teams and one's own page, as an administrator and as anybody uses them."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.factories import NOW, PASSWORD, make_team, make_user

from genjin.foundation import policy
from genjin.foundation.models import AuditEntry, SignInAttempt, Team, User, UserSession

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client) -> User:
    user = make_user(role="administrator", username="admin", password=PASSWORD, language="en")
    client.post("/sign-in", {"username": "admin", "password": PASSWORD})
    return user


def person_form(**values):
    return {
        "name": "王芳", "role": "agent", "staff_number": "0102", "language": "zh-hans",
        "time_zone": "Asia/Shanghai", "spoken": ["cmn"], "skills": "", "team": "", **values,
    }  # fmt: skip


def test_an_added_person_signs_in_with_the_password_shown_and_must_choose_another(client, admin):
    answer = client.post("/users/add", person_form(username="wang"))
    made = re.search(r'handed-password">([^<]+)<', answer.content.decode())[1]
    assert answer.headers["Cache-Control"] == "no-store"
    theirs = Client()
    assert theirs.post("/sign-in", {"username": "wang", "password": made})["Location"] == "/"
    for page in ("/", "/customers", "/me"):
        assert theirs.get(page)["Location"] == "/me/password"
    hx = theirs.get("/customers", headers={"HX-Request": "true"})
    assert hx.headers["HX-Redirect"] == "/me/password"
    changed = theirs.post(
        "/me/password",
        {"present": made, "new": "another-strong-phrase", "again": "another-strong-phrase"},
    )
    assert changed["Location"] == "/"
    assert theirs.get("/me").status_code == 200


def test_a_person_that_cannot_be_added_is_told_beside_the_field(client, admin):
    make_user(username="wang")
    answer = client.post("/users/add", person_form(username="Wang", time_zone="Mars"))
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"username", "time_zone"}
    assert 'id="id_username_error"' in answer.content.decode()
    assert User.objects.filter(username__iexact="wang").count() == 1


def test_one_s_own_role_and_the_last_administrator_are_kept_with_a_sentence(client, admin):
    answer = client.post(f"/users/{admin.pk}", person_form(role="agent", staff_number=""))
    assert answer.status_code == 422
    assert answer.context["form"].errors["role"] == [
        "Nobody changes their own role; ask another administrator."
    ]
    admin.refresh_from_db()
    assert admin.role == "administrator"


def test_switching_off_ends_the_sessions_at_once(client, admin):
    user, theirs = make_user(username="wang", password=PASSWORD), Client()
    theirs.post("/sign-in", {"username": "wang", "password": PASSWORD})
    assert theirs.get("/me").status_code == 200
    client.post(f"/users/{user.pk}/active", {"active": "0"})
    assert theirs.get("/me")["Location"].startswith("/sign-in")
    assert not UserSession.objects.filter(user=user).exists()


def test_one_of_several_sessions_is_ended_and_its_key_is_never_shown(client, admin):
    user = make_user(username="wang", password=PASSWORD)
    one, two = Client(), Client()
    for theirs in (one, two):
        theirs.post("/sign-in", {"username": "wang", "password": PASSWORD})
    page = client.get(f"/users/{user.pk}")
    html = page.content.decode()
    for key in UserSession.objects.values_list("session_key", flat=True):
        assert key not in html
    handle = next(entry.handle for entry in page.context["sessions"] if entry.handle in html)
    client.post(f"/users/{user.pk}/sessions", {"session": handle})
    assert UserSession.objects.filter(user=user).count() == 1
    codes = sorted(theirs.get("/me").status_code for theirs in (one, two))
    assert codes == [200, 302]


def test_a_handle_of_somebody_else_s_session_ends_nothing(client, admin):
    user, other = make_user(username="wang", password=PASSWORD), make_user()
    theirs = Client()
    theirs.post("/sign-in", {"username": "wang", "password": PASSWORD})
    handle = client.get(f"/users/{user.pk}").context["sessions"][0].handle
    client.post(f"/users/{other.pk}/sessions", {"session": handle})
    assert theirs.get("/me").status_code == 200


def test_changing_the_password_keeps_this_session_and_ends_the_others():
    user = make_user(username="wang", password=PASSWORD)
    one, two = Client(), Client()
    for theirs in (one, two):
        theirs.post("/sign-in", {"username": "wang", "password": PASSWORD})
    before = one.session.session_key
    new = "another-strong-phrase"
    one.post("/me/password", {"present": PASSWORD, "new": new, "again": new})
    assert one.get("/me").status_code == 200
    assert one.session.session_key != before
    assert two.get("/me").status_code == 302
    assert [row.session_key for row in UserSession.objects.filter(user=user)] == [
        one.session.session_key
    ]


def test_guessing_the_present_password_locks_the_name_as_at_the_door():
    make_user(username="wang", password=PASSWORD, language="en")
    theirs = Client()
    theirs.post("/sign-in", {"username": "wang", "password": PASSWORD})
    new = {"new": "another-strong-phrase", "again": "another-strong-phrase"}
    for guess in range(5):
        answer = theirs.post("/me/password", {"present": f"guess-{guess}", **new})
        assert answer.status_code == 422
    assert "Too many wrong tries" in answer.content.decode()
    right = theirs.post("/me/password", {"present": PASSWORD, **new})
    assert right.status_code == 422
    assert "Too many wrong tries" in right.content.decode()
    door = Client().post("/sign-in", {"username": "wang", "password": PASSWORD})
    assert door.status_code == 422


def test_a_password_that_cannot_be_taken_is_told_beside_the_field(client):
    make_user(username="wang", password=PASSWORD)
    client.post("/sign-in", {"username": "wang", "password": PASSWORD})
    for entered, field in (
        ({"present": "x", "new": "a-strong-phrase", "again": "a-strong-phrase"}, "present"),
        ({"present": PASSWORD, "new": "12345", "again": "12345"}, "new"),
        ({"present": PASSWORD, "new": "a-strong-phrase", "again": "another"}, "again"),
    ):
        answer = client.post("/me/password", entered)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])


def test_a_locked_name_is_shown_and_opened(client, admin):
    for _ in range(5):
        SignInAttempt.objects.create(username="wang", at=timezone.now(), was_right=False)
    assert "wang" in client.get("/users").content.decode()
    client.post("/users/unlock", {"username": "wang"})
    assert client.get("/users").context["locked"] == []


def test_teams_are_added_renamed_and_closed(client, admin):
    client.post("/users/teams", {"name": "一组"})
    team = Team.objects.get(name="一组")
    client.post(f"/users/teams/{team.pk}", {"name": "二组"})
    client.post(f"/users/teams/{team.pk}", {"active": "0"})
    team.refresh_from_db()
    assert (team.name, team.is_active) == ("二组", False)
    assert AuditEntry.objects.filter(object_kind="team").count() == 3


def test_people_are_found_by_name_role_and_team(client, admin):
    team = make_team()
    wang = make_user(name="王芳", team=team)
    make_user(name="李四", role="manager", is_active=False)

    def found(query: str) -> list[str]:
        return [line["row"].name for line in client.get(f"/users?{query}").context["people"]]

    assert found("q=王") == ["王芳"]
    assert found(f"team={team.pk}") == [wang.name]
    assert found("role=manager") == []
    assert found("role=manager&all=1") == ["李四"]
    assert found("team=x") == found("")


def test_the_list_of_people_costs_the_same_with_one_and_with_many(
    client, admin, django_assert_max_num_queries
):
    client.get("/users")
    for _ in range(12):
        make_user(team=make_team())
    with django_assert_max_num_queries(10):
        client.get("/users")


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "zh-hk", "en"])
def test_the_language_chosen_on_one_s_page_is_the_language_of_every_page(client, language):
    user = make_user(username="wang", password=PASSWORD)
    client.post("/sign-in", {"username": "wang", "password": PASSWORD})
    client.post("/me", {"language": language, "time_zone": "Europe/London"})
    user.refresh_from_db()
    assert (user.language, user.time_zone) == (language, "Europe/London")
    answer = client.get("/me", headers={"Accept-Language": "en"})
    assert answer.headers["Content-Language"] == language


def test_times_are_shown_by_the_clock_of_the_reader(client):
    moment = NOW - timedelta(days=400)
    user = make_user(username="wang", password=PASSWORD, time_zone="Asia/Shanghai", language="en")
    client.post("/sign-in", {"username": "wang", "password": PASSWORD})
    UserSession.objects.update(started_at=moment)
    assert "2025-10-19 10:00" in client.get("/me").content.decode()
    User.objects.filter(pk=user.pk).update(time_zone="America/New_York")
    assert "2025-10-18 22:00" in client.get("/me").content.decode()


def test_a_visitor_who_asks_for_no_language_of_ours_gets_the_one_of_the_house(client):
    admin = make_user(role="administrator")
    policy.set_value("organisation.language", "zh-hant", by=admin, now=NOW)
    languages = {
        asked: client.get("/sign-in", headers={"Accept-Language": asked}).headers[
            "Content-Language"
        ]
        for asked in ("", "fr", "en-GB,fr", "zh-CN")
    }
    assert languages == {"": "zh-hant", "fr": "zh-hant", "en-GB,fr": "en", "zh-CN": "zh-hans"}
