"""Training of image networks: at least 2.5x, 2x, 1.7x PyTorch's best samples per second.

LeNet-5 and a 32-64 network on 28 x 28 x 1, a 32-64-64 one on 32 x 32 x 3 with depthwise-separable and
batch-norm variants (goal 1x), and an MLP-Mixer on 32 x 32 x 3 (goal 1.5x), in PyTorch of linear layers
on transposed tokens; batches of 32, 128 and 256 images, 1 and 2 threads, float32, Adam. One
timing is a whole ``fit`` (validation, new weights and all), or for PyTorch the bare loop over its
epochs, of as many epochs as fill about half a second; samples per second are epochs x images /
seconds. PyTorch runs with contiguous images, channels-last, and compiled; its figure with 2 threads
is its best with up to 2. The last goals of each network compare the best batch sizes.
"""

import math
import warnings

from _common import Goals, finish, parse_arguments, timed
from _images import NETS, NETS_OPTION, VARIANTS
from _torch import Torch
from _training import THREADS, best_of_batches, compare, show
from sklearn.exceptions import ConvergenceWarning

BATCHES = (32, 128, 256)
N_ROWS = 2560  # 10 x 256: no batch is smaller than the others
ALPHA = 1e-4
PEERS = {"torch": tuple(VARIANTS)}


def parameters(batch, epochs, threads):
    """Return what sknn's side has beside the network: all epochs are run, nothing stops early."""
    return {
        "batch_size": batch,
        "alpha": ALPHA,
        "max_iter": epochs,
        "tol": 0.0,
        "n_iter_no_change": math.inf,
        "n_threads": threads,
    }


def fit_sknn(net, X, y, batch, threads):
    """Return ``runner(epochs) -> seconds``."""

    def fit(epochs):
        net.estimator(**parameters(batch, epochs, threads)).fit(X, y)

    return lambda epochs: timed(lambda: fit(epochs))()


def compare_net(name, batch, torch, quick):
    """Time one network with one batch size; returns one row for each thread count."""
    net = NETS[name]
    X, y = net.make_data(N_ROWS)
    files = {"X": torch.save("X", X), "y": torch.save("y", y)} if torch else {}

    def prepare(threads):
        runners, reasons = torch.prepare(
            "train", VARIANTS, threads, batch=batch, alpha=ALPHA, **files, **net.description()
        )
        runners["sknn"] = fit_sknn(net, X, y, batch, threads)
        return runners, reasons

    rows = compare(name, batch, N_ROWS, PEERS, prepare, quick)
    torch.forget()
    return rows


def set_goals(rows):
    """Every batch and thread count against PyTorch's best, and the best batches of both."""
    goals = Goals()
    for name in dict.fromkeys(row["net"] for row in rows):
        net, own = NETS[name], [row for row in rows if row["net"] == name]
        for threads in THREADS:
            ratios = [row["times torch"] for row in own if row["threads"] == threads]
            worst = math.nan if any(map(math.isnan, ratios)) else min(ratios, default=math.nan)
            what = f"sknn / torch, {name}, {threads} threads"
            goals.at_least(f"{what}, lowest", worst, net.training)
            ours, theirs = (
                best_of_batches(own, names, threads) for names in (["sknn"], PEERS["torch"])
            )
            goals.at_least(f"{what}, best batches", ours / theirs, net.training)
        speeds = [best_of_batches(own, ["sknn"], threads) for threads in THREADS]
        goals.at_least(f"two threads / one, {name}", speeds[1] / speeds[0], 1.85)
    return goals


def main():
    """Compare on the whole grid of networks, batches and threads."""
    options = parse_arguments(__doc__, torch=True, more=[NETS_OPTION])
    # Nothing converges: that is what was asked for.
    warnings.simplefilter("ignore", ConvergenceWarning)
    grid = [
        (name, batch)
        for name in options.nets
        for batch in (BATCHES[1:2] if options.quick else BATCHES)
    ]
    rows = []
    with Torch(options.torch_python) as torch:
        for name, batch in grid:
            rows += compare_net(name, batch, torch, options.quick)
            print(f"{len(rows) // len(THREADS)} of {len(grid)} done", flush=True)
        versions = torch.versions if torch else {"torch": "absent"}
    show(rows, PEERS)
    finish(options, __file__, set_goals(rows), rows, versions, ("net", "batch", "threads"))


if __name__ == "__main__":
    main()
