"""How an area offers its operations: each names its right, or the program does not start (PL6).

    area = Area("orders", title=_("Orders"), says=sentence)

    @area.get("orders/{uuid:pk}", right="orders.enter", answer=OrderShown, summary=_("Read one"))
    def read(request: HttpRequest, pk: UUID) -> OrderShown: …

Texts are English msgids (`gettext_noop`): the schema is translated when it is asked for.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from ninja import Router

from genjin.api.guard import Sentence, Token

View = TypeVar("View", bound=Callable[..., Any])


class Area:
    """One file of operations. `name` begins their ids, `title` is their heading."""

    def __init__(self, name: str, *, title: str, says: Sentence) -> None:
        self.name = name
        self.title = title
        self.says = says
        self.router = Router(tags=[name])

    def _offer(
        self, method: str, path: str, *, right: str, answer: Any, summary: str, description: str
    ) -> Callable[[View], View]:
        guard = Token(right, self.says)

        def decorate(view: View) -> View:
            self.router.add_api_operation(
                f"/{path}", [method], view, auth=guard, response=answer, summary=summary,
                description=description or None, operation_id=f"{self.name}_{view.__name__}",
                url_name=f"api-{self.name}-{view.__name__}",
                openapi_extra={"x-right": right},
            )  # fmt: skip
            operation = view._ninja_operation  # type: ignore[attr-defined]
            guard.query = frozenset(
                name
                for model in operation.models
                if model.__ninja_param_source__ == "query"
                for name in getattr(model, "__ninja_flatten_map__", model.model_fields)
            )
            return view

        return decorate

    def get(
        self, path: str, *, right: str, answer: Any, summary: str, description: str = ""
    ) -> Callable[[View], View]:
        """Offers what only reads."""
        return self._offer("GET", path, right=right, answer=answer, summary=summary,
                           description=description)  # fmt: skip

    def post(
        self, path: str, *, right: str, answer: Any, summary: str, description: str = ""
    ) -> Callable[[View], View]:
        """Offers what makes something or carries something out."""
        return self._offer("POST", path, right=right, answer=answer, summary=summary,
                           description=description)  # fmt: skip

    def put(
        self, path: str, *, right: str, answer: Any, summary: str, description: str = ""
    ) -> Callable[[View], View]:
        """Offers what makes or changes the thing of a name; twice is the same as once."""
        return self._offer("PUT", path, right=right, answer=answer, summary=summary,
                           description=description)  # fmt: skip

    def patch(
        self, path: str, *, right: str, answer: Any, summary: str, description: str = ""
    ) -> Callable[[View], View]:
        """Offers what changes the parts that are sent."""
        return self._offer("PATCH", path, right=right, answer=answer, summary=summary,
                           description=description)  # fmt: skip
