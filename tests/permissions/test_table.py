"""URL × role → answer. The table below is the whole truth about who may open what.

One line a route, one column a role, the answer to a GET: 200 opens, 302 goes on, 403 is refused,
404 is out of one's scope (the row belongs to the agent, everybody is in the agent's team),
405 opens by POST alone, 422 or 400 lacks a parameter. A route that is missing fails; a new one
gets its line after thinking about each role.
"""

from functools import cache
from pathlib import Path

import pytest
from django.test import Client

from genjin.foundation import access
from genjin.foundation.checks import views
from tests.permissions.samples import VISITOR, World, make_world

pytestmark = pytest.mark.django_db
TABLE = Path(__file__).with_name("table.txt")


@cache
def table() -> dict[str, dict[str, int]]:
    """The expected answers by route and role."""
    lines = [
        line.split()
        for line in TABLE.read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    roles = lines[0][1:]
    return {
        route.strip('"'): dict(zip(roles, map(int, codes), strict=True))
        for route, *codes in lines[1:]
    }


def routes() -> list[str]:
    """The routes of the screens; test_api_table.py has those of the API."""
    return [route for route, _view in views() if not route.startswith("api/v1/")]


def answers(world: World, role: str, route: str) -> int:
    """What a person of that role gets for a GET."""
    client = Client(raise_request_exception=True)
    if role != VISITOR:
        client.force_login(world.users[role])
    return client.get(world.url_of(route)).status_code


def test_every_route_and_every_role_stands_in_the_table():
    assert sorted(table()) == sorted(set(routes()))
    wanted = {VISITOR, *access.roles()}
    assert all(set(line) == wanted for line in table().values())


@pytest.mark.parametrize("role", [VISITOR, *access.roles()])
def test_each_role_gets_what_the_table_says(role):
    world = make_world()
    expected = {route: line[role] for route, line in table().items()}
    found = {route: answers(world, role, route) for route in expected}
    assert {route: (expected[route], found[route]) for route in expected
            if expected[route] != found[route]} == {}  # fmt: skip


def test_what_is_refused_to_read_is_refused_to_write():
    """A POST by those who get 403 for a GET is refused as well, and changes nothing."""
    world = make_world()
    clients = {}
    for role, user in world.users.items():
        clients[role] = Client()
        clients[role].force_login(user)
    opened = [
        (route, role)
        for route, line in table().items()
        for role, code in line.items()
        if code == 403 and clients[role].post(world.url_of(route)).status_code != 403
    ]
    assert opened == []


def test_a_visitor_is_sent_to_the_door_from_every_page_that_is_not_public():
    world = make_world()
    public = {route for route, view in views() if view.required_right == access.PUBLIC}
    by_token = {route for route, view in views() if view.required_right == access.TOKEN}
    client = Client()
    wrong = []
    for route in sorted({*routes()} - by_token):
        for send in (client.get, client.post):
            answer = send(world.url_of(route))
            at_door = answer.status_code == 302 and answer["Location"].startswith("/sign-in?next=")
            if at_door == (route in public):
                wrong.append((route, answer.status_code))
    assert wrong == []


def test_only_these_pages_are_public():
    assert {route for route, view in views() if view.required_right == access.PUBLIC} == {
        "c/<str:token>",
        "design/",
        "healthz",
        "language",
        "s/<str:token>",
        "sign-in",
        "sign-out",
        "theme/",
        "u/<str:token>/<slug:purpose>",
        "w/<str:token>",
        "warranty",
        "warranty/<str:seal>",
    }
