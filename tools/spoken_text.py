"""Find human text in the code that cannot be translated.

Raw sentences in templates, Chinese in Python, sentences in scripts: the part of the translation
check (tools/i18n.py) that looks at code and not at catalogues.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src/genjin"

CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")

# Files and folders in which Chinese characters are data, each with the reason.
CJK_ALLOWED = {
    "src/genjin/conf/settings.py": "languages are named in themselves",
    "src/genjin/customers/fields.py": "yes and no as people write them",
    "src/genjin/customers/importing/": "yes and no as lists of customers write them",
    "src/genjin/kernel/": "rules of Chinese names, numbers and addresses; shows nothing to people",
    "src/genjin/web/surveys/public.py": "languages are named in themselves",
    "src/genjin/web/formats/common.py": "dates as people type them",
}

# Words that stay as they are in every language.
UNTRANSLATED = re.compile(
    r"\b(Genjin|HTMX|CSV|XLSX|UTF-8|GB18030|Big5|ID|URL|API|PBX|FAB|USP|SHA-256|[A-E]|"
    r"Lin Xiao|m:ss)\b"
)
SPOKEN_ATTRIBUTES = (
    "title",
    "placeholder",
    "aria-label",
    "aria-description",
    "alt",
    "label",
    "data-confirm",
    "data-confirm-label",
    "data-key-label",
)
SPOKEN_ARGUMENT = re.compile(
    r"""(?<![\w(])(title|lead|label|heading|text|legend|note|hint|unit|plan|delta|shown)="""
    r"""("[^"]*[A-Za-z]{2}[^"]*"|'[^']*[A-Za-z]{2}[^']*')"""
)


def project_files(*endings: str) -> list[Path]:
    """Return our own files with these endings, libraries left out."""
    return sorted(
        path
        for path in SOURCE.rglob("*")
        if path.suffix in endings and "vendor" not in path.parts and "migrations" not in path.parts
    )


def short(text: str) -> str:
    """Return a sentence shortened for a report."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}…"


class SpokenText(HTMLParser):
    """Collects the text a person reads or hears in what is left of a template."""

    def __init__(self) -> None:
        super().__init__()
        self.silent = 0
        self.found: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style", "code")
        for name, value in attrs:
            if name in SPOKEN_ATTRIBUTES and value:
                self.found.append((self.getpos()[0], value))

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style", "code")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append((self.getpos()[0], data))


def without_marked(template: str) -> str:
    """Return a template without its tags, variables, comments and translated blocks."""

    def blank(match: re.Match[str]) -> str:
        return "\n" * match[0].count("\n")

    for pattern in (
        r"\{%\s*comment\b.*?endcomment\s*%\}",
        r"\{%\s*blocktrans(late)?\b.*?endblocktrans(late)?\s*%\}",
        r"\{#.*?#\}",
        # What fills a class attribute of a page below is a name of styles, not a text.
        r"\{%\s*block\s+\w*_class\s*%\}.*?\{%\s*endblock\b.*?%\}",
        r"\{%.*?%\}",
        r"\{\{.*?\}\}",
    ):
        template = re.sub(pattern, blank, template, flags=re.DOTALL)
    return template


def find_raw_template_text(path: Path) -> Iterator[str]:
    """Find human text in a template that no trans tag translates."""
    name, source = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
    parser = SpokenText()
    parser.feed(without_marked(source))
    parser.close()
    for line, text in parser.found:
        left = UNTRANSLATED.sub("", re.sub(r"&#?\w+;", "", text))
        if any(character.isalpha() for character in left):
            yield f"{name}:{line}: not marked for translation: {short(text)!r}"
    for tag in re.finditer(r"\{%.*?%\}", source):
        for argument in SPOKEN_ARGUMENT.finditer(tag[0]):
            if UNTRANSLATED.sub("", argument[2]).strip("\"' "):
                line = source.count("\n", 0, tag.start()) + 1
                yield f"{name}:{line}: write {argument[1]}=_({argument[2]})"
    if CJK.search(source):
        yield f"{name}: Chinese characters in a template"


def find_chinese_literals(path: Path) -> Iterator[str]:
    """Find Chinese strings in Python; docstrings and comments may name the vocabulary."""
    name = path.relative_to(ROOT).as_posix()
    if any(name.startswith(allowed) for allowed in CJK_ALLOWED):
        return
    tree = ast.parse(path.read_text("utf-8"))
    prose = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in prose and CJK.search(node.value):
            yield f"{name}:{node.lineno}: Chinese in code: {short(node.value)!r}"


def find_script_sentences(path: Path) -> Iterator[str]:
    """Find sentences in JavaScript; they belong into the page (data attributes, ui_strings)."""
    name = path.relative_to(ROOT).as_posix()
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        code = re.sub(r"(^|\s)//.*", "", line)
        if re.search(r"console\.|new \w*Error\(|^\s*(/?\*|import\b)", code):
            continue
        for literal in re.findall(r'"([^"\n]*)"|\'([^\'\n]*)\'|`([^`\n]*)`', code):
            text = "".join(literal)
            is_sentence = re.match(r"[A-Z][a-z]+( [\w']+)+[.!?…]?$", text)
            if CJK.search(text) or is_sentence:
                yield f"{name}:{number}: a sentence in a script: {short(text)!r}"


def find_code_faults() -> Iterator[str]:
    """Find human text in templates, Python and scripts that cannot be translated."""
    finders: dict[str, Callable[[Path], Iterator[str]]] = {
        ".html": find_raw_template_text,
        ".py": find_chinese_literals,
        ".js": find_script_sentences,
    }
    for path in project_files(*finders):
        yield from finders[path.suffix](path)
