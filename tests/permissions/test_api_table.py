"""Operation × role: what the API answers a token of each role (PL4, PL6).

The table lies in api_table.txt: a write token, the rows of `samples`, and an empty body, so that
422 is what may be written by this role. 403 is refused, 404 is out of one's scope. An operation
that is missing fails; a new one gets its line after thinking about each role.
"""

import re
from functools import cache
from pathlib import Path

import pytest
from django.test import Client
from django.urls import get_resolver

from genjin.api import checks
from genjin.api.area import Area
from genjin.api.service import operations
from genjin.foundation import access
from genjin.foundation.checks import views
from tests.api.caller import Caller, as_program
from tests.permissions.samples import World, make_world

pytestmark = pytest.mark.django_db
TABLE = Path(__file__).with_name("api_table.txt")
NO_TOKEN = "none"
READS = "reads"


@cache
def table() -> dict[str, dict[str, int]]:
    """The expected answers by operation and role."""
    lines = [
        re.split(r"\s{2,}|(?<=\d)\s+", line.strip())
        for line in TABLE.read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    roles = lines[0][1].split()
    return {
        name.strip('"'): dict(zip(roles, map(int, codes), strict=True))
        for name, *codes in lines[1:]
    }


def address(world: World, name: str) -> tuple[str, str]:
    """Method and path of an operation with the keys of this world's rows."""
    method, route = name.split(" ", 1)
    route = re.sub(r"\{(\w+)\}", r"<\1>", route).removeprefix("/")
    return method, world.url_of(route).removeprefix("/api/v1/")


def program(world: World, role: str) -> Caller:
    """A program with a write token of a role; the token of `reads` is a manager's and reads."""
    if role == NO_TOKEN:
        return Caller()
    if role == READS:
        return as_program(world.users["manager"], "read")
    user = world.users[role]
    return as_program(user) if access.has_right(user, "api.use") else _old_token(world, role)


def _old_token(world: World, role: str) -> Caller:
    """A token made while its person still had a role that may have one."""
    user = world.users[role]
    user.role = "agent"
    user.save(update_fields=["role"])
    made = as_program(user)
    user.role = role
    user.save(update_fields=["role"])
    return made


def test_every_operation_and_every_role_stands_in_the_table():
    assert sorted(table()) == sorted(name for name, _operation in operations())
    wanted = {NO_TOKEN, READS, *access.roles()}
    assert all(set(line) == wanted for line in table().values())


@pytest.mark.parametrize("role", [NO_TOKEN, READS, *access.roles()])
def test_each_role_gets_from_the_api_what_the_table_says(role):
    world = make_world()
    calls = program(world, role)
    found = {}
    for name in table():
        method, path = address(world, name)
        body = None if method == "GET" else {}
        found[name] = calls.send(method, path, body).status_code
    expected = {name: line[role] for name, line in table().items()}
    assert {name: (expected[name], found[name]) for name in expected
            if expected[name] != found[name]} == {}  # fmt: skip


def test_every_operation_names_a_right_that_exists():
    assert checks.unmarked() == []


def test_an_operation_without_a_right_cannot_be_written():
    area = Area("x", title="x", says=str)
    with pytest.raises(TypeError):
        area.get("x", answer=None, summary="x")


def test_only_the_api_s_own_views_carry_its_mark():
    marked = {route for route, view in views() if view.required_right == access.TOKEN}
    assert all(route.startswith("api/") for route in marked)
    assert {route for route in marked if not route.startswith("api/v1/")} == {"api/openapi.json"}
    assert get_resolver() is not None


@pytest.mark.parametrize("role", list(access.roles()))
def test_a_session_opens_nothing_in_the_api(role):
    world = make_world()
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.users[role])
    for name in table():
        method, path = address(world, name)
        answer = client.generic(method, f"/api/v1/{path}", "{}", content_type="application/json")
        assert (name, answer.status_code) == (name, 401)
