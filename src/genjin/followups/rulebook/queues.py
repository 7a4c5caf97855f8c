"""The rulebook's queues: one for each purpose, channel and team that a rule plans for."""

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from genjin.followups.models import Queue
from genjin.followups.operations.queues import ensure_queue
from genjin.followups.rulebook.rules import Rule
from genjin.followups.states import Channel, Purpose
from genjin.foundation import policy
from genjin.foundation.models import Team, User

SOURCE = "rulebook"


def _source(purpose: str, channel: str, team: int | None) -> str:
    parts = [purpose]
    if channel != Channel.CALL:
        parts.append(channel)
    if team is not None:
        parts.append(f"team{team}")
    return ":".join(parts)


def queue_for(rule: Rule) -> Queue:
    """The open queue in which the follow-ups of a rule wait, made when it is first needed."""
    source = (SOURCE, _source(rule.purpose, rule.channel, rule.team))
    found = Queue.objects.filter(source_kind=source[0], source_id=source[1]).first()
    if found is not None:
        return found
    team = Team.objects.get(pk=rule.team) if rule.team is not None else None
    with override(policy.value("organisation.language")):
        name = _("Rulebook: %(purpose)s") % {"purpose": Purpose(rule.purpose).label}
        if rule.channel != Channel.CALL:
            name = f"{name} · {Channel(rule.channel).label}"
        if team is not None:
            name = f"{name} · {team.name}"
    return ensure_queue(
        name=name, source=source, purpose=rule.purpose, channel=rule.channel, team=team
    )


def queues_of(user: User) -> list[Queue]:
    """The rulebook's queues from which a person is handed calls: everybody's and the own team's.

    What waits for one person by name reaches them whatever the queue.
    """
    mine = Q(team=None) | Q(team=user.team_id) if user.team_id else Q(team=None)
    rows = Queue.objects.filter(mine, source_kind=SOURCE, is_open=True, channel=Channel.CALL)
    return list(rows.order_by("band", "pk"))
