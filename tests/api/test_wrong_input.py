"""What no well-behaved program sends: answered as a problem, never as a fault (PL6, PL10)."""

import base64
import json

import pytest
from django.http import HttpResponse

from genjin.customers.models import Customer
from tests.api.caller import Caller, as_program
from tests.factories import make_customer, make_user

pytestmark = pytest.mark.django_db
NOBODY = "00000000-0000-0000-0000-000000000000"


def cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.fixture
def erp() -> Caller:
    return as_program(make_user(role="administrator"))


def told(answer: HttpResponse) -> tuple[int, str, list[tuple[str, str]]]:
    """The status, the code, and each error by field."""
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    errors = [(one["field"], one["code"]) for one in body.get("errors", ())]
    assert all(one["detail"] for one in body.get("errors", ()))
    return answer.status_code, body["code"], errors


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("", 422, "bad_input"),
        ("{", 400, "not_json"),
        ("null", 422, "bad_input"),
        ("[]", 422, "bad_input"),
        ('"x"', 422, "bad_input"),
        ("7", 422, "bad_input"),
        (b"\xff\xfe", 400, "not_json"),
        ("[" * 100_000, 400, "not_json"),
        ('{"name": NaN}', 400, "not_json"),
        ("1" * 10_000, 400, "not_json"),
        ('{"name": "' + "x" * 5_000_000 + '"}', 413, "body_too_large"),
    ],
)
def test_a_body_that_is_no_object_is_refused(erp, body, status, code):
    assert told(erp.post("customers", body))[:2] == (status, code)


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({}, [("kind", "required"), ("name", "required")]),
        ({"kind": "person", "name": "\x00"}, [("name", "bad_character")]),
        ({"kind": "person", "name": "\ud800"}, [("name", "bad_character")]),
        ({"kind": "person", "name": "x", "fields": {"a": "\x00"}}, [("fields.a", "bad_character")]),
        ({"kind": "person", "name": 7}, [("name", "not_a_text")]),
        ({"kind": "person", "name": "x" * 201}, [("name", "too_long")]),
        ({"kind": "robot", "name": "x"}, [("kind", "not_a_choice")]),
        ({"kind": "person", "name": "x", "phones": "1"}, [("phones", "not_a_list")]),
        ({"kind": "person", "name": "x", "phones": [1]}, [("phones.0", "not_a_text")]),
        ({"kind": "person", "name": "x", "phones": ["1"] * 21}, [("phones", "too_many")]),
        ({"kind": "person", "name": "x", "fields": {"no_such": 1}},
         [("fields.no_such", "unknown_field")]),
        ({"kind": "person", "name": "x", "fields": []}, [("fields", "not_an_object")]),
        ({"kind": "person", "name": "x", "region": "999999"}, [("region", "unknown_region")]),
        ({"kind": "person", "name": "x", "time_zone": "x"}, [("time_zone", "unknown_time_zone")]),
        ({"kind": "person", "name": "x", "stated_hours": "late"}, [("stated_hours", "bad_hours")]),
        ({"kind": "person", "name": "x", "language": "x" * 13}, [("language", "too_long")]),
        ({"kind": "person", "name": "x", "hat": 1}, [("hat", "unknown_entry")]),
        ({"kind": "person", "name": "x", "emails": ["@"]}, [("emails", "not_an_email")]),
        ({"kind": "person", "name": "x", "external_key": "a/b"}, [("external_key", "bad_key")]),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_named_and_nothing_is_written(erp, sent, errors):
    assert told(erp.post("customers", sent)) == (422, "bad_input", errors)
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("address", "errors"),
    [
        ("customers?limit=0", [("limit", "out_of_range")]),
        ("customers?limit=201", [("limit", "out_of_range")]),
        ("customers?limit=x", [("limit", "not_a_whole_number")]),
        (f"customers?limit={'9' * 5000}", [("limit", "not_a_whole_number")]),
        ("customers?order=x", [("order", "not_a_choice")]),
        ("customers?changed_since=2026-01-31", [("changed_since", "not_a_moment")]),
        ("customers?changed_since=2026-01-31T09:00:00", [("changed_since", "not_a_moment")]),
        ("customers?changed_since=0001-01-01T00:00:00Z", [("changed_since", "not_a_moment")]),
        ("customers?changed_since=12", [("changed_since", "not_a_moment")]),
        ("customers?custmer=1", [("custmer", "unknown_parameter")]),
        ("customers?q=%00", [("q", "bad_character")]),
        ("customers?after=x", [("after", "not_a_cursor")]),
        (f"customers?after={cursor('x', NOBODY)}", [("after", "not_a_cursor")]),
        (f"customers?after={cursor(5)}", [("after", "not_a_cursor")]),
        (f"customers?after={cursor('2026-01-01T00:00:00', NOBODY)}", [("after", "not_a_cursor")]),
        (f"customers?after={cursor('0001-01-01T00:00:00+14:00', NOBODY)}",
         [("after", "not_a_cursor")]),
        (f"scores?after={cursor('-1')}", [("after", "not_a_cursor")]),
        (f"scores?after={cursor('9' * 30)}", [("after", "not_a_cursor")]),
        ("scores?person=-1", [("person", "out_of_range")]),
        ("orders?customer=x", [("customer", "not_an_id")]),
        ("status?x=1", [("x", "unknown_parameter")]),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_named(erp, address, errors):
    assert told(erp.get(address)) == (422, "bad_input", errors)


@pytest.mark.parametrize(
    "address",
    [
        "nothing", "customers/x", f"customers/{NOBODY}", "customers/by-key/x",
        "customers/by-key/%00", "customers/by-key/%E5%BC%A0", f"orders/{NOBODY}",
        f"followups/{NOBODY}", f"interactions/{NOBODY}", "scores/0",
        f"scores/{'9' * 40}", "scores/-1", "", "status/",
        f"customers/{NOBODY}/orders", f"customers/{NOBODY}/timeline",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_there(erp, address):
    assert told(erp.get(address)) == (404, "nothing_here", [])


def test_another_method_is_refused_with_those_that_are_known(erp):
    customer = make_customer()
    answer = erp.send("DELETE", f"customers/{customer.pk}")
    assert told(answer) == (405, "no_such_method", [])
    assert set(answer["Allow"].split(", ")) == {"GET", "PATCH"}


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic eDp5", "Bearer \xe9", "Token x", "Bearer a b"]
)
def test_without_a_token_of_ours_nothing_opens(header):
    answer = Caller().get("status", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="Genjin"'
    assert told(answer)[1] in ("token_missing", "token_wrong")


def test_a_token_in_the_address_opens_nothing(erp):
    token = erp.headers["Authorization"].removeprefix("Bearer ")
    assert Caller().get(f"status?token={token}").status_code == 401
    assert Caller().get(f"status?access_token={token}").status_code == 401


def test_a_fault_of_ours_is_a_problem_too_and_reaches_the_log(erp, monkeypatch, caplog):
    def fails(*_args, **_more):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("genjin.api.status.access.role_of", fails)
    erp.client.raise_request_exception = False
    answer = erp.get("status")
    assert told(answer) == (500, "failed", [])
    assert "secret" not in answer.content.decode()
    assert "secret detail" in caplog.text


def test_too_many_requests_are_told_when_to_come_back(erp, monkeypatch):
    monkeypatch.setattr(
        "genjin.foundation.tokens.throttle.seconds_to_wait", lambda *_args, **_more: 12.3
    )
    answer = erp.get("status")
    assert told(answer) == (429, "too_many_requests", [])
    assert answer["Retry-After"] == "13"
