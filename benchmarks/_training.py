"""What the training benchmarks share: samples per second, sknn's beside the best of each peer.

A peer, such as PyTorch, has several variants. Its figure with 2 threads is that of its best variant
with up to 2: who may use two cores may use one.
"""

import itertools
import math

from _common import interleave, print_table, summarise

THREADS = (1, 2)


def compare(net, batch, n_rows, peers, prepare, quick):
    """Time all contenders, all thread counts, in turn; returns one row for each thread count.

    Parameters
    ----------
    net : str
        Name in the table.
    batch, n_rows : int
    peers : dict of str to names of variants
    prepare : callable
        From a number of threads to ``{name: runner(epochs) -> seconds}``, "sknn" among the names,
        and ``{name: reason}`` of those that are absent.
    quick : bool
    """
    runners, reasons = {}, {}
    for threads in THREADS:
        found, lost = prepare(threads)
        runners |= {(name, threads): runner for name, runner in found.items()}
        reasons |= lost
    seconds = 0.1 if quick else 0.5
    epochs = {key: calibrate(runner, seconds) for key, runner in runners.items()}
    contenders = {
        key: lambda runner=runner, n=epochs[key]: runner(n) for key, runner in runners.items()
    }
    times = interleave(contenders, rounds=2 if quick else 5)
    figures = summarise(times, per={key: n * n_rows for key, n in epochs.items()})
    return [make_row(net, batch, threads, peers, figures, epochs, reasons) for threads in THREADS]


def calibrate(runner, seconds):
    """Return how many epochs fill that time; the first run warms up."""
    runner(1)
    return max(1, round(seconds / runner(1)))


def make_row(net, batch, threads, peers, figures, epochs, reasons):
    """Collect samples per second, and the ratios to the peers' best."""
    names = ["sknn", *itertools.chain.from_iterable(peers.values())]
    row = {
        "net": net,
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
    for peer, variants in peers.items():
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


def best_of_batches(rows, names, threads):
    """Samples per second of the best of these contenders, with its best batch and threads up to that."""
    return max(
        (
            row["contenders"][name]["samples_per_second"]
            for row, name in itertools.product(rows, names)
            if row["threads"] <= threads and name in row["contenders"]
        ),
        default=math.nan,
    )


def show(rows, peers):
    """Print thousands of samples per second, and the ratios."""
    names = ["sknn", *itertools.chain.from_iterable(peers.values())]
    head = [
        "1000 samples/s",
        "batch",
        "threads",
        *names,
        "spread",
        *(f"x {peer}" for peer in peers),
    ]
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
                *(f"{row[f'times {peer}']:.2f}" for peer in peers),
            ]
        )
    print_table(head, table)
    for reason in {text for row in rows for text in row["reasons"].items()}:
        print("absent:", *reason)
