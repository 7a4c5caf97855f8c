"""Icons, keycaps and badges."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

register = template.Library()

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


@register.simple_tag
def icon(name: str, label: str = "", extra: str = "") -> SafeString:
    """Show one icon of the sprite; without a label it is decoration and not read aloud.

    `name` is one of tools/icons.txt, `extra` more CSS classes (`icon-lg`, `icon-sm`).
    """
    return _icon(name, str(label), extra)


@lru_cache(maxsize=1000)
def _icon(name: str, label: str, extra: str) -> SafeString:
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
        static("vendor/icons.svg"),
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
