"""Put the front-end libraries, the icon sprite and the fonts of papers where they are used.

Run by `make` after `npm ci --ignore-scripts`. It copies a short list of files out of
node_modules into src/genjin/web/static/vendor (not committed) and joins the icons named in
tools/icons.txt into one SVG sprite. The fonts that papers are set in go to
src/genjin/foundation/papers/fonts, not among the static files: nobody downloads them. Files that
are already the same are left alone, so a second run costs nothing and does not change their dates.

The `.map` files come along because the manifest storage of static files refuses a style sheet
or script that names a map which is not there.

Usage: python tools/assets.py [--check]   (--check only says whether something is missing or old)
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "src/genjin/web/static/vendor"
FONTS = ROOT / "src/genjin/foundation/papers/fonts"

FILES = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.css.map": "@tabler/core/dist/css/tabler.min.css.map",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "echarts.min.js": "echarts/dist/echarts.common.min.js",
    "licences/tabler.txt": "@tabler/icons/LICENSE",
    "licences/htmx.txt": "htmx.org/LICENSE",
    "licences/echarts.txt": "echarts/LICENSE",
}

# Whole faces as TrueType, which the PDF engine reads; it embeds only what a paper uses.
_FONTS = "@expo-google-fonts/noto-sans"
FACES = {
    "NotoSansSC-Regular.ttf": f"{_FONTS}-sc/400Regular/NotoSansSC_400Regular.ttf",
    "NotoSansSC-Bold.ttf": f"{_FONTS}-sc/700Bold/NotoSansSC_700Bold.ttf",
    "NotoSansTC-Regular.ttf": f"{_FONTS}-tc/400Regular/NotoSansTC_400Regular.ttf",
    "NotoSansTC-Bold.ttf": f"{_FONTS}-tc/700Bold/NotoSansTC_700Bold.ttf",
    "LICENCE.txt": f"{_FONTS}-sc/LICENSE_FONT",
}

# Names of the outline icons in use, alphabetically; tests/web/test_design.py finds one that a
# template uses and that is missing in the file.
ICONS = (ROOT / "tools/icons.txt").read_text("utf-8").split()

STROKE = (
    'fill="none" stroke="currentColor" stroke-width="1.75" '
    'stroke-linecap="round" stroke-linejoin="round"'
)


def read_icon(name: str) -> str:
    """Return the drawing inside one Tabler icon, without its frame and invisible square."""
    text = (MODULES / "@tabler/icons/icons/outline" / f"{name}.svg").read_text("utf-8")
    inner = re.search(r"<svg[^>]*>(.*)</svg>", text, re.DOTALL)
    if inner is None:
        raise ValueError(f"{name}.svg has no <svg> element")
    shapes = re.sub(r'<path stroke="none"[^>]*/>', "", inner[1])
    return re.sub(r"\s+", " ", shapes).strip()


def build_sprite() -> bytes:
    """Return the sprite: one <symbol id="name"> for each icon in ICONS."""
    symbols = [
        f'<symbol id="{name}" viewBox="0 0 24 24" {STROKE}>{read_icon(name)}</symbol>'
        for name in sorted(set(ICONS))
    ]
    lines = ['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>", ""]
    return "\n".join(lines).encode()


def wanted() -> dict[Path, bytes]:
    """Return every file of both folders with the bytes it must hold."""
    files = {VENDOR / name: (MODULES / source).read_bytes() for name, source in FILES.items()}
    files[VENDOR / "icons.svg"] = build_sprite()
    return files | {FONTS / name: (MODULES / source).read_bytes() for name, source in FACES.items()}


def main() -> int:
    """Write what differs, remove what no longer belongs, and say what was done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, only compare")
    check = parser.parse_args().check
    if not MODULES.is_dir():
        print("assets: node_modules is missing; run `npm ci --ignore-scripts` first")
        return 1
    files = wanted()
    old = [path for path, data in files.items() if not path.is_file() or path.read_bytes() != data]
    folders = (VENDOR, FONTS)
    present = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    stray = [path for path in present if path not in files]
    if not check:
        for path in old:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[path])
        for path in stray:
            path.unlink()
    verb = "differ" if check else "written"
    print(f"assets: {len(files)} files, {len(old)} {verb}, {len(stray)} stray")
    return 1 if check and (old or stray) else 0


if __name__ == "__main__":
    sys.exit(main())
