"""Runs PostgreSQL's programs as a user other than root, as PostgreSQL demands.

An ordinary user runs them as himself. Root hands them to ``genjin``, ``postgres`` or
``nobody``. That user may be unable to walk into the directory of the data or of the programs
(``/root``, a private temporary directory). The permissions of such a directory are its
owner's business and stay as they are: the server is then given the one capability that lets
it walk through, or the programs are copied to where it can reach them.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genjin.conf.embedded_binaries import Binaries, EmbeddedPostgresError

SERVER_USERS = ("genjin", "postgres", "nobody")
# (name for setpriv, bit in /proc/self/status): the weaker one first. Containers often
# withhold it but leave the second.
_WALKING_CAPABILITIES = (("dac_read_search", 2), ("dac_override", 1))
_REACH = 'for p; do [ -x "$p" ] || { printf %s "$p"; exit 1; }; done'


@dataclass(frozen=True)
class ServerUser:
    """Who runs the server: a uid and gid, and the words to put before a command."""

    uid: int
    gid: int
    name: str
    switches: bool = False
    prefix: tuple[str, ...] = ()

    def run(self, command: Sequence[str], **kwargs: Any) -> subprocess.CompletedProcess[str]:
        """Runs one program as this user, from ``/``, in a session of its own."""
        if self.switches and not self.prefix:
            kwargs |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(
            [*self.prefix, *command],
            cwd="/",
            env=_environment(),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
            check=False,
            **kwargs,
        )

    def cannot_reach(self, paths: Sequence[Path]) -> str | None:
        """Names the first of these paths that this user cannot walk into or run."""
        answer = self.run(
            ["/bin/sh", "-c", _REACH, "sh", *map(str, paths)], capture_output=True, timeout=30
        )
        return (answer.stdout or str(paths[0])) if answer.returncode else None

    def own(self, path: Path) -> None:
        """Gives a path that we made to this user; nothing to do when that is ourselves."""
        if self.switches:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def choose_user(
    binaries: Binaries, *, home: Path, data_dir: Path, may_use_capabilities: bool = True
) -> tuple[ServerUser, Binaries]:
    """Decides who runs the server and makes sure that he reaches data and programs.

    The owner of existing data stays the owner. Returns the binaries to use, which are a copy
    under ``home`` when the originals lie where the user cannot go. Raises
    EmbeddedPostgresError naming the directory that is in the way.
    """
    if os.geteuid() != 0:
        return ServerUser(os.geteuid(), os.getegid(), "me"), binaries
    user = _other_user(data_dir)
    needed = [home, Path(binaries.program("postgres"))]
    if user.cannot_reach(needed) is None:
        return user, binaries
    for prefix in _walking_prefixes(user) if may_use_capabilities else ():
        walking = replace(user, prefix=prefix)
        if walking.cannot_reach(needed) is None:
            return walking, binaries
    if (blocked := user.cannot_reach([home])) is not None:
        raise EmbeddedPostgresError(
            f"PostgreSQL may not run as root, and the user {user.name} cannot enter {blocked}. "
            "Set GENJIN_HOME to a directory which that user can reach, for example "
            "/var/lib/genjin, or run this program as an ordinary user."
        )
    return user, _copy_binaries(binaries, to=home / "pg-programs", user=user)


def _other_user(data_dir: Path) -> ServerUser:
    if data_dir.exists() and (owner := data_dir.stat()).st_uid != 0:
        return ServerUser(owner.st_uid, owner.st_gid, _name_of(owner.st_uid), switches=True)
    for name in SERVER_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(entry.pw_uid, entry.pw_gid, name, switches=True)
    raise EmbeddedPostgresError(
        "PostgreSQL may not run as root, and none of the users "
        f"{', '.join(SERVER_USERS)} exists on this machine."
    )


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _walking_prefixes(user: ServerUser) -> list[tuple[str, ...]]:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return []
    held = _held_capabilities()
    return [
        (
            setpriv,
            f"--reuid={user.uid}",
            f"--regid={user.gid}",
            "--clear-groups",
            f"--inh-caps=-all,+{name}",
            f"--ambient-caps=-all,+{name}",
        )
        for name, bit in _WALKING_CAPABILITIES
        if held & (1 << bit)
    ]


def _held_capabilities() -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)


def _copy_binaries(binaries: Binaries, *, to: Path, user: ServerUser) -> Binaries:
    """Copies the programs with their libraries, keeping their places relative to each other."""
    package = binaries.bindir.parent.parent
    target = to / f"{package.name}-{binaries.version}"
    copied = replace(binaries, bindir=target / package.name / binaries.bindir.relative_to(package))
    if not target.exists():
        unfinished = target.with_name(f"{target.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        to.mkdir(mode=0o755, exist_ok=True)
        for source in (package, package.with_name(f"{package.name}.libs")):
            if source.exists():
                shutil.copytree(source, unfinished / source.name, symlinks=True)
        unfinished.rename(target)
    if (blocked := user.cannot_reach([Path(copied.program("postgres"))])) is not None:
        raise EmbeddedPostgresError(f"The user {user.name} cannot run {blocked}.")
    return copied


def _environment() -> dict[str, str]:
    """The environment without settings meant for other PostgreSQL servers and clients."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
