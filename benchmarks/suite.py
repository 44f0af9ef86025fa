"""Run the benchmarks, one after the other, each as a process of its own, and sum up what they found.

Which there are, and what each needs, is in ``_claims.py``. A benchmark that lacks something is left out, and the
reason is said. One that fails does not stop the others. The last table has the verdicts on the goals and the
durations; the exit code is not 0 if a script failed.

``--json`` keeps the records in ``results/``, ``--records`` copies of this run's in any folder, those of ``--quick``,
too. ``compare.py`` compares two folders of them.
"""

import argparse
import collections
import fnmatch
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _claims import BENCHMARKS, NEEDS
from _records import print_table

VERDICTS = ("pass", "FAIL", "absent")


def chosen(patterns):
    """The benchmarks whose names match one of the patterns, in the order of the table."""
    names = [one.name for one in BENCHMARKS]
    for pattern in patterns:
        if not fnmatch.filter(names, pattern):
            raise SystemExit(f"no benchmark {pattern!r}; there are {', '.join(names)}")
    return [one for one in BENCHMARKS if any(fnmatch.fnmatch(one.name, p) for p in patterns)]


def run(benchmark, options, environment, folder):
    """Run one; returns its row of the table, and whether it failed. Its record is in the folder, if it got that far."""
    reason = benchmark.lacks(environment)
    if reason:
        print(f"\n== {benchmark.name} skipped: {reason}", flush=True)
        return [benchmark.name, f"skipped: {reason}"], False
    variables, command = benchmark.arguments()
    command += [f"--{name}" for name in ("quick", "json") if getattr(options, name)]
    print(f"\n== {benchmark.name}: {benchmark.claim}", flush=True)
    record = Path(folder, f"{benchmark.name}.json")
    record.unlink(missing_ok=True)  # that of an earlier run
    start = time.perf_counter()
    done = subprocess.run(
        command, env=environment | variables | {"SKNN_RECORDS": str(folder)}, check=False
    )
    took = f"{time.perf_counter() - start:.0f} s"
    if done.returncode or not record.exists():
        return [benchmark.name, f"failed: exit code {done.returncode}", took], True
    goals = json.loads(record.read_text(encoding="utf-8"))["goals"]
    found = collections.Counter(goal["verdict"] for goal in goals)
    told = ", ".join(f"{found[verdict]} {verdict}" for verdict in VERDICTS if found[verdict])
    kept = f"results/{record.name}" if options.json and not options.quick else ""
    return [benchmark.name, told or "no goals", took, kept], False


def parse():
    """The options; those that name what a benchmark needs have the variables of the environment as defaults."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which, default all: images_* …")
    parser.add_argument(
        "--list",
        action="store_true",
        help="print their commands or what they lack, and run nothing",
    )
    parser.add_argument("--quick", action="store_true", help="short runs, to see that they work")
    parser.add_argument("--json", action="store_true", help="keep the records in results/")
    parser.add_argument("--records", type=Path, metavar="FOLDER", help="copies of the records")
    for name in NEEDS:
        option = f"--{name.removeprefix('SKNN_').lower().replace('_', '-')}"
        parser.add_argument(option, dest=name, metavar="PATH", help=f"default: ${name}")
    return parser.parse_args()


def main():
    options = parse()
    given = {name: getattr(options, name) for name in NEEDS if getattr(options, name)}
    environment = {**os.environ, **given}
    benchmarks = chosen(options.names or ["*"])
    if options.list:
        for one in benchmarks:
            print(f"{one.name:17} {one.lacks(environment) or one.command}")
        return 0
    rows, failed = [], False
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.records or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            for benchmark in benchmarks:
                row, has_failed = run(benchmark, options, environment, folder)
                rows.append([*row, "", ""][:4])
                failed |= has_failed
        except KeyboardInterrupt:
            failed = True
    print()
    print_table(["benchmark", "goals", "duration", "record"], rows)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
