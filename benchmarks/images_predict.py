"""Prediction of images: 10,000 of them 1.5x (1.3x, 1x) as fast as PyTorch; one in 60 µs with LeNet-5.

``predict_proba`` of 10,000 float32 images with 1 and 2 threads, for the networks of images_train.py.
PyTorch runs in ``inference_mode`` with contiguous images, channels-last, and compiled, each in chunks
of 100 and of 1000 images; its figure with 2 threads is its best with up to 2. One image: ``predict``
of an array of shape (1, 28, 28, 1), with everything that it checks.
"""

import itertools
import warnings

from _common import Goals, finish, interleave, parse_arguments, print_table, summarise
from _images import NETS, NETS_OPTION, VARIANTS
from _speed import best
from _torch import Torch
from predict import repeat
from sklearn.exceptions import ConvergenceWarning

N_ROWS = 10_000
CHUNKS = (100, 1000)
THREADS = (1, 2)
CHUNKED = {
    f"{name} {chunk}": {**details, "chunk": chunk}
    for (name, details), chunk in itertools.product(VARIANTS.items(), CHUNKS)
}


def fitted(net, threads=1):
    """Return sknn's estimator, fitted for one epoch."""
    X, y = net.make_data(256)
    return net.estimator(max_iter=1, n_threads=threads).fit(X, y)


def one_image(quick):
    """Time ``predict`` of one image with LeNet-5; returns one row of the table."""
    net = NETS["LeNet-5"]
    model, image = fitted(net), net.make_data(1)[0]
    calls = 200 if quick else 2000
    contender = {"sknn": repeat(lambda: model.predict(image), calls)}
    interleave(contender, 1)  # warms up
    figure = summarise(interleave(contender, 2 if quick else 9), per=calls)["sknn"]
    return {"net": "LeNet-5", "rows": 1, "threads": 1, "contender": "sknn", **figure}


def batch(name, torch, quick):
    """Time ``predict_proba`` of all images; returns one row of the table for each contender."""
    net = NETS[name]
    X = net.make_data(N_ROWS, seed=1)[0]
    files = {"X": torch.save("X", X)} if torch else {}
    contenders = {}
    for threads in THREADS:
        runners, reasons = torch.prepare("predict", CHUNKED, threads, **files, **net.description())
        for absent in reasons.items():
            print("absent:", *absent)
        contenders |= {
            (key, threads): lambda runner=runner: runner(1) for key, runner in runners.items()
        }
        model = fitted(net, threads)
        contenders["sknn", threads] = repeat(lambda model=model: model.predict_proba(X), 1)
    interleave(contenders, 1)  # warms up
    figures = summarise(interleave(contenders, 2 if quick else 7))
    torch.forget()
    return [
        {"net": name, "rows": N_ROWS, "threads": threads, "contender": contender, **figure}
        for (contender, threads), figure in figures.items()
    ]


def main():
    """Time one image and many."""
    options = parse_arguments(__doc__, torch=True, more=[NETS_OPTION])
    warnings.simplefilter("ignore", ConvergenceWarning)
    rows = [one_image(options.quick)]
    with Torch(options.torch_python) as torch:
        for name in options.nets:
            rows += batch(name, torch, options.quick)
            print(f"{name} done", flush=True)
        versions = torch.versions if torch else {"torch": "absent"}
    print_table(
        ["", "images", "threads", "contender", "µs per image", "spread"],
        [
            [
                row["net"],
                row["rows"],
                row["threads"],
                row["contender"],
                f"{row['seconds'] / row['rows'] * 1e6:.2f}",
                f"{row['spread']:.0%}",
            ]
            for row in rows
        ],
    )
    goals = Goals()
    goals.at_most("sknn, one image, LeNet-5", rows[0]["seconds"] * 1e6, 60, "µs")
    for name, threads in itertools.product(options.nets, THREADS):
        many = [row for row in rows if row["net"] == name and row["rows"] == N_ROWS]
        own = [row for row in many if row["threads"] == threads]
        ratio = best(many, "torch", threads) / best(own, "sknn", threads)
        what = f"torch / sknn, {name}, {N_ROWS} images, {threads} threads"
        goals.at_least(what, ratio, NETS[name].prediction)
    finish(options, __file__, goals, rows, versions, ("net", "rows", "threads", "contender"))


if __name__ == "__main__":
    main()
