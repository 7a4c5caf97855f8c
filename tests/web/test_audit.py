"""The audit trail on screen: found by who, what and when; in words; never changed."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation
from tests.factories import NOW, make_team, make_user

from genjin.foundation import audit, policy, queries
from genjin.foundation.models import AuditEntry, User
from genjin.foundation.operations import users
from genjin.foundation.queries import AuditFilter, audit_entries
from genjin.web.audit import words

pytestmark = pytest.mark.django_db
SOURCE = Path(words.__file__).resolve().parents[2]


@pytest.fixture
def manager() -> User:
    return make_user(role="manager", language="en")


@pytest.fixture
def reader(manager) -> Client:
    client = Client()
    client.force_login(manager)
    return client


def entries(count: int, **values) -> list[AuditEntry]:
    return [
        AuditEntry.objects.create(
            at=NOW + timedelta(seconds=number // 2), action="change", object_kind="user",
            object_id=str(number), label=f"P{number}", **values,
        )
        for number in range(count)
    ]  # fmt: skip


def test_pages_follow_each_other_without_a_gap_and_without_a_double():
    made = {entry.pk for entry in entries(23)}
    seen, cursor = [], ""
    while True:
        page = audit_entries(AuditFilter(), after=cursor, size=5)
        seen += [entry.pk for entry in page.rows]
        if not page.after:
            break
        cursor = page.after
    assert len(seen) == 23
    assert set(seen) == made
    back = audit_entries(AuditFilter(), before=page.before, size=5)
    assert [entry.pk for entry in back.rows] == seen[15:20]
    second = audit_entries(AuditFilter(), after=audit_entries(AuditFilter(), size=5).after, size=5)
    first = audit_entries(AuditFilter(), before=second.before, size=5)
    assert ([entry.pk for entry in first.rows], first.before) == (seen[:5], "")


@pytest.mark.parametrize("cursor", ["x", "////", "MjAyNg==", "MjAyNi0wMS0wMXxh"])
def test_a_cursor_that_is_none_of_ours_shows_the_first_page(reader, cursor):
    entries(3)
    answer = reader.get("/audit", {"after": cursor})
    assert (answer.status_code, len(answer.context["lines"])) == (200, 3)


def test_the_trail_is_found_by_person_thing_action_way_word_and_day(reader, manager):
    team = make_team(name="一组")
    with audit.origin("command"):
        audit.record("add", team, by=None, now=NOW - timedelta(days=2))
    audit.record("change", manager, by=manager, now=NOW, reason="moved house")

    def found(**asked) -> list[str]:
        return [line["entry"].action for line in reader.get("/audit", asked).context["lines"]]

    assert found() == ["change", "add"]
    assert found(by=manager.pk) == ["change"]
    assert found(kind="team", id=team.pk) == ["add"]
    assert found(action="add") == ["add"]
    assert found(source="command") == ["add"]
    assert found(q="house", since="2026-11-01") == ["change"]
    assert found(since="2026-11-22") == ["change"]
    assert found(until="2026-11-21") == ["add"]
    assert found(kind="nothing") == []
    assert found(since="yesterday", by="x") == ["change", "add"]


def test_an_entry_says_from_what_to_what_in_words(reader):
    admin = make_user(role="administrator")
    old, new = make_team(name="一组"), make_team(name="二组")
    user = make_user(name="王芳", team=old)
    users.change_user(user, {"role": "manager", "team": new}, by=admin, now=NOW)
    (line,) = reader.get("/audit", {"kind": "user", "id": user.pk}).context["lines"]
    assert {(change.label, change.before, change.after) for change in line["changes"]} == {
        ("role", "Agent", "Manager"),
        ("team", "一组", "二组"),
    }
    assert (line["action"], line["kind"], line["url"]) == ("changed", "person", f"/users/{user.pk}")


def test_a_changed_rule_is_told_by_its_sentences(reader):
    key = "contact.profiles.cn-mainland.cool_off.days"
    policy.set_value(key, 60, by=make_user(role="administrator"), now=NOW)
    (line,) = reader.get("/audit", {"kind": "policy"}).context["lines"]
    (change,) = line["changes"]
    assert (change.before, change.after) == (
        "After a no the same purpose rests for 30 days.",
        "After a no the same purpose rests for 60 days.",
    )


def test_the_trail_can_be_read_and_nothing_else(reader):
    (entry,) = entries(1)
    for send in (reader.post, reader.put, reader.patch, reader.delete):
        assert send("/audit").status_code == 405
    entry.refresh_from_db()
    assert entry.label == "P0"


def test_a_page_costs_the_same_with_few_and_with_many_entries(
    reader, manager, django_assert_max_num_queries
):
    admin = make_user(role="administrator")
    for _ in range(15):
        user = make_user()
        users.change_user(user, {"team": make_team()}, by=admin, now=NOW)
    with django_assert_max_num_queries(12):
        reader.get("/audit")


def recorded(name: str) -> set[str]:
    """Every constant that the product gives to audit.record or audit.change as the action."""
    found = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr == name and getattr(node.func.value, "id", "") == "audit":
                given = [word.value for word in node.keywords if word.arg == "action"]
                given += node.args[:1] if name == "record" else []
                found |= {one.value for one in given if isinstance(one, ast.Constant)}
    return found


def test_every_action_that_the_product_records_has_its_word():
    actions = recorded("record") | recorded("change")
    assert len(actions) > 15
    assert actions - set(words.ACTIONS) == set()


def test_values_of_every_shape_are_written_for_people():
    entry = AuditEntry(
        object_kind="user",
        changes={"is_active": [True, False], "spoken": [[], ["cmn"]], "count": 3, "x": ["a" * 400]},
    )
    with translation.override("en"):
        found = words.changes_of(entry, words.Names([entry]))
    assert [(line.before, line.after[:10], line.has_before) for line in found] == [
        ("yes", "no", True),
        ("–", "cmn", True),
        ("", "3", False),
        ("", "a" * 10, False),
    ]
    assert len(found[3].after) < 310


def test_the_sessions_and_passwords_of_people_leave_no_secret_in_the_trail():
    admin, user = make_user(role="administrator"), make_user()
    made = users.reset_password(user, by=admin, now=NOW)
    told = str(list(AuditEntry.objects.values()))
    user.refresh_from_db()
    assert made not in told
    assert user.password not in told
    assert queries.people().count() == 2
