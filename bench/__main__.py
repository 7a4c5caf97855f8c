"""Runs measurements: `python -m bench [B1 B4 …]`, all of them without names.

Works on databases of its own (genjin_bench…) on the server of DATABASE_URL, else on an embedded
one under GENJIN_BENCH_HOME or a temporary directory. Prints a table, writes bench/out.json.
GENJIN_BENCH_SCALE=0.01 makes a quick trial. Ends with 1 when a target was missed.
"""

import importlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).parent


def modules(wanted: list[str]) -> list[str]:
    """The measurements to run by module name, in the order of their numbers."""
    found = {}
    for path in HERE.glob("b*_*.py"):
        if match := re.fullmatch(r"b(\d+)_\w+", path.stem):
            found[int(match[1])] = path.stem
    numbers = [int(name.upper().lstrip("B")) for name in wanted] or sorted(found)
    if missing := [f"B{number}" for number in numbers if number not in found]:
        raise SystemExit(f"no such measurement: {' '.join(missing)}")
    return [f"bench.{found[number]}" for number in numbers]


def server() -> tuple[str, Path | None]:
    """The address of the server and the temporary directory to remove afterwards, if any."""
    from genjin.conf import embedded

    if given := os.environ.get("DATABASE_URL"):
        return given, None
    chosen = os.environ.get("GENJIN_BENCH_HOME")
    home = Path(chosen or tempfile.mkdtemp(prefix="genjin-bench-"))
    os.environ["GENJIN_HOME"] = str(home)
    return embedded.acquire(home), None if chosen else home


def table(measures: list[dict]) -> str:
    """The figures as text for a terminal."""
    rows = [("", "figure", "unit", "target", "met", "")]
    for one in measures:
        sign = "≥" if one["bound"] == "least" else "≤"
        rows.append(
            (
                one["id"],
                f"{one['figure']:,.2f}",
                one["unit"],
                f"{sign} {one['target']:,g}",
                "yes" if one["met"] else "NO",
                one["note"],
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def main(wanted: list[str]) -> int:
    names = modules(wanted)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "genjin.conf.settings")
    os.environ.setdefault("GENJIN_LOG_LEVEL", "ERROR")
    address, temporary = server()
    import django

    django.setup()
    from bench.common import SHARED, Context

    measures: list[dict] = []
    failed = []
    for name in names:
        print(f"{name}", file=sys.stderr)
        try:
            context = Context(address)
            context.use(SHARED)
            measures += [one.to_json() for one in importlib.import_module(name).run(context)]
        except Exception:
            traceback.print_exc()
            failed.append(name)
    content = {"measures": measures, "failed": failed, "at": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
    (HERE / "out.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    print(table(measures))
    if temporary:
        from genjin.conf import embedded

        embedded.EmbeddedPostgres(temporary).stop()
        shutil.rmtree(temporary, ignore_errors=True)
    return 1 if failed or not all(one["met"] for one in measures) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
