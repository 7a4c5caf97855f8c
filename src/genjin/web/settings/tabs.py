"""The pages of the settings, as tabs on each of them."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

PAGES = (
    ("settings-contact", _("Contact policy"), "scale", _("When, how often, with whose consent.")),
    ("settings-organisation", _("Organisation"), "building", _("Name, currency, clock, language.")),
    ("settings-work", _("Sign-in and desk"), "headset", _("Lock-out, lease, time for notes.")),
    ("settings-calendar", _("Working days"), "calendar", _("Official holidays, year by year.")),
    ("settings-classes", _("Classes and grades"), "trophy", _("Cut-offs, terms, visiting.")),
    ("settings-categories", _("Product categories"), "package", _("What customers own.")),
    ("settings-rates", _("Exchange rates"), "coin", _("What a currency is worth.")),
    ("settings-papers", _("Head of papers"), "file-text", _("Who we are on bills and letters.")),
    ("settings-numbering", _("Paper numbers"), "hash", _("What numbers of papers look like.")),
    ("settings-pool", _("Pool"), "inbox", _("Whose, how many, and when cards go back.")),
    ("card-fields", _("Card fields"), "forms", _("What a customer's card asks for.")),
)  # fmt: skip


def pages(active: str = "") -> list[dict[str, Any]]:
    return [
        {"label": label, "url": reverse(name), "icon": icon, "lead": lead, "active": name == active}
        for name, label, icon, lead in PAGES
    ]
