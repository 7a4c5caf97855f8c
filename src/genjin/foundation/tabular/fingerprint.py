"""Tells whether a file is still the one that came in."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from genjin.foundation.tabular.errors import FileChanged

_BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Stamp:
    """What the file system says of a file without reading it."""

    size: int
    changed_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> "Stamp":
        found = os.stat(path)
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


@dataclass(frozen=True)
class Fingerprint:
    """Stamp, SHA-256 and number of line ends of one file, taken together."""

    stamp: Stamp
    digest: str
    line_ends: int

    @classmethod
    def of(cls, path: Path) -> "Fingerprint":
        """Reads the file once. Raises FileChanged where it changes under the reading."""
        before = Stamp.of(path)
        digest = hashlib.sha256()
        line_ends = 0
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
                line_ends += block.count(b"\n")
        if Stamp.of(path) != before:
            raise FileChanged(file=path.name)
        return cls(before, digest.hexdigest(), line_ends)


def check_unchanged(path: Path, stamp: Stamp) -> None:
    """Raises FileChanged when the file is gone or no longer the one of `stamp`."""
    try:
        now = Stamp.of(path)
    except FileNotFoundError:
        raise FileChanged("file_gone", file=path.name) from None
    if now != stamp:
        raise FileChanged(file=path.name)
