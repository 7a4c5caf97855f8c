"""The small pieces every page is put together from: icons, keys, badges, figures, fields.

Each tag or filter is shown once on /design/. Numbers, money and times follow the active
language; what decides something (may we call, who is next) never lives here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from django import template
from django.forms import BoundField, CheckboxInput, RadioSelect, Select
from django.forms.widgets import CheckboxSelectMultiple, FileInput, HiddenInput
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, pgettext

register = template.Library()

Number = int | float | Decimal

BABEL_LOCALES = {
    "zh-hans": "zh_Hans_CN",
    "zh-hant": "zh_Hant_TW",
    "zh-hk": "zh_Hant_HK",
    "en": "en_GB",
}
HTML_LANGUAGES = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant-TW", "zh-hk": "zh-Hant-HK", "en": "en"}

TONES = {
    "followup": {
        "planned": "quiet",
        "ready": "accent",
        "taken": "busy",
        "done": "good",
        "cancelled": "quiet",
        "expired": "warn",
    },
    "campaign": {
        "draft": "quiet",
        "briefing": "warn",
        "pilot": "busy",
        "running": "good",
        "paused": "warn",
        "review": "accent",
        "closed": "quiet",
    },
    "agent": {
        "ready": "good",
        "on_call": "accent",
        "wrap_up": "busy",
        "busy": "warn",
        "break": "quiet",
        "off": "quiet",
    },
    "outcome": {
        "success": "good",
        "progress": "accent",
        "callback": "accent",
        "retry": "warn",
        "message_left": "accent",
        "no_contact": "quiet",
        "refusal": "bad",
        "bad_number": "bad",
        "do_not_contact": "bad",
    },
    "import": {
        "uploaded": "quiet",
        "mapped": "quiet",
        "checking": "busy",
        "checked": "accent",
        "writing": "busy",
        "done": "good",
        "failed": "bad",
        "stopped": "warn",
    },
    "approval": {"proposed": "warn", "approved": "good", "refused": "bad"},
    "consent": {"given": "good", "refused": "bad"},
    "number": {
        "ok": "good",
        "unassigned": "warn",
        "invalid": "bad",
        "dead": "bad",
        "wrong": "bad",
    },
    "job": {
        "todo": "quiet",
        "doing": "busy",
        "succeeded": "good",
        "failed": "bad",
        "cancelled": "quiet",
        "aborted": "warn",
    },
    "grade": {"A": "grade-a", "B": "grade-b", "C": "grade-c", "D": "grade-d", "E": "grade-e"},
    "class": {"A": "class-a", "B": "class-b", "C": "class-c"},
}


def babel_locale() -> str:
    """Return the locale that numbers and dates are written in for the active language."""
    return BABEL_LOCALES.get(get_language() or "", "en_GB")


@register.simple_tag
def html_lang() -> str:
    """Return the value of <html lang>; fonts are chosen by it, so the script is always named."""
    return HTML_LANGUAGES.get(get_language() or "", "en")


# -- icons and keys ---------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, label: str = "", extra: str = "") -> SafeString:
    """Show one icon of the sprite; without a label it is decoration and not read aloud.

    `name` is one of tools/icons.txt, `extra` more CSS classes (`icon-lg`, `icon-sm`).
    """
    return _icon(name, str(label), extra, static("vendor/icons.svg"))


@lru_cache(maxsize=1000)
def _icon(name: str, label: str, extra: str, sprite: str) -> SafeString:
    """A page shows dozens of icons, nearly always the same ones."""
    voice = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else mark_safe('aria-hidden="true"')  # a constant
    )
    return format_html(
        '<svg class="g-icon {}" {} focusable="false"><use href="{}#{}"></use></svg>',
        extra,
        voice,
        sprite,
        name,
    )


KEY_SIGNS = {
    "enter": "↵",
    "shift": "⇧",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "esc": "Esc",
    "ctrl": "Ctrl",
    "alt": "Alt",
    "space": "Space",
    "tab": "Tab",
}


@register.simple_tag
@lru_cache(maxsize=200)
def kbd(keys: str) -> SafeString:
    """Show a key or a chord as keycaps: `{% kbd "ctrl+enter" %}`. Same notation as data-key."""
    caps = [(KEY_SIGNS.get(key, key.upper()),) for key in keys.split("+")]
    return format_html(
        '<span class="keys" aria-hidden="true">{}</span>',
        format_html_join("", "<kbd>{}</kbd>", caps),
    )


# -- badges -----------------------------------------------------------------------------------


@register.simple_tag
def badge(label: object, tone: str = "quiet", icon_name: str = "") -> SafeString:
    """Show a word on a tinted ground; tones: quiet, accent, busy, good, warn, bad."""
    sign = icon(icon_name) if icon_name else ""
    return format_html('<span class="badge tone-{}">{}{}</span>', tone, sign, label)


@register.simple_tag
def state_badge(kind: str, code: object, label: object = "") -> SafeString:
    """Show a state in the tone its kind gives it (TONES); unknown codes are shown quietly."""
    tone = TONES.get(kind, {}).get(str(code), "quiet")
    return format_html(
        '<span class="badge badge-state tone-{}">{}</span>', tone, label if label else code
    )


@register.simple_tag
def class_badge(code: str) -> SafeString:
    """Show the value class A, B or C of a customer as a square letter with its meaning."""
    if not code:
        return SafeString("")
    meaning = {
        "A": gettext("Class A: key customer"),
        "B": gettext("Class B: second to the key customers"),
        "C": gettext("Class C: ordinary customer"),
    }.get(code, code)
    tone = TONES["class"].get(code, "quiet")
    return format_html(
        '<span class="letter letter-class tone-{}" title="{}" role="img" aria-label="{}">{}</span>',
        tone,
        meaning,
        meaning,
        code,
    )


@register.simple_tag
def grade_badge(code: str) -> SafeString:
    """Show the intent grade A–E of a prospect as a round letter with its meaning (CA7)."""
    if not code:
        return SafeString("")
    meaning = {
        "A": gettext("Grade A: should close within a week"),
        "B": gettext("Grade B: should close within a month"),
        "C": gettext("Grade C: interested"),
        "D": gettext("Grade D: may become interested"),
        "E": gettext("Grade E: ordinary"),
    }.get(code, code)
    tone = TONES["grade"].get(code, "quiet")
    return format_html(
        '<span class="letter letter-grade tone-{}" title="{}" role="img" aria-label="{}">{}</span>',
        tone,
        meaning,
        meaning,
        code,
    )


# -- figures and times ------------------------------------------------------------------------


@register.filter
def number(value: Number | None, digits: int | None = None) -> str:
    """Write a number with the separators of the language; None is an en dash."""
    if value is None:
        return "–"
    pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, format=pattern, locale=babel_locale())


@register.filter
def money(amount: Number | None, currency: str = "CNY") -> str:
    """Write an amount with its currency sign in the manner of the language."""
    return "–" if amount is None else format_currency(amount, currency, locale=babel_locale())


@register.filter
def percent(ratio: Number | None, digits: int = 0) -> str:
    """Write a ratio (0.25) as a percentage (25%); None is an en dash, not 0%."""
    if ratio is None:
        return "–"
    pattern = "#,##0" + ("." + "0" * digits if digits else "") + "%"
    return format_percent(ratio, format=pattern, locale=babel_locale())


@register.filter
def duration(value: timedelta | Number | None) -> str:
    """Write a length of talk or wait, in seconds or as a timedelta, as m:ss or h:mm:ss."""
    if value is None:
        return "–"
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else value)
    sign, seconds = ("−" if seconds < 0 else ""), abs(seconds)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{sign}{hours}:{minutes:02}:{seconds:02}"
    return f"{sign}{minutes}:{seconds:02}"


@register.filter
def hours(value: timedelta | Number | None) -> str:
    """Write a long length of work, in seconds or as a timedelta, as hours with one digit."""
    if value is None:
        return "–"
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    return gettext("%(hours)s h") % {"hours": number(round(seconds / 3600, 1), 1)}


def local_text(moment: datetime) -> str:
    """Return day and minute of an instant in the user's zone."""
    return format_datetime(timezone.localtime(moment), "yyyy-MM-dd HH:mm", locale=babel_locale())


@register.simple_tag
def when(moment: datetime | None, now: datetime | None = None) -> SafeString:
    """Say how long ago or how soon an instant is; the exact local time is the tooltip."""
    if moment is None:
        return SafeString("–")
    delta = moment - (now or timezone.now())
    near = abs(delta) < timedelta(seconds=45)
    text = (
        pgettext("relative time", "now")
        if near
        else format_timedelta(delta, add_direction=True, locale=babel_locale())
    )
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), local_text(moment), text
    )


@register.simple_tag
def moment(value: datetime | None) -> SafeString:
    """Write an instant in the user's zone: the hour alone today, else the day too."""
    if value is None:
        return SafeString("–")
    local = timezone.localtime(value)
    today = timezone.localdate()
    if local.date() == today:
        text = format_datetime(local, "HH:mm", locale=babel_locale())
    elif local.year == today.year:
        text = format_datetime(local, "MM-dd HH:mm", locale=babel_locale())
    else:
        text = local_text(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', value.isoformat(), local_text(value), text
    )


@register.filter
def day(value: date | None) -> str:
    """Write a day with its weekday in the manner of the language."""
    if value is None:
        return "–"
    return format_date(value, "yyyy-MM-dd EEE", locale=babel_locale())


# -- form fields ------------------------------------------------------------------------------


def control_class(field: BoundField) -> str:
    """Return the CSS class that suits the field's widget."""
    widget = field.field.widget
    if isinstance(widget, CheckboxSelectMultiple | RadioSelect):
        return "choice"
    if isinstance(widget, CheckboxInput):
        return "form-check-input"
    return "form-select" if isinstance(widget, Select) else "form-control"


@register.filter
def control(field: BoundField) -> SafeString:
    """Render the widget of a field with the class it needs; Django adds the aria attributes."""
    given = field.field.widget.attrs.get("class", "")
    css = f"{control_class(field)} {given}".strip() + (" is-invalid" if field.errors else "")
    return field.as_widget(attrs={"class": css})


@register.filter
def field_kind(field: BoundField) -> str:
    """Return which arrangement the field needs: hidden, tick, choices, file or line."""
    widget = field.field.widget
    if isinstance(widget, HiddenInput):
        return "hidden"
    if isinstance(widget, CheckboxSelectMultiple | RadioSelect):
        return "choices"
    if isinstance(widget, CheckboxInput):
        return "tick"
    return "file" if isinstance(widget, FileInput) else "line"


@register.inclusion_tag("partials/field.html")
def field(field: BoundField, unit: str = "", css: str = "") -> dict[str, object]:
    """Show label, control, help and errors of one form field (partials/field.html)."""
    return {"field": field, "unit": unit, "css": css}


# -- pictures without script ------------------------------------------------------------------


@register.inclusion_tag("partials/bars.html")
def bars(values: Sequence[Number], label: str, names: Sequence[object] = ()) -> dict[str, object]:
    """Draw a small row of bars from numbers; `label` says in words what it shows."""
    top = max([float(value) for value in values] or [0.0]) or 1.0
    width = 10
    columns = []
    for place, value in enumerate(values):
        height = max(round(36 * float(value) / top, 1), 1.0 if value else 0.5)
        name = f"{names[place]}: " if place < len(names) else ""
        columns.append(
            {
                "x": str(place * width + 1),
                "y": str(40 - height),
                "height": str(height),
                "title": f"{name}{number(value)}",
                "is_last": place == len(values) - 1,
            }
        )
    return {"columns": columns, "label": label, "view": f"0 0 {len(values) * width or 1} 40"}


@register.inclusion_tag("partials/progress.html")
def progress(value: Number, maximum: Number, label: str, tone: str = "accent") -> dict[str, object]:
    """Show how far something is, with a figure beside the bar."""
    share = float(value) / float(maximum) if maximum else 0.0
    return {
        "value": str(value),
        "maximum": str(maximum or 1),
        "share": share,
        "label": label,
        "tone": tone,
    }


@register.inclusion_tag("partials/chart.html")
def chart(
    chart_id: str, option: Mapping[str, object], label: str, size: str = "md"
) -> dict[str, object]:
    """Place an ECharts picture: `option` is its plain data, `label` its description in words.

    Colours are left out of `option`: js/charts.js gives the palette of the theme. `size` is sm,
    md or lg. Text, numbers and lists only; functions cannot be passed.
    """
    return {"chart_id": chart_id, "option": option, "label": label, "size": size}


# -- blocks with content ----------------------------------------------------------------------


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


# -- lists ------------------------------------------------------------------------------------


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


# -- the frame --------------------------------------------------------------------------------


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
