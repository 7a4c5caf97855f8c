"""Start-up checks: what must be true before the product may run."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, register
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

from genjin.foundation import access
from genjin.foundation.insert_only import InsertOnly

API = "api/"


def views(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every view of the product with its route."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from views(entry, route)
        elif isinstance(entry, URLPattern):
            yield route, entry.callback


@register()
def every_view_says_who_may_open_it(**_: Any) -> list[CheckMessage]:
    known = access.rights() | {access.PUBLIC, access.SIGNED_IN}
    return [
        Error(f"The view of “{route}” has no known access mark.", id="genjin.E001", obj=view)
        for route, view in views()
        if getattr(view, "required_right", None)
        not in (known | {access.TOKEN} if route.startswith(API) else known)
    ]


def unguarded_tables() -> list[str]:
    """Names the tables of facts whose triggers are missing; `serve` refuses to start then."""
    wanted = {m._meta.db_table for m in apps.get_models() if issubclass(m, InsertOnly)}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE t.tgname IN ('refuse_change', 'refuse_truncate') AND t.tgenabled IN ('O', 'A') "
            "GROUP BY c.relname HAVING count(*) = 2"
        )
        guarded = {name for (name,) in cursor.fetchall()}
    return sorted(wanted - guarded)
