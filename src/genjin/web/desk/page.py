"""What one follow-up's screen shows, gathered with a number of queries that never grows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Q
from django.utils import timezone

from genjin.calling.models import AgentPresence, Campaign, DeskDraft, Introduction
from genjin.calling.queries import latest_version
from genjin.calling.scripts.render import Rendered, render
from genjin.calling.states import IntroductionState
from genjin.customers import fields as card_fields
from genjin.customers.models import ContactPerson, ContactPoint, FieldDefinition
from genjin.customers.queries import Card, card, shown_phone, shown_roles
from genjin.customers.states import PersonRole
from genjin.flows import desk_email
from genjin.flows.desk import campaign_of, open_contact, presence_of
from genjin.flows.purposes import OutcomeRule, outcomes_for
from genjin.followups import profiles
from genjin.followups.claims import is_called_back, why
from genjin.followups.models import Commitment, Contact, FollowUp, Interaction
from genjin.followups.rulebook.about import About, about
from genjin.followups.scores import questions
from genjin.followups.sentences import sentence as gate_sentence
from genjin.followups.states import CommitmentState, Purpose, State
from genjin.foundation.compiled import Compiled
from genjin.foundation.models import User
from genjin.insight import logbook
from genjin.kernel.problems import Reason
from genjin.sales.models import Opportunity, Product
from genjin.sales.opportunities import stages
from genjin.sales.opportunities.operations import COLUMNS
from genjin.sales.opportunities.queries import best_first, facts_of
from genjin.sales.opportunities.rules import missing
from genjin.web.customers import words
from genjin.web.customers.history import outcome_label
from genjin.web.desk import collecting
from genjin.web.desk.forms import RecordForm

ESSENTIALS = 8
OWNERS = 60
DEALS = 8

# Asked for every page of every call.
_INTRODUCTION = Compiled(
    lambda script, agent: Introduction.objects.filter(
        script=script, agent=agent, state=IntroductionState.APPROVED
    ).order_by("-proposed_at")[:1],
    script=int,
    agent=int,
)
_DRAFT = Compiled(
    lambda followup, user: DeskDraft.objects.filter(followup=followup, user=user)[:1],
    followup=UUID,
    user=int,
)
_PROMISES = Compiled(
    lambda customer: (
        Commitment.objects.filter(customer=customer, state=CommitmentState.OPEN)
        .select_related("owner")
        .order_by("due_at")[:3]
    ),
    customer=UUID,
)
_LAST_TALKS = Compiled(
    lambda customer: (
        Interaction.objects.filter(customer=customer, corrected_by__isnull=True)
        .select_related("by")
        .order_by("-at")[:10]
    ),
    customer=UUID,
)
_PRODUCTS = Compiled(
    lambda: (
        Product.objects.filter(is_active=True)
        .only("name", "is_main")
        .order_by("-is_main", "name")[:80]
    )
)
_DEALS = Compiled(
    lambda customer: best_first(
        Opportunity.objects.filter(customer=customer, state="open").select_related("product")
    )[:DEALS],
    customer=UUID,
)
_PEOPLE = User.objects.filter(is_active=True).only("name", "staff_number").order_by("name")
_OWNERS = Compiled(lambda user: _PEOPLE.exclude(pk=user)[:OWNERS], user=int)
_OWNERS_OF_TEAM = Compiled(
    lambda user, team: _PEOPLE.exclude(pk=user).filter(
        Q(team=team) | Q(role__in=["supervisor", "service"])
    )[:OWNERS],
    user=int,
    team=int,
)


@dataclass(frozen=True)
class Phone:
    """A number as the desk shows it: masked until its call was begun for this follow-up."""

    point: ContactPoint
    shown: str
    person: str = ""
    is_revealed: bool = False
    may_dial: bool = False
    why_not: str = ""


@dataclass(frozen=True)
class EmailPiece:
    """What the panel asks about e-mail: an address when none is in order, consent when unsaid."""

    address: str
    what: str
    asks_address: bool
    asks_consent: bool


def email_piece(shown: Card, user: User, now: datetime) -> EmailPiece | None:
    """None when the address and the answer are there, or the customer wants no contact at all."""
    if shown.is_refused:
        return None
    point = next((one for one in shown.points if one.kind == "email" and one.status == "ok"), None)
    answered = desk_email.is_answered(shown, now)
    if point is not None and answered:
        return None
    return EmailPiece(
        address=shown_phone(user, point) if point else "",
        what=words.purposes(desk_email.asked_purposes()),
        asks_address=point is None,
        asks_consent=not answered,
    )


@dataclass
class Page:
    """One follow-up at the desk. `call` is the begun contact; `draft` what was typed before."""

    followup: FollowUp
    is_in_hand: bool
    card: Card
    campaign: Campaign | None
    outcomes: tuple[OutcomeRule, ...]
    form: RecordForm
    phones: list[Phone]
    people: list[dict[str, Any]]
    gatekeeper: str
    essentials: list[tuple[str, Any]]
    hooks: list[dict[str, Any]]
    commitments: list[Commitment]
    why: str
    script: Rendered | None
    call: Contact | None
    presence: AgentPresence | None
    draft: DeskDraft | None
    strip: logbook.Figures
    about: About | None = None
    email: EmailPiece | None = None
    collect: collecting.CollectPanel | None = None
    deal: dict[str, Any] | None = None
    wrap_seconds: int = 60
    wrap_started: datetime | None = None
    talk_started: datetime | None = None


def _introduction(campaign: Campaign | None, user: User) -> Introduction | None:
    if campaign is None or campaign.script_id is None:
        return None
    return _INTRODUCTION.first(script=campaign.script_id, agent=user.pk)


def phones_of(shown: Card, *, user: User, call: Contact | None, is_in_hand: bool) -> list[Phone]:
    """The numbers, those that may be dialled first in their order on the card."""
    found = []
    names = {person.pk: person.name for person in shown.people if not person.is_self}
    for point in shown.points:
        if point.kind != "phone":
            continue
        revealed = is_in_hand and call is not None and call.point_id == point.pk
        in_order = point.status == "ok"
        reason = Reason("number_not_in_order", {"status": point.status})
        found.append(
            Phone(
                point=point,
                shown=shown_phone(user, point, in_hand=revealed),
                person=names.get(point.person_id, "") if point.person_id else "",
                is_revealed=revealed,
                may_dial=is_in_hand and in_order and call is None,
                why_not="" if in_order else gate_sentence(reason),
            )
        )
    return sorted(found, key=lambda phone: phone.point.status != "ok")


def _people(user: User, shown: Card) -> list[dict[str, Any]]:
    return [
        {
            "name": person.name,
            "title": person.job_title or person.form_of_address,
            "roles": [words.role(role) for role in shown_roles(user, shown.customer, person)],
        }
        for person in shown.people
        if not person.is_self or person.roles
    ]


def _gatekeeper(people: Sequence[ContactPerson]) -> str:
    return next((one.name for one in people if PersonRole.GATEKEEPER in one.roles), "")


def _essentials(shown: Card, definitions: Sequence[FieldDefinition]) -> list[tuple[str, Any]]:
    """The first filled fields of the card, in the card's own order."""
    language = words.language()
    values = shown.customer.fields
    rows: list[tuple[str, Any]] = []
    if shown.customer.region:
        rows.append((str(words.COLUMN_LABELS["region"]), words.place(shown.customer.region)))
    for definition in definitions:
        if definition.code in values and len(rows) < ESSENTIALS:
            value = card_fields.display(definition, values[definition.code], language)
            text = words.value_text(
                f"fields.{definition.code}", values[definition.code], {definition.code: definition}
            )
            rows.append((card_fields.label(definition, language), text or value))
    return rows


def _hooks(shown: Card, commitments: Sequence[Commitment]) -> list[dict[str, Any]]:
    """What opens the first fifteen seconds: promises, what was wanted, news, what was said last."""
    calls = sorted(
        (one for card_id in shown.family for one in _LAST_TALKS.all(customer=card_id)),
        key=lambda one: one.at,
        reverse=True,
    )
    letter = next((one for one in calls if one.channel in ("letter", "email", "message")), None)
    spoken = next((one for one in calls if one.is_reached), None) or next(iter(calls), None)
    found: list[dict[str, Any]] = [
        {"kind": "promise", "text": one.text, "at": one.due_at} for one in commitments
    ]
    found += [{"kind": "wanted", "text": one.text, "at": one.asked_at} for one in shown.wanted[:2]]
    found += [
        {"kind": "news", "text": clip.text, "source": clip.source, "day": clip.date}
        for clip in shown.clips[:2]
    ]
    for interaction in filter(None, dict.fromkeys((letter, spoken))):
        found.append(
            {
                "kind": "letter" if interaction is letter else "last",
                "text": outcome_label(interaction.purpose, interaction.outcome),
                "note": interaction.note or interaction.detail.get("message", {}).get("text", ""),
                "next_step": interaction.next_step,
                "at": interaction.at,
            }
        )
    return found


def _products(campaign: Campaign | None) -> list[Product]:
    rows = _PRODUCTS.all()
    if campaign and campaign.product and campaign.product not in rows:
        rows.insert(0, campaign.product)
    return rows


def _owners(user: User) -> list[User]:
    if user.team_id:
        return _OWNERS_OF_TEAM.all(user=user.pk, team=user.team_id)
    return _OWNERS.all(user=user.pk)


def talk_seconds(
    followup: FollowUp, call: Contact | None, presence: AgentPresence | None, now: datetime
) -> int:
    """How long the call has lasted: from its beginning until it was hung up, or until now."""
    began = talk_started(followup, call, presence)
    if began is None:
        return 0
    until = wrap_started(followup, presence) or now
    return max(0, int((until - began).total_seconds()))


def talk_started(
    followup: FollowUp, call: Contact | None, presence: AgentPresence | None
) -> datetime | None:
    """Since when the talk lasts: from dialling, or from answering a customer who rang back."""
    if call is not None:
        return call.started_at
    is_talking = (
        presence is not None
        and presence.followup_id == followup.pk
        and (presence.state in ("on_call", "wrap_up"))
    )
    return followup.taken_at if is_talking and is_called_back(followup) else None


def wrap_started(followup: FollowUp, presence: AgentPresence | None) -> datetime | None:
    """Since when the agent wraps up this follow-up; None: not yet."""
    if presence and presence.state == "wrap_up" and presence.followup_id == followup.pk:
        return presence.since
    return None


def gather(followup: FollowUp, *, user: User, now: datetime, data: Any = None) -> Page:
    """The whole screen. `data` is a posted form that was refused; else the draft fills it."""
    campaign = campaign_of(followup)
    shown = card(followup.customer_id, now=now)
    outcomes = outcomes_for(followup.purpose, campaign.kind if campaign else "")
    is_in_hand = followup.state == State.TAKEN and followup.taken_by_id == user.pk
    call = open_contact(followup, user)
    phones = phones_of(shown, user=user, call=call, is_in_hand=is_in_hand)
    version = latest_version(campaign) if campaign else None
    script = None
    definitions = card_fields.definitions()
    introduction = _introduction(campaign, user)
    if version is not None:
        script = render(
            version,
            customer=shown.customer,
            agent=user,
            product=campaign.product if campaign else None,
            introduction=introduction,
            definitions=definitions,
        )
    draft = _DRAFT.first(followup=followup.pk, user=user.pk)
    presence = presence_of(user)
    commitments = _PROMISES.all(customer=followup.customer_id)
    scorable = _scorable(followup, user)
    deals = _DEALS.all(customer=followup.customer_id)
    typed = (
        _proposed(followup, scorable)
        | (draft.content.get("fields", {}) if draft else {})
        | {
            "token": uuid4().hex,
            "script_version": version.pk if version else "",
            "introduction": introduction.pk if introduction else "",
        }
    )
    form = RecordForm(
        data,
        initial=typed,
        cards=[(one.code, one.label) for one in script.cards] if script else [],
        products=_products(campaign),
        owners=_owners(user),
        points=[(phone.point, phone.shown) for phone in phones],
        people=[one for one in shown.people if not one.is_self],
        scorable=scorable,
        excuses=collecting.choices() if followup.purpose == "collect" else (),
        deals=deals,
    )
    return Page(
        followup=followup,
        is_in_hand=is_in_hand,
        card=shown,
        campaign=campaign,
        outcomes=outcomes,
        form=form,
        phones=phones,
        people=_people(user, shown),
        gatekeeper=_gatekeeper(shown.people),
        essentials=_essentials(shown, definitions),
        hooks=_hooks(shown, commitments),
        commitments=commitments,
        why=gate_sentence(why(followup, by=user, profile=profiles.profile(), now=now)),
        script=script,
        call=call,
        presence=presence,
        draft=draft,
        strip=logbook.today(user, now),
        about=about(followup),
        email=email_piece(shown, user, now),
        collect=collecting.panel(shown.customer, now=now)
        if followup.purpose == "collect"
        else None,
        deal=_deal(deals),
        wrap_seconds=campaign.wrap_up_seconds if campaign else 60,
        wrap_started=wrap_started(followup, presence),
        talk_started=talk_started(followup, call, presence),
    )


def _deal(deals: Sequence[Opportunity]) -> dict[str, Any] | None:
    """The best open opportunity: where it stands, and what is still to be found out there."""
    if not deals:
        return None
    row, every = deals[0], stages.stages()
    known = {code for code, one in facts_of(row).items() if one.text}
    here = next((one for one in every if one.code == row.stage), None)
    lacking = []
    if here is not None and here.place + 1 < len(every):
        columns = {name: getattr(row, name) for name in COLUMNS}
        lacking = missing(
            every, at=here.code, to=every[here.place + 1].code, known=known, columns=columns
        )
    facts = [stages.fact(code) for _stage, code in lacking]
    return {
        "row": row,
        "stage": here.label if here else row.stage,
        "lacks": [fact.label for fact in facts if fact],
        "more": len(deals) - 1,
    }


def _scorable(followup: FollowUp, user: User) -> list[User]:
    """Who may be scored in this call: nobody unless it is a survey, and never who calls."""
    if followup.purpose != Purpose.SURVEY:
        return []
    return list(User.objects.filter(is_active=True).exclude(pk=user.pk).order_by("name", "pk"))


def _proposed(followup: FollowUp, scorable: Sequence[User]) -> dict[str, Any]:
    """Whom the questions are about before anything is chosen: the card's custodian."""
    able = {one.pk for one in scorable}
    found = {}
    for one in questions.questions() if scorable else ():
        person = questions.proposed(one.role, followup.customer)
        if person in able:
            found[f"scored_{one.code}"] = str(person)
    return found


def score_rows(form: RecordForm, errors: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fields of each score side by side, with what is wrong with them."""
    return [
        {"points": form[f"score_{one.code}"], "scored": form[f"scored_{one.code}"],
         "errors": errors.get(f"score_{one.code}")}
        for one in form.asked
    ]  # fmt: skip


def posted_form(followup: FollowUp, *, user: User, data: Any) -> RecordForm:
    """What was sent, with the choices that the screen offered where one of them was chosen."""
    customer, chosen = followup.customer_id, {name for name, value in data.items() if value}
    points = ContactPoint.objects.filter(customer=customer, kind="phone", is_active=True)
    people = ContactPerson.objects.filter(customer=customer, is_self=False, is_active=True)
    return RecordForm(
        data,
        products=_products(campaign_of(followup)) if "product" in chosen else (),
        owners=_owners(user) if "commitment_owner" in chosen else (),
        points=[(point, "") for point in points] if "point" in chosen else (),
        people=list(people) if "person" in chosen else (),
        scorable=_scorable(followup, user),
        excuses=collecting.choices() if "excuse" in chosen else (),
        deals=_DEALS.all(customer=customer) if "opportunity" in chosen else (),
    )


def quick_times(now: datetime) -> list[dict[str, str]]:
    """Choices beside a time: what is put into the field, and which name it goes by."""
    tomorrow = (timezone.localtime(now) + timedelta(days=1)).date().isoformat()
    return [
        {"value": "+1h", "name": "hour"},
        {"value": f"{tomorrow} 10:00", "name": "morning"},
        {"value": f"{tomorrow} 15:00", "name": "afternoon"},
        {"value": "+1w", "name": "week"},
    ]
