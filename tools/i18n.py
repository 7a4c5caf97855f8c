"""Collect, compile and check the translations; nothing but Python is needed on the machine.

    tools/i18n.py extract [--prune]   bring locale/*/LC_MESSAGES/django.po up to date with the code
    tools/i18n.py compile             write the .mo files Django reads (done by `make`)
    tools/i18n.py check               say what is missing or wrong; 1 when anything is

Message ids are English, so English has no catalogue. zh_Hans and zh_Hant are written by people.
Hong Kong is zh_Hant with locale/zh_HK/overrides.po laid over it; Django ships nothing for Hong
Kong, so its own Traditional messages go into that catalogue too. Entries name the files they come
from, without lines and dates: a translation file changes only when a sentence does.

Words that a language may not use stand in tools/terms.toml.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import django
import polib
from babel.messages.extract import extract as babel_extract
from django.conf import settings
from django.utils.translation.template import templatize

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.spoken_text import CJK, ROOT, find_code_faults, project_files, short

LOCALE = ROOT / "locale"
WRITTEN = {"zh_Hans": "gb18030", "zh_Hant": "big5"}
OVERRIDES = LOCALE / "zh_HK/overrides.po"
DJANGO_PARTS = ("conf", "contrib/auth", "contrib/contenttypes", "contrib/humanize")

KEYWORDS: dict[str, tuple[object, ...] | None] = {
    "_": None,
    "_lazy": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}

RENAMED = re.compile(r"\b(n?p?gettext(?:_lazy|_noop)?) as (\w+)")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")

Key = tuple[str, str, str]  # context, msgid, plural


# -- collecting -------------------------------------------------------------------------------


def python_of(path: Path) -> bytes:
    """Return Python that calls gettext as the file does: itself, or its template turned over."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        return text.encode()
    # In brackets, because what is left of a template is not indented as Python is.
    return f"(\n{templatize(text, origin=str(path))}\n)".encode()


def messages_of(path: Path) -> Iterator[Key]:
    """Yield every message that one file asks for."""
    code = python_of(path)
    # A file may import gettext by a name of its own.
    own = {name: KEYWORDS[of] for of, name in RENAMED.findall(code.decode())}
    found = babel_extract("python", BytesIO(code), keywords=KEYWORDS | own)
    for _line, message, _comments, context in found:
        singular, plural = message if isinstance(message, tuple) else (message, "")
        if singular:
            yield context or "", singular, plural


def collect() -> dict[Key, list[str]]:
    """Return every message of the project with the files that use it."""
    if not settings.configured:
        settings.configure(USE_I18N=True)
    used: dict[Key, set[str]] = defaultdict(set)
    for path in project_files(".py", ".html", ".txt"):
        for key in messages_of(path):
            used[key].add(path.relative_to(ROOT).as_posix())
    return {key: sorted(files) for key, files in used.items()}


# -- catalogues -------------------------------------------------------------------------------


def catalogue_path(language: str) -> Path:
    """Return where the catalogue of a language lies, `.po` beside its `.mo`."""
    return LOCALE / language / "LC_MESSAGES/django.po"


def new_catalogue(language: str) -> polib.POFile:
    """Return an empty catalogue whose head never changes by itself."""
    catalogue = polib.POFile(wrapwidth=96)
    catalogue.metadata = {
        "Project-Id-Version": "Genjin",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    return catalogue


def load(path: Path) -> polib.POFile:
    """Read a catalogue; a missing file is an empty one."""
    return polib.pofile(str(path)) if path.is_file() else new_catalogue(path.parts[-3])


def key_of(entry: polib.POEntry) -> Key:
    """Return what tells one entry of a catalogue from another."""
    return entry.msgctxt or "", entry.msgid, entry.msgid_plural or ""


def fresh_entry(key: Key, files: list[str], old: polib.POEntry | None) -> polib.POEntry:
    """Return the entry for a message, with the translation that it already has."""
    context, singular, plural = key
    entry = polib.POEntry(
        msgctxt=context or None,
        msgid=singular,
        msgid_plural=plural,
        occurrences=[(name, "") for name in files],
        flags=["python-format"] if re.search(r"%\(\w+\)[a-z]|%[sd]", singular) else [],
        tcomment=old.tcomment if old else "",
    )
    if plural:
        entry.msgstr_plural = dict(old.msgstr_plural) if old and old.msgstr_plural else {0: ""}
    elif old:
        entry.msgstr = old.msgstr
    if old and old.fuzzy:
        entry.flags.append("fuzzy")
    return entry


def updated(
    catalogue: polib.POFile, used: dict[Key, list[str]], language: str, prune: bool
) -> polib.POFile:
    """Return the catalogue for the messages in use; what fell out of use is kept as obsolete."""
    old = {key_of(entry): entry for entry in catalogue}
    fresh = new_catalogue(language)
    for key in sorted(used):
        fresh.append(fresh_entry(key, used[key], old.get(key)))
    for key in sorted(old.keys() - used.keys()):
        entry = old[key]
        if not prune and (entry.msgstr or any(entry.msgstr_plural.values())):
            entry.obsolete = True
            entry.occurrences = []
            fresh.append(entry)
    return fresh


def write(path: Path, data: bytes) -> bool:
    """Write a file when it differs; another process never sees half of it."""
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(path.suffix + ".part")
    half.write_bytes(data)
    half.replace(path)
    return True


def as_text(catalogue: polib.POFile) -> bytes:
    """Return a catalogue as the bytes of its .po file."""
    return (str(catalogue).rstrip("\n") + "\n").encode()


def extract(prune: bool = False) -> None:
    """Bring every written catalogue up to date with the code and say how much is open."""
    used = collect()
    for language in WRITTEN:
        path = catalogue_path(language)
        catalogue = updated(load(path), used, language, prune)
        write(path, as_text(catalogue))
        print(f"{language}: {len(used)} messages, {len(catalogue.untranslated_entries())} open")


def hong_kong() -> polib.POFile:
    """Return the Hong Kong catalogue: Django's Traditional, ours, and the overrides on top."""
    home = Path(django.__file__).parent
    layers = [load(home / part / "locale/zh_Hant/LC_MESSAGES/django.po") for part in DJANGO_PARTS]
    layers += [load(catalogue_path("zh_Hant")), load(OVERRIDES)]
    merged: dict[Key, polib.POEntry] = {}
    for layer in layers:
        for entry in layer:
            if not entry.obsolete and not entry.fuzzy and all(translations(entry)):
                merged[key_of(entry)] = entry
    catalogue = new_catalogue("zh_HK")
    for key in sorted(merged):
        catalogue.append(merged[key])
    return catalogue


def compile_all() -> None:
    """Write the .mo files of every language."""
    catalogues = {language: load(catalogue_path(language)) for language in WRITTEN}
    catalogues["zh_HK"] = hong_kong()
    for language, catalogue in catalogues.items():
        changed = write(catalogue_path(language).with_suffix(".mo"), bytes(catalogue.to_binary()))
        print(f"{language}: {'compiled' if changed else 'already compiled'}")


# -- checks: translations ---------------------------------------------------------------------


def translations(entry: polib.POEntry) -> list[str]:
    """Return every form of a translation."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def find_gaps(used: dict[Key, list[str]]) -> Iterator[str]:
    """Find messages that a catalogue lacks, leaves empty or marks as a guess."""
    for language in WRITTEN:
        entries = {key_of(e): e for e in load(catalogue_path(language)) if not e.obsolete}
        for key in sorted(used):
            entry = entries.get(key)
            if entry is None:
                yield f"{language}: not extracted: {short(key[1])!r} ({used[key][0]})"
            elif entry.fuzzy or not all(translations(entry)):
                yield f"{language}: not translated: {short(key[1])!r} ({used[key][0]})"


def find_faults(entry: polib.POEntry, language: str) -> Iterator[str]:
    """Find placeholders, blank edges and punctuation that do not agree with the English."""
    wanted = sorted(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
    for text in filter(None, translations(entry)):
        where = f"{language}: {short(entry.msgid)!r}"
        if sorted(PLACEHOLDER.findall(text)) != wanted:
            yield f"{where}: placeholders differ: {short(text)!r}"
        if text.strip() != text and entry.msgid.strip() == entry.msgid:
            yield f"{where}: blank at an edge"
        if re.search(rf"{CJK.pattern}[,;:?!]", text):
            yield f"{where}: half-width punctuation after a Chinese character: {short(text)!r}"


def find_terms(entry: polib.POEntry, language: str, terms: dict[str, str]) -> Iterator[str]:
    """Find words that the language does not use; `# allow: word` in the entry excuses one."""
    excused = set(re.findall(r"allow:\s*(\S+)", entry.tcomment or ""))
    for text in translations(entry):
        for word in sorted(terms, key=len, reverse=True):
            if word in text and word not in excused and not any(word in e for e in excused):
                yield f"{language}: {short(entry.msgid)!r}: {word} → {terms[word]}"


def find_foreign_characters(entry: polib.POEntry, language: str, charset: str) -> Iterator[str]:
    """Find characters of the other script: those outside the charset that the script grew from."""
    other = {"big5": "gb2312", "gb18030": "big5"}[charset]
    own = {"big5": "big5", "gb18030": "gb2312"}[charset]
    for text in translations(entry):
        wrong = [c for c in CJK.findall(text) if not fits(c, own) and fits(c, other)]
        if wrong:
            yield f"{language}: {short(entry.msgid)!r}: characters of the other script: {wrong}"


def fits(character: str, charset: str) -> bool:
    """Say whether a character exists in an old national charset."""
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def find_translation_faults() -> Iterator[str]:
    """Find what is wrong inside the catalogues, Hong Kong's merged one included."""
    terms = tomllib.loads((ROOT / "tools/terms.toml").read_text("utf-8"))
    for language, charset in WRITTEN.items():
        forbidden = {k: v for table in terms[language].values() for k, v in table.items()}
        for entry in load(catalogue_path(language)):
            if not entry.obsolete:
                yield from find_faults(entry, language)
                yield from find_terms(entry, language, forbidden)
                yield from find_foreign_characters(entry, language, charset)
    ours = {key_of(e): e for e in load(catalogue_path("zh_Hant")) if not e.obsolete}
    for entry in load(OVERRIDES):
        if key_of(entry) not in ours:
            yield f"zh_HK: overrides a message that does not exist: {short(entry.msgid)!r}"
        yield from find_faults(entry, "zh_HK")
        ours[key_of(entry)] = entry
    for entry in ours.values():
        yield from find_terms(entry, "zh_HK", terms["zh_HK"]["taiwan"])


def problems() -> list[str]:
    """Return everything that is missing or wrong, one line each."""
    found = [*find_gaps(collect()), *find_translation_faults(), *find_code_faults()]
    return list(dict.fromkeys(found))


def main() -> int:
    """Run one of the three commands."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("extract").add_argument("--prune", action="store_true")
    commands.add_parser("compile")
    commands.add_parser("check")
    options = parser.parse_args()
    if options.command == "extract":
        extract(options.prune)
    elif options.command == "compile":
        compile_all()
    else:
        found = problems()
        print("\n".join(found) or "i18n: nothing missing, nothing wrong")
        return 1 if found else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
