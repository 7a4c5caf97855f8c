"""A real Chromium against the real product: who it is signed in as, and in which shape."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tools.browser import find_chromium

from genjin.foundation.models import User
from tests.conftest import missing

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in Path(str(item.fspath)).parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = find_chromium()
        if path is None:
            missing("no Chromium found: install chromium or set GENJIN_CHROMIUM")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def sign_in_cookie(user: User, url: str) -> dict[str, str]:
    """The cookie of a session of `user`, as the sign-in page would have made it."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": str(session.session_key),
        "url": url,
    }


def wait_for_requests(seconds: float = 10) -> None:
    """Waits until no request that a closed page left behind is still in the database.

    The tables are emptied after each test; a request under way would deadlock with that.
    """
    until = time.monotonic() + seconds
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND state <> 'idle'"
            )
            if not cursor.fetchone()[0]:
                return
            time.sleep(0.05)


@pytest.fixture
def context_as(
    chromium: Browser, live_server, request: pytest.FixtureRequest
) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts signed in as a user; every script error in them fails the test."""
    opened: list[BrowserContext] = []
    errors: list[str] = []

    def make(
        user: User | None, *, width: int = 1440, height: int = 900, **options
    ) -> BrowserContext:
        context = chromium.new_context(
            base_url=live_server.url, viewport={"width": width, "height": height}, **options
        )
        context.set_default_timeout(15_000)
        if user is not None:
            context.add_cookies([sign_in_cookie(user, live_server.url)])
        context.on("weberror", lambda error: errors.append(str(error.error)))
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()
    wait_for_requests()
    assert errors == []


@pytest.fixture
def page_as(context_as) -> Callable[..., Page]:
    """Makes a page signed in as a user."""

    def make(user: User | None, **options) -> Page:
        return context_as(user, **options).new_page()

    return make
