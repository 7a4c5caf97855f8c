"""The OpenAPI document: complete, translated, for those alone who may know it; and kept to (PL6).

Each operation is called with whatever the document allows and forbids; none answers with a fault,
and every answer is one that the document names.
"""

import json
import os
import re

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from django.utils.translation import override
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as kept

from genjin.api import documentation, handbook
from genjin.api.service import operations
from genjin.foundation import policy
from tests.api.caller import token_for
from tests.factories import make_user
from tests.permissions.samples import make_world

EXAMPLES = int(os.environ.get("GENJIN_EXAMPLES", "12"))
with override("en"):
    document = schemathesis.openapi.from_dict(documentation.schema())
document.app = get_wsgi_application()


@pytest.fixture
def world(db):
    return make_world()


@pytest.fixture
def one_connection():
    """The application shares the connection of the test, whose transaction is rolled back."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def unhurried(monkeypatch):
    """Nobody counts how often a token asks."""
    real = policy.value

    def value(key, *rest):
        return 10**6 if key.endswith("per_minute") else real(key, *rest)

    monkeypatch.setattr(policy, "value", value)


@pytest.fixture
def token(world):
    return token_for(world.users["administrator"])


@document.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_an_operation_answers_whatever_is_sent_as_the_document_says(
    case, world, token, one_connection, unhurried
):
    known = next(
        values for start, values in sorted(world.values.items(), reverse=True)
        if case.path.removeprefix("/").startswith(start)
    ) if case.path_parameters else {}  # fmt: skip
    names = {"id": "pk"}
    case.path_parameters = {
        name: str(known[names.get(name, name)]) for name in case.path_parameters or {}
    }
    # An id that was put in its place is no wrong one any more; a parameter that a list does not
    # know is passed over, as a web page does.
    is_list = case.operation.method.upper() == "GET"
    refused = [] if case.path_parameters or is_list else [kept.negative_data_rejection]
    case.call_and_validate(
        headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"},
        checks=[not_a_server_error, kept.status_code_conformance, kept.content_type_conformance,
                kept.response_schema_conformance, *refused],
    )  # fmt: skip


def test_the_document_names_every_operation_with_its_right():
    found = {
        f"{method.upper()} {path}": operation["x-right"]
        for path, methods in documentation.schema()["paths"].items()
        for method, operation in methods.items()
    }
    assert found == {
        name.replace("{pk}", "{id}"): one.auth_callbacks[0].right for name, one in operations()
    }


def test_every_text_of_the_document_is_translated():
    def texts(value):
        if isinstance(value, dict):
            for name, one in value.items():
                if name in documentation.PROSE and isinstance(one, str):
                    yield one
                else:
                    yield from texts(one)
        elif isinstance(value, list):
            for one in value:
                yield from texts(one)

    written = {}
    for language in ("en", "zh-hans", "zh-hant"):
        with override(language):
            written[language] = list(texts(documentation.schema()))
    # Words of the standard itself.
    same = {"OK", "Created", "Problem"}
    for language in ("zh-hans", "zh-hant"):
        pairs = zip(written["en"], written[language], strict=True)
        assert {ours for ours, theirs in pairs if ours == theirs} <= same


def test_the_document_is_for_those_who_signed_in_or_carry_a_token(db):
    agent, client = make_user(language="en"), Client()
    assert client.get("/api/openapi.json").status_code == 401
    bearer = {"Authorization": f"Bearer {token_for(agent, 'read')}"}
    assert client.get("/api/openapi.json", headers=bearer).json()["info"]["title"] == "Genjin"
    client.force_login(agent)
    assert client.get("/api/openapi.json").status_code == 200
    agent.must_change_password = True
    agent.save(update_fields=["must_change_password"])
    assert client.get("/api/openapi.json").status_code == 401


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant", "zh-hk"])
def test_the_page_tells_every_operation_and_every_shape_without_foreign_scripts(db, language):
    client = Client()
    client.force_login(make_user(role="administrator", language=language))
    html = client.get("/api/docs").content.decode()
    for path, methods in documentation.schema()["paths"].items():
        assert f"<code>{path}</code>" in html
        assert all(f'id="{one["operationId"]}"' in html for one in methods.values())
    targets = set(re.findall(r'href="#([^"]+)"', html))
    assert {one for one in targets if f'id="{one}"' not in html} == set()
    assert not re.search(r"<script[^>]+src=\"(?!/static/)", html)


def test_the_examples_of_the_page_are_what_the_api_takes():
    """The entries that an example sends are those of the shape, and none that is needed lacks."""
    pages = handbook.pages(documentation.schema(), "http://localhost")
    shapes = documentation.schema()["components"]["schemas"]
    for area in pages["areas"]:
        for one in area["operations"]:
            if one.body:
                sent = json.loads(re.search(r"-d '(.*)'", one.example)[1])
                shape = shapes[one.body]
                assert set(shape.get("required", ())) <= set(sent) <= set(shape["properties"])
