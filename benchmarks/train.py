"""Training: at least 2x PyTorch's best and 4x scikit-learn's samples per second (geometric means).

Three perceptrons, batches of 32, 128 and 256 rows, 1 and 2 threads, float32, Adam. One timing is a
whole ``fit`` (validation, new weights and all), or for PyTorch the bare loop over its epochs, of as
many epochs as fill about half a second; samples per second are epochs x rows / seconds. A peer's
figure with 2 threads is its best with up to 2: who may use two cores may use one.
"""

import itertools
import math
import warnings

from _common import Goals, finish, make_data, parse_arguments, timed
from _records import geometric_mean
from _torch import VARIANTS, Torch, perceptron
from _training import THREADS, compare, show
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as SklearnMLP
from threadpoolctl import threadpool_limits

from sknn import MLPClassifier

NETS = ([784, 100, 10], [784, 512, 512, 10], [30, 100, 2])
BATCHES = (32, 128, 256)
N_ROWS = 9984  # 39 x 256: no batch is smaller than the others
ALPHA = 1e-4
PEERS = {"sklearn": ("sklearn",), "torch": tuple(VARIANTS)}


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


def compare_net(layers, batch, torch, quick):
    """Time one network with one batch size; returns one row for each thread count."""
    X, y = make_data(N_ROWS, layers[0], layers[-1])
    files = {"X": torch.save("X", X), "y": torch.save("y", y)} if torch else {}

    def prepare(threads):
        runners, reasons = torch.prepare(
            "train", VARIANTS, threads, batch=batch, alpha=ALPHA, **files, **perceptron(layers)
        )
        runners["sknn"] = fit_sknn(X, y, layers, batch, threads)
        runners["sklearn"] = fit_sklearn(X, y, layers, batch, threads)
        return runners, reasons

    rows = compare("-".join(map(str, layers)), batch, N_ROWS, PEERS, prepare, quick)
    torch.forget()
    return rows


def main():
    """Compare on the whole grid of networks, batches and threads."""
    options = parse_arguments(__doc__, torch=True)
    # Nothing converges: that is what was asked for.
    warnings.simplefilter("ignore", ConvergenceWarning)
    grid = list(itertools.product(NETS, BATCHES[1:2] if options.quick else BATCHES))
    rows = []
    with Torch(options.torch_python) as torch:
        for layers, batch in grid:
            rows += compare_net(layers, batch, torch, options.quick)
            print(f"{len(rows) // len(THREADS)} of {len(grid)} done", flush=True)
        versions = torch.versions if torch else {"torch": "absent"}
    show(rows, PEERS)
    goals = Goals()
    for peer, mean, least in (("torch", 2.0, 1.3), ("sklearn", 4.0, 2.0)):
        ratios = [row[f"times {peer}"] for row in rows]
        ratios = ratios if not any(map(math.isnan, ratios)) else []
        goals.at_least(f"sknn / {peer}, geometric mean", geometric_mean(ratios), mean)
        goals.at_least(f"sknn / {peer}, lowest", min(ratios, default=math.nan), least)
    finish(options, __file__, goals, rows, versions)


if __name__ == "__main__":
    main()
