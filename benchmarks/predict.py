"""Prediction with 784-100-10: one row in 25 µs; 10,000 rows 1.5x as fast as PyTorch.

One row: ``predict`` of a float32 array of shape (1, 784), with everything that it checks. Batch:
``predict_proba`` of 10,000 rows with 1 and 2 threads, PyTorch in ``inference_mode`` on the whole
array, eager and compiled. A peer's figure with 2 threads is its best with up to 2.
"""

import warnings

from _common import (
    Goals,
    finish,
    interleave,
    make_data,
    parse_arguments,
    print_table,
    summarise,
    timed,
)
from _speed import best
from _torch import VARIANTS, Torch, perceptron
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as SklearnMLP
from threadpoolctl import threadpool_limits

from sknn import MLPClassifier

LAYERS = [784, 100, 10]
N_ROWS = 10_000
THREADS = (1, 2)


def fitted():
    """Return both estimators, fitted for two epochs."""
    X, y = make_data(2000, LAYERS[0], LAYERS[-1])
    net = {"hidden_layer_sizes": LAYERS[1:-1], "max_iter": 2, "random_state": 0}
    return MLPClassifier(**net).fit(X, y), SklearnMLP(**net).fit(X, y)


def repeat(function, times):
    """Return a contender that calls the function some times."""

    def loop():
        for _ in range(times):
            function()

    return timed(loop)


def one_row(ours, theirs, quick):
    """Time ``predict`` of one row; returns one row of the table for each estimator."""
    row = make_data(1, LAYERS[0], LAYERS[-1])[0]
    calls = 200 if quick else 2000
    contenders = {
        "sknn": repeat(lambda: ours.predict(row), calls),
        "sklearn": repeat(lambda: theirs.predict(row), calls),
    }
    interleave(contenders, 1)  # warms up
    figures = summarise(interleave(contenders, 2 if quick else 9), per=calls)
    return [{"what": "one row", "contender": name, **one} for name, one in figures.items()]


def batch_contenders(ours, theirs, X, threads, calls, torch):
    """Return the contenders of the batch with that many threads, and why some are absent."""
    own = MLPClassifier(**ours.get_params())
    own.__dict__.update(vars(ours) | {"n_threads": threads})

    def sklearn():
        with threadpool_limits(threads):
            return repeat(lambda: theirs.predict_proba(X), calls)()

    files = {"X": torch.save("X", X)} if torch else {}
    runners, reasons = torch.prepare("predict", VARIANTS, threads, **files, **perceptron(LAYERS))
    contenders = {name: lambda runner=runner: runner(calls) for name, runner in runners.items()}
    contenders |= {"sknn": repeat(lambda: own.predict_proba(X), calls), "sklearn": sklearn}
    return contenders, reasons


def batch(ours, theirs, torch, quick):
    """Time ``predict_proba`` of all rows; returns one row of the table for each contender."""
    X = make_data(N_ROWS, LAYERS[0], LAYERS[-1], seed=1)[0]
    calls = 3 if quick else 20
    contenders = {}
    for threads in THREADS:
        found, reasons = batch_contenders(ours, theirs, X, threads, calls, torch)
        contenders.update({(name, threads): one for name, one in found.items()})
        for name, reason in reasons.items():
            print("absent:", name, reason)
    interleave(contenders, 1)  # warms up
    figures = summarise(interleave(contenders, 2 if quick else 9), per=calls)
    return [
        {"what": f"{N_ROWS} rows, {threads} threads", "contender": name, "threads": threads, **one}
        for (name, threads), one in figures.items()
    ]


def main():
    """Time one row and many."""
    options = parse_arguments(__doc__, torch=True)
    warnings.simplefilter("ignore", ConvergenceWarning)
    ours, theirs = fitted()
    single = one_row(ours, theirs, options.quick)
    with Torch(options.torch_python) as torch:
        many = batch(ours, theirs, torch, options.quick)
        versions = torch.versions if torch else {"torch": "absent"}
    print_table(
        ["", "contender", "µs per call", "spread"],
        [
            [row["what"], row["contender"], f"{row['seconds'] * 1e6:.1f}", f"{row['spread']:.0%}"]
            for row in single + many
        ],
    )
    goals = Goals()
    goals.at_most("sknn, one row", single[0]["seconds"] * 1e6, 25, "µs")
    for threads in THREADS:
        own = next(
            row["seconds"]
            for row in many
            if row["contender"] == "sknn" and row["threads"] == threads
        )
        for peer, limit in (("torch", 1.5), ("sklearn", 1.0)):
            what = f"{peer} / sknn, {N_ROWS} rows, {threads} threads"
            goals.at_least(what, best(many, peer, threads) / own, limit)
    finish(options, __file__, goals, single + many, versions)


if __name__ == "__main__":
    main()
