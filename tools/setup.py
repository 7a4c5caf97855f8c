"""Installs what this checkout needs, locked by hash, and skips what is there already.

    python3 tools/setup.py run      what `make up` needs
    python3 tools/setup.py dev      and what `make test` and `make bench` need
    python3 tools/setup.py browser  finds or installs a Chromium for the browser tests

Needs nothing but Python 3.11 or later, and npm for the files of the browser.
"""

from __future__ import annotations  # older versions must get as far as the sentence below

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

BASE = Path(__file__).resolve().parents[1]
VENV = BASE / ".venv"
PYTHON = VENV / "bin" / "python"
SITE = BASE / "src" / "genjin" / "web" / "static" / "vendor"
FONTS = BASE / "src" / "genjin" / "foundation" / "papers" / "fonts"
LOCALE = BASE / "locale"


def main() -> None:
    """Runs the steps of one goal."""
    goal = sys.argv[1] if len(sys.argv) > 1 else "run"
    if goal not in {"run", "dev", "browser"}:
        stop(f"Unknown goal “{goal}”. {__doc__}")
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this may have an older one
        stop(
            f"Python 3.11 or later is needed; {sys.executable} is {platform.python_version()}. "
            "Name another one: make GENJIN_PYTHON=/path/to/python3 …"
        )
    if goal == "browser":
        install_browser()
        return
    make_environment()
    install_packages("requirements-dev.txt" if goal == "dev" else "requirements.txt")
    install_front_end()
    compile_translations()


# Steps


def make_environment() -> None:
    """Makes .venv with the locked installer; anew when it came from elsewhere or another Python."""
    origin = f"{VENV} {platform.python_version()}"
    fresh = Stamp("environment", origin, BASE / "requirements-bootstrap.txt")
    if fresh.is_set() and PYTHON.exists():
        return
    if VENV.exists() and not os.access(VENV, os.W_OK):
        stop(f"{VENV} belongs to another user. Remove it, or run as that user.")
    if fresh.kept("origin") not in (None, origin) or not PYTHON.exists():
        shutil.rmtree(VENV, ignore_errors=True)
    if not PYTHON.exists():
        say("Making the Python environment …")
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False)
        if made.returncode != 0:
            shutil.rmtree(VENV, ignore_errors=True)
            stop(
                "The Python environment could not be made. On Debian and Ubuntu the package "
                "python3-venv is needed: apt-get install python3-venv"
            )
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--require-hashes", "-r", "requirements-bootstrap.txt"])
    fresh.keep("origin", origin)
    fresh.set()


def install_packages(requirements: str) -> None:
    """Installs the locked packages and this package itself, as a link to its source."""
    fresh = Stamp(requirements, "", BASE / requirements, BASE / "pyproject.toml")
    if fresh.is_set():
        return
    say(f"Installing the packages of {requirements} …")
    uv = [VENV / "bin" / "uv", "pip", "install", "--quiet", "--python", PYTHON]
    environment = {**os.environ, "UV_COMPILE_BYTECODE": "1", **same_index_as_pip()}
    run([*uv, "--require-hashes", "-r", requirements], env=environment)
    run([*uv, "--no-deps", "--no-build-isolation", "--offline", "-e", "."], env=environment)
    fresh.set()


def install_front_end() -> None:
    """Installs the locked front-end libraries and copies what the pages and the papers use."""
    lock = BASE / "package-lock.json"
    fresh = Stamp("node", "", lock, BASE / "package.json")
    if not (fresh.is_set() and (BASE / "node_modules").is_dir()):
        npm = shutil.which("npm")
        if npm is None:
            stop("npm is needed (it comes with Node.js) and was not found.")
        say("Installing the front-end libraries …")
        run([npm, "ci", "--ignore-scripts", "--silent", "--no-audit", "--no-fund"])
        fresh.set()
    copied = Stamp("assets", "", lock, *sorted((BASE / "tools").glob("[ai]*s.*")))
    if not (copied.is_set() and SITE.is_dir() and FONTS.is_dir()):
        run([PYTHON, "tools/assets.py"])
        copied.set()


def compile_translations() -> None:
    """Compiles the translations when one of them changed."""
    sources = sorted(LOCALE.rglob("*.po"))
    fresh = Stamp("locale", "", BASE / "tools" / "i18n.py", *sources)
    if fresh.is_set() and all(
        path.with_suffix(".mo").exists() for path in sources if path.name == "django.po"
    ):
        return
    run([PYTHON, "tools/i18n.py", "compile"])
    fresh.set()


def install_browser() -> None:
    """Says which Chromium the browser tests drive, installing one where there is none."""
    finder = [PYTHON, "tools/browser.py"]
    if subprocess.run(finder, cwd=BASE, check=False, stdout=subprocess.DEVNULL).returncode == 0:
        return
    say("Installing a Chromium for the browser tests …")
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
        for words in (["update"], ["install", "-y", "chromium", "fonts-noto-cjk"]):
            subprocess.run([*apt, *words], env=quiet, check=False, stdout=subprocess.DEVNULL)
    else:
        subprocess.run([PYTHON, "-m", "playwright", "install", "chromium"], check=False)
    if subprocess.run(finder, cwd=BASE, check=False, stdout=subprocess.DEVNULL).returncode != 0:
        say(
            "No Chromium could be installed. The browser tests are skipped (with CI=true they "
            "fail). Install one and name it in GENJIN_CHROMIUM."
        )


# Helpers


class Stamp:
    """Remembers in .venv that a step was done for exactly these files."""

    def __init__(self, name: str, extra: str, *files: Path) -> None:
        self._folder = VENV / ".genjin"
        self._path = self._folder / name
        digest = hashlib.sha256(extra.encode())
        for path in files:
            digest.update(f"\0{path.relative_to(BASE)}\0".encode())
            digest.update(path.read_bytes())
        self._digest = digest.hexdigest()

    def is_set(self) -> bool:
        """Says whether the step was done for these files."""
        return self._path.exists() and self._path.read_text() == self._digest

    def set(self) -> None:
        """Remembers that it is done now."""
        self._folder.mkdir(exist_ok=True)
        self._path.write_text(self._digest)

    def kept(self, name: str) -> str | None:
        """Gives a remembered word, None when there is none."""
        path = self._folder / name
        return path.read_text() if path.exists() else None

    def keep(self, name: str, word: str) -> None:
        """Remembers a word."""
        self._folder.mkdir(exist_ok=True)
        (self._folder / name).write_text(word)


def same_index_as_pip() -> dict[str, str]:
    """Lets uv ask the mirror that pip was told to ask; uv does not read pip's settings."""
    if any(os.environ.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_OFFLINE")):
        return {}
    asked = subprocess.run(
        [PYTHON, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
        check=False,
    )
    url = os.environ.get("PIP_INDEX_URL") or asked.stdout.strip()
    return {"UV_DEFAULT_INDEX": url} if url else {}


def run(words: list[str | Path], **kwargs: object) -> None:
    """Runs one program in the checkout; ends this one with its fault."""
    done = subprocess.run([str(word) for word in words], cwd=BASE, check=False, **kwargs)
    if done.returncode != 0:
        stop(f"This failed, see above: {' '.join(Path(str(word)).name for word in words[:4])}")


def say(text: str) -> None:
    """Tells the person what happens."""
    print(text, file=sys.stderr, flush=True)


def stop(text: str) -> None:
    """Ends with a sentence."""
    say(text)
    sys.exit(1)


if __name__ == "__main__":
    main()
