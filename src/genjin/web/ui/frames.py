"""What stands around and between the pieces of a page: heads, frames, lists, the look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

register = template.Library()

HTML_LANGUAGES = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant-TW", "zh-hk": "zh-Hant-HK", "en": "en"}


@register.simple_tag
def html_lang() -> str:
    """Return the value of <html lang>; fonts are chosen by it, so the script is always named."""
    return HTML_LANGUAGES.get(get_language() or "", "en")


@register.simple_block_tag(takes_context=True)
def page_header(
    context: template.Context, content: str, title: object, lead: object = "", back: str = ""
) -> str:
    """Head a page: title, one sentence, a way back; the content is the row of actions."""
    return _render(context, "partials/page_header.html", title, lead, back=back, actions=content)


@register.simple_block_tag(takes_context=True)
def empty_state(
    context: template.Context, content: str, title: object, lead: object = "", sign: str = "inbox"
) -> str:
    """Say what to do first where a list is empty; the content is the action that does it."""
    return _render(context, "partials/empty_state.html", title, lead, sign=sign, actions=content)


@register.simple_block_tag(takes_context=True)
def card(
    context: template.Context, content: str, title: object = "", lead: object = "", css: str = ""
) -> str:
    """Frame a piece of a page under a small heading."""
    return _render(context, "partials/card.html", title, lead, css=css, body=content)


def _render(
    context: template.Context, name: str, title: object, lead: object, **more: object
) -> SafeString:
    """Render a partial with its own values and nothing else of the page."""
    engine = context.template.engine  # type: ignore[union-attr]
    inner = context.new({"title": title, "lead": lead, **more})
    return engine.get_template(name).render(inner)


@register.inclusion_tag("partials/sort_header.html", takes_context=True)
def sort_header(
    context: template.Context, key: str, label: object, css: str = ""
) -> dict[str, object]:
    """Head a column that sorts: `?sort=key`, a second click `?sort=-key`; other filters stay."""
    query = context["request"].GET.copy()
    chosen = query.get("sort", "")
    direction = {key: "ascending", f"-{key}": "descending"}.get(chosen, "none")
    for name in ("after", "before"):
        query.pop(name, None)
    query["sort"] = f"-{key}" if chosen == key else key
    return {"label": label, "url": f"?{query.urlencode()}", "direction": direction, "css": css}


@register.inclusion_tag("partials/pager.html", takes_context=True)
def pager(
    context: template.Context, before: object = "", after: object = "", shown: object = None
) -> dict[str, object]:
    """Step through a long list by key and not by page number.

    `before` and `after` are the opaque cursors of the neighbouring pages, empty at an end;
    `shown` is a text such as "200 of 45,211".
    """
    request_query = context["request"].GET

    def url(name: str, cursor: object) -> str:
        query = request_query.copy()
        query.pop("after", None)
        query.pop("before", None)
        query[name] = str(cursor)
        return f"?{query.urlencode()}"

    return {
        "previous": url("before", before) if before else "",
        "next": url("after", after) if after else "",
        "shown": shown,
    }


@register.inclusion_tag("partials/tabs.html")
def tabs(items: Iterable[Mapping[str, Any]], label: str) -> dict[str, object]:
    """Show tabs that are links: items of {label, url, active} and, if wanted, {count, icon}."""
    return {"items": items, "label": label}


@register.simple_tag(takes_context=True)
def theme(context: template.Context) -> str:
    """Return the chosen look for <html data-bs-theme>: light, dark or auto."""
    request = context.get("request")
    chosen = request.COOKIES.get("theme", "") if request else ""
    return chosen if chosen in ("light", "dark") else "auto"


@register.simple_tag(takes_context=True)
def sidebar_state(context: template.Context) -> str:
    """Return whether the user folded the side bar: slim or wide."""
    request = context.get("request")
    return "slim" if request and request.COOKIES.get("sidebar") == "slim" else "wide"


@register.simple_tag
def ui_strings() -> dict[str, str]:
    """Return the sentences that scripts may show, in the user's language (js/text.js)."""
    return {
        "offline": gettext("The network is gone. Stay on this page until it is back."),
        "online": gettext("The network is back."),
        "failed": gettext("That did not work: the server answered with error {status}."),
        "forbidden": gettext("You may not do this, or you were signed out. Reload the page."),
        "unreachable": gettext("The server cannot be reached."),
        "retry": gettext("Try again"),
        "dismiss": gettext("Close this message"),
        "no_keys": gettext("This page has no keys of its own."),
        "chart_failed": gettext("This chart could not be drawn."),
    }
