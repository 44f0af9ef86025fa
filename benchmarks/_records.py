"""The records that the benchmarks keep (``results/*.json``): how to read them, and how to show what they say."""

import json
import math
import re
import statistics
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
LEVELS = {"avx512": "AVX-512", "avx2": "AVX2", "baseline": "baseline"}


def load(name):
    """One record."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def machines(record):
    """The processors in two words: "EPYC, AVX-512"; several where rows were measured on different ones."""
    environment = record["environment"]
    found = re.search("EPYC|Xeon|Ryzen|Core", environment["cpu"])
    levels = measured(record, "instruction_set")
    return [
        f"{found.group() if found else environment['cpu']}, {LEVELS[level]}" for level in levels
    ]


def measured(record, what):
    """Dates or instruction sets of a record: those of its rows where these say so, else of all of it."""
    whole = record["environment"][what]
    return sorted({row.get(what, whole) for row in record["rows"]})


def geometric_mean(values):
    """Return the geometric mean, nan for no values."""
    values = list(values)
    return math.exp(statistics.fmean(math.log(v) for v in values)) if values else math.nan


def print_table(head, rows):
    """Print an aligned table: the first column to the left, the others to the right."""
    cells = [list(map(str, row)) for row in [head, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for i, row in enumerate(cells):
        print(
            "  ".join(
                cell.rjust(width) if j else cell.ljust(width)
                for j, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
        )
        if i == 0:
            print("-" * (sum(widths) + 2 * len(widths) - 2))
