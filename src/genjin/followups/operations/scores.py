"""Writing scores: from a return call or the survey page, corrections, erasure (FU8).

A score is never changed. A correction is a link of its own that an approval allowed; both stand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from genjin.customers import timeline
from genjin.customers.models import Customer
from genjin.followups.models import FollowUp, Interaction, Score, ScoreText
from genjin.followups.scores import chain
from genjin.followups.scores.chain import Draft
from genjin.followups.scores.questions import OUT_OF, question
from genjin.followups.scores.verifying import CORRECTION, ERASURE
from genjin.foundation import approvals, audit
from genjin.foundation.access import require_right
from genjin.foundation.models import Approval, User
from genjin.kernel.errors import BadInput, Conflict, NotAllowed
from genjin.kernel.problems import Reason

SCORE = "score"
KIND = "score_correction"
LONGEST_WORDS = 2000
LONGEST_REASON = 300


@dataclass(frozen=True)
class Given:
    """What a customer gave: `points` from 1 to 5 for the person of a question, and their words.

    `scored` is None where nobody knows who it was: the score then counts for the role.
    """

    question: str
    points: int
    scored: User | None = None
    words: str = ""


def _problems(given: Sequence[Given], by: User | None) -> dict[str | int, list[Reason | str]]:
    problems: dict[str | int, list[Reason | str]] = {}
    for one in given:
        found = question(one.question)
        if found is None:
            problems[one.question] = ["not_a_choice"]
        elif not 1 <= one.points <= OUT_OF:
            problems[one.question] = [Reason("not_points", {"out_of": OUT_OF})]
        elif by is not None and one.scored is not None and one.scored.pk == by.pk:
            problems[one.question] = ["not_oneself"]
        elif len(one.words) > LONGEST_WORDS:
            problems[one.question] = [Reason("too_long", {"limit": LONGEST_WORDS})]
    codes = [one.question for one in given]
    problems |= {code: ["asked_twice"] for code in codes if codes.count(code) > 1}
    return problems


def check_given(given: Sequence[Given], *, by: User | None) -> None:
    """Raises BadInput by question: no such question, not 1 to 5, `by` scores themselves."""
    if problems := _problems(given, by):
        raise BadInput(problems)


@transaction.atomic
def record_scores(
    customer: Customer,
    given: Sequence[Given],
    *,
    source: str,
    by: User | None,
    now: datetime,
    interaction: Interaction | None = None,
    followup: FollowUp | None = None,
) -> list[Score]:
    """Appends what a customer gave to the chain. `source` is "call" or "web"; `by` who asked.

    Nobody takes down a score for themselves. The card's history says that they answered, not
    what. Raises BadInput by question; KeyProblem when this machine may not sign.
    """
    check_given(given, by=by)
    if not given:
        return []
    timeline.append(
        customer.pk, kind="score", code="scores_given", by=by if source == "call" else None, at=now,
        data={"count": len(given), "way": source},
        source=("interaction", str(interaction.pk)) if interaction else ("survey", ""),
    )  # fmt: skip
    return chain.append(
        [_draft(one, customer, interaction, followup, source, by) for one in given], now=now
    )


def _draft(
    one: Given,
    customer: Customer,
    interaction: Interaction | None,
    followup: FollowUp | None,
    source: str,
    by: User | None,
) -> Draft:
    found = question(one.question)
    assert found is not None
    return Draft(
        kind=SCORE, role=found.role, scored=one.scored.pk if one.scored else None,
        customer=customer.pk, interaction=interaction.pk if interaction else None,
        followup=followup.pk if followup else None, question=one.question, points=one.points,
        out_of=OUT_OF, source=source, by=by.pk if by else None, words=one.words.strip(),
    )  # fmt: skip


def points_now(score: Score) -> int | None:
    """What a score counts as: the newest correction's points, else its own."""
    newest = score.corrections.filter(kind=CORRECTION).order_by("-sequence").first()
    return newest.points if newest else score.points


@transaction.atomic
def ask_correction(score: Score, *, points: int, reason: str, by: User, now: datetime) -> Approval:
    """Asks that a score count otherwise. Decided by a third: not the asker, not the scored one.

    Raises NotAllowed (right scores.correct; `own_score`), BadInput, Conflict `already_asked`.
    """
    require_right(by, "scores.correct")
    if score.kind != SCORE:
        raise Conflict("not_a_score", sequence=score.sequence)
    if score.scored_id == by.pk:
        raise NotAllowed("own_score")
    problems: dict[str | int, list[Reason | str]] = {}
    if not 1 <= points <= score.out_of:
        problems["points"] = [Reason("not_points", {"out_of": score.out_of})]
    elif points == points_now(score):
        problems["points"] = ["no_change"]
    if not reason.strip():
        problems["reason"] = ["required"]
    if problems:
        raise BadInput(problems)
    number = str(score.sequence)
    return approvals.ask(
        KIND, subject=("score", number),
        title={"code": "score_correction", "data": {
            "name": str(score.scored or score.role), "before": points_now(score),
            "after": points}},
        evidence=[
            {"code": "scored", "value": str(score.scored or "–")},
            {"code": "score", "value": f"{score.points} / {score.out_of}",
             "url": f"/scores/{number}"},
            {"code": "correction", "value": f"{points} / {score.out_of}"},
            {"code": "since", "value": score.at.date().isoformat()},
        ],
        payload={"sequence": score.sequence, "points": points},
        reason=reason, by=by, now=now, team=score.scored.team if score.scored else None,
        excluded=[score.scored] if score.scored else [],
    )  # fmt: skip


def carry_out_correction(approval: Approval, by: User | None, now: datetime) -> None:
    """Appends the correction that was approved; runs in the transaction of the decision."""
    score = Score.objects.get(pk=int(approval.payload["sequence"]))
    if by is None or by.pk in (score.scored_id, approval.asked_by_id):
        raise NotAllowed("not_yours_to_decide")
    chain.append([Draft(
        kind=CORRECTION, role=score.role, scored=score.scored_id, customer=score.customer_id,
        question=score.question, points=int(approval.payload["points"]), out_of=score.out_of,
        corrects=score.sequence, approval=approval.pk, reason=approval.reason[:LONGEST_REASON],
        source="approval", by=by.pk,
    )], now=now)  # fmt: skip


@transaction.atomic
def erase_person_scores(customer: Customer, *, by: User, now: datetime, reason: str) -> int:
    """Destroys the words that a customer left and their keys; the points stay, without words.

    Appends an erasure entry, after which the chain verifies as before. Returns how many texts
    went. Nothing is appended where there were none. Raises BadInput without a reason.
    """
    if not reason.strip():
        raise BadInput({"reason": ["required"]})
    count = ScoreText.objects.filter(customer=customer).delete()[0]
    if count:
        chain.append([Draft(kind=ERASURE, customer=customer.pk, by=by.pk, source="erasure",
                            reason=reason.strip()[:LONGEST_REASON])], now=now)  # fmt: skip
        audit.record("erase_scores", customer, by=by, now=now, reason=reason.strip(),
                     changes={"texts": [count, 0]})  # fmt: skip
    return count


def register_kinds() -> None:
    """Tells the inbox what an approved correction does; called when the app is ready."""
    approvals.register(KIND, carry_out=carry_out_correction)
