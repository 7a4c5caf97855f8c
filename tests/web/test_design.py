"""The shared pieces: on one page, in every language, without anything the policy forbids."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from django.utils import timezone, translation

from genjin.web import design
from genjin.web.ui import figures, marks, pictures

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "src/genjin/web/templates"


@pytest.fixture
def design_html():
    """Ask for /design/ with a cookie jar, in a language."""

    def ask(language: str = "en", **cookies: str) -> HttpResponse:
        request = RequestFactory().get("/design/")
        request.COOKIES.update(cookies)
        request.user = AnonymousUser()
        with (
            translation.override(language),
            override_settings(FORM_RENDERER="genjin.web.design.GenjinRenderer"),
        ):
            return design.design_page(request)

    return ask


@pytest.mark.parametrize(
    ("language", "lang"),
    [("zh-hans", "zh-Hans"), ("zh-hant", "zh-Hant-TW"), ("zh-hk", "zh-Hant-HK"), ("en", "en")],
)
def test_the_page_names_its_script_so_that_the_right_font_is_taken(
    design_html, language, lang
) -> None:
    assert f'<html lang="{lang}"' in design_html(language).content.decode()


def test_the_page_has_nothing_inline_that_the_policy_refuses(design_html) -> None:
    html = design_html().content.decode()
    assert not re.search(r"\sstyle=|\son\w+=|<style", html)
    for attributes in re.findall(r"<script([^>]*)>", html):
        assert "src=" in attributes or 'type="application/json"' in attributes


def test_the_chosen_look_is_in_the_page_and_does_not_flash(design_html) -> None:
    assert (
        'data-bs-theme="dark" data-sidebar="slim"'
        in design_html(theme="dark", sidebar="slim").content.decode()
    )
    assert 'data-bs-theme="auto" data-sidebar="wide"' in design_html(theme="<x>").content.decode()


def test_a_form_error_stands_beside_its_field_and_is_named_by_it(design_html) -> None:
    html = design_html().content.decode()
    control = re.search(r'<input[^>]*name="phone"[^>]*>', html)
    assert control is not None
    assert 'aria-invalid="true"' in control[0]
    assert 'aria-describedby="id_phone_error"' in control[0]
    assert 'id="id_phone_error"' in html


def test_every_icon_that_is_named_exists() -> None:
    known = set((ROOT / "tools/icons.txt").read_text("utf-8").split())
    for path in TEMPLATES.rglob("*.html"):
        for name in re.findall(r'\{% icon "([\w-]+)"|sign="([\w-]+)"', path.read_text("utf-8")):
            assert "".join(name) in known, f"{path.name}: add {''.join(name)} to tools/icons.txt"


def test_the_look_is_kept_in_a_cookie_and_the_way_back_stays_on_the_site() -> None:
    make = RequestFactory().post
    answer = design.set_theme(make("/theme/", {"theme": "dark", "next": "/desk/?a=1"}))
    assert (answer.status_code, answer["Location"]) == (302, "/desk/?a=1")
    assert answer.cookies["theme"].value == "dark"
    answer = design.set_theme(make("/theme/", {"theme": "<b>", "next": "https://evil.example/"}))
    assert answer["Location"] == "/"
    assert "theme" not in answer.cookies


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (59.6, "1:00"), (754, "12:34"), (3661, "1:01:01"), (-5, "−0:05"), (None, "–")],
)
def test_durations_are_minutes_and_seconds(seconds: float | None, text: str) -> None:
    assert figures.duration(seconds) == text


@pytest.mark.parametrize(
    ("language", "number", "money", "percent"),
    [
        ("zh-hans", "1,234.5", "¥1,234.50", "12.3%"),
        ("zh-hk", "1,234.5", "CN¥1,234.50", "12.3%"),
        ("en", "1,234.5", "CN¥1,234.50", "12.3%"),
    ],
)
def test_figures_follow_the_language(language, number, money, percent) -> None:
    with translation.override(language):
        assert figures.number(1234.5) == number
        assert figures.money(1234.5) == money
        assert figures.percent(0.1234, 1) == percent


def test_a_relative_time_carries_the_exact_one_in_the_zone_of_the_user() -> None:
    moment = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    with translation.override("zh-hans"), timezone.override("Asia/Shanghai"):
        html = figures.when(moment, moment + timedelta(hours=3))
    assert (
        html == '<time datetime="2026-11-23T01:30:00+00:00" title="2026-11-23 09:30">3小时前</time>'
    )


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb as WCAG 2.2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


TEXT_ON = [
    *[(ink, on) for ink in ("text", "text-muted", "accent") for on in ("ground", "surface")],
    *[(ink, on) for ink in ("text", "text-muted", "accent") for on in ("raised", "sunken")],
    *[(tone, f"{tone}-soft") for tone in ("quiet", "accent", "busy", "good", "warn", "bad")],
    *[("text-muted", f"{tone}-soft") for tone in ("quiet", "accent", "good", "warn", "bad")],
    *[(tone, "surface") for tone in ("quiet", "busy", "good", "warn", "bad")],
]
EDGES_ON = [("line-strong", "ground"), ("line-strong", "surface"), ("focus", "ground")]


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_and_edges_have_the_contrast_of_wcag_aa(mode: int) -> None:
    css = (ROOT / "src/genjin/web/static/genjin/css/genjin.css").read_text("utf-8")
    pairs = re.findall(r"--g-([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", css)
    colours = {name: values[mode] for name, *values in pairs}
    white = [("white", f"{name}-ground") for name in ("accent", "bad")] + [
        ("white", "accent-hover")
    ]
    colours["white"] = "#ffffff"
    low = [p for p in TEXT_ON + white if contrast(colours[p[0]], colours[p[1]]) < 4.5]
    low += [p for p in EDGES_ON if contrast(colours[p[0]], colours[p[1]]) < 3]
    assert low == []


def test_labels_are_escaped() -> None:
    assert "<b>" not in marks.badge("<b>x</b>")
    assert "<b>" not in marks.state_badge("followup", "done", "<b>x</b>")
    assert "<b>" not in marks.icon("x", "<b>")


def test_a_bar_of_nothing_and_a_progress_of_nothing_can_be_drawn() -> None:
    assert pictures.bars([], "none")["view"] == "0 0 1 40"
    assert pictures.progress(0, 0, "none")["share"] == 0.0
