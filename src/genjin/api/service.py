"""The API put together: its areas in the order of the documentation."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext_noop as _
from ninja import NinjaAPI
from ninja.operation import Operation

from genjin.api import customers, followups, interactions, orders, problems, scores, status
from genjin.api.guard import Nobody
from genjin.api.shapes import Json, Readable

_CONVERTER = re.compile(r"\{\w+:")
AREAS = (
    status.area,
    customers.area,
    orders.area,
    followups.area,
    interactions.area,
    scores.area,
)

api = NinjaAPI(
    title="Genjin",
    version="1",
    description=_("What other systems feed and read: the same operations as the screens."),
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
    auth=Nobody(),
    parser=Json(),
    renderer=Readable(),
)
problems.register(api)
for one in AREAS:
    api.add_router("", one.router)


def operations() -> Iterator[tuple[str, Operation]]:
    """Every operation as ("GET /api/v1/…", itself)."""
    for router in api._get_bound_routers():
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    yield f"{method} /api/v1{_CONVERTER.sub('{', path)}", operation
