"""The daily anchor: number and digest of the last score go to a place outside (FU8).

Where to stands in policy/scores.toml. What an anchor proves is said in `marks`.
"""

from datetime import datetime
from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from genjin.followups.channels import inhouse
from genjin.followups.models import Score, ScoreAnchor
from genjin.followups.scores import keys as score_keys
from genjin.followups.scores import marks
from genjin.foundation import policy
from genjin.kernel.errors import GenjinError
from genjin.kernel.hashchain import Mark


class AnchorNotSent(GenjinError):
    """The anchor of the day could not be sent; it is tried again."""

    code = "anchor_not_sent"


def anchor_day(now: datetime) -> ScoreAnchor | None:
    """Makes today's anchor and sends it; done once a day however often it is called.

    None while there are no scores. The end of the chain is remembered on this machine as well.
    Raises AnchorNotSent with the reason, which is kept with the anchor.
    """
    last = Score.objects.order_by("-sequence").first()
    if last is None:
        return None
    mark = Mark(last.sequence, bytes(last.digest))
    if (keys := score_keys.load()) is not None:
        marks.advance(mark, keys, now)
    day = timezone.localtime(now, timezone.get_default_timezone()).date()
    anchor, _made = ScoreAnchor.objects.get_or_create(
        day=day, defaults={"sequence": mark.sequence, "digest": mark.digest, "sent_to": ""}
    )
    if anchor.sent_at is None:
        _send(anchor, last.key_id, now)
    return anchor


def _send(anchor: ScoreAnchor, key_id: str, now: datetime) -> None:
    people = [str(one) for one in policy.value("scores.anchor.mail_to") or []]
    directory = str(policy.value("scores.anchor.directory") or "")
    if not people and not directory:
        return
    mark = Mark(anchor.sequence, bytes(anchor.digest))
    text = marks.anchor_text(mark, f"{anchor.day}", key_id)
    try:
        if directory:
            _write(Path(directory) / f"genjin-scores-{anchor.day}.txt", text)
        if people:
            _mail(people, anchor, text, now)
    except OSError as error:
        anchor.error = f"{type(error).__name__}: {error}"[:300]
        anchor.save(update_fields=["error"])
        raise AnchorNotSent(reason=anchor.error) from error
    anchor.sent_to = ", ".join([*people, *([directory] if directory else [])])[:300]
    anchor.sent_at, anchor.error = now, ""
    anchor.save(update_fields=["sent_to", "sent_at", "error"])


def _write(path: Path, text: str) -> None:
    """Writes once; the same text there already is as good. An anchor is never overwritten."""
    try:
        with path.open("x", encoding="ascii") as file:
            file.write(text)
    except FileExistsError:
        if path.read_text("ascii", errors="replace") != text:
            raise


def _mail(people: list[str], anchor: ScoreAnchor, text: str, now: datetime) -> None:
    with override(policy.value("organisation.language")):
        subject = _("Anchor of the scores, %(day)s: %(sequence)s") % {
            "day": anchor.day, "sequence": anchor.sequence}  # fmt: skip
        lead = _("Please keep this message. It shows later that no score up to this number was "
                 "changed, removed or moved.")  # fmt: skip
    inhouse.send(to=people, subject=subject, text=f"{lead}\n\n{text}", now=now)
