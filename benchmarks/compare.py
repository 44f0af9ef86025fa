"""Compare the goals of two runs: each figure before and after, and whether it is worse.

BEFORE and AFTER are folders of records, as ``suite.py --records`` writes them, or revisions of git, whose
``benchmarks/results`` are meant. AFTER is ``benchmarks/results`` if not named, so that ``compare.py HEAD`` says what
a run with ``--json`` has changed.

A figure is "worse" if it missed a goal that it met before, or if it changed for the worse by more than the spread (the
median over the contenders of a record; at least 5 %), and "worse, within the spread" if by more than 5 %. The exit code is 1
if one is worse.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from _records import RESULTS, ROOT, machines, measured, print_table

LEAST = 0.05


def records(where):
    """``{name: record}`` of a folder or of a revision."""
    if Path(where).is_dir():
        paths = sorted(Path(where).glob("*.json"))
        texts = [path.read_text(encoding="utf-8") for path in paths]
    else:
        folder = f"{where}:{RESULTS.relative_to(ROOT).as_posix()}"
        names = git("ls-tree", "--name-only", folder).splitlines()
        texts = [git("show", f"{folder}/{name}") for name in names]
    found = map(json.loads, texts)
    return {record["benchmark"]: record for record in found if "benchmark" in record}


def git(*command):
    done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"neither a folder nor a revision: {done.stderr.strip()}")
    return done.stdout


def spread(record):
    """The median spread of the contenders, wherever the rows have it; 0 if they have none."""

    def found(value):
        if isinstance(value, dict):
            for key, item in value.items():
                yield from [item] if key == "spread" else found(item)
        elif isinstance(value, list):
            for item in value:
                yield from found(item)

    return statistics.median([*found(record["rows"])] or [0.0])


def compare(before, after):
    """Rows of the table, one for each goal of two records: its name, both figures, ratio, limit, mark."""
    tolerance = max(LEAST, spread(before), spread(after))
    earlier, later = ({goal["claim"]: goal for goal in one["goals"]} for one in (before, after))
    rows = []
    for claim in {**earlier, **later}:
        old, new = earlier.get(claim, {}), later.get(claim, {})
        rows.append([claim, *cells(old, new), (new or old)["limit"], mark(old, new, tolerance)])
    return rows


def cells(old, new):
    """Both figures and their ratio, as words; a ratio only of what is above zero."""
    values = old.get("value"), new.get("value")
    known = None not in values and min(values) > 0
    texts = ["-" if value is None else f"{value:.4g}" for value in values]
    return [*texts, f"{values[1] / values[0]:.3f}" if known else "-"]


def mark(old, new, tolerance):
    """What to say of a goal."""
    if None in (old.get("value"), new.get("value")):
        return ""
    if (old["verdict"], new["verdict"]) == ("pass", "FAIL"):
        return "worse: missed"
    change = (new["value"] - old["value"]) / (abs(old["value"]) or 1)
    loss = -change if new["limit"].startswith(">=") else change
    if abs(loss) <= LEAST:
        return ""
    within = "" if abs(loss) > tolerance else ", within the spread"
    return ("worse" if loss > 0 else "better") + within


def described(record):
    """When and where it was measured."""
    short = ", --quick" if record.get("quick") else ""
    return f"{measured(record, 'date')[-1]}, {' and '.join(machines(record))}{short}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", metavar="BEFORE", help="a folder of records, or a revision")
    parser.add_argument("after", metavar="AFTER", nargs="?", default=str(RESULTS))
    options = parser.parse_args()
    before, after = records(options.before), records(options.after)
    n_worse, same = 0, []
    for name in sorted(before.keys() & after.keys()):
        old, new = before[name], after[name]
        if old == new:
            same.append(name)
            continue
        print(f"\n{name}: {described(old)} → {described(new)}")
        if machines(old) != machines(new):
            print("other machines: the change may be theirs")
        rows = compare(old, new)
        print_table(["goal", "before", "after", "ratio", "limit", ""], rows)
        n_worse += sum(row[-1] in ("worse", "worse: missed") for row in rows)
    for told, names in (
        ("the same", same),
        ("before only", before.keys() - after.keys()),
        ("after only", after.keys() - before.keys()),
    ):
        if names:
            print(f"\n{told}: {', '.join(sorted(names))}")
    print(f"\n{n_worse} worse")
    return int(n_worse > 0)


if __name__ == "__main__":
    sys.exit(main())
