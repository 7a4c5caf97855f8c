"""Who may do what: rights by role, scope by team and custodian (PL4, default deny).

Roles and rights stand in policy/roles.toml. Every view carries a mark: `@access("right")`,
`@signed_in` or `@public`; `DefaultDeny` refuses a view without one and the start-up check finds
it. What the API offers names its right operation by operation (`genjin.api.area`). Scope says
whose customers a person sees: `own`, `team` or `all`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser

from genjin.foundation import policy
from genjin.foundation.models import User
from genjin.kernel.errors import NotAllowed

View = TypeVar("View", bound=Callable[..., Any])
SCOPES = ("own", "team", "all")
PUBLIC = "public"
SIGNED_IN = "signed-in"
TOKEN = "token"  # noqa: S105 - a mark and no secret


@dataclass(frozen=True)
class Role:
    """A role as policy/roles.toml gives it: rights and the scope of customers it sees."""

    code: str
    labels: dict[str, str]
    rights: frozenset[str]
    scope: str
    is_vendor: bool = False


@lru_cache
def roles() -> dict[str, Role]:
    """Every role by code. Raises ValueError where policy/roles.toml names an unknown right."""
    data = policy.shipped("roles")
    known = frozenset(data["rights"])
    found = {}
    for code, entry in data["roles"].items():
        rights = known if entry["rights"] == "all" else frozenset(entry["rights"])
        if unknown := rights - known:
            raise ValueError(f"role {code}: unknown rights {sorted(unknown)}")
        if entry["scope"] not in SCOPES:
            raise ValueError(f"role {code}: unknown scope {entry['scope']}")
        found[code] = Role(
            code, dict(entry["labels"]), rights, entry["scope"], entry.get("is_vendor", False)
        )
    return found


def rights() -> frozenset[str]:
    """Every right that exists."""
    return frozenset(policy.shipped("roles")["rights"])


def role_of(user: User | AnonymousUser) -> Role | None:
    return roles().get(user.role) if isinstance(user, User) and user.is_active else None


def has_right(user: User | AnonymousUser, right: str) -> bool:
    """Whether `user` may use `right`. An unknown right is a fault of the program: KeyError."""
    if right not in rights():
        raise KeyError(right)
    role = role_of(user)
    return role is not None and right in role.rights


def require_right(user: User, right: str) -> None:
    """Raises `NotAllowed` unless `user` has `right`."""
    if not has_right(user, right):
        raise NotAllowed("right_missing", right=right)


def scope_of(user: User | AnonymousUser) -> str:
    """`own`, `team` or `all`; a person without a role sees nothing but their own."""
    role = role_of(user)
    return role.scope if role else "own"


def _mark(view: View, requirement: str) -> View:
    view.required_right = requirement  # type: ignore[attr-defined]
    return view


def access(right: str) -> Callable[[View], View]:
    """Marks a view as open to those with `right`."""

    def decorate(view: View) -> View:
        return _mark(view, right)

    return decorate


def signed_in(view: View) -> View:
    """Marks a view as open to everyone who signed in."""
    return _mark(view, SIGNED_IN)


def before_password_change(view: View) -> View:
    """Lets a view open, too, to someone who must change the password they were handed."""
    view.opens_before_password_change = True  # type: ignore[attr-defined]
    return view


def by_token(view: View) -> View:
    """Marks a view of the API: it asks for a token itself, and each operation for its right."""
    return _mark(view, TOKEN)


def public(view: View) -> View:
    """Marks a view as open to the world."""
    return _mark(view, PUBLIC)
