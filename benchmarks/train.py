"""Training: at least 2x PyTorch's best and 4x scikit-learn's samples per second (geometric means).

Three perceptrons, batches of 32, 128 and 256 rows, 1 and 2 threads, float32, Adam. One timing is a
whole ``fit`` (validation, new weights and all), or for PyTorch the bare loop over its epochs, of as
many epochs as fill about half a second; samples per second are epochs x rows / seconds. A peer's
figure with 2 threads is its best with up to 2: who may use two cores may use one.
"""

import itertools
import math
import warnings

from _common import (
    Goals,
    finish,
    geometric_mean,
    interleave,
    make_data,
    parse_arguments,
    print_table,
    summarise,
    timed,
)
from _torch import Torch, TorchError
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as SklearnMLP
from threadpoolctl import threadpool_limits

from sknn import MLPClassifier

NETS = ([784, 100, 10], [784, 512, 512, 10], [30, 100, 2])
BATCHES = (32, 128, 256)
THREADS = (1, 2)
N_ROWS = 9984  # 39 x 256: no batch is smaller than the others
ALPHA = 1e-4
PEERS = {"sklearn": ("sklearn",), "torch": ("torch eager", "torch compiled")}


def parameters(layers, batch, epochs):
    """Return what sknn and scikit-learn share: all epochs are run, nothing stops early."""
    return {
        "hidden_layer_sizes": tuple(layers[1:-1]),
        "batch_size": batch,
        "alpha": ALPHA,
        "max_iter": epochs,
        "tol": 0.0,
        "n_iter_no_change": math.inf,
        "random_state": 0,
    }


def fit_sknn(X, y, layers, batch, threads):
    """Return ``runner(epochs) -> seconds``."""

    def fit(epochs):
        MLPClassifier(**parameters(layers, batch, epochs), n_threads=threads).fit(X, y)

    return lambda epochs: timed(lambda: fit(epochs))()


def fit_sklearn(X, y, layers, batch, threads):
    """Return ``runner(epochs) -> seconds``; the threads are those of its BLAS."""

    def fit(epochs):
        SklearnMLP(**parameters(layers, batch, epochs)).fit(X, y)

    def run(epochs):
        with threadpool_limits(threads):
            return timed(lambda: fit(epochs))()

    return run


def fit_torch(torch, X, y, layers, batch, threads):
    """Prepare PyTorch, eager and compiled; returns their runners, or why there are none."""
    runners, reasons = {}, {}
    files = {"X": torch.save("X", X), "y": torch.save("y", y)}
    for name in PEERS["torch"]:
        details = {"layers": layers, "batch": batch, "alpha": ALPHA, "threads": threads}
        try:
            runners[name] = torch.prepare(
                "train",
                f"{name} {threads}",
                **files,
                **details,
                compiled=name == "torch compiled",
            )
        except TorchError as error:
            reasons[name] = str(error)
    return runners, reasons


def compare(layers, batch, torch, quick):
    """Time all contenders, all thread counts, in turn; returns one row for each thread count."""
    X, y = make_data(N_ROWS, layers[0], layers[-1])
    runners, reasons = {}, {}
    for threads in THREADS:
        runners["sknn", threads] = fit_sknn(X, y, layers, batch, threads)
        runners["sklearn", threads] = fit_sklearn(X, y, layers, batch, threads)
        if torch:
            found, lost = fit_torch(torch, X, y, layers, batch, threads)
            runners.update({(name, threads): runner for name, runner in found.items()})
            reasons.update(lost)
    seconds = 0.1 if quick else 0.5
    epochs = {key: calibrate(runner, seconds) for key, runner in runners.items()}
    contenders = {
        key: lambda runner=runner, n=epochs[key]: runner(n) for key, runner in runners.items()
    }
    times = interleave(contenders, rounds=2 if quick else 5)
    figures = summarise(times, per={key: n * N_ROWS for key, n in epochs.items()})
    if torch:
        for name, threads in itertools.product(PEERS["torch"], THREADS):
            torch.forget(f"{name} {threads}")
    return [make_row(layers, batch, threads, figures, epochs, reasons) for threads in THREADS]


def calibrate(runner, seconds):
    """Return how many epochs fill that time; the first run warms up."""
    runner(1)
    return max(1, round(seconds / runner(1)))


def make_row(layers, batch, threads, figures, epochs, reasons):
    """Collect samples per second, and the ratios to the peers' best."""
    names = ["sknn", *itertools.chain.from_iterable(PEERS.values())]
    row = {
        "net": "-".join(map(str, layers)),
        "batch": batch,
        "threads": threads,
        "reasons": reasons,
        "contenders": {
            name: {
                "samples_per_second": 1 / figures[name, threads]["seconds"],
                "spread": figures[name, threads]["spread"],
                "epochs": epochs[name, threads],
            }
            for name in names
            if (name, threads) in figures
        },
    }
    own = figures["sknn", threads]["seconds"]
    for peer, variants in PEERS.items():
        best = min(
            (
                figures[name, n]["seconds"]
                for name, n in itertools.product(variants, THREADS)
                if n <= threads and (name, n) in figures
            ),
            default=math.nan,
        )
        row[f"times {peer}"] = best / own
    return row


def show(rows):
    """Print thousands of samples per second, and the ratios."""
    names = ["sknn", *itertools.chain.from_iterable(PEERS.values())]
    head = ["1000 samples/s", "batch", "threads", *names, "spread", "x sklearn", "x torch"]
    table = []
    for row in rows:
        found = row["contenders"]
        table.append(
            [
                row["net"],
                row["batch"],
                row["threads"],
                *(
                    f"{found[name]['samples_per_second'] / 1000:.1f}" if name in found else "absent"
                    for name in names
                ),
                f"{max(one['spread'] for one in found.values()):.0%}",
                *(f"{row[f'times {peer}']:.2f}" for peer in PEERS),
            ]
        )
    print_table(head, table)
    for reason in {text for row in rows for text in row["reasons"].items()}:
        print("absent:", *reason)


def main():
    """Compare on the whole grid of networks, batches and threads."""
    options = parse_arguments(__doc__, torch=True)
    # Nothing converges: that is what was asked for.
    warnings.simplefilter("ignore", ConvergenceWarning)
    grid = list(itertools.product(NETS, BATCHES[1:2] if options.quick else BATCHES))
    rows = []
    with Torch(options.torch_python) as torch:
        for layers, batch in grid:
            rows += compare(layers, batch, torch, options.quick)
            print(f"{len(rows) // len(THREADS)} of {len(grid)} done", flush=True)
        versions = torch.versions if torch else {"torch": "absent"}
    show(rows)
    goals = Goals()
    for peer, mean, least in (("torch", 2.0, 1.3), ("sklearn", 4.0, 2.0)):
        ratios = [row[f"times {peer}"] for row in rows]
        ratios = ratios if not any(map(math.isnan, ratios)) else []
        goals.at_least(f"sknn / {peer}, geometric mean", geometric_mean(ratios), mean)
        goals.at_least(f"sknn / {peer}, lowest", min(ratios, default=math.nan), least)
    finish(options, __file__, goals, rows, versions)


if __name__ == "__main__":
    main()
