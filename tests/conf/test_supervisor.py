"""``genjin up`` as a person meets it: real processes, a real database, real signals."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from genjin.conf.embedded import EmbeddedPostgres

T = TypeVar("T")
SRC = Path(__file__).parents[2] / "src"
pytestmark = pytest.mark.timeout(240)


def until(question: Callable[[], T | None], *, seconds: float = 90) -> T:
    """Asks again and again until there is an answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"no answer within {seconds} s")


@dataclass
class System:
    """One home and port, with the supervisors that were started on them."""

    home: Path
    port: int

    def up(self, **extra: str) -> "subprocess.Popen[str]":
        log = (self.home.parent / "up.log").open("a")
        return subprocess.Popen(
            [sys.executable, "-m", "genjin.conf", "up", "--no-demo"],
            env={**self.environ(), **extra},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        return {
            **kept,
            "PYTHONPATH": str(SRC),
            "GENJIN_HOME": str(self.home),
            "GENJIN_PORT": str(self.port),
            "GENJIN_HOST": "127.0.0.1",
        }

    def printed(self) -> str:
        return (self.home.parent / "up.log").read_text()

    def health(self) -> int | None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status
        except OSError:
            return None
        finally:
            connection.close()

    def is_well(self) -> bool:
        return self.health() == 200

    def wait_until_ready(self, *, times: int = 1) -> None:
        until(lambda: self.printed().count("Genjin is ready") == times)
        assert self.is_well(), self.printed()

    def record(self) -> dict:
        return json.loads((self.home / "up.lock").read_text())

    def processes(self) -> list[psutil.Process]:
        """Every living process that was started for this home."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                    continue
                if process.environ().get("GENJIN_HOME") == str(self.home):
                    found.append(process)
        return found

    def is_quiet(self) -> bool:
        return not self.processes() and not EmbeddedPostgres(self.home).status().running


@pytest.fixture
def system() -> Iterator[System]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="genjin-test-") as name:
        made = System(Path(name).resolve() / "home", port)
        yield made
        for process in made.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        EmbeddedPostgres(made.home).stop()


def end(process: "subprocess.Popen[str]", number: int = signal.SIGTERM) -> int:
    process.send_signal(number)
    return process.wait(timeout=30)


def test_up_serves_says_so_and_leaves_nothing_running(system: System) -> None:
    supervisor = system.up()
    system.wait_until_ready()
    assert f"http://127.0.0.1:{system.port}/" in system.printed()

    second = subprocess.run(
        supervisor.args, env=system.environ(), capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert f"already running on http://127.0.0.1:{system.port}/" in second.stderr

    assert end(supervisor, signal.SIGINT) == 0
    assert system.is_quiet()


def test_every_part_that_is_killed_comes_back(system: System) -> None:
    supervisor = system.up()
    system.wait_until_ready()
    server = EmbeddedPostgres(system.home)
    for pid, _ in system.record()["children"]:
        os.kill(pid, signal.SIGKILL)
    database = server.postmaster_pid()
    assert database
    os.kill(database, signal.SIGKILL)
    until(lambda: server.postmaster_pid() not in (None, database))
    until(lambda: system.printed().count("starting it again in") >= 2)
    until(system.is_well)
    assert end(supervisor) == 0
    assert system.is_quiet()


def test_after_a_killed_supervisor_everything_stops_and_the_next_start_is_clean(
    system: System,
) -> None:
    supervisor = system.up()
    system.wait_until_ready()
    end(supervisor, signal.SIGKILL)
    following = system.up()
    system.wait_until_ready(times=2)
    assert end(following) == 0
    assert system.is_quiet()

    last = system.up()
    system.wait_until_ready(times=3)
    end(last, signal.SIGKILL)
    until(lambda: not system.processes(), seconds=30)


def test_up_stops_when_the_process_that_it_belongs_to_is_killed(system: System) -> None:
    script = (
        "import os, subprocess, sys; os.environ['GENJIN_STOPS_WITH'] = str(os.getpid()); "
        "subprocess.run([sys.executable, '-m', 'genjin.conf', 'up', '--no-demo'])"
    )
    with (system.home.parent / "up.log").open("a") as log:
        parent = subprocess.Popen(
            [sys.executable, "-c", script], env=system.environ(), stdout=log, stderr=log, text=True
        )
    system.wait_until_ready()
    end(parent, signal.SIGKILL)
    following = system.up()
    system.wait_until_ready(times=2)
    assert end(following) == 0
    assert system.is_quiet()


def test_a_port_in_use_is_named_with_what_to_do(system: System) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", system.port))
        taken.listen()
        assert system.up().wait(timeout=60) == 1
    assert f"Cannot serve on 127.0.0.1:{system.port}" in system.printed()
    assert "GENJIN_PORT" in system.printed()
    assert system.is_quiet()


def test_help_answers_without_loading_django() -> None:
    script = (
        "import sys; from genjin.conf.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print('django' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "worker" in answer
    assert answer.strip().endswith("False")
