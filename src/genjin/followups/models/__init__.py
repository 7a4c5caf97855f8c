"""Tables of the queue, the rulebook and the scores. Rows change through `operations` alone."""

from genjin.followups.models.consents import ConsentRequest, PreferenceKey
from genjin.followups.models.messages import OutgoingMessage
from genjin.followups.models.queue import Commitment, Contact, FollowUp, Interaction, Lane, Queue
from genjin.followups.models.rulebook import FollowUpRule, RuleResult
from genjin.followups.models.scores import Score, ScoreAnchor, ScoreText, SurveyInvitation

__all__ = [
    "Commitment",
    "ConsentRequest",
    "Contact",
    "FollowUp",
    "FollowUpRule",
    "Interaction",
    "Lane",
    "OutgoingMessage",
    "PreferenceKey",
    "Queue",
    "RuleResult",
    "Score",
    "ScoreAnchor",
    "ScoreText",
    "SurveyInvitation",
]
