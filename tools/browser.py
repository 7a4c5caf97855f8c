"""Finds the Chromium that the browser tests drive; prints its path, or fails when there is none."""

import os
import shutil
import sys
from pathlib import Path

_KNOWN = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
_ON_PATH = ("chromium", "google-chrome", "google-chrome-stable")
_CACHES = ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")
_PLAYWRIGHTS = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)


def find_chromium() -> str | None:
    """Gives the first of: GENJIN_CHROMIUM, the system's Chromium or Chrome, playwright's own."""
    if named := os.environ.get("GENJIN_CHROMIUM"):
        return named if os.access(named, os.X_OK) else None
    for path in _KNOWN:
        if os.access(path, os.X_OK):
            return path
    for name in _ON_PATH:
        if found := shutil.which(name):
            return found
    caches = [os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "", *_CACHES]
    for cache in (Path(name).expanduser() for name in caches if name):
        for pattern in _PLAYWRIGHTS:
            if own := sorted(cache.glob(pattern)):
                return str(own[-1])
    return None


if __name__ == "__main__":
    chromium = find_chromium()
    if chromium is None:
        sys.exit(1)
    print(chromium)
