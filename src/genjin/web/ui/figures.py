"""Figures and times in the manner of the active language."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext

register = template.Library()

Number = int | float | Decimal
BABEL_LOCALES = {
    "zh-hans": "zh_Hans_CN",
    "zh-hant": "zh_Hant_TW",
    "zh-hk": "zh_Hant_HK",
    "en": "en_GB",
}


def babel_locale() -> str:
    """Return the locale that numbers and dates are written in for the active language."""
    return BABEL_LOCALES.get(get_language() or "", "en_GB")


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
