"""B6: page load while 100 agents work and think 5 s between two steps, p95 at most 300 ms.

The product serves as it does in earnest, `genjin serve` with two workers on loopback, over a
million customers. Each agent works: the desk, the next customer, a draft, the outcome, now and
then a search. A page load is what a person waits for: the request with every redirect it leads
to, until the last byte. Ten agents come in by the form, which is checked and not timed, the
others with a session that is there already: a password is made slow to check on purpose, and a
hundred people do not sign in at one moment. The gate is not bypassed: the customers state long
hours and live where it is morning now.
"""

import http.client
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from bench.common import Context, Measure, percentile
from bench.data import customer_id, ensure_customers, name_of

CUSTOMERS = 1_000_000
AGENTS = 100
WAITING = 20_000
BY_FORM = 10
THINK_SECONDS = 5.0
WINDOWS = 3
WINDOW_SECONDS = 20.0
TARGET_MS = 300.0
PASSWORD = "bench-agents-only-2026"
_UUID = re.compile(r"/desk/([0-9a-f-]{36})$")
_VERSION = re.compile(r'name="script_version"[^>]*value="(\d+)"')


def prepare(context: Context) -> None:
    """A running campaign with agents who passed its briefing, and customers where it is morning."""
    from django.contrib.auth.hashers import make_password
    from django.utils import timezone

    from genjin.calling.models import BriefingPass, Campaign, CampaignAgent, Script, ScriptVersion
    from genjin.calling.scripts.library import starter
    from genjin.customers.models import ContactHours, Customer
    from genjin.followups.models import FollowUp
    from genjin.followups.operations import ensure_queue, plan_for_customers
    from genjin.foundation.models import User

    ensure_customers(context, context.scaled(CUSTOMERS, 2000), is_searchable=True)
    now, run = timezone.now(), f"load-{time.time_ns()}"
    hours, _ = ContactHours.objects.get_or_create(weekly="daily 08:00-21:00")
    wanted = [customer_id(index) for index in range(context.scaled(WAITING, 2000))]
    Customer.objects.filter(pk__in=wanted).update(time_zone=morning_zone(), stated_hours=hours)
    secret, users = make_password(PASSWORD), []
    for number in range(AGENTS):
        user, _ = User.objects.update_or_create(
            username=f"load{number}",
            defaults={"name": name_of(number * 5 + 1)[1], "role": "agent", "password": secret,
                      "staff_number": f"L{number:04d}", "is_active": True},
        )  # fmt: skip
        users.append(user)
    FollowUp.objects.filter(taken_by__in=users, state="taken").update(
        state="done", lease_until=None, ended_at=now
    )
    script = Script.objects.create(name=run)
    version = ScriptVersion.objects.create(
        script=script, number=1, content=starter("zh-hans").to_json()
    )
    queue = ensure_queue(name=run, source=("campaign", run), purpose="sell")
    campaign = Campaign.objects.create(
        name=run, kind="selling", state="running", queue=queue, script=version.script,
        goals={"day": 100}, wrap_up_seconds=60,
    )  # fmt: skip
    today = now.date()
    CampaignAgent.objects.filter(user__in=users).update(is_active=False)
    CampaignAgent.objects.bulk_create(
        CampaignAgent(campaign=campaign, user=user, since=today,
                      rotates_on=today + timedelta(days=60))
        for user in users
    )  # fmt: skip
    BriefingPass.objects.bulk_create(
        BriefingPass(campaign=campaign, user=user, version=1) for user in users
    )
    result = plan_for_customers(
        Customer.objects.filter(pk__in=wanted), queue=queue, cause_prefix=run, by=None, now=now
    )
    context.progress(f"{result.planned:,} follow-ups wait")


def morning_zone() -> str:
    """A time zone in which it is about ten in the morning now."""
    offset = (10 - time.gmtime().tm_hour + 12) % 24 - 12
    return "Etc/GMT" if offset == 0 else f"Etc/GMT{-offset:+d}"


@contextmanager
def served(context: Context) -> Iterator[int]:
    """`genjin serve` with two workers on a free port of loopback; gives the port."""
    from django.conf import settings  # its key signs the sessions made here

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="genjin-load-") as home:
        environment = {
            **os.environ, "DATABASE_URL": context.dsn, "GENJIN_HOME": home,
            "GENJIN_PLAIN_STATIC": "1", "GENJIN_LOG_LEVEL": "ERROR",
            "GENJIN_SECRET_KEY": settings.SECRET_KEY,
        }  # fmt: skip
        command = [sys.executable, "-m", "genjin.conf", "serve", "--workers", "2", "--port",
                   str(port)]  # fmt: skip
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("genjin serve ended by itself")
        try:
            Browser(port).load("GET", "/sign-in")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("genjin serve does not answer")


class UnexpectedAnswer(Exception):
    """The server answered with something that an agent should never see."""


@dataclass
class Browser:
    """One agent's browser: cookies, redirects, one connection that is kept."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    connection: http.client.HTTPConnection | None = None

    def load(self, method: str, path: str, data: object = None) -> tuple[str, str]:
        """A page load with its redirects; gives (path of the last page, its text)."""
        for _ in range(6):
            status, place, text = self._request(method, path, data)
            if status in (301, 302, 303):
                method, path, data = "GET", place, None
                continue
            if status >= 400:
                raise UnexpectedAnswer(f"{status} {method} {path}")
            return path, text
        raise UnexpectedAnswer(f"too many redirects at {path}")

    def _request(self, method: str, path: str, data: object) -> tuple[int, str, str]:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
                   "X-CSRFToken": self.cookies.get("genjin_csrf", "")}  # fmt: skip
        body = None
        if isinstance(data, str):
            body, headers["Content-Type"] = data.encode(), "application/json"
        elif method == "POST":
            body = urlencode(data or {}).encode()  # type: ignore[arg-type]
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self._send(method, path, body, headers)
        text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or ():
            self.cookies.update({k: v.value for k, v in SimpleCookie(line).items()})
        place = urlsplit(answer.headers.get("Location", ""))
        return answer.status, f"{place.path}?{place.query}".rstrip("?"), text

    def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        """Sends on the kept connection; one that the server closed meanwhile is opened again."""
        for attempt in (0, 1):
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                self.connection.request(method, path, body, headers)
                return self.connection.getresponse()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.connection.close()
                self.connection = None
                if attempt:
                    raise
        raise AssertionError


@dataclass
class Agent:
    """One agent at work; `loads` are (moment, milliseconds, step), `errors` what went wrong."""

    number: int
    browser: Browser
    rng: random.Random
    stop: threading.Event
    loads: list[tuple[float, float, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def sign_in(self) -> None:
        self.browser.load("GET", "/sign-in")
        form = {"username": f"load{self.number}", "password": PASSWORD}
        path, _ = self.browser.load("POST", "/sign-in", form)
        if path.startswith("/sign-in"):
            raise UnexpectedAnswer(f"load{self.number} could not sign in")

    def timed(self, step: str, method: str, path: str, data: object = None) -> tuple[str, str]:
        started = time.perf_counter()
        try:
            place, text = self.browser.load(method, path, data)
            if place.startswith("/sign-in"):
                raise UnexpectedAnswer(f"signed out at {path}")
        except (OSError, http.client.HTTPException, UnexpectedAnswer) as error:
            self.errors.append(f"{step}: {error!r}")
            place, text = "", ""
        else:
            took = (time.perf_counter() - started) * 1000
            self.loads.append((time.monotonic(), took, step))
        self.stop.wait(THINK_SECONDS * self.rng.uniform(0.8, 1.2))
        return place, text

    def work(self) -> None:
        """Shift work until told to stop; starts at a moment of its own."""
        self.stop.wait(self.rng.uniform(0, THINK_SECONDS))
        place, text = self.timed("desk", "GET", "/desk")
        while not self.stop.is_set():
            found = _UUID.search(place)
            if not found:
                place, text = self.timed("next", "POST", "/desk/next")
                if not _UUID.search(place) and not self.stop.is_set():
                    self.errors.append(f"nobody to call: {place}")
                continue
            place, text = self._one_call(f"/desk/{found[1]}", text)

    def _one_call(self, page: str, text: str) -> tuple[str, str]:
        draft = {"fields": {"note": "no answer, call again"}, "writer": f"w{self.number}",
                 "serial": 1, "revision": 0}  # fmt: skip
        self.timed("draft", "POST", f"{page}/draft", json.dumps(draft))
        if self.rng.random() < 0.3:
            name = name_of(self.rng.randrange(1000))[1]
            self.timed("find", "GET", "/find?" + urlencode({"q": name[:2]}))
        version = _VERSION.search(text)
        form = {"outcome": "no_answer", "note": "no answer", "token": f"{time.time_ns()}"}
        if version:
            form["script_version"] = version[1]
        return self.timed("record", "POST", f"{page}/record", form)


def session_of(number: int) -> dict[str, str]:
    """The cookies of an agent who signed in earlier."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.middleware.csrf import _get_new_csrf_string

    from genjin.foundation.models import User

    user = User.objects.get(username=f"load{number}")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return {
        settings.SESSION_COOKIE_NAME: str(session.session_key),
        settings.CSRF_COOKIE_NAME: _get_new_csrf_string(),
    }


def _shift(context: Context, port: int) -> tuple[list[Agent], float]:
    """Signs everyone in, lets them work, and gives them with the moment the measuring began."""
    stop = threading.Event()
    seeds = [context.rng.random() for _ in range(AGENTS)]
    agents = [
        Agent(number, Browser(port), random.Random(seed), stop) for number, seed in enumerate(seeds)
    ]
    with ThreadPoolExecutor(4) as doors, context.timed(f"{AGENTS} agents signed in"):
        list(doors.map(Agent.sign_in, agents[:BY_FORM]))
        for agent in agents[BY_FORM:]:
            agent.browser.cookies = session_of(agent.number)
    threads = [threading.Thread(target=agent.work, daemon=True) for agent in agents]
    for thread in threads:
        thread.start()
    time.sleep(2 * THINK_SECONDS)  # everyone has begun, the caches are as on a working day
    began = time.monotonic()
    time.sleep(WINDOWS * WINDOW_SECONDS)
    stop.set()
    for thread in threads:
        thread.join(40)
    return agents, began


def run(context: Context) -> list[Measure]:
    """p95 of page loads as the median of three windows, and the errors that anyone saw."""
    prepare(context)
    with served(context) as port:
        agents, began = _shift(context, port)
    loads = [load for agent in agents for load in agent.loads if load[0] >= began]
    errors = [error for agent in agents for error in agent.errors]
    for error in errors[:5]:
        context.progress(error)
    windows: list[list[float]] = [[] for _ in range(WINDOWS)]
    for moment, took, _step in loads:
        windows[min(int((moment - began) / WINDOW_SECONDS), WINDOWS - 1)].append(took)
    for step in sorted({step for _, _, step in loads}):
        times = [took for _, took, one in loads if one == step]
        context.progress(f"{step}: {len(times)} loads, p95 {percentile(times, 0.95):.0f} ms")
    p95 = statistics.median(percentile(window, 0.95) for window in windows)
    middle = statistics.median(took for _, took, _ in loads)
    seconds = WINDOWS * WINDOW_SECONDS
    note = f"{len(loads)} loads by {AGENTS} agents in {seconds:.0f} s, median {middle:.0f} ms"
    return [
        Measure("B6", p95, "ms p95", TARGET_MS, "most", note),
        Measure("B6-errors", len(errors), "errors", 0, "most", "; ".join(errors[:2])),
    ]
