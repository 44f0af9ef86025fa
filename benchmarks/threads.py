"""What a second thread brings: beside nothing else, beside a program that keeps a core busy, and on more cores, by a model.

Rounds take the contenders in turn: a fit with one thread; one that may use two, where training takes the faster number
now and then; two fits with one thread each, at the same time, which is
what the machine's two cores can give; and both kinds beside a process that does nothing but count. All figures are
samples per second.

The model: work divides by the number of threads p, and what two threads lose against two halves is traffic between cores. Each of
p threads reads 1 - 1/p of the weights, which the others have changed, so the loss grows by 2 (1 - 1/p). Threads that
share caches lose less.
"""

import itertools
import statistics
import subprocess
import sys
import threading
import time
import warnings

from _common import Goals, finish, interleave, make_data, parse_arguments, print_table
from sklearn.exceptions import ConvergenceWarning

from sknn import MLPClassifier

#: hidden layers, batch
NETS = [((100,), 128), ((100,), 512), ((512, 512), 32), ((512, 512), 128)]
N_FEATURES, CORES = 784, (8, 16)
#: multiply-adds of a fit, forward: a quarter of a second
WORK = 3e9
BUSY = "while True: pass"


def main():
    """Time all nets."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    options = parse_arguments(__doc__)
    nets, rounds = (NETS[:1], 3) if options.quick else (NETS, 9)
    rows = [measure(hidden, batch, rounds, options.quick) for hidden, batch in nets]
    print_table(
        ["784-..-10, batch", "one", "two", "two fits", "one, busy", "two, busy"]
        + [f"{n} cores" for n in CORES],
        [
            [f"{row['net']}, {row['batch']}"]
            + [f"{speed / 1000:,.1f} k" for speed in row["samples_per_second"].values()]
            + [f"{row['model'][str(n)]:.1f}x" for n in CORES]
            for row in rows
        ],
    )
    goals = Goals()
    for row in rows:
        what = f"784-{row['net']}-10, batch {row['batch']}"
        least = 1.7 if row["batch"] >= 128 else 1.0
        goals.at_least(f"{what}: two threads against one", row["gain"], least)
        goals.at_least(f"{what}: two threads beside a busy process", row["kept_busy"], 2 / 3)
    finish(options, __file__, goals, rows)


def measure(hidden, batch, rounds, quick):
    """One row: the speeds of one net."""
    sizes = [N_FEATURES, *hidden, 10]
    work = sum(n_in * n_out for n_in, n_out in itertools.pairwise(sizes))
    n_rows = batch * max(10, round((5e8 if quick else WORK) / (work * batch)))
    X, y = make_data(n_rows, N_FEATURES, 10)

    def fit(n_threads):
        net = MLPClassifier(hidden, batch_size=batch, max_iter=1, n_threads=n_threads)
        start = time.perf_counter()
        net.fit(X, y)
        return time.perf_counter() - start

    contenders = {
        "one": lambda: fit(1),
        "two": lambda: fit(2),
        "two fits": lambda: at_once(lambda: fit(1)) / 2,
        "one, busy": lambda: beside_a_busy_process(lambda: fit(1)),
        "two, busy": lambda: beside_a_busy_process(lambda: fit(2)),
    }
    fit(2)
    times = interleave(contenders, rounds)
    times = {name: [seconds / n_rows for seconds in found] for name, found in times.items()}
    gain = of(times, "one", "two")
    return {
        "net": "-".join(map(str, hidden)),
        "batch": batch,
        "samples_per_second": {n: 1 / statistics.median(found) for n, found in times.items()},
        "spread": {n: max(found) / min(found) - 1 for n, found in times.items()},
        "rounds": rounds,
        "gain": gain,
        "of_two_fits": of(times, "two fits", "two"),
        "kept_busy": of(times, "two", "two, busy"),
        "model": {str(n): model(gain, n) for n in CORES},
    }


def of(times, before, after):
    """The median, over the rounds, of how many times as fast `after` is as `before`."""
    pairs = zip(times[before], times[after], strict=True)
    return statistics.median(slow / fast for slow, fast in pairs)


def model(gain, n_cores):
    """Times as fast as one thread; `gain` is that of two."""
    lost = max(1 / gain - 1 / 2, 0)
    return 1 / (1 / n_cores + 2 * (1 - 1 / n_cores) * lost)


def at_once(fit):
    """Seconds until two fits have ended that began together."""
    start = time.perf_counter()
    threads = [threading.Thread(target=fit) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


def beside_a_busy_process(fit):
    """Seconds of a fit while another process keeps a core busy."""
    with subprocess.Popen([sys.executable, "-S", "-c", BUSY]) as busy:
        try:
            time.sleep(0.2)
            return fit()
        finally:
            busy.kill()


if __name__ == "__main__":
    main()
