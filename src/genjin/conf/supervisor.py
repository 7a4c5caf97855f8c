"""What ``genjin up`` does: database, tables, sample, static files, web and worker, watched.

The children are in ``children.py``, the files for the browser in ``static_stamp.py``.
"""

import contextlib
import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType

import click
import psutil

from genjin.conf import embedded, environment, static_stamp
from genjin.conf.children import Child, command_line
from genjin.conf.launch import STOPS_WITH, stop_with_parent

_HANDOVER_SECONDS = 20
_TICK_SECONDS = 0.2
_DATABASE_CHECK_SECONDS = 1.0
_HEALTH_SECONDS = 0.5
_FIRST_ANSWER_SECONDS = 60


class AlreadyRunning(click.ClickException):
    """Another ``genjin up`` serves the same home."""


class Stopped(Exception):
    """Ctrl-C or TERM came while the system was still starting."""


class Supervisor:
    """One run of ``genjin up``: starts the parts in order, watches them, stops them."""

    def __init__(self, *, with_demo: bool = True) -> None:
        self.home = environment.home()
        self.host = environment.host()
        self.port = environment.port()
        self._with_demo = with_demo
        self._server = None if os.environ.get("DATABASE_URL") else self._embedded()
        self._children: list[Child] = []
        self._record_fd: int | None = None
        self._stopping = False
        self._logins = ""
        self._parent = int(os.environ.get(STOPS_WITH) or 0)

    @property
    def address(self) -> str:
        """Where a person opens it."""
        return f"http://{_bracketed(self._reachable_host())}:{self.port}/"

    def run(self) -> int:
        """Runs until told to stop; answers the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        self._claim_home()
        stop_with_parent()
        try:
            self._end_leftovers()
            self._refuse_taken_port()
            self._prepare()
            self._start_children()
            self._watch()
        except Stopped:
            pass
        except embedded.EmbeddedPostgresError as error:
            raise click.ClickException(str(error)) from error
        finally:
            self._stop()
        return 0

    # One supervisor for one home

    def _claim_home(self) -> None:
        """Takes the home for this run; waits for one that is on its way out."""
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o711)
            self._record_fd = os.open(self.home / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise click.ClickException(
                f"The data directory {self.home} cannot be used: {error.strerror}. Set "
                "GENJIN_HOME to a directory of your own."
            ) from error
        deadline = time.monotonic() + _HANDOVER_SECONDS
        while True:
            try:
                fcntl.flock(self._record_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                record = self._read_record()
                if time.monotonic() > deadline or not _is_leaving(record):
                    os.close(self._record_fd)
                    self._record_fd = None
                    raise AlreadyRunning(
                        f"Genjin is already running on {record.get('address', 'this home')} "
                        f"(process {record.get('pid', '?')}, data in {self.home}). Stop it first, "
                        "or set GENJIN_HOME and GENJIN_PORT for a second one."
                    ) from None
                time.sleep(_TICK_SECONDS)
            else:
                return

    def _read_record(self) -> dict[str, object]:
        try:
            found = json.loads((self.home / "up.lock").read_text() or "{}")
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write_record(self) -> None:
        """Tells the next supervisor who we are and which processes are ours."""
        record = {
            "pid": os.getpid(),
            "parent": self._parent,
            "address": self.address,
            "is_stopping": self._stopping,
            "children": [child.identity() for child in self._children if child.identity()],
        }
        text = json.dumps(record).encode()
        assert self._record_fd is not None
        os.pwrite(self._record_fd, text, 0)
        os.ftruncate(self._record_fd, len(text))

    def _end_leftovers(self) -> None:
        """Ends the children of a supervisor that was killed; they are going already."""
        left = []
        children = self._read_record().get("children")
        for pid, started in children if isinstance(children, list) else []:
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(pid)
                if abs(process.create_time() - started) < 1:
                    process.terminate()
                    left.append(process)
        _, stubborn = psutil.wait_procs(left, timeout=8)
        for process in stubborn:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(stubborn, timeout=5)
        self._write_record()

    def _refuse_taken_port(self) -> None:
        # gunicorn's processes outlive a killed master for a moment
        deadline = time.monotonic() + (4 if self._server is not None else 2)
        while (error := _bind_error(self.host, self.port)) is not None:
            if time.monotonic() > deadline:
                raise click.ClickException(
                    f"Cannot serve on {self.host}:{self.port}: {error}. Another program may use "
                    "this port; set GENJIN_PORT to a free one, for example GENJIN_PORT=8001."
                )
            self._pause()

    # Start

    def _embedded(self) -> embedded.EmbeddedPostgres:
        return embedded.EmbeddedPostgres(self.home)

    def _prepare(self) -> None:
        """Makes database, tables, browser files and, in an empty database, the sample."""
        is_first = not (self.home / "pg" / "PG_VERSION").exists()
        if self._server is not None:
            click.echo("Making the database …" if is_first else "Starting the database …", err=True)
            self._server.ensure_running()
        collecting = self._collect_static()
        self._finish("migrate", self._spawn("migrate"))
        if self._with_demo and not environment.flag("GENJIN_NO_DEMO"):
            demo = self._spawn("demo", "--if-empty", stdout=subprocess.PIPE)
            self._logins = self._finish("demo", demo)
        if collecting is not None:
            self._finish("collectstatic", collecting)
            static_stamp.write()

    def _collect_static(self) -> "subprocess.Popen[str] | None":
        if environment.flag("GENJIN_PLAIN_STATIC") or static_stamp.is_fresh():
            return None
        click.echo("Preparing the files for the browser …", err=True)
        words = ("manage", "collectstatic", "--noinput", "--clear", "--verbosity", "0")
        return self._spawn(*words)

    def _spawn(self, *words: str, stdout: int | None = None) -> "subprocess.Popen[str]":
        self._check_stop()
        return subprocess.Popen(
            command_line(*words),
            env={**os.environ, STOPS_WITH: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            text=True,
            start_new_session=True,
        )

    def _finish(self, name: str, process: "subprocess.Popen[str]") -> str:
        """Waits for a step to end and gives what it printed; stops with the supervisor."""
        while True:
            try:
                printed, _ = process.communicate(timeout=_TICK_SECONDS)
                break
            except subprocess.TimeoutExpired:
                if self._stopping:
                    process.terminate()
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(timeout=5)
                    process.kill()
                    process.wait()
                    raise Stopped from None
        if process.returncode != 0:
            raise click.ClickException(
                f"The step “{name}” failed (see above); nothing else was started."
            )
        return printed or ""

    def _start_children(self) -> None:
        listening = ("--host", self.host, "--port", str(self.port))
        self._children = [Child("web", ("serve", *listening)), Child("worker", ("worker",))]
        for child in self._children:
            child.start()
        self._write_record()

    # Watch

    def _watch(self) -> None:
        started = time.monotonic()
        is_announced = is_late = False
        database_due = health_due = 0.0
        while True:
            self._pause()
            now = time.monotonic()
            if self._server is not None and now >= database_due:
                database_due = now + _DATABASE_CHECK_SECONDS
                self._revive_database()
            revived = [child.name for child in self._children if child.revive()]
            if revived:
                self._write_record()
            if is_announced or now < health_due:
                continue
            health_due = now + _HEALTH_SECONDS
            is_announced, answer = self._ask_health()
            if is_announced:
                self._announce()
            elif not is_late and now - started > _FIRST_ANSWER_SECONDS:
                is_late = True
                click.echo(f"Not ready yet; /healthz says: {answer}", err=True)

    def _revive_database(self) -> None:
        assert self._server is not None
        if self._server.postmaster_pid() is not None:
            return
        click.echo("The database has ended; starting it again.", err=True)
        try:
            self._server.ensure_running()
        except embedded.EmbeddedPostgresError as error:
            click.echo(f"{error}\nTrying again.", err=True)

    def _reachable_host(self) -> str:
        return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(  # noqa: S104
            self.host, self.host
        )

    def _ask_health(self) -> tuple[bool, str]:
        connection = http.client.HTTPConnection(self._reachable_host(), self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            response = connection.getresponse()
            return response.status == 200, response.read(500).decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return False, str(error)
        finally:
            connection.close()

    def _announce(self) -> None:
        if self._logins.strip():
            click.echo(f"\n{self._logins.rstrip()}")
        click.echo(f"\nGenjin is ready: {self.address}\n(data in {self.home}; Ctrl-C stops it)")
        sys.stdout.flush()

    # Stop

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _check_stop(self) -> None:
        if self._stopping:
            raise Stopped

    def _pause(self) -> None:
        self._check_stop()
        time.sleep(_TICK_SECONDS)
        self._check_stop()

    def _stop(self) -> None:
        """Ends the children, then leaves the database; a second signal changes nothing."""
        self._stopping = True
        if self._record_fd is not None:
            self._write_record()
        if self._children:
            click.echo("Stopping …", err=True)
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.wait()
        if self._server is not None:
            self._server.release()
        if self._record_fd is not None:
            os.close(self._record_fd)
            self._record_fd = None


def _is_leaving(record: dict[str, object]) -> bool:
    """Says whether that supervisor stops already, or will as soon as it misses its parent."""
    parent = record.get("parent")
    return bool(record.get("is_stopping")) or (
        isinstance(parent, int) and parent > 0 and not psutil.pid_exists(parent)
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _bind_error(host: str, port: int) -> str | None:
    """Says why nothing can listen there, None when it is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except (OSError, OverflowError) as error:
            return getattr(error, "strerror", None) or str(error)
    return None
