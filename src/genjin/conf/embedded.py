"""The embedded PostgreSQL server: made, started, joined, repaired and stopped by the program.

One server per home directory (``GENJIN_HOME``), reached through a socket in a directory that
others cannot enter. Every process that uses it holds a shared lock on ``pg.users`` while it
lives, and the last one to leave stops the server. Starts and stops happen under ``pg.lock``.
The programs are found in ``embedded_binaries.py``, the operating-system user is chosen in
``embedded_user.py``, the settings are worked out in ``embedded_settings.py``, and a killed
server is dealt with in ``embedded_postmaster.py``.
"""

import atexit
import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import signal
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import DEVNULL
from urllib.parse import quote

import psycopg
from psycopg import sql

from genjin.conf.embedded_binaries import Binaries, EmbeddedPostgresError, find_binaries
from genjin.conf.embedded_postmaster import (
    SOCKET_NAME,
    disown_dead_postmaster,
    is_postmaster,
    living_postmaster,
)
from genjin.conf.embedded_settings import as_conf, settings_for_this_machine
from genjin.conf.embedded_user import ServerUser, choose_user

__all__ = [
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "ServerStatus",
    "acquire",
    "database_url",
    "default_home",
]

DATABASE = "genjin"
_LONGEST_SOCKET = 103 if sys.platform == "darwin" else 107
_START_SECONDS = 120
_STOP_SECONDS = 60
_LOG_LIMIT_BYTES = 20 * 1024 * 1024
_PASSING_FAULTS = ("pre-existing shared memory block", "already exists", "still in use")


@dataclass(frozen=True)
class ServerStatus:
    """What is known of the server of one home; ``pid`` and ``version`` None when unknown."""

    running: bool
    pid: int | None
    version: str | None
    data_dir: str
    url: str

    def as_dict(self) -> dict[str, object]:
        """Gives the same as plain data, for JSON."""
        return asdict(self)


def default_home() -> Path:
    """Says where this person's data live: ``GENJIN_HOME`` or the platform's usual place."""
    if home := os.environ.get("GENJIN_HOME"):
        return Path(home).expanduser().resolve()
    if xdg := os.environ.get("XDG_DATA_HOME"):
        return Path(xdg).expanduser().resolve() / "genjin"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "genjin"
    return Path.home() / ".local" / "share" / "genjin"


class EmbeddedPostgres:
    """The server of one home directory, as seen by this process."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = (home or default_home()).expanduser().resolve()
        self.data_dir = self.home / "pg"
        self.log_file = self.home / "pg.log"
        self.socket_dir = _socket_dir(self.home)
        self._users_fd: int | None = None
        self._joined_by: int | None = None

    @property
    def url(self) -> str:
        """The address of the product's database on this server, as in ``DATABASE_URL``."""
        return self._url(DATABASE)

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self.socket_dir), safe='')}"

    def ensure_running(self) -> str:
        """Starts the server, or joins the one that runs, and answers its database's address.

        Repairs what a kill -9 left behind. Until ``release()`` or the end of the process the
        server is kept for us. Raises EmbeddedPostgresError with a sentence for the operator.
        """
        self._make_home()
        with self._changing():
            self._join()
            try:
                self._bring_up()
            except BaseException:
                self._leave()
                raise
        return self.url

    def release(self) -> None:
        """Says that this process is done with the server; the last to say so stops it."""
        if self._users_fd is None or self._joined_by != os.getpid():
            return
        if not self.home.exists():
            self._leave()  # the whole home was deleted; the server notices that by itself
            return
        with self._changing():
            self._leave()
            if not self._has_users():
                self._stop()

    def stop(self) -> None:
        """Stops the server even if others use it; their connections end at once."""
        if not self.data_dir.exists():
            return
        with self._changing():
            self._leave()
            self._stop()

    def status(self) -> ServerStatus:
        """Tells whether the server runs, with its process and the version of its data."""
        pid = self.postmaster_pid()
        major = self._data_major()
        return ServerStatus(
            running=pid is not None,
            pid=pid,
            version=str(major) if major else None,
            data_dir=str(self.data_dir),
            url=self.url,
        )

    def postmaster_pid(self) -> int | None:
        """Gives the server's process if it lives: not a zombie, not a stranger with its pid."""
        return living_postmaster(self.data_dir)

    # Who uses the server

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Holds the lock under which users come and go and the server starts and stops."""
        fd = self._open_lock("pg.lock")
        try:
            deadline = time.monotonic() + _START_SECONDS + _STOP_SECONDS
            while not _try_lock(fd, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise EmbeddedPostgresError(
                        f"Another process has been starting or stopping the server in "
                        f"{self.home} for minutes; see {self.log_file}."
                    )
                time.sleep(0.02)
            yield
        finally:
            os.close(fd)

    def _open_lock(self, name: str) -> int:
        return os.open(self.home / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _join(self) -> None:
        if self._users_fd is not None and self._joined_by == os.getpid():
            return
        # A fork inherits its parent's lock: closing our copy leaves the parent's untouched.
        self._leave()
        self._users_fd = self._open_lock("pg.users")
        self._joined_by = os.getpid()
        fcntl.flock(self._users_fd, fcntl.LOCK_SH)

    def _leave(self) -> None:
        if self._users_fd is not None:
            os.close(self._users_fd)
            self._users_fd = None

    def _has_users(self) -> bool:
        fd = self._open_lock("pg.users")
        try:
            return not _try_lock(fd, fcntl.LOCK_EX)
        finally:
            os.close(fd)

    # Start

    def _make_home(self) -> None:
        # Root's server runs as another user, who must walk through to the data; those lie in
        # directories that only he can enter.
        mode = 0o711 if os.geteuid() == 0 else 0o700
        try:
            self.home.parent.mkdir(parents=True, exist_ok=True)
            self.home.mkdir(mode=mode, exist_ok=True)
        except OSError as error:
            raise EmbeddedPostgresError(
                f"The data directory {self.home} cannot be made: {error.strerror}."
            ) from error
        if not os.access(self.home, os.W_OK | os.X_OK):
            raise EmbeddedPostgresError(
                f"The data directory {self.home} belongs to another user. Run as that user, or "
                "set GENJIN_HOME to a directory of your own."
            )

    def _bring_up(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            if self.postmaster_pid() is None:
                self._start(deadline)
            if self._accepts_connections():
                break
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"PostgreSQL runs but answers nobody after {_START_SECONDS} s; see "
                    f"{self.log_file}:\n{self._log_since(0)}"
                )
            time.sleep(0.05)

    def _accepts_connections(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if f'database "{DATABASE}" does not exist' not in str(error):
                return False
        else:
            return True
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        return True

    def _start(self, deadline: float) -> None:
        found = find_binaries(data_major=self._data_major())
        user, binaries = choose_user(found, home=self.home, data_dir=self.data_dir)
        if self._data_major() is None:
            self._make_data_dir(user, binaries)
        self._refuse_foreign_owner(user)
        _private_dir(self.socket_dir, user)
        self._write_conf(user)
        while True:
            disown_dead_postmaster(self.data_dir, self.socket_dir)
            since = self._open_log(user)
            command = [binaries.program("pg_ctl"), "start", "-s", "-w", "-t", "10"]
            command += ["-D", str(self.data_dir), "-l", str(self.log_file)]
            # The server inherits these: a pipe here would never end.
            answer = user.run(command, stdout=DEVNULL, stderr=DEVNULL)
            if answer.returncode == 0 or self.postmaster_pid() is not None:
                return
            tail = self._log_since(since)
            if time.monotonic() > deadline or not any(word in tail for word in _PASSING_FAULTS):
                raise EmbeddedPostgresError(
                    f"PostgreSQL {binaries.version} did not start; {self.log_file} says:\n{tail}"
                )
            # The last children of a killed server are still going.
            time.sleep(0.3)

    def _refuse_foreign_owner(self, user: ServerUser) -> None:
        if (uid := self.data_dir.stat().st_uid) != user.uid:
            raise EmbeddedPostgresError(
                f"{self.data_dir} belongs to user {uid} and cannot be used by {user.name} "
                f"({user.uid}). Run as its owner, or set GENJIN_HOME to another directory."
            )

    def _data_major(self) -> int | None:
        try:
            return int((self.data_dir / "PG_VERSION").read_text().split(".")[0])
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            raise EmbeddedPostgresError(
                f"{self.data_dir} belongs to another user. Run as that user, or set GENJIN_HOME "
                "to a directory of your own."
            ) from error

    def _make_data_dir(self, user: ServerUser, binaries: Binaries) -> None:
        """Makes a new, empty cluster beside its place and moves it there when complete."""
        if self.data_dir.exists():
            try:
                self.data_dir.rmdir()
            except OSError as error:
                raise EmbeddedPostgresError(
                    f"{self.data_dir} holds something that is not a PostgreSQL data directory. "
                    "Move it away, or set GENJIN_HOME to another directory."
                ) from error
        unfinished = self.home / "pg.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        _private_dir(unfinished, user)
        libc_locale = "C" if sys.platform == "darwin" else "C.UTF-8"
        command = [binaries.program("initdb"), "-D", str(unfinished), "-U", "postgres"]
        command += ["-E", "UTF8", f"--locale={libc_locale}", "--auth=trust", "--no-instructions"]
        if binaries.major >= 17:
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        answer = user.run(command, capture_output=True)
        if answer.returncode != 0:
            raise EmbeddedPostgresError(
                f"The database in {self.data_dir} cannot be made:\n"
                f"{answer.stdout[-2000:]}{answer.stderr[-2000:]}"
            )
        with (unfinished / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude_if_exists = 'genjin.conf'\n")
        unfinished.rename(self.data_dir)

    def _write_conf(self, user: ServerUser) -> None:
        settings = settings_for_this_machine(socket_dir=self.socket_dir, disk=self.data_dir)
        fd, name = tempfile.mkstemp(dir=self.data_dir, prefix="genjin.conf.")
        with os.fdopen(fd, "w") as conf:
            conf.write(as_conf(settings))
        user.own(Path(name))
        Path(name).replace(self.data_dir / "genjin.conf")

    def _open_log(self, user: ServerUser) -> int:
        """Makes sure that the server may write its log; answers the log's present length."""
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_LIMIT_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        os.close(os.open(self.log_file, flags, 0o600))
        user.own(self.log_file)
        return self.log_file.stat().st_size

    def _log_since(self, offset: int) -> str:
        with self.log_file.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(offset, size - 3000))
            return log.read().decode(errors="replace").strip()

    # Stop

    def _stop(self) -> None:
        pid = self.postmaster_pid()
        if pid is None:
            return
        for how, seconds in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGQUIT, 10)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                if not is_postmaster(pid, self.data_dir):
                    return
                time.sleep(0.02)
        raise EmbeddedPostgresError(f"PostgreSQL (process {pid}) does not stop.")


def _try_lock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True


def _socket_dir(home: Path) -> Path:
    """Gives the directory of the socket: in the home, or a short one when that cannot serve."""
    inside = home / "pg-socket"
    # In an address a comma separates hosts, and nothing escapes it.
    if "," not in str(inside) and len(os.fsencode(inside / SOCKET_NAME)) <= _LONGEST_SOCKET:
        return inside
    mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path("/tmp") / f"genjin-{os.geteuid()}-{mark}"  # noqa: S108 - checked when made


def _private_dir(path: Path, user: ServerUser) -> None:
    """Makes a directory that only the server's user can enter, or checks that it is one."""
    try:
        path.mkdir(mode=0o700)
        user.own(path)
    except FileExistsError:
        pass
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (user.uid, os.geteuid()):
        raise EmbeddedPostgresError(f"{path} is in the way: it belongs to another user.")
    path.chmod(0o700)
    user.own(path)


_acquired: dict[Path, EmbeddedPostgres] = {}


def acquire(home: Path | None = None) -> str:
    """Gives the address of the embedded database for as long as this process lives.

    Starts the server when needed; at the end of the process the server stops if nobody else
    uses it. Raises EmbeddedPostgresError.
    """
    server = EmbeddedPostgres(home)
    known = _acquired.setdefault(server.home, server)
    if known is server:
        atexit.register(server.release)
    return known.ensure_running()


def database_url(home: Path | None = None) -> str:
    """Gives what ``DATABASE_URL`` would say for the embedded server, which it starts."""
    return acquire(home)
