"""The parts of a card: people, numbers, addresses, permissions, promises and small memories."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from genjin.customers.models import Address, ContactPerson, ContactPoint, Hold, WantedItem
from genjin.customers.operations import card as operations
from genjin.customers.operations.changes import ChangedMeanwhile
from genjin.customers.queries import may_see_informant
from genjin.customers.states import PersonRole
from genjin.flows import cards
from genjin.followups import operations as followups
from genjin.followups.models import Commitment
from genjin.followups.operations import consents
from genjin.followups.operations.delivering import address_of
from genjin.foundation.access import access, has_right
from genjin.foundation.models import User
from genjin.kernel import address as divisions
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason
from genjin.web.customers.common import back_to, customer_of, form_view, go, user_of
from genjin.web.customers.forms.memories import ClipForm, CommitmentForm, PromiseEndForm, WantedForm
from genjin.web.customers.forms.parts import AddressForm, PersonForm, PointForm, person_initial
from genjin.web.customers.forms.permissions import ConsentForm, HoldForm, ReasonForm, RenewForm
from genjin.web.customers.page import waiting_renewals
from genjin.web.customers.sentences import sentence
from genjin.web.wishes import words as wish_words

FORM = require_http_methods(["GET", "POST"])
_ADDRESS = ("text", "postcode", "latitude", "longitude", "system")
_POINT = ("label", "person", "stated_hours")


def _act_on(
    request: HttpRequest, pk: UUID, row: tuple[type[Model], UUID], act: Callable[..., Any], *,
    part: str, said: Any,
) -> HttpResponse:  # fmt: skip
    """Does one thing with a row of the card, without a form, and goes back saying what came of it.

    `row` is its model and key; `act` the operation, called with the row, `by` and `now`.
    """
    customer, user = customer_of(request, pk), user_of(request)
    model, key = row
    found = get_object_or_404(model, pk=key, customer=customer)
    try:
        act(found, by=user, now=timezone.now())
    except BadInput as bad:
        reasons = [sentence(one) for several in bad.problems.values() for one in several]
        messages.error(request, " ".join(reasons))
    except GenjinError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, said)
    return go(request, back_to(customer, part))


@access("customers.change")
@FORM
def person(request: HttpRequest, pk: UUID, person_pk: UUID | None = None) -> HttpResponse:
    """Adds or changes a person at the customer."""
    customer, user = customer_of(request, pk), user_of(request)
    sees = may_see_informant(user, customer)
    row = None
    if person_pk:
        row = get_object_or_404(ContactPerson, pk=person_pk, customer=customer)
    initial = person_initial(row) if row else {"is_active": True}
    form = PersonForm(request.POST or None, sees_informant=sees, initial=initial)

    def save(form: PersonForm, now: datetime) -> None:
        values = form.person_values(row, now)
        if row is None:
            operations.add_person(customer, by=user, now=now, **values)
            return
        seen = form.seen_values()
        if seen and not sees and PersonRole.INFORMANT in row.roles:
            with_it = {*seen.get("roles", ()), PersonRole.INFORMANT}
            seen["roles"] = [role for role in PersonRole.values if role in with_it]
        try:
            cards.change_person(row, values, by=user, now=now, seen=seen)
        except ChangedMeanwhile as error:
            if not sees and (pair := error.data["conflicts"].get("roles")):
                pair |= {side: _without_informant(pair[side]) for side in ("theirs", "yours")}
            raise

    def stands() -> dict[str, Any]:
        """What the form remembers. It is signed, not secret: a hidden role stays out of it."""
        if row is None:
            return {}
        found = {name: getattr(row, name) for name in operations.PERSON_COLUMNS}
        return found if sees else {**found, "roles": _without_informant(found["roles"])}

    return form_view(
        request, customer, form=form, save=save, part="people", seen=stands if row else None,
        title=row.name if row else _("Add a person"), extra={"person": row},
    )  # fmt: skip


def _without_informant(roles: Iterable[str]) -> list[str]:
    return [role for role in roles if role != PersonRole.INFORMANT]


@access("customers.change")
@FORM
def point(request: HttpRequest, pk: UUID, point_pk: UUID | None = None) -> HttpResponse:
    """Adds a number or account, or changes whose and at which hours it is."""
    customer, user = customer_of(request, pk), user_of(request)
    row = get_object_or_404(ContactPoint, pk=point_pk, customer=customer) if point_pk else None
    initial: dict[str, Any] = {"kind": "phone"}
    if row:
        hours = row.stated_hours.weekly if row.stated_hours else ""
        initial = {"label": row.label, "person": row.person_id, "stated_hours": hours}
    form = PointForm(request.POST or None, customer=customer, point=row, initial=initial)

    def save(form: PointForm, now: datetime) -> None:
        values = form.values()
        if row is None:
            cards.add_point(customer, by=user, now=now, **values)
            return
        values["label"] = values["label"] or "other"
        cards.change_point(row, values, by=user, now=now)

    title = _("Hours and person of the number") if row else _("Add a number")
    return form_view(request, customer, form=form, title=title, save=save, part="points")


@access("customers.change")
@require_POST
def point_status(request: HttpRequest, pk: UUID, point_pk: UUID, action: str) -> HttpResponse:
    """Takes a number off the card, or says that it is wrong, dead or in order again."""
    act = cards.retire_point
    if action != "retire":
        act = partial(operations.mark_point, status=action)
    row = (ContactPoint, point_pk)
    return _act_on(request, pk, row, act, part="points", said=_("Saved."))


@access("customers.change")
@FORM
def address(request: HttpRequest, pk: UUID, address_pk: UUID | None = None) -> HttpResponse:
    """Adds or changes an address, with a map of the districts around it.

    One on record is changed by those who may see it whole; others add the one they were told.
    """
    customer, user = customer_of(request, pk), user_of(request)
    if address_pk and not has_right(user, "customers.see_contact"):
        raise PermissionDenied("customers.see_contact")
    row = get_object_or_404(Address, pk=address_pk, customer=customer) if address_pk else None
    initial: dict[str, Any] = {"system": "wgs84"}
    if row:
        initial = {name: getattr(row, name) for name in _ADDRESS}
        if row.precision == Address.Precision.DISTRICT:
            initial |= {"latitude": None, "longitude": None}
    form = AddressForm(request.POST or None, initial=initial)

    def save(form: AddressForm, now: datetime) -> None:
        values = form.values()
        if row is None:
            operations.add_address(customer, by=user, now=now, **values)
            return
        if values["latitude"] is None and values["longitude"] is None:
            values = {name: values[name] for name in ("text", "postcode")}
            values["division"] = ""
        operations.change_address(row, values, by=user, now=now, seen=form.seen_values())

    def stands() -> dict[str, Any]:
        return {name: getattr(row, name) for name in _ADDRESS}

    return form_view(
        request, customer, form=form, save=save, part="addresses", seen=stands if row else None,
        title=_("Address") if row else _("Add an address"), template="customers/address.html",
        extra={"start": row.division if row else customer.region},
    )  # fmt: skip


@access("customers.change")
@require_POST
def address_retire(request: HttpRequest, pk: UUID, address_pk: UUID) -> HttpResponse:
    """Takes an address off the card."""
    row = (Address, address_pk)
    return _act_on(request, pk, row, operations.retire_address, part="addresses", said=_("Saved."))


@access("customers.view")
@require_GET
def divisions_near(request: HttpRequest) -> JsonResponse:
    """Centres of districts for the map of the address form, around what was typed."""
    found = divisions.parse_address(request.GET.get("q", "")[:300])
    code = found.division or request.GET.get("code", "")[:12]
    lines = divisions.path(code)
    wide = lines[-2] if len(lines) > 1 else (lines[0] if lines else None)
    if wide is None:
        shown, at = divisions.children(), None
    else:
        below = divisions.within(wide.code)[1:]
        shown = [one for one in map(divisions.division, below) if one] or [wide]
        at = lines[-1]
    return JsonResponse(
        {
            "name": divisions.place_name(code),
            "at": [at.longitude, at.latitude] if at else None,
            "system": at.system if at else "gcj02",
            "points": [[one.longitude, one.latitude, one.name] for one in shown],
        }
    )


@access("customers.change")
@FORM
def consent(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Writes down that the customer agreed or refused; anybody who speaks to them may."""
    customer, user = customer_of(request, pk), user_of(request)
    form = ConsentForm(request.POST or None)

    def save(form: ConsentForm, now: datetime) -> str:
        values = dict(form.cleaned_data)
        given = values.pop("answer") == "given"
        if given and consents.needs_confirmation(values["channel"]):
            words = "; ".join(filter(None, (values["source"], values["evidence"])))
            consents.record_yes(
                customer, purposes=[values["purpose"]] if values["purpose"] else [],
                point=address_of(customer, channel=values["channel"]), source="card",
                channel=values["channel"], evidence=words[:200], by=user, now=now,
            )  # fmt: skip
            return _("The customer gets a message to confirm it; until then it does not count.")
        write = followups.record_agreement if given else followups.record_refusal
        write(customer, by=user, now=now, **values)
        return ""

    return form_view(request, customer, form=form, save=save, part="permission",
                     say=wish_words.sentence,
                     title=_("Record what the customer allows"))  # fmt: skip


@access("customers.hold")
@FORM
def place_hold(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Stops some purposes for a while."""
    customer, user = customer_of(request, pk), user_of(request)
    form = HoldForm(request.POST or None)

    def save(form: HoldForm, now: datetime) -> None:
        followups.place_hold(
            customer, **form.cleaned_data, source=("person", str(user.pk)), by=user, now=now
        )

    return form_view(request, customer, form=form, title=_("Place a hold"), save=save,
                     part="permission")  # fmt: skip


@access("customers.hold")
@FORM
def release_hold(request: HttpRequest, pk: UUID, hold_pk: UUID) -> HttpResponse:
    """Ends a hold before its time, with a reason."""
    customer, user = customer_of(request, pk), user_of(request)
    hold = get_object_or_404(Hold, pk=hold_pk, customer=customer)
    form = ReasonForm(request.POST or None)

    def save(form: ReasonForm, now: datetime) -> None:
        followups.release_hold(hold, by=user, now=now, reason=form.cleaned_data["reason"])

    return form_view(request, customer, form=form, title=_("Release the hold"), save=save,
                     part="permission")  # fmt: skip


@access("customers.hold")
@FORM
def renew_hold(request: HttpRequest, pk: UUID, hold_pk: UUID) -> HttpResponse:
    """Lets a hold go on, by name and with a reason; or asks whoever may decide that."""
    customer, user = customer_of(request, pk), user_of(request)
    hold = get_object_or_404(Hold, pk=hold_pk, customer=customer)
    form = RenewForm(request.POST or None)

    def save(form: RenewForm, now: datetime) -> str:
        made = followups.renew_hold(hold, **form.cleaned_data, by=user, now=now)
        if isinstance(made, Hold):
            return ""
        return _("A second renewal is not yours to decide: it waits for an approval.")

    waiting = waiting_renewals([hold], user, timezone.now()).get(hold.pk)
    return form_view(request, customer, form=form, title=_("Renew the hold"), save=save,
                     part="permission", extra={"waiting": waiting})  # fmt: skip


@access("customers.change")
@FORM
def clip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keeps news that opens a call."""
    customer, user = customer_of(request, pk), user_of(request)
    form = ClipForm(request.POST or None)

    def save(form: ClipForm, now: datetime) -> None:
        operations.add_clip(customer, **form.cleaned_data, by=user, now=now)

    return form_view(request, customer, form=form, title=_("Add news"), save=save, part="memories")


@access("customers.change")
@FORM
def wanted(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keeps what was asked for and could not be supplied."""
    customer, user = customer_of(request, pk), user_of(request)
    form = WantedForm(request.POST or None)

    def save(form: WantedForm, now: datetime) -> None:
        operations.add_wanted(customer, form.cleaned_data["text"], user, now)

    return form_view(request, customer, form=form, title=_("Wanted item"), save=save,
                     part="memories")  # fmt: skip


@access("customers.change")
@require_POST
def wanted_close(request: HttpRequest, pk: UUID, item_pk: UUID) -> HttpResponse:
    """Says that a wanted item is settled."""
    row = (WantedItem, item_pk)
    return _act_on(request, pk, row, operations.close_wanted, part="memories", said=_("Saved."))


@access("customers.change")
@FORM
def commitment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Records something promised, with owner and date."""
    customer, user = customer_of(request, pk), user_of(request)
    people = User.objects.filter(is_active=True).order_by("name", "pk")
    form = CommitmentForm(request.POST or None, people=people, initial={"owner": user.pk})

    def save(form: CommitmentForm, now: datetime) -> None:
        due = form.due_at()
        if due <= now:
            raise BadInput({"due": [Reason("ends_before_it_starts")]})
        followups.make_commitment(
            customer, text=form.cleaned_data["text"], owner=form.cleaned_data["owner"],
            due_at=due, kind=form.cleaned_data["kind"],
            remind_at=form.cleaned_data["remind_at"], source=("card", str(customer.pk)), by=user,
            now=now,
        )  # fmt: skip

    return form_view(request, customer, form=form, title=_("Promise something"), save=save,
                     part="commitments")  # fmt: skip


@access("customers.change")
@require_POST
def commitment_keep(request: HttpRequest, pk: UUID, commitment_pk: UUID) -> HttpResponse:
    """Says that a promise was kept."""
    row = (Commitment, commitment_pk)
    return _act_on(
        request, pk, row, followups.keep_commitment, part="commitments", said=_("Promise kept.")
    )


@access("customers.change")
@FORM
def commitment_end(request: HttpRequest, pk: UUID, commitment_pk: UUID) -> HttpResponse:
    """Says that a promise was broken, or that the customer no longer wants it (FU9)."""
    customer, user = customer_of(request, pk), user_of(request)
    row = get_object_or_404(Commitment, pk=commitment_pk, customer=customer)
    form = PromiseEndForm(request.POST or None)

    def save(form: PromiseEndForm, now: datetime) -> None:
        broken = form.cleaned_data["how"] == "broken"
        end = followups.break_commitment if broken else followups.withdraw_commitment
        end(row, by=user, now=now, reason=form.cleaned_data["reason"])

    return form_view(request, customer, form=form, title=_("A promise that was not kept"),
                     save=save, part="commitments")  # fmt: skip
