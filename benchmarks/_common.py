"""What the benchmarks share: a clean environment, fair timing, tables, goals, and the JSON record.

A *contender* is a function without arguments that does the work once and returns how many seconds
it took. :func:`interleave` runs all contenders of a comparison in turn, round after round, so that
a machine that slows down for a while slows all of them.
"""

import argparse
import datetime
import importlib.metadata
import json
import math
import os
import platform
import statistics
import sys
import time
import tomllib
from pathlib import Path

# Some shells set these; they make OpenBLAS, and with it numpy and scikit-learn, slower or otherwise
# different from what a user has. OpenBLAS reads them when it is loaded, hence the new process.
_DISTORTING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
if any(name in os.environ for name in _DISTORTING):
    for name in _DISTORTING:
        os.environ.pop(name, None)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])

import numpy as np  # noqa: E402
from _records import RESULTS, ROOT, print_table  # noqa: E402

# Thread pools spin for a moment after their work; a pause lets them fall asleep, so that one
# contender's threads do not disturb the next one's.
PAUSE = 0.05


def parse_arguments(doc, *, torch=False, more=()):
    """Read the options that all benchmarks have; the module's docstring is the help.

    `more` holds options of one benchmark, each as (name, keywords of ``add_argument``).
    """
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a short run, to see that it works")
    parser.add_argument(
        "--json", action="store_true", help="keep the figures in benchmarks/results/<name>.json"
    )
    if torch:
        parser.add_argument(
            "--torch-python",
            default=os.environ.get("SKNN_TORCH_PYTHON"),
            metavar="PATH",
            help="a Python that has PyTorch (default: $SKNN_TORCH_PYTHON; without, no PyTorch)",
        )
    for name, keywords in more:
        parser.add_argument(name, **keywords)
    return parser.parse_args()


def timed(function):
    """Turn a function into a contender."""

    def contender():
        start = time.perf_counter()
        function()
        return time.perf_counter() - start

    return contender


def interleave(contenders, rounds):
    """Run the contenders in turn for some rounds; returns ``{name: [seconds, …]}``."""
    times = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            time.sleep(PAUSE)
            times[name].append(contender())
    return times


def summarise(times, per=1.0):
    """Return median and spread of each contender, its seconds divided by ``per[name]``.

    The spread is the distance from the fastest to the slowest round, relative to the median.
    """
    summary = {}
    for name, seconds in times.items():
        median = statistics.median(seconds)
        summary[name] = {
            "seconds": median / (per[name] if isinstance(per, dict) else per),
            "spread": (max(seconds) - min(seconds)) / median,
            "rounds": len(seconds),
        }
    return summary


def make_data(n_rows, n_features, n_classes, seed=0):
    """Make float32 data like MNIST's: in [0, 1], four of five values zero, classes learnable."""
    rng = np.random.default_rng(seed)
    X = rng.random((n_rows, n_features), dtype=np.float32)
    X *= rng.random((n_rows, n_features), dtype=np.float32) < 0.2
    teacher = rng.standard_normal((n_features, n_classes), dtype=np.float32)
    return X, (X @ teacher).argmax(axis=1)


class Goals:
    """The claims of one benchmark: each a figure, a limit, and whether it is kept."""

    def __init__(self):
        self.rows = []

    def at_least(self, what, value, limit, unit="x"):
        """Claim that `value` is at least `limit`; nan, for a peer that is absent, is no verdict."""
        self._add(what, value, limit, unit, ">=", value >= limit)

    def at_most(self, what, value, limit, unit="x"):
        """Claim that `value` is at most `limit`."""
        self._add(what, value, limit, unit, "<=", value <= limit)

    def _add(self, what, value, limit, unit, sign, kept):
        verdict = "absent" if math.isnan(value) else "pass" if kept else "FAIL"
        self.rows.append(
            {"claim": what, "value": value, "limit": f"{sign} {limit:g} {unit}", "verdict": verdict}
        )

    def print(self):
        """Print the verdicts."""
        print()
        print_table(
            ["goal", "measured", "limit", ""],
            [
                [r["claim"], f"{r['value']:.2f}".replace("nan", "-"), r["limit"], r["verdict"]]
                for r in self.rows
            ],
        )


def finish(options, script, goals, rows, extra_versions=None, key=()):
    """Print the verdicts, and keep everything as JSON if that was asked for and the run was no short one.

    With `key`, fields that tell the rows of a benchmark apart, a run of some of them leaves the others' rows
    and verdicts in the record; each says when and on which instruction set it was measured, and `environment` is
    that of the last.

    ``suite.py`` names a folder, SKNN_RECORDS, for the record of this run alone, a short one, too.
    """
    goals.print()
    path = RESULTS / f"{Path(script).stem}.json"
    record = {
        "benchmark": path.stem,
        "environment": environment(extra_versions),
        "goals": goals.rows,
        "rows": rows,
    }
    if "SKNN_RECORDS" in os.environ:
        _write(Path(os.environ["SKNN_RECORDS"], path.name), {**record, "quick": options.quick})
    if options.quick:
        print("\n--quick: too short to conclude anything from these figures, or to keep them")
    elif options.json:
        if key:
            where = {name: record["environment"][name] for name in ("date", "instruction_set")}
            earlier = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            before = earlier.get("environment", {}).get("versions", {})
            record["environment"]["versions"] = before | record["environment"]["versions"]
            for part, fields in ("goals", ("claim",)), ("rows", key):
                new = [row | where for row in record[part]]
                record[part] = _updated(earlier.get(part, []), new, fields)
        RESULTS.mkdir(exist_ok=True)
        _write(path, record)
        print(f"\nkept in benchmarks/results/{path.name}")


def _write(path, record):
    path.write_text(json.dumps(_without_nan(record), indent=1) + "\n", encoding="utf-8")


def _updated(earlier, new, fields):
    """Rows of both; a new one takes the place of the earlier one with the same fields."""
    rows = {tuple(row[field] for field in fields): row for row in [*earlier, *new]}
    return list(rows.values())


def environment(extra_versions=None):
    """Describe versions, processor, threads and date; no names or paths of the machine."""
    import sknn

    packages = ("numpy", "scipy", "scikit-learn", "joblib", "threadpoolctl")
    versions = {"sknn": sknn.__version__}
    if "unknown" in sknn.__version__:  # a checkout that is not installed
        versions["sknn"] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
            "version"
        ]
    versions |= {name: importlib.metadata.version(name) for name in packages}
    versions["python"] = platform.python_version()
    versions.update(extra_versions or {})
    variables = ("SKNN_ISA", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_WAIT_POLICY")
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "versions": versions,
        "instruction_set": _instruction_set(),
        "cpu": _cpu_model(),
        "cpus": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "variables": {name: os.environ[name] for name in variables if name in os.environ},
    }


def _instruction_set():
    """Name the level that sknn's engine chose."""
    from sknn import engine

    return engine.LEVEL


def _cpu_model():
    """Name the processor as well as the system tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            fields = dict(
                (part.strip() for part in line.split(":", 1)) for line in file if ":" in line
            )
    except OSError:
        return platform.processor()
    # Some hypervisors hide the name; family and model still tell the generation.
    name, family, model = (fields.get(k, "?") for k in ("model name", "cpu family", "model"))
    return f"{name} (family {family}, model {model})"


def _without_nan(value):
    """Replace nan, which JSON does not have, by null."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
