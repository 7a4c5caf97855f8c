"""Root urls: every area of the product brings its own list."""

from django.urls import include, path

from genjin.web import design

AREAS = (
    "home",
    "accounts",
    "desk",
    "customers",
    "custody",
    "cardquality",
    "exports",
    "duplicates",
    "pool",
    "warranty",
    "imports",
    "segments",
    "campaigns",
    "scripts",
    "floor",
    "logbook",
    "products",
    "orders",
    "deals",
    "bankfiles",
    "uncollected",
    "papers",
    "receivables",
    "opportunities",
    "invoices",
    "forecast",
    "approvals",
    "scores",
    "surveys",
    "commitments",
    "mail",
    "wishes",
    "rulebook",
    "settings",
    "audit",
    "tasks",
)

urlpatterns = [
    path("design/", design.design_page, name="design"),
    path("theme/", design.set_theme, name="set_theme"),
    *(path("", include(f"genjin.web.{area}.urls")) for area in AREAS),
    path("", include("genjin.api.urls")),
]
handler400 = "genjin.web.errors.bad_request"
handler403 = "genjin.web.errors.denied"
handler404 = "genjin.web.errors.not_found"
handler500 = "genjin.web.errors.failed"
