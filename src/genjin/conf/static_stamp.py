"""Knows whether the gathered files for the browser are those of this version of the program."""

import hashlib
import os
from pathlib import Path

BASE = Path(__file__).resolve().parents[3]
ROOT = BASE / "build" / "static"
_STAMP = BASE / "build" / "static.stamp"


def is_fresh() -> bool:
    """Says whether the files need not be gathered again."""
    try:
        return ROOT.is_dir() and _STAMP.read_text() == fingerprint()
    except OSError:
        return False


def write() -> None:
    """Remembers that the gathered files are those of now."""
    _STAMP.write_text(fingerprint())


def fingerprint() -> str:
    """Digests names, sizes and times of every static file of the program and its packages."""
    digest = hashlib.sha256()
    for name in ("requirements.txt", "src/genjin/conf/settings.py"):
        path = BASE / name
        digest.update(path.read_bytes() if path.exists() else b"")
    for folder in sorted((BASE / "src" / "genjin").glob("*/static")):
        for directory, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                found = (Path(directory) / name).stat()
                digest.update(f"{directory}/{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
