"""Personal access tokens: what they are kept as, when they open something, when they end (PL6)."""

from datetime import date, timedelta

import pytest

from genjin.foundation import policy, sign_in, throttle, tokens
from genjin.foundation.models import ApiToken, AuditEntry, SignInAttempt
from genjin.foundation.operations import users
from genjin.foundation.tokens import authenticate, make_token, revoke_token
from genjin.kernel.errors import BadInput, Conflict, GenjinError, NotAllowed
from genjin.kernel.problems import Reason
from tests.factories import NOW, PASSWORD, make_user

pytestmark = pytest.mark.django_db
HERE = "198.51.100.7"


@pytest.fixture
def person():
    return make_user(password=PASSWORD)


@pytest.fixture
def made(person):
    return make_token(person, name=" ERP ", scope="read", now=NOW)


def opened(text: str, now=NOW):
    return authenticate(text, address=HERE, now=now)


def refusal(text: str, now=NOW) -> tuple[type, str]:
    with pytest.raises(GenjinError) as caught:
        opened(text, now)
    return type(caught.value), caught.value.code


def wrong(text: str) -> str:
    """The same token with another secret."""
    return text[:-4] + ("AAAA" if text[-4:] != "AAAA" else "BBBB")


def test_a_token_opens_as_its_person_and_is_kept_as_a_digest_alone(person, made):
    row = opened(made.text)
    assert (row.user, row.name, row.scope, row.expires_at) == (person, "ERP", "read", None)
    secret = made.text.split("_", 2)[2]
    kept = ApiToken.objects.values().get()
    assert not any(secret in str(value) for value in kept.values())
    assert len(kept["digest"]) == 64


def test_making_one_is_in_the_audit_trail_without_its_secret(person, made):
    entry = AuditEntry.objects.get(object_kind="apitoken")
    assert (entry.action, entry.by, entry.label) == ("add", person, "ERP")
    assert made.text.split("_", 2)[2] not in str(entry.changes)


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        ({"name": " "}, {"name": [Reason("required")]}),
        ({"name": "x" * 81}, {"name": [Reason("too_long", {"limit": 80})]}),
        ({"name": "a\x00"}, {"name": [Reason("bad_character")]}),
        ({"scope": "all"}, {"scope": [Reason("not_a_choice", {"value": "all"})]}),
        ({"last_day": date(2026, 11, 22)}, {"last_day": [Reason("day_is_past")]}),
    ],
)
def test_what_is_wrong_with_a_new_token_is_said_by_field(person, values, problems):
    with pytest.raises(BadInput) as caught:
        make_token(person, **{"name": "ERP", "scope": "read", "now": NOW, **values})
    assert caught.value.problems == problems
    assert not ApiToken.objects.exists()


def test_a_token_opens_through_its_last_day_and_not_after(person):
    made = make_token(person, name="ERP", scope="read", last_day=NOW.date(), now=NOW)
    assert opened(made.text, NOW.replace(hour=23, minute=59)).user == person
    midnight = (NOW + timedelta(days=1)).replace(hour=0)
    assert refusal(made.text, midnight) == (tokens.TokenRefused, "token_ended")


def test_there_are_no_more_tokens_in_force_than_the_policy_says(person):
    for number in range(int(policy.value("security.tokens.most"))):
        last = make_token(person, name=f"ERP {number}", scope="read", now=NOW)
    with pytest.raises(Conflict) as caught:
        make_token(person, name="ERP", scope="read", now=NOW)
    assert caught.value.code == "too_many_tokens"
    revoke_token(last.token, by=person, now=NOW)
    assert make_token(person, name="ERP", scope="read", now=NOW).text


def test_who_may_not_use_the_api_makes_no_token():
    with pytest.raises(NotAllowed):
        make_token(make_user(role="vendor"), name="ERP", scope="read", now=NOW)


@pytest.mark.parametrize("by_role", ["", "administrator"])
def test_its_person_and_an_administrator_revoke_a_token(person, made, by_role):
    by = make_user(role=by_role) if by_role else person
    assert revoke_token(made.token, by=by, now=NOW) is True
    assert revoke_token(made.token, by=by, now=NOW) is False
    assert refusal(made.text) == (tokens.TokenRefused, "token_ended")
    entry = AuditEntry.objects.get(action="revoke")
    assert (entry.object_kind, entry.object_id, entry.by) == ("apitoken", str(made.token.pk), by)


def test_nobody_else_revokes_a_token(made):
    with pytest.raises(NotAllowed):
        revoke_token(made.token, by=make_user(role="manager"), now=NOW)
    assert opened(made.text)


def test_switching_a_person_off_ends_their_tokens_for_good(person, made):
    administrator = make_user(role="administrator")
    users.change_user(person, {"is_active": False}, by=administrator, now=NOW)
    assert refusal(made.text) == (tokens.TokenRefused, "token_ended")
    users.change_user(person, {"is_active": True}, by=administrator, now=NOW)
    assert refusal(made.text) == (tokens.TokenRefused, "token_ended")


def test_a_password_that_must_be_changed_holds_the_tokens_up(person, made):
    users.reset_password(person, by=make_user(role="administrator"), now=NOW)
    assert refusal(made.text) == (NotAllowed, "password_change_needed")


def test_a_token_loses_what_its_person_s_role_loses(person, made):
    person.role = "vendor"
    person.save(update_fields=["role"])
    assert refusal(made.text) == (NotAllowed, "right_missing")


@pytest.mark.parametrize("text", ["", "gj_", "Bearer x", "gj_abcdefghij_" + "A" * 43, "\x00" * 60])
def test_what_is_no_token_opens_nothing(text):
    code = "token_wrong" if text else "token_missing"
    assert refusal(text) == (tokens.TokenRefused, code)


def test_wrong_secrets_lock_the_person_as_wrong_passwords_do(person, made):
    tries = int(policy.value("security.lockout.tries"))
    codes = [refusal(wrong(made.text))[1] for _ in range(tries)]
    assert codes == ["token_wrong"] * (tries - 1) + ["locked_out"]
    assert refusal(made.text) == (sign_in.LockedOut, "locked_out")
    assert sign_in.locked_until(person.username, NOW) == NOW + timedelta(minutes=15)
    assert SignInAttempt.objects.filter(username=person.username, address=HERE).count() == tries
    assert AuditEntry.objects.filter(action="locked_out", object_id=person.username).exists()
    assert opened(made.text, NOW + timedelta(minutes=16)).user == person


def test_wrong_passwords_hold_the_tokens_up_as_long_as_the_name_is_locked(person, made):
    for _ in range(int(policy.value("security.lockout.tries"))):
        sign_in.count_wrong(person.username, address=HERE, now=NOW)
    assert refusal(made.text) == (sign_in.LockedOut, "locked_out")


def test_a_token_that_ended_is_no_guess(person, made):
    revoke_token(made.token, by=person, now=NOW)
    for _ in range(9):
        assert refusal(made.text)[1] == "token_ended"
    assert not SignInAttempt.objects.exists()


def test_tokens_that_name_nothing_are_counted_for_their_address_and_stop_nobody_else(made):
    stranger = "gj_abcdefghij_" + "A" * 43
    codes = [refusal(stranger)[1] for _ in range(7)]
    assert codes == ["token_wrong"] * 4 + ["locked_out"] * 3
    assert SignInAttempt.objects.filter(username=f"token from {HERE}").count() == 5
    assert opened(made.text)


def test_a_token_asks_no_more_often_than_the_policy_lets_it(monkeypatch, person, made):
    other = make_token(person, name="Shop", scope="read", now=NOW)
    real = policy.value
    monkeypatch.setattr(
        policy, "value", lambda key, *rest: 2 if key.endswith("per_minute") else real(key, *rest)
    )
    throttle.forget()
    opened(made.text)
    opened(made.text)
    with pytest.raises(tokens.TooManyRequests) as caught:
        opened(made.text)
    assert 1 <= caught.value.data["seconds"] <= 60
    assert opened(other.text)


def test_the_last_use_is_kept_by_the_minute(made):
    opened(made.text)
    opened(made.text, NOW + timedelta(seconds=30))
    made.token.refresh_from_db()
    assert (made.token.used_at, made.token.used_from) == (NOW, HERE)
    later = NOW + timedelta(minutes=2)
    opened(made.text, later)
    made.token.refresh_from_db()
    assert made.token.used_at == later
