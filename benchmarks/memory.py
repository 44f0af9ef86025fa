"""Memory: a fit on a memory-mapped 1,000,000 x 100 float32 array needs at most 150 MB beside it.

The fit runs in a process of its own, whose ``/proc/<pid>/status`` is read every two milliseconds
from outside. Its resident memory has two parts. *RssFile* are pages of mapped files: the data, and
the code of the libraries; the kernel can drop them at any time, and how many of the data's pages
happen to be in memory says nothing about the fit. *RssAnon* (with RssShmem) is what the process
allocated, the interpreter and its imports included: that is the claim's figure, since it cannot be
dropped, and a copy of the data, whole or in part, would show in it. *VmHWM*, the kernel's exact
peak of all resident memory, is printed as a check: no peak can hide between two readings there.
"""

import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from _common import Goals, finish, make_data, parse_arguments, print_table

N_FEATURES, N_CLASSES = 100, 10
READ_EVERY = 0.002
FIELDS = ("RssAnon", "RssShmem", "RssFile", "VmHWM")


def write_data(folder, n_rows):
    """Write X.npy and y.npy part by part; returns their size in bytes."""
    files = folder / "X.npy", folder / "y.npy"
    shapes = ((n_rows, N_FEATURES), np.float32), ((n_rows,), np.int64)
    X, y = (
        np.lib.format.open_memmap(file, "w+", dtype, shape)
        for file, (shape, dtype) in zip(files, shapes, strict=True)
    )
    part_X, part_y = make_data(n_rows // 10, N_FEATURES, N_CLASSES)
    for start in range(0, n_rows, len(part_X)):
        X[start : start + len(part_X)] = part_X
        y[start : start + len(part_y)] = part_y
    X.flush()
    y.flush()
    return sum(file.stat().st_size for file in files)


def child(folder):
    """Map the data and fit."""
    from sknn import MLPClassifier

    X, y = (np.load(Path(folder) / name, mmap_mode="r") for name in ("X.npy", "y.npy"))
    fit_when_told(MLPClassifier(max_iter=2, random_state=0), X, y)


def fit_when_told(net, X, y):
    """Fit, watched from outside: a line on the input starts it, lines on the output tell when."""
    import warnings

    warnings.simplefilter("ignore")
    print("ready", flush=True)
    sys.stdin.readline()
    net.fit(X, y)
    print("fitted", flush=True)
    sys.stdin.readline()


def require_proc():
    """End where memory cannot be read like this."""
    if not Path("/proc/self/status").exists():
        raise SystemExit("this benchmark reads /proc, which only Linux has")


def read_memory(pid):
    """Read the memory of a process, in MB (10**6 bytes)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = dict(line.split(":", 1) for line in status.splitlines())
    return {name: int(found[name].split()[0]) * 1024 / 1e6 for name in FIELDS}


def watch(script, folder):
    """Run the script's fit; returns the readings before it, and the highest of each during it."""
    process = subprocess.Popen(
        [sys.executable, script, "--child", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        if process.stdout.readline() != "ready\n":
            raise SystemExit("the process that fits ended early")
        before = read_memory(process.pid)
        process.stdin.write("go\n")
        process.stdin.flush()
        peak, start = dict(before), time.perf_counter()
        # The process waits for its input's end once it has fitted, so it can be read till then.
        while not select.select([process.stdout], [], [], READ_EVERY)[0]:
            now = read_memory(process.pid)
            peak = {name: max(peak[name], now[name]) for name in FIELDS}
        if not process.stdout.readline().startswith("fitted"):
            raise SystemExit("the fit failed")
        seconds = time.perf_counter() - start
        now = read_memory(process.pid)
        peak = {name: max(peak[name], now[name]) for name in FIELDS}
        process.stdin.close()
    return before, peak, seconds


def watch_on(script, write, n_rows):
    """Write so many rows and watch the script's fit on them: (MB of the data, before, peak, seconds)."""
    require_proc()
    with tempfile.TemporaryDirectory() as folder:
        data = write(Path(folder), n_rows) / 1e6
        return data, *watch(script, folder)


def judged(rows, seconds, claim, number, limit):
    """Print the rows; the Goals with the claim that the row of this number has at most so many MB."""
    print_table(["", "MB"], [[row["what"], f"{row['MB']:.1f}"] for row in rows])
    print(f"the fit took {seconds:.1f} s")
    goals = Goals()
    goals.at_most(claim, rows[number]["MB"], limit, "MB")
    return goals


def main():
    """Write the data, watch a fit on them."""
    options = parse_arguments(__doc__)
    n_rows = 100_000 if options.quick else 1_000_000
    data, before, peak, seconds = watch_on(__file__, write_data, n_rows)
    rows = [
        {"what": "mapped data", "MB": data},
        {"what": "anonymous before the fit (interpreter, imports)", "MB": before["RssAnon"]},
        {"what": "anonymous during the fit, peak", "MB": peak["RssAnon"] + peak["RssShmem"]},
        {"what": "of which the fit's own", "MB": peak["RssAnon"] - before["RssAnon"]},
        {"what": "file pages during the fit, peak", "MB": peak["RssFile"]},
        {"what": "VmHWM less the mapped data (includes library code)", "MB": peak["VmHWM"] - data},
    ]
    finish(options, __file__, judged(rows, seconds, "peak anonymous memory", 2, 150), rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2])
    else:
        main()
