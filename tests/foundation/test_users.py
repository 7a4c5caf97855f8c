"""People and teams: who may change what, and that somebody always can."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections

from genjin.foundation import queries, sign_in
from genjin.foundation.models import AuditEntry, SignInAttempt, User, UserSession
from genjin.foundation.operations import users
from genjin.foundation.passwords import WeakPassword
from genjin.kernel.errors import BadInput, Conflict, NotAllowed
from tests.factories import NOW, PASSWORD, make_team, make_user


def codes(error: BadInput) -> dict[str, list[str]]:
    return {str(name): [reason.code for reason in found] for name, found in error.problems.items()}


@pytest.mark.django_db
def test_a_new_person_gets_a_password_that_must_be_changed_and_an_audit_entry():
    admin, team = make_user(role="administrator"), make_team()
    made = users.add_user(
        username=" Wang.Fang ", name="王芳", role="agent", team=team, staff_number="0102",
        spoken="cmn, YUE cmn", by=admin, now=NOW,
    )  # fmt: skip
    user = User.objects.get(username="Wang.Fang")
    assert user.check_password(made.password)
    assert user.must_change_password
    assert (user.team, user.spoken, user.language) == (team, ["cmn", "yue"], "zh-hans")
    entry = AuditEntry.objects.get(object_kind="user", action="add")
    assert (entry.by, entry.changes["role"]) == (admin, [None, "agent"])
    assert made.password not in str(entry.changes)


@pytest.mark.django_db
def test_every_wrong_entry_of_a_new_person_is_named_and_nothing_is_written():
    make_user(username="wang", staff_number="0102")
    before = User.objects.count()
    with pytest.raises(BadInput) as error:
        users.add_user(
            username="WANG", name=" ", role="king", staff_number="0102", language="xx",
            time_zone="Mars/Base", spoken="普通话", by=None, now=NOW,
        )  # fmt: skip
    assert codes(error.value) == {
        "username": ["username_taken"],
        "name": ["name_length"],
        "role": ["unknown_role"],
        "staff_number": ["staff_number_taken"],
        "language": ["unknown_language"],
        "time_zone": ["unknown_time_zone"],
        "spoken": ["bad_language_code"],
    }
    assert User.objects.count() == before
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_a_weak_password_is_refused():
    with pytest.raises(WeakPassword) as error:
        users.add_user(username="wang", name="王芳", role="agent", password="123", by=None, now=NOW)
    assert len(error.value.messages) >= 2
    assert not User.objects.filter(username="wang").exists()


@pytest.mark.django_db
def test_nobody_changes_their_own_role_or_switches_themselves_off():
    admin = make_user(role="administrator")
    make_user(role="administrator")
    for values, code in (({"role": "agent"}, "own_role"), ({"is_active": False}, "own_account")):
        with pytest.raises(NotAllowed) as error:
            users.change_user(admin, values, by=admin, now=NOW)
        assert error.value.code == code
    admin.refresh_from_db()
    assert (admin.role, admin.is_active) == ("administrator", True)


@pytest.mark.django_db
def test_the_last_administrator_stays():
    last, other = make_user(role="administrator"), make_user(role="manager")
    for values in ({"role": "agent"}, {"is_active": False}):
        with pytest.raises(Conflict, match="last_administrator"):
            users.change_user(last, values, by=other, now=NOW)
    second = make_user(role="administrator")
    users.change_user(last, {"is_active": False}, by=second, now=NOW)
    assert not User.objects.get(pk=last.pk).is_active


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_switch_each_other_off_leave_one():
    one, two = make_user(role="administrator"), make_user(role="administrator")
    gate, outcomes = threading.Barrier(2), []

    def switch_off(who: User, by: User) -> None:
        try:
            gate.wait(10)
            users.change_user(who, {"is_active": False}, by=by, now=NOW)
            outcomes.append("done")
        except Conflict as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=switch_off, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["done", "last_administrator"]
    assert User.objects.filter(role="administrator", is_active=True).count() == 1


@pytest.mark.django_db
def test_switching_a_person_off_ends_their_sessions(client):
    admin, user = make_user(role="administrator"), make_user(username="wang", password=PASSWORD)
    client.post("/sign-in", {"username": "wang", "password": PASSWORD})
    assert UserSession.objects.filter(user=user).count() == 1
    users.change_user(user, {"is_active": False}, by=admin, now=NOW)
    assert not UserSession.objects.exists()
    assert client.get("/")["Location"].startswith("/sign-in")


@pytest.mark.django_db
def test_a_change_is_written_with_before_and_after():
    admin, team = make_user(role="administrator"), make_team()
    user = make_user(role="agent", staff_number="0102")
    changes = users.change_user(
        user, {"team": team, "staff_number": "0103"}, by=admin, now=NOW, reason="moved"
    )
    assert changes == {"team": [None, str(team.pk)], "staff_number": ["0102", "0103"]}
    entry = AuditEntry.objects.get(action="change")
    assert (entry.changes, entry.reason, entry.by) == (changes, "moved", admin)


@pytest.mark.django_db
def test_a_reset_password_opens_the_name_and_ends_the_sessions():
    admin, user = make_user(role="administrator"), make_user(username="wang", password=PASSWORD)
    UserSession.objects.create(session_key="k", user=user)
    for minute in range(5):
        SignInAttempt.objects.create(
            username="wang", at=NOW + timedelta(minutes=minute), was_right=False
        )
    now = NOW + timedelta(minutes=5)
    assert sign_in.locked_until("wang", now) is not None
    made = users.reset_password(user, by=admin, now=now)
    user.refresh_from_db()
    assert user.check_password(made)
    assert user.must_change_password
    assert not UserSession.objects.exists()
    assert sign_in.locked_until("wang", now + timedelta(seconds=1)) is None
    assert made not in str(list(AuditEntry.objects.values_list("changes", "label", "reason")))


@pytest.mark.django_db
def test_locked_names_are_listed_and_opened_one_by_one():
    admin = make_user(role="administrator")
    for name in ("wang", "nobody"):
        for second in range(5):
            SignInAttempt.objects.create(
                username=name, at=NOW + timedelta(seconds=second), was_right=False
            )
    now = NOW + timedelta(minutes=1)
    assert [name for name, _ in queries.locked_names(now)] == ["nobody", "wang"]
    assert users.unlock_name("WANG", by=admin, now=now) is True
    assert [name for name, _ in queries.locked_names(now)] == ["nobody"]
    assert users.unlock_name("wang", by=admin, now=now) is False
    assert AuditEntry.objects.filter(action="unlock", object_id="wang").count() == 1


@pytest.mark.django_db
def test_one_s_own_password_needs_the_present_one_and_a_strong_new_one():
    user = make_user(password=PASSWORD, must_change_password=True)
    for present, new, field in (
        ("wrong", "another-strong-phrase", "present"),
        (PASSWORD, PASSWORD, "new"),
    ):
        with pytest.raises(BadInput) as error:
            users.change_own_password(user, present=present, new=new, now=NOW)
        assert list(error.value.problems) == [field]
    with pytest.raises(WeakPassword):
        users.change_own_password(user, present=PASSWORD, new="short", now=NOW)
    users.change_own_password(user, present=PASSWORD, new="another-strong-phrase", now=NOW)
    user.refresh_from_db()
    assert user.check_password("another-strong-phrase")
    assert not user.must_change_password


@pytest.mark.django_db
def test_a_team_with_people_in_it_is_not_closed():
    admin, team = make_user(role="administrator"), make_team(name="一组")
    member = make_user(team=team)
    with pytest.raises(Conflict, match="team_has_members"):
        users.change_team(team, is_active=False, by=admin, now=NOW)
    users.change_user(member, {"team": None}, by=admin, now=NOW)
    users.change_team(team, is_active=False, by=admin, now=NOW)
    team.refresh_from_db()
    with pytest.raises(BadInput) as error:
        users.change_user(member, {"team": team}, by=admin, now=NOW)
    assert codes(error.value) == {"team": ["team_closed"]}


@pytest.mark.django_db
def test_two_teams_do_not_share_a_name():
    make_team(name="Team One")
    with pytest.raises(BadInput) as error:
        users.add_team(name="team one", by=None, now=NOW)
    assert codes(error.value) == {"name": ["team_name_taken"]}


@pytest.mark.django_db
def test_presence_is_written_at_most_once_a_minute(client):
    make_user(username="wang", password=PASSWORD)
    client.post("/sign-in", {"username": "wang", "password": PASSWORD})
    UserSession.objects.update(seen_at=NOW)
    key = UserSession.objects.get().session_key
    for seconds, expected in ((30, 0), (61, 61), (90, 61), (130, 130)):
        sign_in.note_presence(key, NOW + timedelta(seconds=seconds))
        assert UserSession.objects.get().seen_at == NOW + timedelta(seconds=expected)


@pytest.mark.django_db
def test_sessions_that_ran_out_leave_the_list(client):
    user = make_user(username="wang", password=PASSWORD)
    client.post("/sign-in", {"username": "wang", "password": PASSWORD})
    now = UserSession.objects.get().seen_at
    assert queries.sessions_of(user, now).count() == 1
    later = now + timedelta(days=2)
    assert queries.sessions_of(user, later).count() == 0
    assert sign_in.forget_ended_sessions(later) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_session")
        assert cursor.fetchone() == (0,)
