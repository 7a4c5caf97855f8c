"""What every page needs: the areas that this person may open."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from genjin.foundation.access import has_right, role_of

# key, label, url name, icon, right
AREAS = (
    ("desk", _("Desk"), "desk", "headset", "desk.work"),
    ("customers", _("Customers"), "customers", "address-book", "customers.view"),
    ("campaigns", _("Campaigns"), "campaigns", "speakerphone", "campaigns.view"),
    ("scripts", _("Scripts"), "scripts", "script", "scripts.view"),
    ("floor", _("Floor"), "floor", "layout-dashboard", "floor.view"),
    ("logbook", _("Logbook"), "logbook", "notebook", "logbook.own"),
    ("products", _("Products"), "products", "package", "products.view"),
    ("segments", _("Segments"), "segments", "filter", "segments.manage"),
    ("imports", _("Import"), "imports", "file-import", "customers.import"),
    ("tasks", _("Tasks"), "tasks", "progress", "tasks.view"),
    ("users", _("People"), "users", "users", "users.manage"),
    ("settings", _("Settings"), "settings", "settings", "settings.manage"),
    ("audit", _("Audit"), "audit", "history", "audit.view"),
)


def navigation(request: HttpRequest) -> Iterator[dict[str, Any]]:
    for key, label, url_name, icon, right in AREAS:
        if has_right(request.user, right):
            url = reverse(url_name)
            yield {
                "key": key,
                "label": label,
                "url": url,
                "icon": icon,
                "active": request.path == url or request.path.startswith(f"{url}/"),
            }


def shell(request: HttpRequest) -> dict[str, Any]:
    """The frame of every page: navigation, and the person's role."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"nav": []}
    menu = [{"url": reverse("me"), "icon": "user-circle", "label": _("My page")}]
    return {"nav": list(navigation(request)), "role": role_of(user), "user_menu": menu}
