"""Scores that customers gave: read, and a correction asked for. None can be changed (FU8)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from ninja import Query
from ninja.responses import Status
from pydantic import Field, StrictInt

from genjin.api.area import Area
from genjin.api.customers import Text
from genjin.api.guard import caller
from genjin.api.paging import Page, PageAsked, page_of, read_key
from genjin.api.shapes import Person, Sent, Shown, person
from genjin.followups.models import Score
from genjin.followups.operations.scores import LONGEST_REASON, ask_correction
from genjin.followups.scores import chain, sealing
from genjin.followups.scores.keys import KeyProblem
from genjin.followups.scores.queries import Filter, own_scores, visible_scores
from genjin.followups.scores.questions import OUT_OF
from genjin.followups.scores.sentences import sentence
from genjin.foundation import access, approvals
from genjin.foundation.models import Approval

area = Area("scores", title=_("Scores"), says=sentence)


class ScoreLine(Shown):
    """A score in a list."""

    sequence: int = Field(description=_("Its number in the chain."))
    at: datetime
    scored: Person | None = Field(description=_("Who was scored; null where nobody knows."))
    role: str
    question: str
    points: int = Field(description=_("As the customer gave it."))
    counts: int = Field(description=_("As it counts, after the newest correction."))
    out_of: int
    customer_id: UUID | None
    source: str = Field(description=_("call or web."))
    has_words: bool


class CorrectionShown(Shown):
    """A correction that a third person approved; the score stays beside it."""

    sequence: int
    at: datetime
    points: int
    reason: str
    approved_by: Person | None


class ScoreShown(ScoreLine):
    """A score with what was said and what was put right."""

    words: str | None = Field(
        description=_("What the customer said; null where it was erased or cannot be read.")
    )
    corrections: list[CorrectionShown]
    is_correction_asked: bool = Field(description=_("A correction waits for its decision."))


class OwnScoreLine(Shown):
    """One of one's own scores, where the organisation shows them one by one."""

    role: str
    question: str
    month: str
    points: int
    out_of: int


class OwnScoresShown(Shown):
    """One's own scores, as much as the organisation shows."""

    shows: str = Field(description=_("nothing, average or all."))
    after: int = Field(description=_("From how many scores on an average is shown."))
    count: int | None
    average: float | None
    rows: list[OwnScoreLine]


class CorrectionAsked(Sent):
    """How a score should count, and why."""

    points: StrictInt = Field(json_schema_extra={"minimum": 1, "maximum": OUT_OF})
    reason: Text = Field(
        max_length=LONGEST_REASON,
        examples=["Meant for somebody else"],
        description=_("Kept for good beside the score. Name no customer in it."),
    )


class Asked(Shown):
    """What waits for the decision of a second person."""

    approval_id: UUID
    state: str
    due_at: datetime


class ScoresAsked(PageAsked):
    """Which scores are asked for."""

    person: int | None = Field(
        None, ge=0, lt=2**31, description=_("Only those of a person; 0 where nobody is known.")
    )
    role: str = Field("", max_length=20)
    order: Literal["newest", "oldest"] = "newest"


def _line(one: Score) -> dict[str, object]:
    return {
        "sequence": one.sequence, "at": one.at, "scored": person(one.scored), "role": one.role,
        "question": one.question, "points": one.points,
        "counts": one.counts,  # type: ignore[attr-defined]
        "out_of": one.out_of, "customer_id": one.customer_id, "source": one.source,
        "has_words": one.text_digest is not None,
    }  # fmt: skip


@area.get(
    "scores", right="scores.view", answer=Page[ScoreLine], summary=_("List scores"),
    description=_("Those in your scope, without your own."),
)  # fmt: skip
def listed(request: HttpRequest, asked: Query[ScoresAsked]) -> Page[ScoreLine]:
    rows = Filter(person=asked.person, role=asked.role).narrow(visible_scores(caller(request)))
    is_up = asked.order == "oldest"
    if key := read_key(asked.after, int):
        rows = rows.filter(**{"sequence__gt" if is_up else "sequence__lt": key[0]})
    found = list(rows.order_by("sequence" if is_up else "-sequence")[: asked.limit + 1])
    return page_of(
        found, asked.limit, lambda one: ScoreLine.model_validate(_line(one)),
        lambda one: (one.sequence,),
    )  # fmt: skip


@area.get(
    "scores/own", right=access.SIGNED_IN, answer=OwnScoresShown, summary=_("Read one's own scores"),
    description=_("As much as the organisation shows to those who were scored."),
)  # fmt: skip
def own(request: HttpRequest) -> OwnScoresShown:
    found = own_scores(caller(request))
    return OwnScoresShown(
        shows=found.shows, after=found.after, count=found.count, average=found.average,
        rows=[OwnScoreLine.model_validate(row) for row in found.rows],
    )  # fmt: skip


def _words(one: Score) -> str | None:
    if one.text_digest is None:
        return ""
    try:
        return chain.words_of(one) or None
    except (sealing.Unreadable, KeyProblem):
        return None


@area.get(
    "scores/{int:sequence}", right="scores.view", answer=ScoreShown, summary=_("Read a score")
)  # fmt: skip
def read(request: HttpRequest, sequence: int) -> ScoreShown:
    one = get_object_or_404(visible_scores(caller(request)), pk=sequence)
    corrections = one.corrections.select_related("by").order_by("sequence")
    waiting = approvals.for_subject("score", str(sequence))
    return ScoreShown.model_validate({
        **_line(one),
        "words": _words(one),
        "corrections": [
            CorrectionShown(sequence=each.sequence, at=each.at, points=each.points or 0,
                            reason=each.reason, approved_by=person(each.by))
            for each in corrections
        ],
        "is_correction_asked": any(each.state == Approval.State.ASKED for each in waiting),
    })  # fmt: skip


@area.post(
    "scores/{int:sequence}/corrections", right="scores.correct", answer={201: Asked},
    summary=_("Ask that a score count otherwise"),
    description=_("A third person decides, neither you nor the one scored. The score as given "
                  "stays; nothing changes or removes it."),
)  # fmt: skip
def ask(request: HttpRequest, sequence: int, sent: CorrectionAsked) -> Status[Asked]:
    user = caller(request)
    one = get_object_or_404(visible_scores(user), pk=sequence)
    found = ask_correction(one, points=sent.points, reason=sent.reason, by=user, now=timezone.now())
    return Status(201, Asked(approval_id=found.pk, state=found.state, due_at=found.due_at))
