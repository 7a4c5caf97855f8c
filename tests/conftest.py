"""Fixtures that every folder of tests shares; the database comes from tests/environment.py."""

import os
from pathlib import Path

import hypothesis
import pytest

from genjin.followups import lanes, stops
from genjin.foundation import policy
from genjin.web import throttle
from tests import receiver

# A busy machine is no failure; how long things take is measured in bench/.
hypothesis.settings.register_profile("genjin", deadline=None)
hypothesis.settings.load_profile("genjin")

SHARED = Path(os.environ.get("GENJIN_SHARED") or Path(__file__).resolve().parents[2] / "shared")
IS_CI = os.environ.get("CI") == "true"


def missing(what: str) -> None:
    """Ends a test that lacks something of this machine: skipped at home, a failure in CI."""
    if IS_CI:
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(autouse=True)
def fresh_policy(monkeypatch, request):
    """Settings and lanes of one test are not remembered in the next."""
    policy.forget()
    lanes.forget()
    stops.forget()
    throttle.forget()
    # On a busy machine a page lasts a second: reading the settings again would cost a query more.
    # Not where threads change them: one may read what another has not committed yet.
    if {"web", "insight"} & set(request.node.path.parts):
        monkeypatch.setattr(policy, "_FRESH_SECONDS", 3600.0)
    yield
    policy.forget()
    lanes.forget()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real records."""
    if not SHARED.is_dir():
        missing(f"there are no shared records at {SHARED}; GENJIN_SHARED may name their folder")
    return SHARED


@pytest.fixture
def mail_server(settings):
    """A real mail server that this installation, as if in production, sends to."""
    if receiver.Controller is None:
        missing("aiosmtpd is not installed; requirements-dev.txt has it")
    with receiver.receiver() as taken:
        settings.EMAIL_HOST, settings.EMAIL_PORT = taken.host, taken.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.DEFAULT_FROM_EMAIL = "house@example.org"
        settings.PRODUCTION, settings.MAIL_ALLOW = True, []
        yield taken
