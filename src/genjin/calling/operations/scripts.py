"""Writing scripts: drafts, published versions, agents' own introductions (CA2)."""

from datetime import datetime
from typing import Any

from django.db import transaction

from genjin.calling import states
from genjin.calling.models import Introduction, Script, ScriptVersion
from genjin.calling.scripts.content import Content, problems, problems_of_introduction
from genjin.customers.fields import definitions
from genjin.foundation import audit
from genjin.foundation.access import require_right
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict, LostRace, NotAllowed
from genjin.kernel.problems import Reason
from genjin.sales.models import Product

LONGEST_NAME = 120
LONGEST_NOTE = 300


def _checked_name(name: str, *, but: Script | None = None) -> str:
    """The name as it is kept. Raises `BadInput` when it is empty, too long or taken."""
    name = name.strip()
    if not name:
        raise BadInput({"name": [Reason("required")]})
    if len(name) > LONGEST_NAME:
        raise BadInput({"name": [Reason("too_long", {"most": LONGEST_NAME})]})
    others = Script.objects.exclude(pk=but.pk) if but else Script.objects.all()
    if others.filter(name=name).exists():
        raise BadInput({"name": [Reason("name_taken", {"name": name})]})
    return name


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
    script = Script.objects.create(
        name=_checked_name(name),
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
def change_script(
    script: Script, *, name: str, product: Product | None, language: str, by: User, now: datetime
) -> dict[str, list[Any]]:
    """Renames a script, or gives it another product or language; returns what changed.

    Published versions keep their words; their placeholders are computed from the new product.
    """
    require_right(by, "scripts.manage")
    return audit.change(
        script,
        {
            "name": _checked_name(name, but=script),
            "product_id": product.pk if product else None,
            "language": language,
        },
        by=by,
        now=now,
    )


@transaction.atomic
def save_draft(
    script: Script, content: Content, *, seen_at: datetime, by: User, now: datetime
) -> None:
    """Keeps what was written. `seen_at` is the draft's time that the writer had before them:
    where someone else saved meanwhile, `LostRace` is raised and nothing is overwritten.
    """
    require_right(by, "scripts.manage")
    values = {"draft": content.to_json(), "draft_changed_at": now}
    if not Script.objects.filter(pk=script.pk, draft_changed_at=seen_at).update(**values):
        raise LostRace("draft_changed", id=script.pk)
    for name, value in values.items():
        setattr(script, name, value)


@transaction.atomic
def publish(
    script: Script, *, note: str, by: User, now: datetime, seen_at: datetime | None = None
) -> ScriptVersion:
    """Makes the draft a numbered version for good.

    Raises `BadInput` with the located problems, or when nothing differs from the newest version;
    `LostRace` when the draft is no longer the one of `seen_at`.
    """
    require_right(by, "scripts.manage")
    locked = Script.objects.select_for_update().get(pk=script.pk)
    if seen_at is not None and locked.draft_changed_at != seen_at:
        raise LostRace("draft_changed", id=script.pk)
    content = Content.from_json(locked.draft)
    _refuse_unfit(content)
    newest = locked.versions.order_by("-number").first()
    if newest is not None and Content.from_json(newest.content) == content:
        raise BadInput({"": [Reason("same_as_version", {"number": newest.number})]})
    before = newest.number if newest else 0
    version = ScriptVersion.objects.create(
        script=locked,
        number=before + 1,
        content=content.to_json(),
        note=note.strip()[:LONGEST_NOTE],
        published_at=now,
        published_by=by,
    )
    audit.record(
        "publish", locked, by=by, now=now, changes={"version": [before, before + 1]}, reason=note
    )
    return version


def _refuse_unfit(content: Content) -> None:
    places: dict[str | int, list[Reason]] = {}
    for problem in problems(content, [field.code for field in definitions()]):
        if problem.is_blocker:
            places.setdefault(problem.place, []).append(problem.reason)
    if places:
        raise BadInput(places)


@transaction.atomic
def archive_script(script: Script, *, by: User, now: datetime, is_archived: bool = True) -> None:
    """Puts a script away or takes it out again; its versions and their calls stay."""
    require_right(by, "scripts.manage")
    audit.change(script, {"is_archived": is_archived}, by=by, now=now, action="archive")


@transaction.atomic
def propose_introduction(script: Script, text: str, *, by: User, now: datetime) -> Introduction:
    """An agent's own wording for the introduction; it is used once someone approved it.

    Raises `BadInput` where it could not be said in the newest version, `Conflict` without one.
    """
    require_right(by, "scripts.view")
    text = text.strip()
    if not text:
        raise BadInput({"text": [Reason("required")]})
    newest = script.versions.order_by("-number").first()
    if newest is None:
        raise Conflict("not_published")
    content = Content.from_json(newest.content)
    if unfit := problems_of_introduction(text, content, [field.code for field in definitions()]):
        raise BadInput({"text": unfit})
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
        decision_note=note.strip()[:LONGEST_NOTE],
    )


def introduction_of(script: Script, agent: User) -> Introduction | None:
    """The newest approved introduction of an agent for a script."""
    return (
        script.introductions.filter(agent=agent, state=states.IntroductionState.APPROVED)
        .order_by("-proposed_at")
        .first()
    )
