"""B6: page load while 100 agents work and think 5 s between two steps, p95 at most 300 ms.

The product serves as it does in earnest, `genjin serve` with two workers on loopback, over a
million customers. Each agent works: the desk, the next customer, a draft, the outcome, now and
then a search. A page load is what a person waits for: the request with every redirect it leads
to, until the last byte. Ten agents come in by the form, which is checked and not timed, the
others with a session that is there already: a password is made slow to check on purpose, and a
hundred people do not sign in at one moment. They begin one after the other within ten seconds;
what they waited for then is counted in B6-with-start and left out of B6. The gate is not
bypassed: the customers state long hours and live where it is morning now.
"""

import contextlib
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
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

import psutil

from bench import desk
from bench.common import Context, Measure, percentile
from bench.data import name_of

CUSTOMERS = 1_000_000
AGENTS = 100
WAITING = 20_000
BY_FORM = 10
THINK_SECONDS = 5.0
START_SECONDS = 10.0
WINDOWS = 3
WINDOW_SECONDS = 20.0
TARGET_MS = 300.0
PASSWORD = "bench-agents-only-2026"
_UUID = re.compile(r"/desk/([0-9a-f-]{36})$")
_VERSION = re.compile(r'name="script_version"[^>]*value="(\d+)"')


def prepare(context: Context) -> None:
    """A running campaign with agents who passed its briefing, and customers where it is morning."""
    desk.use_customers(context, context.scaled(CUSTOMERS, 2000))
    campaign = desk.running_campaign(desk.agents(AGENTS, password=PASSWORD))
    desk.plan(context, campaign, range(context.scaled(WAITING, 2000)))


@contextmanager
def served(context: Context) -> Iterator[tuple[int, psutil.Process]]:
    """`genjin serve` with two workers on a free port of loopback; gives port and process."""
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
            yield port, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
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
            for name, cookie in SimpleCookie(line).items():
                self.cookies[name] = cookie.value
                if cookie["max-age"] == "0" or cookie["max-age"] == 0:
                    del self.cookies[name]
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
        self.stop.wait(self.rng.uniform(0, START_SECONDS))
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
        if self.rng.random() < 0.3 and not self.stop.is_set():
            name = name_of(self.rng.randrange(1000))[1]
            self.timed("find", "GET", "/find?" + urlencode({"q": name[:2]}))
        if self.stop.is_set():  # all hundred would record in the moment in which they are told
            return "", ""
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
    time.sleep(START_SECONDS + 2 * THINK_SECONDS)  # everyone has begun and has a customer
    began = time.monotonic()
    time.sleep(WINDOWS * WINDOW_SECONDS)
    stop.set()
    for thread in threads:
        thread.join(40)
    return agents, began


def _seconds_used(processes: Iterable[psutil.Process]) -> float:
    """Processor time of these so far, in seconds."""
    found = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            found += times.user + times.system
    return found


def _of_the_web(server: psutil.Process) -> list[psutil.Process]:
    return [server, *server.children(recursive=True)]


def _of_the_database(context: Context) -> list[psutil.Process]:
    """The server processes of this database, where it runs on this machine."""
    with context.connect() as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        ).fetchall()
    return [psutil.Process(pid) for (pid,) in rows if psutil.pid_exists(pid)]


def run(context: Context) -> list[Measure]:
    """p95 of page loads as the median of three windows, and the errors that anyone saw."""
    prepare(context)
    with served(context) as (port, server):
        agents, began = _shift(context, port)
        web = _seconds_used(_of_the_web(server))
        database = _seconds_used(_of_the_database(context))
    every = [load for agent in agents for load in agent.loads]
    loads = [load for load in every if load[0] >= began]
    errors = [error for agent in agents for error in agent.errors]
    for error in errors[:5]:
        context.progress(error)
    windows: list[list[float]] = [[] for _ in range(WINDOWS)]
    for moment, took, _step in loads:
        windows[min(int((moment - began) / WINDOW_SECONDS), WINDOWS - 1)].append(took)
    for step in sorted({step for _, _, step in every}):
        times = [took for _, took, one in every if one == step]
        context.progress(f"{step}: {len(times)} loads, median {statistics.median(times):.0f} ms, "
                         f"p95 {percentile(times, 0.95):.0f} ms")  # fmt: skip
    context.progress(f"processor time: web {web:.1f} s, database {database:.1f} s")
    p95 = statistics.median(percentile(window, 0.95) for window in windows)
    took = [took for _, took, _ in loads]
    seconds, cost = WINDOWS * WINDOW_SECONDS, (web + database) / len(every) * 1000
    note = (f"{len(loads)} loads by {AGENTS} agents in {seconds:.0f} s, "
            f"median {statistics.median(took):.0f} ms, worst {max(took):.0f} ms; "
            f"{cost:.0f} ms of processor time a load")  # fmt: skip
    started = [took for _, took, _ in every]
    return [
        Measure("B6", p95, "ms p95", TARGET_MS, "most", note),
        Measure("B6-with-start", percentile(started, 0.95), "ms p95", TARGET_MS, "most",
                f"{len(every)} loads, the start within {START_SECONDS:.0f} s included"),
        Measure("B6-errors", len(errors), "errors", 0, "most", "; ".join(errors[:2])),
    ]  # fmt: skip
