"""What every page needs: the areas that this person may open."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.followups import promises
from genjin.foundation import approvals
from genjin.foundation.access import has_right, role_of
from genjin.foundation.models import User

MAY_PROMISE = "customers.view"
# Groups of (key, label, url name, icon, right); a line stands between groups. Right "" is everyone.
GROUPS: tuple[tuple[tuple[str, Any, str, str, str], ...], ...] = (
    (
        ("desk", _("Desk"), "desk", "headset", "desk.work"),
        ("customers", _("Customers"), "customers", "address-book", "customers.view"),
        ("pool", _("Pool"), "pool", "inbox", "pool.take"),
        ("promises", _("Promises"), "promises", "heart-handshake", "customers.view"),
        ("approvals", _("Approvals"), "approvals", "checks", ""),
    ),
    (
        (
            "opportunities",
            _("Opportunities"),
            "opportunities",
            "target-arrow",
            "opportunities.manage",
        ),
        ("forecast", _("Forecast"), "forecast", "chart-line", "forecast.view"),
        ("deals", _("Orders"), "deals", "shopping-cart", "orders.enter"),
        ("deliveries", _("Deliveries"), "deliveries", "truck-delivery", "deliveries.manage"),
        ("uncollected", _("Uncollected"), "uncollected", "report", "receivables.view"),
        ("bank-files", _("Payments"), "bank-files", "coin", "ledger.import"),
        ("invoices", _("Tax invoices"), "invoices", "receipt-tax", "invoices.manage"),
        ("classes", _("Classes"), "classes", "trophy", "classes.manage"),
        ("campaigns", _("Campaigns"), "campaigns", "speakerphone", "campaigns.view"),
        ("scripts", _("Scripts"), "scripts", "script", "scripts.view"),
        ("products", _("Products"), "products", "package", "products.view"),
    ),
    (
        ("floor", _("Floor"), "floor", "layout-dashboard", "floor.view"),
        ("logbook", _("Logbook"), "logbook", "notebook", "logbook.own"),
        ("scores", _("Scores"), "scores", "star", "scores.view"),
        ("mail", _("Mail"), "mail", "mail", "messages.view"),
    ),
    (
        ("rulebook", _("Rulebook"), "rulebook", "book-2", "rulebook.view"),
        ("segments", _("Segments"), "segments", "filter", "segments.manage"),
        ("warranties", _("Warranties"), "warranties", "shield-check", "warranties.manage"),
        ("card-quality", _("Card quality"), "card-quality", "chart-bar", "cards.quality"),
        ("exports", _("Exports"), "exports", "file-export", "customers.export"),
        ("review", _("Cards to look over"), "customers-review", "list-check", "customers.view"),
        ("custody-log", _("Who looked"), "custody-log", "eye", "audit.view"),
        ("duplicates", _("Duplicates"), "duplicates", "arrows-join", "customers.change"),
        ("imports", _("Import"), "imports", "file-import", "customers.import"),
    ),
    (
        ("tasks", _("Tasks"), "tasks", "progress", "tasks.view"),
        ("users", _("People"), "users", "users", "users.manage"),
        ("settings", _("Settings"), "settings", "settings", "settings.manage"),
        ("audit", _("Audit"), "audit", "history", "audit.view"),
    ),
)


def _counts(user: User) -> dict[str, int]:
    """How much waits for this person, by area. Deciding costs nothing for whoever decides none."""
    now = timezone.now()
    found = {"promises": promises.reminded(user, now)} if has_right(user, MAY_PROMISE) else {}
    if approvals.is_decider(user):
        found["approvals"] = len(approvals.waiting_for(user, now))
    return found


def _area_of(path: str) -> str:
    """The address of the area that a page belongs to: the longest that its own begins with."""
    areas = (reverse(area[2]) for group in GROUPS for area in group)
    return max((url for url in areas if path == url or path.startswith(f"{url}/")), key=len,
               default="")  # fmt: skip


def navigation(request: HttpRequest, user: User) -> Iterator[dict[str, Any]]:
    """The areas that this person may open, in their groups."""
    counts = _counts(user)
    is_first = True
    here = _area_of(request.path)
    for group in GROUPS:
        shown = [area for area in group if not area[4] or has_right(user, area[4])]
        for place, (key, label, url_name, icon, _right) in enumerate(shown):
            url = reverse(url_name)
            yield {
                "key": key,
                "label": label,
                "url": url,
                "icon": icon,
                "count": counts.get(key),
                "divider": place == 0 and not is_first,
                "active": url == here,
            }
        is_first = is_first and not shown


def shell(request: HttpRequest) -> dict[str, Any]:
    """The frame of every page: navigation, and the person's role."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"nav": []}
    menu = [{"url": reverse("me"), "icon": "user-circle", "label": _("My page")}]
    menu.append({"url": reverse("my-scores"), "icon": "star", "label": _("My scores")})
    return {
        "nav": list(navigation(request, user)),
        "role": role_of(user),
        "user_menu": menu,
        "may_promise": has_right(user, MAY_PROMISE),
    }
