"""Breaks the engine by hand, one line at a time, and says which tests notice.

``python -m tests.engine.mutants [NAME ...]`` builds each mutant (float64, baseline, in a copy of the package), runs
the random networks on it and, where these pass, the engine's other tests; about a minute each. It ends with an
error if a mutant survives, or if a line to be broken is no longer there. With ``--before`` the random networks are
left out: what the other tests alone would catch.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.engine.mutant_table import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
RANDOM = [
    "-m",
    "pytest",
    "-q",
    "-x",
    "-p",
    "no:cacheprovider",
    "tests/engine/test_random_networks.py",
]
OTHERS = [*RANDOM[:-1], "tests/engine", "--ignore=tests/engine/test_random_networks.py"]


ENVIRONMENT = {
    **os.environ,
    "SKNN_BUILD_ISA": "baseline",
    "SKNN_OPTIMIZE": "0",
    "SKNN_ISA": "baseline",
    "OMP_WAIT_POLICY": "passive",
}


def copy(mutant, folder):
    """The package and the tests with the mutant in it."""
    ignored = shutil.ignore_patterns("*.so", "*.c", "__pycache__")
    for name in ("sknn", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    path = folder / "sknn/engine" / mutant.file
    text = path.read_text()
    if text.count(mutant.right) != 1 and mutant.wrong != mutant.right:
        raise SystemExit(f"{mutant.name}: {mutant.file} does not have {mutant.right!r} once")
    path.write_text(text.replace(mutant.right, mutant.wrong))


def build(folder):
    """Compiles a copy."""
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    run = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(run.stderr[-2000:])


def fails(tests, folder):
    """Whether some of the tests fail on a copy."""
    environment = {**ENVIRONMENT, "PYTHONPATH": str(folder)}
    run = subprocess.run([sys.executable, *tests], cwd=folder, env=environment, capture_output=True)
    return run.returncode != 0


def caught_by(mutant, before, random_only=False):
    """Which tests notice a mutant: "random networks", "other tests" or nothing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy(mutant, folder)
        if not before:  # in float64 alone, which takes half the time
            single = folder / "sknn/engine/_engine_baseline_float32.pyx"
            text = single.read_text()
            single.write_text("")
            build(folder)
            if fails(RANDOM, folder):
                return "random networks"
            if random_only:
                return ""
            single.write_text(text)
        build(folder)
        return "other tests" if fails(OTHERS, folder) else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", help="mutants whose names contain one of these; default: all"
    )
    parser.add_argument("--before", action="store_true", help="without the random networks")
    arguments = parser.parse_args()
    names = arguments.names or [""]
    mutants = [m for m in MUTANTS if any(name in m.name for name in names)]
    if not arguments.before and caught_by(
        Mutant("nothing", "check.pxi", "# ----", "# ----"), False, True
    ):
        raise SystemExit("the random networks fail on the engine as it is")
    survivors = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for mutant, what in zip(
            mutants, pool.map(lambda m: caught_by(m, arguments.before), mutants), strict=True
        ):
            print(f"{what or 'SURVIVED':16} {mutant.name}", flush=True)
            survivors += [] if what else [mutant.name]
    print(f"{len(mutants) - len(survivors)} of {len(mutants)} mutants caught")
    sys.exit(bool(survivors))


if __name__ == "__main__":
    main()
