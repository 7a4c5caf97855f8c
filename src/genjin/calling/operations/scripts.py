"""Writing scripts: drafts, published versions, agents' own introductions (CA2)."""

from datetime import datetime
from typing import Any

from django.db import models, transaction

from genjin.calling import states
from genjin.calling.models import Introduction, Script, ScriptVersion
from genjin.calling.scripts.content import Content, problems
from genjin.foundation import audit
from genjin.foundation.access import require_right
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, LostRace, NotAllowed
from genjin.kernel.problems import Reason
from genjin.sales.models import Product


@transaction.atomic
def create_script(
    name: str,
    *,
    by: User,
    now: datetime,
    product: Product | None = None,
    language: str = "zh-hans",
    content: Content | None = None,
) -> Script:
    """Begins a script with a draft. Raises `BadInput` when the name is empty or taken."""
    require_right(by, "scripts.manage")
    name = name.strip()
    if not name:
        raise BadInput({"name": [Reason("required")]})
    if Script.objects.filter(name=name).exists():
        raise BadInput({"name": [Reason("name_taken", {"name": name})]})
    script = Script.objects.create(
        name=name,
        product=product,
        language=language,
        draft=(content or Content()).to_json(),
        draft_changed_at=now,
        created_by=by,
        created_at=now,
    )
    audit.record("create", script, by=by, now=now)
    return script


@transaction.atomic
def save_draft(
    script: Script, content: Content, *, seen_at: datetime, by: User, now: datetime, **columns: Any
) -> None:
    """Keeps what was written. `seen_at` is the draft's time that the writer had before them:
    where someone else saved meanwhile, `LostRace` is raised and nothing is overwritten.
    """
    require_right(by, "scripts.manage")
    values = {"draft": content.to_json(), "draft_changed_at": now, **columns}
    if not Script.objects.filter(pk=script.pk, draft_changed_at=seen_at).update(**values):
        raise LostRace("draft_changed", id=script.pk)
    for name, value in values.items():
        setattr(script, name, value)


@transaction.atomic
def publish(script: Script, *, note: str, by: User, now: datetime) -> ScriptVersion:
    """Makes the draft a numbered version for good. Raises `BadInput` with the located problems."""
    require_right(by, "scripts.manage")
    locked = Script.objects.select_for_update().get(pk=script.pk)
    content = Content.from_json(locked.draft)
    if found := [problem for problem in problems(content) if problem.is_blocker]:
        places: dict[str | int, list[Reason]] = {}
        for problem in found:
            places.setdefault(problem.place, []).append(problem.reason)
        raise BadInput(places)
    newest = locked.versions.aggregate(top=models.Max("number"))["top"] or 0
    version = ScriptVersion.objects.create(
        script=locked,
        number=newest + 1,
        content=content.to_json(),
        note=note.strip(),
        published_at=now,
        published_by=by,
    )
    audit.record(
        "publish", locked, by=by, now=now, changes={"version": [newest, newest + 1]}, reason=note
    )
    return version


@transaction.atomic
def archive_script(script: Script, *, by: User, now: datetime, is_archived: bool = True) -> None:
    """Puts a script away or takes it out again; its versions and their calls stay."""
    require_right(by, "scripts.manage")
    audit.change(script, {"is_archived": is_archived}, by=by, now=now, action="archive")


@transaction.atomic
def propose_introduction(script: Script, text: str, *, by: User, now: datetime) -> Introduction:
    """An agent's own wording for the introduction; it is used once someone approved it."""
    require_right(by, "scripts.view")
    text = text.strip()
    if not text:
        raise BadInput({"text": [Reason("required")]})
    introduction = Introduction.objects.create(script=script, agent=by, text=text, proposed_at=now)
    audit.record("propose", introduction, by=by, now=now, label=str(script))
    return introduction


def decide_introduction(
    introduction: Introduction, *, approve: bool, note: str, by: User, now: datetime
) -> None:
    """Approves or refuses an agent's introduction; never by the agent, never without a word
    when it is refused.
    """
    require_right(by, "scripts.manage")
    if introduction.agent_id == by.pk:
        raise NotAllowed("own_introduction")
    if not approve and not note.strip():
        raise BadInput({"note": [Reason("required")]})
    state = states.IntroductionState
    transition(
        introduction,
        field="state",
        table=states.INTRODUCTION_STATES,
        to=state.APPROVED if approve else state.REFUSED,
        by=by,
        now=now,
        reason=note,
        decided_by=by,
        decided_at=now,
        decision_note=note.strip(),
    )


def introduction_of(script: Script, agent: User) -> Introduction | None:
    """The newest approved introduction of an agent for a script."""
    return (
        script.introductions.filter(agent=agent, state=states.IntroductionState.APPROVED)
        .order_by("-proposed_at")
        .first()
    )
