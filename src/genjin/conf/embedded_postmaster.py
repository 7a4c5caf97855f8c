"""Tells whether a server process lives, and clears away what a killed one left behind."""

import os
import time
from pathlib import Path

import psutil

SOCKET_NAME = ".s.PGSQL.5432"
_NEVER_A_PID = 4_194_305  # above the largest pid that Linux and macOS ever give
_ZOMBIE_SECONDS = 3


def living_postmaster(data_dir: Path) -> int | None:
    """Gives the server's process if it lives: not a zombie, not a stranger with its pid."""
    pid = _pid_in(data_dir / "postmaster.pid")
    return pid if pid is not None and is_postmaster(pid, data_dir) else None


def is_postmaster(pid: int, data_dir: Path) -> bool:
    """Says whether this process is a living server of this data directory."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or "postgres" not in process.name():
            return False
        return os.path.samefile(process.cwd(), data_dir)
    except psutil.ZombieProcess:
        return False
    except psutil.AccessDenied:
        return True
    except (psutil.NoSuchProcess, OSError):
        return False


def disown_dead_postmaster(data_dir: Path, socket_dir: Path) -> None:
    """Lets a new server start where the pid of a dead one is still taken.

    PostgreSQL believes any process with the recorded pid to be its predecessor: also a zombie
    that nobody reaps, or a stranger who got the number later. ``postmaster.pid`` itself must
    stay: through it PostgreSQL finds children of the dead server that are still writing.
    """
    pid = _pid_in(data_dir / "postmaster.pid")
    if pid is None:
        return
    patience = time.monotonic() + _ZOMBIE_SECONDS
    while _is_zombie(pid) and time.monotonic() < patience:
        time.sleep(0.05)
    if not psutil.pid_exists(pid):
        return
    fd = os.open(data_dir / "postmaster.pid", os.O_RDWR | os.O_NOFOLLOW)
    with os.fdopen(fd, "r+", encoding="utf-8") as pid_file:
        _, _, rest = pid_file.read().partition("\n")
        pid_file.seek(0)
        pid_file.write(f"{_NEVER_A_PID}\n{rest}")
        pid_file.truncate()
    socket_lock = socket_dir / f"{SOCKET_NAME}.lock"
    if _pid_in(socket_lock) == pid:
        socket_lock.unlink()


def _is_zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _pid_in(path: Path) -> int | None:
    try:
        pid = abs(int(path.read_text().split("\n", 1)[0]))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return pid or None
