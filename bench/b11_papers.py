"""B11: setting papers as PDF (SA12, MA1): a page each for thousands, and one table of 2,000 rows.

One process, warm; every paper has its own names, digits and amounts, so that nothing is known
from the paper before. `B11-table` is one paper in a process of its own, with its memory.
"""

import random
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import psutil

from bench.common import Context, Measure
from genjin.foundation import pdf

AT = datetime(2026, 11, 23, tzinfo=UTC)
WORDS = "款项产品设备服务维修安装配件发货退货折让运费保证金电脑显示器打印机上海深圳广州北京贸易科技"


def paper(seed: int, rows: int) -> dict[str, Any]:
    """The data of a paper with its own text in every place."""
    chance = random.Random(seed)

    def words(count: int) -> str:
        return "".join(chance.choice(WORDS) for _ in range(count))

    def amount() -> str:
        return f"{chance.randint(1, 10**7) / 100:,.2f}"

    return {
        "title": "对账单",
        "head": {"name": "晨光办公设备有限公司", "lines": ["上海市浦东新区世纪大道100号"]},
        "page_words": ["第 ", " 页，共 ", " 页"],
        "footer": f"ST-202611-{seed:05}",
        "meta": [["编号", f"ST-202611-{seed:05}"], ["日期", "2026年11月23日"]],
        "parties": [{"role": "客户", "name": f"{words(6)}有限公司", "lines": [words(18)]}],
        "opening": [words(60)],
        "columns": [
            {"title": "日期", "align": "start", "width": 0},
            {"title": "摘要", "align": "start", "width": 3},
            {"title": "金额", "align": "end", "width": 0},
            {"title": "余额", "align": "end", "width": 0},
        ],
        "rows": [[f"2026-11-{n % 28 + 1:02}", words(9), amount(), amount()] for n in range(rows)],
        "strong_rows": [],
        "totals": [{"label": "合计", "value": amount(), "is_strong": True}],
        "capitals": [],
        "remarks_label": "备注",
        "remarks": [words(40)],
        "signatures": [],
        "bank": [],
        "bank_label": "",
        "mark": "",
    }


def run(context: Context) -> list[Measure]:
    """Sets 600 papers of a page and one of 2,000 rows."""
    took, size = [], []
    for seed in range(600):
        data = paper(seed, 6)
        began = time.perf_counter()
        size.append(len(pdf.render("paper", data, "zh-hans", at=AT)))
        took.append((time.perf_counter() - began) * 1000)
    warm = sorted(took[50:])
    p95 = warm[int(len(warm) * 0.95)]
    note = f"p95 {p95:.1f} ms, the first {took[0]:.0f} ms, {statistics.median(size) / 1024:.0f} KB"
    words = [sys.executable, "-m", "bench.b11_papers"]
    one = subprocess.run(words, check=True, capture_output=True, text=True)
    seconds, megabytes, kilobytes = (float(word) for word in one.stdout.split())
    return [
        Measure("B11", statistics.median(warm), "ms a page", 30, note=note),
        Measure("B11-table", seconds, "s", 5, note=f"2,000 rows, {kilobytes:.0f} KB"),
        Measure("B11-memory", megabytes, "MB", 600, note="the process that set 2,000 rows"),
    ]


def one_table() -> None:
    """Sets 2,000 rows and prints seconds, the process's memory in MB and the file's KB."""
    data = paper(1, 2000)
    began = time.perf_counter()
    made = pdf.render("paper", data, "zh-hans", at=AT)
    seconds = time.perf_counter() - began
    print(seconds, psutil.Process().memory_info().rss / 2**20, len(made) / 1024)


if __name__ == "__main__":
    one_table()
