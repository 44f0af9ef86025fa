"""Two checkouts side by side: how many times as fast this one trains as an earlier one.

BEFORE is the folder of the earlier one, with its engine built in place:

    git worktree add ../before HEAD~10
    cd ../before && python setup.py build_ext --inplace

A process of each is asked in turn, in changing order, for whole fits of the same network, with the network, batch and number of
epochs that the scripts of this checkout describe. Each round gives a ratio; the table has their median and quartiles, and
the median speeds. The machine may be busy, as both are slowed alike, but a ratio near 1 needs more rounds then.
"""

import argparse
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

from _common import parse_arguments, print_table
from _images import NETS
from _records import ROOT, geometric_mean

PERCEPTRONS = ("784-100-10", "784-512-512-10", "30-100-2")


def network(name):
    """A network of the image benchmarks, or the sizes of a perceptron."""
    if name in NETS or re.fullmatch(r"\d+(-\d+)+", name):
        return name
    raise argparse.ArgumentTypeError(f"{name!r} is neither like 784-100-10 nor one of {[*NETS]}")


OPTIONS = [
    ("before", {"metavar": "BEFORE", "type": Path, "help": "a checkout with a built engine"}),
    (
        "--nets",
        {"nargs": "+", "metavar": "NAME", "type": network, "default": [*PERCEPTRONS, *NETS]},
    ),
    ("--threads", {"nargs": "+", "metavar": "N", "type": int, "default": [1]}),
    ("--dtypes", {"nargs": "+", "metavar": "NAME", "default": ["float32"]}),
    ("--rounds", {"type": int, "default": 15, "help": "of both checkouts, for each network"}),
]


class Checkout:
    """A process that trains with the sknn of one folder; a context manager."""

    def __init__(self, folder):
        self.folder = folder.resolve()

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("_pair_worker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
        )
        if not Path(self._read()).resolve().is_relative_to(self.folder):
            self.__exit__()
            raise SystemExit(f"{self.folder} holds no sknn with a built engine")
        return self

    def __exit__(self, *exc_info):
        self.process.communicate()

    def speed(self, **what):
        """Samples per second of one fit."""
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return float(self._read())

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the process of {self.folder} ended; its error is above")
        return line.strip()


def compare(before, after, rounds, **what):
    """The speeds of both, [(before, after), …], after one round that does not count."""
    speeds = []
    for i in range(rounds + 1):
        sides = (before, after) if i % 2 else (after, before)
        found = {side: side.speed(**what) for side in sides}
        speeds.append((found[before], found[after]))
    return speeds[1:]


def main():
    """Compare on all networks that were named."""
    options = parse_arguments(__doc__, more=OPTIONS)
    rounds = 2 if options.quick else options.rounds
    rows, ratios = [], []
    with Checkout(options.before) as before, Checkout(ROOT) as after:
        for case in itertools.product(options.nets, options.threads, options.dtypes):
            what = dict(zip(("net", "threads", "dtype"), case, strict=True))
            speeds = compare(before, after, rounds, **what)
            low, ratio, high = statistics.quantiles(new / old for old, new in speeds)
            medians = map(statistics.median, zip(*speeds, strict=True))
            rows.append(
                [*case, *(f"{speed:,.0f}" for speed in medians)]
                + [f"{ratio:.3f}", f"{low:.3f} to {high:.3f}"]
            )
            ratios.append(ratio)
    head = ["network", "threads", "dtype", "before, samples/s", "after", "times as fast"]
    print_table([*head, "quartiles"], rows)
    print(f"\ngeometric mean {geometric_mean(ratios):.3f}")


if __name__ == "__main__":
    main()
