"""Photograph a page in Chromium, to look at it before saying that it is done.

Usage:
    tools/look.py URL OUT.png [--width 1440] [--height 900] [--dark] [--lang zh-hans]
                  [--login NAME:PASSWORD] [--press KEY ...] [--click SELECTOR ...] [--fold]

Besides the picture it prints what a person should know: the status, errors of the console,
breaches of the content security policy, and whether the page is wider than the window.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
SYSTEM_CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the browser that is there: GENJIN_CHROMIUM, the system's, or Playwright's own."""
    chosen = os.environ.get("GENJIN_CHROMIUM") or next(
        (path for path in SYSTEM_CHROMIUM if Path(path).exists()), None
    )
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=chosen, args=FLAGS)
        try:
            yield running
        finally:
            running.close()


def sign_in(page: Page, url: str, login: str) -> None:
    """Sign in by the ordinary form with NAME:PASSWORD."""
    name, _, password = login.partition(":")
    page.goto(urljoin(url, "/sign-in"))
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state("load")


def choose_language(page: Page, language: str) -> None:
    """Choose a language in the menu: for someone signed in their own setting counts."""
    button = page.locator(f'button[name=language][value="{language}"]:not([aria-current])')
    if button.count():
        button.evaluate("button => button.form.requestSubmit(button)")
        page.wait_for_load_state("load")


def photograph(page: Page, options: argparse.Namespace) -> list[str]:
    """Open the page, do the presses and clicks, save the picture, return what is wrong."""
    wrong: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            wrong.append(f"console {message.type}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    if options.login:
        sign_in(page, options.url, options.login)
        choose_language(page, options.lang)
    answer = page.goto(options.url)
    page.wait_for_timeout(options.wait)
    for selector in options.click:
        page.click(selector)
    for key in options.press:
        page.keyboard.press(key)
    page.wait_for_timeout(options.wait)
    if answer is not None and answer.status >= 400:
        wrong.append(f"status {answer.status}")
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > options.width:
        wrong.append(f"the page is {wide} pixels wide in a window of {options.width}")
    page.screenshot(path=options.out, full_page=not options.fold)
    return wrong


def main() -> int:
    """Take one picture as the arguments say; 1 when something is wrong with the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("out")
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--height", type=int, default=900)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--lang", default="zh-hans", help="zh-hans, zh-hant, zh-hk or en")
    parser.add_argument("--login", default="", metavar="NAME:PASSWORD")
    parser.add_argument("--press", nargs="*", default=[], metavar="KEY")
    parser.add_argument("--click", nargs="*", default=[], metavar="SELECTOR")
    parser.add_argument("--wait", type=int, default=400, help="milliseconds to settle")
    parser.add_argument("--fold", action="store_true", help="only what the window shows")
    options = parser.parse_args()
    with browser() as running:
        context = running.new_context(
            viewport={"width": options.width, "height": options.height},
            color_scheme="dark" if options.dark else "light",
            locale=options.lang,
            reduced_motion="reduce",
        )
        host = urlsplit(options.url).hostname or "127.0.0.1"
        names = {"django_language": options.lang, "theme": "dark" if options.dark else "light"}
        context.add_cookies(
            [{"name": n, "value": v, "domain": host, "path": "/"} for n, v in names.items()]
        )
        try:
            wrong = photograph(context.new_page(), options)
        except Error as error:
            wrong = [str(error)]
    print(f"{options.out}: {'; '.join(wrong) if wrong else 'nothing wrong'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
