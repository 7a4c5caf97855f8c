"""What is remembered of the chain's end outside the table: by this machine, and by others.

The head file (GENJIN_HOME/scores/heads) is written after every commit that appended. A head
older than the database is in order (another machine appended since); a database behind a head,
or with another digest at its number, is a fault. The file keeps a head that the database no
longer agrees with, and adds the new one below it, so that a cut tail stays known though the
chain grows past it. Its lines carry a keyed digest of their own.

The daily anchor is a text with number and digest. It goes by mail or into a directory outside
(policy/scores.toml); copies are also kept in the database for convenience, which prove nothing
against its owner.

What each proves. Chain alone: nobody without the key changed anything but the end. Head file: the
end was not cut since this machine last wrote, unless somebody could write GENJIN_HOME as well. An
anchor outside: nothing up to its number was changed, cut or written anew, even by one who has the
database, the key and this machine; it says nothing of what came after it.
"""

import email
import fcntl
import hmac
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from genjin.followups.models import Score, ScoreAnchor
from genjin.followups.scores.keys import Keys, folder
from genjin.kernel.hashchain import Mark

log = logging.getLogger(__name__)

HEAD = "head"
_ANCHOR = re.compile(
    r"^sequence: *(?P<sequence>\d{1,18})\s*$.*?^digest: *(?P<digest>[0-9a-f]{64})\s*$",
    re.MULTILINE | re.DOTALL,
)


class UnreadableMark(ValueError):
    """A line of the head file or an anchor is not as it was written; the text names it."""


def _path() -> Path:
    return folder() / "heads"


def _mac(key: bytes, line: dict[str, Any]) -> str:
    text = f"genjin head\0{line['sequence']}\0{line['digest']}\0{line['at']}"
    return hmac.digest(key, text.encode("ascii"), "sha256").hex()


def _line(mark: Mark, keys: Keys, now: datetime) -> dict[str, Any]:
    line = {"sequence": mark.sequence, "digest": mark.digest.hex(), "at": now.isoformat(),
            "key": keys.current}  # fmt: skip
    return {**line, "mac": _mac(keys.signing(), line)}


def _lines() -> list[dict[str, Any]]:
    try:
        text = _path().read_text("ascii")
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.splitlines() if line.strip()]


@contextmanager
def _alone() -> Iterator[None]:
    """Keeps the other processes of this machine away from the head file."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(folder() / "heads.lock", "a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def advance(mark: Mark, keys: Keys, now: datetime) -> None:
    """Remembers the new end of the chain; called after the commit.

    Never goes back. A head that the database does not confirm any more stays in the file. A
    fault of the disk is logged: the score itself is written.
    """
    try:
        with _alone():
            lines = _lines()
            if lines and lines[-1]["sequence"] >= mark.sequence:
                return
            kept = lines[:-1] if lines and _is_confirmed(lines[-1]) else lines
            _write([*kept, _line(mark, keys, now)])
    except (OSError, ValueError, KeyError):
        log.exception("the head of the scores could not be written")


def _is_confirmed(line: dict[str, Any]) -> bool:
    found = Score.objects.filter(sequence=line["sequence"]).values_list("digest", flat=True)
    return [bytes(digest).hex() for digest in found] == [line["digest"]]


def _write(lines: Iterable[dict[str, Any]]) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    temporary = _path().with_name(f"heads.{os.getpid()}")
    temporary.touch(mode=0o600)
    temporary.write_text(text, encoding="ascii")
    os.replace(temporary, _path())


def head_marks(keys: Keys | None) -> list[Mark]:
    """What this machine remembers. Raises UnreadableMark when the file was changed."""
    try:
        lines = _lines()
        for line in lines:
            key = keys.by_id.get(line["key"]) if keys else None
            if key is not None and not hmac.compare_digest(_mac(key, line), line["mac"]):
                raise UnreadableMark(str(_path()))
        return [Mark(line["sequence"], bytes.fromhex(line["digest"]), HEAD) for line in lines]
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableMark(str(_path())) from error


def anchor_text(mark: Mark, day: str, key_id: str) -> str:
    """The anchor as it is sent: for a person to keep, and for `--anchor` to read."""
    return (
        f"Genjin scores\nday: {day}\nsequence: {mark.sequence}\n"
        f"digest: {mark.digest.hex()}\nkey: {key_id}\n"
    )


def _parts(content: bytes) -> Iterator[bytes]:
    """The texts of a saved message, however its mail program packed them."""
    for part in email.message_from_bytes(content).walk():
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            yield body


def read_anchor(path: Path) -> Mark:
    """The mark in a kept file or a saved message. Raises UnreadableMark."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableMark(str(path)) from error
    texts = (content, *_parts(content))
    hits = (_ANCHOR.search(text.decode("utf-8", "replace").replace("\r\n", "\n")) for text in texts)
    found = next((hit for hit in hits if hit), None)
    if found is None:
        raise UnreadableMark(str(path))
    return Mark(int(found["sequence"]), bytes.fromhex(found["digest"]), path.name)


def stored_marks() -> list[Mark]:
    """The copies of the anchors that the database keeps."""
    return [
        Mark(anchor.sequence, bytes(anchor.digest), f"{anchor.day}")
        for anchor in ScoreAnchor.objects.order_by("day")
    ]
