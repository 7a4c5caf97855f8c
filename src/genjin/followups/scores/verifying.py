"""Walking the whole chain: finds the first thing that is not as it was written (FU8).

Looks at the links, at the words beside them, at the approvals of corrections, and compares the
end with what is remembered elsewhere (`marks`).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from genjin.followups.scores import chain, marks, sealing
from genjin.followups.scores import keys as score_keys
from genjin.followups.scores.chain import Read
from genjin.followups.scores.keys import KeyProblem, Keys
from genjin.foundation import policy
from genjin.foundation.models import Approval
from genjin.kernel import hashchain
from genjin.kernel.hashchain import Link, Mark

WORDS_CHANGED = "words_changed"
WORDS_REMOVED = "words_removed"
NOT_APPROVED = "not_approved"
MARK_UNREADABLE = "mark_unreadable"
KEY_MISSING = "key_missing"
CORRECTION = "correction"
ERASURE = "erasure"


@dataclass(frozen=True)
class Finding:
    """The first fault: its kind (`hashchain.FaultKind` or one of the above), the link's number.

    `last` and `place` as in `hashchain.Fault`. Number 0: no single link (a key or a mark).
    """

    kind: str
    sequence: int
    last: int | None = None
    place: str = ""


@dataclass(frozen=True)
class Verified:
    """The result: how many links are in order, the last good one, what it was compared with."""

    count: int
    head: str
    seconds: float
    finding: Finding | None
    compared: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return self.finding is None

    def to_json(self) -> dict[str, Any]:
        return {
            "sound": self.is_sound,
            "count": self.count,
            "head": {"sequence": self.count, "digest": self.head},
            "fault": asdict(self.finding) if self.finding else None,
            "compared": self.compared,
            "seconds": round(self.seconds, 2),
        }


class _Found(Exception):
    def __init__(self, finding: Finding) -> None:
        self.finding = finding


class _Watch:
    """What is looked at beside the digests while the links go by."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.last: Read | None = None
        self.wordless: dict[str | None, int] = {}
        self.corrections: list[tuple[int, str | None]] = []

    def links(self) -> Iterator[Link]:
        for self.last in chain.read():
            yield self.last.link
            self._look(self.last)  # only after its digest was found in order

    def _look(self, row: Read) -> None:
        if row.kind == CORRECTION:
            self.corrections.append((row.link.sequence, row.approval))
        elif row.kind == ERASURE:
            self.wordless.pop(row.customer, None)
        if row.text_digest is None:
            if row.text is not None:
                raise _Found(Finding(WORDS_CHANGED, row.link.sequence))
        elif row.text is None:
            self.wordless.setdefault(row.customer, row.link.sequence)
        else:
            try:
                sealing.unseal(*row.text, row.text_digest, self.keys)
            except sealing.Unreadable:
                raise _Found(Finding(WORDS_CHANGED, row.link.sequence)) from None

    def left_over(self) -> Finding | None:
        """What could be judged at the end only: words without erasure, corrections without yes."""
        found = [Finding(WORDS_REMOVED, number) for number in self.wordless.values()]
        asked = {pk for _number, pk in self.corrections if pk}
        approved = {
            str(pk)
            for pk in Approval.objects.filter(
                kind="score_correction", state=Approval.State.APPROVED,
                pk__in=[UUID(pk) for pk in asked],
            ).values_list("pk", flat=True)
        }  # fmt: skip
        found += [
            Finding(NOT_APPROVED, number) for number, pk in self.corrections if pk not in approved
        ]
        return min(found, key=lambda one: one.sequence, default=None)


def _marks(keys: Keys | None, anchors: Sequence[Path]) -> tuple[list[Mark], Finding | None]:
    """Everything that is remembered, and the first place that cannot be read."""
    found: list[Mark] = []
    unreadable: Finding | None = None
    directory = str(policy.value("scores.anchor.directory") or "")
    files = [*anchors, *(sorted(Path(directory).glob("*.txt")) if directory else [])]
    readers: list[Callable[[], list[Mark]]] = [
        lambda: marks.head_marks(keys),
        marks.stored_marks,
        *(lambda path=path: [marks.read_anchor(path)] for path in files),
    ]
    for read in readers:
        try:
            found += read()
        except marks.UnreadableMark as error:
            unreadable = unreadable or Finding(MARK_UNREADABLE, 0, place=str(error))
    return found, unreadable


def verify(
    *,
    anchors: Sequence[Path] = (),
    tell: Callable[[int], None] | None = None,
) -> Verified:
    """Walks every link and says the first fault, or that there is none.

    `anchors` are kept anchors to compare with besides those that are known; `tell` hears how many
    links were read, now and then. Reads only.
    """
    started = time.monotonic()
    # Read before the first link: what is appended meanwhile comes after all of these.
    try:
        keys = score_keys.load()
    except KeyProblem:
        keys = None
    known, unreadable = _marks(keys, anchors)
    compared = [{"place": mark.place, "sequence": mark.sequence} for mark in known]
    if keys is None:
        first = next(chain.digests(), None)
        if first is None and not known:
            return Verified(0, hashchain.GENESIS.hex(), 0.0, unreadable, compared)
        keys = Keys("", {})
    watch = _Watch(keys)
    count, head, finding = _walk(watch, keys, known, tell)
    if finding is None:
        finding = watch.left_over() or unreadable
    return Verified(count, head, time.monotonic() - started, finding, compared)


def _walk(
    watch: _Watch, keys: Keys, known: Sequence[Mark], tell: Callable[[int], None] | None
) -> tuple[int, str, Finding | None]:
    try:
        walked = hashchain.walk(watch.links(), keys.by_id, marks=known, tell=tell)
    except _Found as found:
        before = found.finding.sequence
        digest = watch.last.link.digest if watch.last else hashchain.GENESIS
        return before, digest.hex(), found.finding
    fault = walked.fault
    if fault is not None and watch.last is not None:
        fault = hashchain.tell_apart(
            fault, watch.last.link, keys.by_id, digests=chain.digests, marks=known
        )
    finding = Finding(fault.kind.value, fault.sequence, fault.last, fault.place) if fault else None
    if finding and finding.kind == hashchain.FaultKind.WRONG_KEY and not keys.by_id:
        finding = Finding(KEY_MISSING, finding.sequence)
    return walked.count, walked.head.digest.hex(), finding
