from django.urls import URLPattern, path

from genjin.api import views
from genjin.api.service import api

# Of the library's own addresses (a root that says nothing) none is ours.
_OPERATIONS = [
    path(f"api/v1/{entry.pattern}", views.of_api(entry.callback), name=entry.name)
    for entry in api.urls[0]
    if isinstance(entry, URLPattern) and entry.name != "api-root"
]
urlpatterns = [
    *_OPERATIONS,
    path("api/v1/", views.nothing_here, name="api-root"),
    path("api/v1/<path:rest>", views.nothing_here, name="api-nothing"),
    path("api/docs", views.docs, name="api-docs"),
    path("api/openapi.json", views.schema, name="api-schema"),
]
