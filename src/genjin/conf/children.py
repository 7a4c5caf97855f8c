"""A process that the supervisor keeps alive: started, started again with patience, stopped."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import click
import psutil

from genjin.conf.launch import STOPS_WITH

_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 30.0
_HEALTHY_SECONDS = 30.0
_STOP_SECONDS = 10.0


def command_line(*words: str) -> list[str]:
    """Gives the words that run one subcommand of ``genjin`` with this very Python."""
    return [sys.executable, "-m", "genjin.conf", *words]


class Child:
    """One long-lived part of the system, such as web or worker."""

    def __init__(self, name: str, words: tuple[str, ...]) -> None:
        self.name = name
        self._words = words
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._delay_seconds = _FIRST_DELAY_SECONDS
        self._due: float | None = None

    def start(self) -> None:
        """Starts it in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        self._due = None
        self._started_at = time.monotonic()
        self._process = subprocess.Popen(
            command_line(*self._words),
            env={**os.environ, STOPS_WITH: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def revive(self) -> bool:
        """Starts it again some time after it ended; says whether it did so now."""
        if self._due is not None:
            if time.monotonic() < self._due:
                return False
            self.start()
            return True
        if self._process is None or (code := self._process.poll()) is None:
            return False
        if time.monotonic() - self._started_at > _HEALTHY_SECONDS:
            self._delay_seconds = _FIRST_DELAY_SECONDS
        self._end_group()
        click.echo(
            f"The {self.name} process ended ({_how(code)}); starting it again in "
            f"{self._delay_seconds:g} s.",
            err=True,
        )
        self._due = time.monotonic() + self._delay_seconds
        self._delay_seconds = min(self._delay_seconds * 2, _LONGEST_DELAY_SECONDS)
        return False

    def identity(self) -> list[float] | None:
        """Gives pid and start time, which together name a process for good."""
        if self._process is None:
            return None
        try:
            return [self._process.pid, psutil.Process(self._process.pid).create_time()]
        except psutil.Error:
            return None

    def ask_to_stop(self) -> None:
        """Asks it to end in good order."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self) -> None:
        """Waits for its end; cuts it off when that takes too long."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=_STOP_SECONDS)
        self._end_group()
        self._process.wait()

    def _end_group(self) -> None:
        """Kills what is left of its session: a killed web server leaves its workers behind."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


def _how(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
