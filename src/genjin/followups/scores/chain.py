"""Appending to the chain of scores, and reading its links back.

Appending is one at a time for the whole database: an advisory lock is held until the commit, so
numbers run without a gap and each link follows on a committed one. Take it late in a transaction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from genjin.followups.models import Score, ScoreText
from genjin.followups.scores import keys as score_keys
from genjin.followups.scores import marks, sealing
from genjin.followups.scores.keys import KeyProblem, Keys
from genjin.kernel.hashchain import (
    GENESIS,
    Link,
    Mark,
    Value,
    canonical,
    canonical_texts,
    link_digest,
)

FORMAT = "genjin.score.1"
PAGE = 20_000
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('genjin.scores', 0))"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A link that is to be appended; the columns of `Score` without number and digest."""

    kind: str
    role: str = ""
    scored: int | None = None
    customer: UUID | None = None
    interaction: UUID | None = None
    followup: UUID | None = None
    question: str = ""
    points: int | None = None
    out_of: int = 5
    corrects: int | None = None
    approval: UUID | None = None
    reason: str = ""
    source: str = ""
    by: int | None = None
    words: str = ""


def content(draft: Draft, *, at: datetime | str, text_digest: bytes | None, key_id: str) -> bytes:
    """The bytes that a link signs. The order of the values is part of the format."""
    values: Sequence[Value] = (
        FORMAT, key_id, draft.kind, draft.role, draft.scored, draft.customer, draft.interaction,
        draft.followup, draft.question, draft.points, draft.out_of, draft.corrects,
        draft.approval, draft.reason, text_digest, draft.source, draft.by, at,
    )  # fmt: skip
    return canonical(values)


def _keys_for(last: Score | None) -> Keys:
    """The keys that may sign behind `last`. A machine without the chain's key signs nothing."""
    keys = score_keys.load(may_make=last is None)
    if keys is None or (last is not None and last.key_id not in keys.by_id):
        raise KeyProblem("score_key_not_of_this_chain", key_id=last.key_id if last else "")
    return keys


def append(drafts: Sequence[Draft], *, now: datetime) -> list[Score]:
    """Appends links in their order and remembers the new end once it is committed.

    The caller holds a transaction. Raises KeyProblem when this machine has not the key with
    which the last link was signed.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("appending scores needs a transaction")
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
    last = Score.objects.order_by("-sequence").only("sequence", "digest", "key_id").first()
    keys = _keys_for(last)
    before, number = (bytes(last.digest), last.sequence) if last else (GENESIS, 0)
    rows, texts = [], []
    for number, draft in enumerate(drafts, start=number + 1):  # noqa: B020 - goes on from there
        sealed = sealing.seal(draft.words, keys) if draft.words and draft.customer else None
        digest_of_words = sealed.digest if sealed else None
        signed = content(draft, at=now, text_digest=digest_of_words, key_id=keys.current)
        before = link_digest(keys.signing(), before, signed)
        rows.append(_row(number, draft, now, digest_of_words, keys.current, before))
        if sealed and draft.customer:
            texts.append(ScoreText(score_id=number, customer_id=draft.customer, key=sealed.key,
                                   body=sealed.body))  # fmt: skip
    Score.objects.bulk_create(rows)
    ScoreText.objects.bulk_create(texts)
    if rows:
        transaction.on_commit(partial(marks.advance, Mark(number, before), keys, now))
    return rows


def _row(
    number: int, draft: Draft, now: datetime, text_digest: bytes | None, key_id: str, digest: bytes
) -> Score:
    return Score(
        sequence=number, kind=draft.kind, role=draft.role, scored_id=draft.scored,
        customer_id=draft.customer, interaction_id=draft.interaction, followup_id=draft.followup,
        question=draft.question, points=draft.points, out_of=draft.out_of,
        corrects_id=draft.corrects, approval=draft.approval, reason=draft.reason,
        text_digest=text_digest, source=draft.source, by_id=draft.by, at=now, key_id=key_id,
        digest=digest,
    )  # fmt: skip


class Read(NamedTuple):
    """A link as it stands in the database, with what else the walk looks at."""

    link: Link
    kind: str
    customer: str | None
    approval: str | None
    text_digest: bytes | None
    text: tuple[bytes, bytes] | None


# The server writes each value as the text that was signed, in the order of `content`: this is the
# hot loop. The signed columns are those between the digest and the text beside the score.
_SIGNED = slice(2, 20)
_SELECT = f"""
SELECT s.sequence, s.digest, '{FORMAT}', s.key_id, s.kind, s.role, s.scored_id::text,
       s.customer_id::text, s.interaction_id::text, s.followup_id::text, s.question,
       s.points::text, s.out_of::text, s.corrects_id::text, s.approval::text, s.reason,
       encode(s.text_digest, 'hex'), s.source, s.by_id::text,
       to_char(s.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), t.key, t.body
FROM followups_score s LEFT JOIN followups_scoretext t ON t.score_id = s.sequence
WHERE s.sequence > %s ORDER BY s.sequence LIMIT %s
"""  # noqa: S608 - a constant


def read(after: int = 0) -> Iterator[Read]:
    """Every link behind the number `after`, page by page, words as they are stored.

    Rows are only ever appended, so pages of different moments fit together.
    """
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_SELECT, [after, PAGE])
            rows = cursor.fetchall()
        for row in rows:
            yield _read(row)
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


def _read(row: tuple[Any, ...]) -> Read:
    link = Link(row[0], row[3], canonical_texts(row[_SIGNED]), bytes(row[1]))
    text = (bytes(row[20]), bytes(row[21])) if row[20] is not None else None
    told = bytes.fromhex(row[16]) if row[16] is not None else None
    return Read(link, row[4], row[7], row[14], told, text)


def digests() -> Iterator[tuple[int, bytes]]:
    """(number, digest) of every link, in order."""
    after = 0
    rows = Score.objects.order_by("sequence").values_list("sequence", "digest")
    while page := list(rows.filter(sequence__gt=after)[:PAGE]):
        for number, digest in page:
            yield number, bytes(digest)
        after = page[-1][0]


def words_of(score: Score) -> str:
    """What the customer said beside a score; empty when nothing was said or it was erased.

    Raises sealing.Unreadable, KeyProblem.
    """
    if score.text_digest is None:
        return ""
    text = ScoreText.objects.filter(score=score).first()
    if text is None:
        return ""
    keys = score_keys.load()
    if keys is None:
        raise sealing.Unreadable
    return sealing.unseal(bytes(text.key), bytes(text.body), bytes(score.text_digest), keys)
