"""Invitations to the survey page: a link that works once, without a login (FU8)."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from genjin.customers import timeline
from genjin.customers.models import Customer
from genjin.followups.models import FollowUp, Interaction, Score, SurveyInvitation
from genjin.followups.operations.scores import Given, check_given, record_scores
from genjin.followups.scores.questions import question
from genjin.foundation import policy
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict

_TOKEN_BYTES = 18


@dataclass(frozen=True)
class Invited:
    """A new invitation and the token of its link, which is kept nowhere."""

    invitation: SurveyInvitation
    token: str


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


@transaction.atomic
def invite(
    customer: Customer,
    *,
    about: Mapping[str, User | None],
    by: User,
    now: datetime,
    language: str = "",
    followup: FollowUp | None = None,
    interaction: Interaction | None = None,
) -> Invited:
    """Makes a link for a customer. `about` maps each question's code to the person it scores.

    Nobody makes a link that scores themselves: they would hold the pen. Raises BadInput (no
    question, unknown question, `not_oneself`).
    """
    if not about:
        raise BadInput({"": ["no_question"]})
    # any number of points will do: the questions and persons are what is looked at
    check_given([Given(code, 1, person) for code, person in about.items()], by=by)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    invitation = SurveyInvitation.objects.create(
        token_digest=_digest(token), customer=customer, followup=followup, interaction=interaction,
        questions=[_asked(code, person) for code, person in about.items()], language=language,
        made_at=now, made_by=by,
        expires_at=now + timedelta(days=int(policy.value("scores.invitation.days"))),
    )  # fmt: skip
    timeline.append(customer.pk, kind="score", code="survey_offered", by=by, at=now,
                    source=("survey", str(invitation.pk)))  # fmt: skip
    return Invited(invitation, token)


def _asked(code: str, person: User | None) -> dict[str, Any]:
    found = question(code)
    assert found is not None
    return {"code": code, "role": found.role, "scored": person.pk if person else None,
            "name": person.name if person else "",
            "text": dict(found.text), "labels": dict(found.labels)}  # fmt: skip


def find_invitation(token: str) -> SurveyInvitation | None:
    """The invitation of a link, whether or not it can still be answered."""
    rows = SurveyInvitation.objects.select_related("customer", "made_by", "followup", "interaction")
    return rows.filter(token_digest=_digest(token)).first()


def note_opened(invitation: SurveyInvitation, *, now: datetime) -> None:
    """Keeps when the customer first looked at the page."""
    SurveyInvitation.objects.filter(pk=invitation.pk, opened_at=None).update(opened_at=now)


@transaction.atomic
def answer_survey(
    invitation: SurveyInvitation,
    *,
    points: Mapping[str, int],
    words: str = "",
    now: datetime,
) -> list[Score]:
    """Takes a customer's answer, once. `points` by question's code; those left out are not scored.

    The words go beside the first score given. Raises BadInput (nothing given, not 1 to 5),
    Conflict `survey_answered`, `survey_over`.
    """
    row = SurveyInvitation.objects.select_for_update().get(pk=invitation.pk)
    if row.answered_at is not None:
        raise Conflict("survey_answered")
    if row.expires_at <= now:
        raise Conflict("survey_over")
    asked = {one["code"]: one for one in row.questions}
    if unknown := set(points) - set(asked):
        raise BadInput({code: ["not_a_choice"] for code in unknown})
    if not points:
        raise BadInput({"": ["nothing_given"]})
    people = User.objects.in_bulk([one["scored"] for one in asked.values() if one["scored"]])
    given = [
        Given(code, points[code], people.get(one["scored"]), words if place == 0 else "")
        for place, (code, one) in enumerate(
            (code, one) for code, one in asked.items() if code in points
        )
    ]
    scores = record_scores(
        row.customer, given, source="web", by=row.made_by, now=now,
        interaction=row.interaction, followup=row.followup,
    )  # fmt: skip
    SurveyInvitation.objects.filter(pk=row.pk).update(answered_at=now)
    return scores
