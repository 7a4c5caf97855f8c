"""The keys that sign scores. They are never in the database.

GENJIN_SCORE_KEY holds them, the present one first, older ones behind it, parted by blanks or
commas; each at least 32 characters of chance. Without it they stand in GENJIN_HOME/scores/keys,
one a line, the present one first: a file that its owner alone may read, made when the first score
is written. To change the key, put a new line on top: old scores keep verifying with the old one.
Machines that share a database share the key.
"""

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from genjin.kernel import hashchain
from genjin.kernel.errors import GenjinError

VARIABLE = "GENJIN_SCORE_KEY"
LEAST_LENGTH = 32


class KeyProblem(GenjinError):
    """The keys cannot be used: unreadable, too short, or not those of this chain."""

    code = "score_key"


@dataclass(frozen=True)
class Keys:
    """Every known key by its id; `current` is the id of the one that signs."""

    current: str
    by_id: dict[str, bytes]

    def signing(self) -> bytes:
        return self.by_id[self.current]


def folder() -> Path:
    """Where this machine keeps what must lie outside the database."""
    return Path(settings.GENJIN_HOME) / "scores"


def load(*, may_make: bool = False) -> Keys | None:
    """The keys of this machine; None where there are none (and `may_make` is not given).

    `may_make` makes the file when it is missing: only for a chain that has not begun. Raises
    KeyProblem.
    """
    if given := os.environ.get(VARIABLE, "").strip():
        return _read(given)
    path = folder() / "keys"
    if not path.exists():
        if not may_make:
            return None
        _make(path)
    return _read(path.read_text("ascii", errors="replace"))


def _read(text: str) -> Keys:
    words = [word for word in re.split(r"[\s,]+", text) if word]
    if not words or any(len(word) < LEAST_LENGTH for word in words):
        raise KeyProblem("score_key_too_short", least=LEAST_LENGTH)
    keys = [word.encode("utf-8") for word in words]
    by_id = {hashchain.key_id(key): key for key in keys}
    return Keys(hashchain.key_id(keys[0]), by_id)


def _make(path: Path) -> None:
    """Writes a new key; where processes begin together, the first to link the file wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"keys.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
