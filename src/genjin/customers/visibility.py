"""Whose cards and how much of them a person sees (PL4, CU7, CU8)."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from genjin.customers.models import CardLoan, ContactPerson, ContactPoint, Customer
from genjin.customers.states import PersonRole
from genjin.foundation.access import has_right, scope_of
from genjin.foundation.models import User
from genjin.kernel.phone import mask_phone


def in_hand(user: User) -> list[UUID]:
    """The customers of the follow-ups that this person has taken and not finished."""
    return list(
        Customer.objects.filter(followups__state="taken", followups__taken_by=user)
        .order_by()
        .values_list("pk", flat=True)
        .distinct()
    )


def held_by(user: User) -> QuerySet[Customer]:
    """The cards that a person sees beyond custody and team: in hand at the desk, or lent (CU8)."""
    taken = Customer.objects.filter(followups__state="taken", followups__taken_by=user)
    # A union and not an "or": the server would look at every card for that.
    either = taken.order_by().values("pk").union(lent_to(user).values("customer"))
    return Customer.objects.filter(pk__in=either).order_by()


def lent_to(user: User) -> QuerySet[CardLoan]:
    """The loans to a person that run now."""
    return CardLoan.objects.filter(to=user, ended_at=None, until__gt=Now())


def visible_to(user: User) -> QuerySet[Customer]:
    """The cards in a person's scope; cards that were merged into another are left out.

    Scope `own`: one's own custody and what one has in hand at the desk; `team`: the team's and
    these; `all`: every card. `customers.facets` draws the same line by bitmaps.
    """
    alive = Customer.objects.filter(merged_into=None)
    scope = scope_of(user)
    if scope == "all":
        return alive
    mine = Q(custodian=user) | Q(pk__in=held_by(user).values("pk"))
    if scope == "team" and user.team_id:
        mine |= Q(team_id=user.team_id)
    return alive.filter(mine)


def may_see(user: User, customer: Customer) -> bool:
    """Whether this one card is in the person's scope; at most two queries."""
    scope = scope_of(user)
    if scope == "all" or customer.custodian_id == user.pk:
        return True
    if scope == "team" and user.team_id and customer.team_id == user.team_id:
        return True
    return customer.pk in in_hand(user) or lent_to(user).filter(customer=customer).exists()


def may_see_informant(user: User, customer: Customer) -> bool:
    """The custodian and those with the right see who informs us; nobody else (CU7)."""
    return customer.custodian_id == user.pk or has_right(user, "customers.see_informant")


def shown_roles(user: User, customer: Customer, person: ContactPerson) -> list[str]:
    """A person's roles as this user may see them."""
    if may_see_informant(user, customer):
        return list(person.roles)
    return [role for role in person.roles if role != PersonRole.INFORMANT]


def sees_masked(user: User | None) -> bool:
    """Whether numbers are masked for this person; never for our own jobs (None)."""
    return user is not None and not has_right(user, "customers.see_contact")


def shown_phone(user: User, point: ContactPoint, in_hand: bool = False) -> str:
    """A number as this person may see it: whole with the right or in hand, else masked (CU8).

    `in_hand`: the follow-up at the desk is for this very number and the call was begun. Other
    accounts and e-mail addresses are masked alike.
    """
    if in_hand or has_right(user, "customers.see_contact"):
        return point.value
    return masked(point)


def masked(point: ContactPoint) -> str:
    """A number or address so that its owner knows it and nobody else."""
    if point.kind in ("phone", "fax"):
        return mask_phone(point.value)
    name, at, domain = point.value.partition("@")
    return f"{name[:1]}****{at}{domain}"


def shown_address(user: User, text: str, place: str) -> str:
    """An address as this person may see it: whole with the right, else the place alone."""
    return text if has_right(user, "customers.see_contact") else place
