"""Sets papers as PDF: a template of ours, data of theirs, the fonts that came with the build.

The engine is typst, whose compiler comes in its wheel; it needs no system library, no system font
and no network. The text of people reaches a template as one JSON document and is set as text, so
no name and no remark can become markup. The same template, data, language and moment give the
same bytes. The files are PDF/A-2u: self-contained, their text can be searched and copied.

Templates lie in `foundation/papers/templates`, fonts in `foundation/papers/fonts` (put there by
`make`, see tools/assets.py). What makes the data of a business paper is `foundation.papers`.

A process must not render before it forks: the threads of the engine do not live in the child.
"""

import json
import re
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

FOLDER = Path(__file__).parent / "papers"
TEMPLATES = FOLDER / "templates"
FONTS = FOLDER / "fonts"

# The first font that has a letter sets it. Both have Latin; the shapes of the same character
# differ between the mainland and Taiwan, so the order does.
_SIMPLIFIED = ("Noto Sans SC", "Noto Sans TC")
_TRADITIONAL = ("Noto Sans TC", "Noto Sans SC")
_LANGUAGES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "zh-hans": ("zh", "cn", _SIMPLIFIED),
    "zh-hant": ("zh", "tw", _TRADITIONAL),
    "zh-hk": ("zh", "hk", _TRADITIONAL),
    "en": ("en", "us", _SIMPLIFIED),
}
LANGUAGES = tuple(_LANGUAGES)
_NAME = re.compile(r"[a-z][a-z_]*")
_mine = threading.local()


class FontsMissing(RuntimeError):
    """The fonts of papers are not built in; `make assets` puts them there."""


def render(template: str, data: Mapping[str, Any], language: str, *, at: datetime) -> bytes:
    """Set `data` by `templates/<template>.typ` in one of LANGUAGES and return the PDF.

    `data` holds what JSON knows: text, numbers, true, false, none, lists and mappings by text.
    Amounts and days come as text, written for the reader already. `at` becomes the file's date of
    making. A page takes some milliseconds once a process is warm, a table of 2,000 rows a second
    or two, so long papers belong in a job.

    Raises KeyError for a language that is none of ours, ValueError for a template that does not
    exist, TypeError for a value that is not JSON, FontsMissing where `make` has not run.
    """
    lang, region, fonts = _LANGUAGES[language]
    path = TEMPLATES / f"{template}.typ"
    if not _NAME.fullmatch(template) or not path.is_file():
        raise ValueError(f"no such template: {template!r}")
    whole = {**data, "lang": lang, "region": region, "fonts": fonts}
    made = _compiler().compile(
        input=str(path),
        sys_inputs={"data": json.dumps(whole, ensure_ascii=False, sort_keys=True)},
        format="pdf",
        pdf_standards=["a-2u"],
        pdf_tags=False,
        timestamp=int(at.timestamp()),
    )
    assert isinstance(made, bytes)
    return made


def _compiler() -> typst.Compiler:
    """This thread's compiler: one refuses two at once, and many share the fonts and what is known.

    The work itself is done without Python's lock, so threads do set papers side by side.
    """
    if (own := getattr(_mine, "compiler", None)) is None:
        own = typst.Compiler(root=str(TEMPLATES), font_paths=_fonts(), ignore_system_fonts=True)
        _mine.compiler = own
    return own


@cache
def _fonts() -> typst.Fonts:
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )
    if missing := {*_SIMPLIFIED, *_TRADITIONAL} - set(fonts.families()):
        raise FontsMissing(", ".join(sorted(missing)))
    return fonts
