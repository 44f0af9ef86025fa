"""One network trained by many workers: as accurate as in one process (within 0.3 points), and what travels.

An MLP on MNIST and on adult (numbers standardized, categories as binary columns), in one process and by
``sknn.dask.Distributed`` with 2, 4 and 8 workers, which are processes of this machine with one thread each.
Several seeds; the same epochs everywhere. More workers than cores say nothing about speed, so the speed-up
is projected, from measured parts:

    time of an epoch with R replicas = samples / R x seconds per sample, with the mini-batch of a replica
        + rounds x (2 R x bytes of weights and moments / bandwidth + latency)

The seconds per sample are those of ``partial_fit`` in one process with one thread, with the mini-batch that
each of R replicas has. The latency is a measured round of the same tasks without training. The link is one
of 10 Gbit/s, and all of it passes the one worker that averages. The data come from the folder that
SKNN_DATA names.
"""

import importlib.util
import math
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from _common import Goals, finish, parse_arguments, print_table

WORKERS = (2, 4, 8)
PROJECTED = (2, 4, 8, 16, 64)
ROUNDS, BATCH = 16, 200
#: bytes per second
LINK = 10e9 / 8
SETS = {"mnist": {"epochs": 15, "units": 64}, "adult": {"epochs": 15, "units": 64}}


def read(name, quick):
    """(X_train, y_train, X_test, y_test) of float32 in random order."""
    folder = os.environ.get("SKNN_DATA")
    if folder is None:
        sys.exit("set SKNN_DATA to the folder whose load.py reads MNIST and adult")
    spec = importlib.util.spec_from_file_location("load", Path(folder) / "load.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if name == "mnist":
        X, y, X_test, y_test = module.load_images("mnist")
        X, X_test = (A.reshape(len(A), -1).astype(np.float32) / 255 for A in (X, X_test))
    else:
        X, y, X_test, y_test = _encoded(*module.load_table(name)[1:])
    order = np.random.default_rng(0).permutation(len(X))[: 8000 if quick else None]
    return X[order], y[order], X_test, y_test


def _encoded(X, y):
    """A quarter to test; numbers standardized, categories as binary columns."""
    from sklearn.compose import make_column_transformer
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    categorical = [isinstance(value, str) or value is None for value in X[0]]
    columns = np.arange(X.shape[1])
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), columns[categorical]),
        (StandardScaler(), columns[np.logical_not(categorical)]),
        sparse_threshold=0,
    )
    X = np.where(X == None, "missing", X)  # noqa: E711  # an array of objects
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.25, random_state=0)
    return (
        encode.fit_transform(X).astype(np.float32),
        y,
        encode.transform(X_test).astype(np.float32),
        y_test,
    )


def network(name, seed, epochs):
    """The MLP of a set."""
    from sknn import MLPClassifier

    return MLPClassifier(
        SETS[name]["units"],
        max_iter=epochs,
        batch_size=BATCH,
        learning_rate="cosine",
        learning_rate_init=0.002,
        n_threads=1,
        random_state=seed,
    )


def distributed_scores(name, data, n_workers, seeds, epochs):
    """(accuracies in percent, bytes of a replica, seconds of an epoch, of an empty round)."""
    import dask.array as da
    from distributed import Client, LocalCluster

    from sknn.dask import Distributed

    X, y, X_test, y_test = data
    rows = math.ceil(len(X) / n_workers)
    X, y = da.from_array(X, (rows, -1)), da.from_array(y, rows)
    with (
        LocalCluster(
            n_workers=n_workers, threads_per_worker=1, dashboard_address=":0", memory_limit=0
        ) as cluster,
        Client(cluster),
    ):
        scores, start = [], time.perf_counter()
        for seed in seeds:
            net = Distributed(network(name, seed, epochs), rounds_per_epoch=ROUNDS).fit(X, y)
            scores.append(100 * net.estimator_.score(X_test, y_test))
        seconds = (time.perf_counter() - start) / len(seeds) / epochs
        latency = round_latency(n_workers)
    # with the two moments of Adam
    weights = 3 * sum(array.nbytes for array in net.estimator_.get_weights())
    return scores, weights, seconds, latency


def round_latency(n_workers, rounds=20):
    """Median seconds of a round whose replicas do nothing."""
    from distributed import default_client

    from sknn.dask.tasks import literal

    client, times = default_client(), []
    for _ in range(rounds):
        start = time.perf_counter()
        first = client.submit(literal, 0, pure=False)
        ends = [client.submit(literal, first, pure=False) for _ in range(n_workers)]
        client.submit(literal, ends, pure=False).result()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def seconds_per_sample(name, data, n_replicas):
    """Of training with the mini-batch of one of so many replicas, with one thread; best of three."""
    from sknn.dask.rounds import SMALLEST_BATCH

    X, y = data[0][:6000], data[1][:6000]
    net = network(name, 0, 1).set_params(batch_size=max(BATCH // n_replicas, SMALLEST_BATCH))
    times = []
    for _ in range(4):  # the first compiles the network
        start = time.perf_counter()
        net.partial_fit(X, y, classes=np.unique(data[1]))
        times.append(time.perf_counter() - start)
    return min(times[1:]) / len(X)


def projected(n_samples, per_sample, weights, latency, n_replicas):
    """(seconds of an epoch, seconds of them spent on sending) with that many machines."""
    sending = ROUNDS * (2 * n_replicas * weights / LINK + latency)
    return n_samples / n_replicas * per_sample + sending, sending


def main():
    """Accuracy, bytes, projection, for each set."""
    options = parse_arguments(__doc__, more=[("--seeds", {"type": int, "default": 2})])
    warnings.simplefilter("ignore")
    goals, rows = Goals(), []
    for name, settings in SETS.items():
        data = read(name, options.quick)
        epochs = 2 if options.quick else settings["epochs"]
        seeds = range(1 if options.quick else options.seeds)
        nets = [network(name, seed, epochs).fit(*data[:2]) for seed in seeds]
        one = float(np.mean([100 * net.score(*data[2:]) for net in nets]))
        table = [["one process", f"{one:.2f}", "", "", ""]]
        for n_workers in WORKERS:
            scores, weights, seconds, latency = distributed_scores(
                name, data, n_workers, seeds, epochs
            )
            accuracy = float(np.mean(scores))
            of_epoch = 2 * n_workers * weights * ROUNDS
            rows.append(
                {
                    "data": name,
                    "workers": n_workers,
                    "accuracy": accuracy,
                    "one_process": one,
                    "seeds": len(scores),
                    "spread": max(scores) - min(scores),
                    "bytes_per_round": of_epoch // ROUNDS,
                    "bytes_per_epoch": of_epoch,
                    "seconds_per_epoch_here": seconds,
                    "latency": latency,
                }
            )
            table.append(
                [
                    f"{n_workers} workers",
                    f"{accuracy:.2f}",
                    f"{accuracy - one:+.2f}",
                    f"{of_epoch / ROUNDS / 1e6:.2f}",
                    f"{of_epoch / 1e6:.2f}",
                ]
            )
            goals.at_most(
                f"{name}, {n_workers} workers: points lost", one - accuracy, 0.3, "points"
            )
        print()
        print_table(
            [f"{name}, {len(data[0])} samples", "accuracy", "points", "MB a round", "MB an epoch"],
            table,
        )
        rows += show_projection(name, data, weights, latency)
    finish(options, __file__, goals, rows, versions())


def show_projection(name, data, weights, latency):
    """Prints and returns the speed-ups that the measured parts add up to."""
    n = len(data[0])
    alone, rows = n * seconds_per_sample(name, data, 1), []
    for n_replicas in PROJECTED:
        per_sample = seconds_per_sample(name, data, n_replicas)
        for size in (n, 1000 * n):
            seconds, sending = projected(size, per_sample, weights, latency, n_replicas)
            rows.append(
                {
                    "data": name,
                    "samples": size,
                    "projected_workers": n_replicas,
                    "speed_up": alone * size / n / seconds,
                    "microseconds_per_sample": 1e6 * per_sample,
                    "sending": sending,
                }
            )
    print(
        f"\nlatency of a round: {1000 * latency:.0f} ms; weights and moments: {weights / 1e3:.0f} kB"
    )
    print_table(
        ["projected", "samples", "speed-up", "µs a sample", "ms an epoch of sending"],
        [
            [
                f"{row['projected_workers']} workers",
                row["samples"],
                f"{row['speed_up']:.1f}",
                f"{row['microseconds_per_sample']:.1f}",
                f"{1000 * row['sending']:.0f}",
            ]
            for row in rows
        ],
    )
    return rows


def versions():
    """Those of dask."""
    import dask
    import distributed

    return {"dask": dask.__version__, "distributed": distributed.__version__}


if __name__ == "__main__":
    main()
