"""The strong preset beside PyTorch, for a short schedule: CIFAR-10, same network, recipe and start.

Both train ``StrongCNN(width)`` with the recipe of ``images_accuracy.py`` on all training images, the
one-cycle schedule squeezed into the epochs asked for. PyTorch gets sknn's initial weights (whitening
filters too), the learning rate of every step and the scaling of the channels; the optimizer's
recurrence is sknn's. Batches and views of the images are
drawn by each itself, and of equal values in a window of max pooling each may take another. PyTorch
runs eagerly and channels-last.

"seconds" are those of training, of the clock and of all processors: for sknn a whole ``fit``, for
PyTorch the loop over its epochs, views of the images included. "with views" is the accuracy where each
test image is answered by the mean of six views. The accuracy of the full schedule and its time are in
``images_accuracy.py``.
"""

import json
import math
import os
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from _common import Goals, finish, parse_arguments, print_table
from images_accuracy import STRONG, load
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sknn import CNNClassifier
from sknn.presets import StrongCNN

N_CLASSES = 10
#: what PyTorch's side does, and the recipe has to ask for
DONE = {
    "alpha": 0,
    "augmentation__horizontal_flip": "alternate",
    "augmentation__padding_mode": "reflect",
    "augmentation__cutout": 0,
    "augmentation__rotation": 0,
    "augmentation__scaling": 0,
}
HEAD = ["accuracy", "accuracy with views", "seconds", "CPU seconds"]


def described(net):
    """The layers as PyTorch's builder takes them, the output layer too."""
    hidden = [[type(layer).__name__, layer.get_params(deep=False)] for layer in net.layers]
    return [*hidden, ["Dense", {"units": N_CLASSES, "activation": "identity"}]]


def rates(net, n):
    """Learning rate of every step, (epochs, steps)."""
    n_steps = math.ceil(n / net.batch_size)
    progress = np.arange(net.max_iter * n_steps) / (net.max_iter * n_steps)
    factors = net.learning_rate.factors(progress)
    return (net.learning_rate_init * factors).reshape(net.max_iter, n_steps)


def hand_over(net, data, folder):
    """Write what PyTorch trains with."""
    parameters = net.get_params()
    missing = {name: parameters[name] for name in DONE if parameters[name] != DONE[name]}
    if missing:
        raise SystemExit(f"the recipe asks for {missing}, which _torch_strong.py does not do")
    start = clone(net).initialize(*data[:2])
    arrays = dict(zip(("X_train", "y_train", "X_test", "y_test"), data, strict=True))
    arrays |= {"means": start.channel_means_, "scales": start.channel_scales_}
    arrays["rates"] = rates(net, len(data[0]))
    arrays |= {f"coef_{i}": coef for i, coef in enumerate(start.coefs_)}
    arrays |= {f"intercept_{i}": intercept for i, intercept in enumerate(start.intercepts_)}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    job = {
        "layers": described(net),
        "shape": start.image_shape_,
        "batch": net.batch_size,
        "solver": net.solver.get_params(),
        "label_smoothing": net.label_smoothing,
        "shift": net.augmentation.shift,
        "threads": net.n_threads,
    }
    (folder / "job.json").write_text(json.dumps(job))


def torch_figures(python, net, data):
    """(version, figures) of PyTorch; "absent" and nan without an interpreter."""
    if not python:
        return "absent", dict.fromkeys(HEAD, math.nan)
    with tempfile.TemporaryDirectory() as folder:
        hand_over(net, data, Path(folder))
        answer = subprocess.run(
            [python, str(Path(__file__).with_name("_torch_strong.py")), folder],
            stdout=subprocess.PIPE,
            check=True,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
        )
    answer = json.loads(answer.stdout)
    figures = answer["figures"]
    totals = {"seconds": sum(figures["epochs"]), "CPU seconds": sum(figures["epochs, CPU"])}
    return answer["torch"], figures | totals


def sknn_figures(net, data):
    """Fit, and score with and without views."""
    X_train, y_train, X_test, y_test = data
    start, cpu_start = time.perf_counter(), time.process_time()
    net.fit(X_train, y_train)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    print(f"sknn: {seconds:.1f} s, {cpu_seconds:.1f} s CPU", flush=True)
    with_views, plain = (
        net.score(X_test, y_test),
        net.set_params(test_time_augmentation=False).score(X_test, y_test),
    )
    return dict(zip(HEAD, (plain, with_views, seconds, cpu_seconds), strict=True))


def set_goals(rows):
    """As right as PyTorch, and no slower."""
    sknn, torch = rows["sknn"], rows["torch"]
    goals = Goals()
    for name in HEAD[:2]:
        goals.at_least(f"{name}, sknn less torch", 100 * (sknn[name] - torch[name]), -1, "%")
    for name in HEAD[2:]:
        goals.at_least(f"{name}, torch / sknn", torch[name] / sknn[name], 1)
    return goals


def show(rows):
    """Accuracies, seconds, and PyTorch's seconds over sknn's."""
    table = [
        [
            name,
            *(f"{figures[key]:.4f}" for key in HEAD[:2]),
            *(f"{figures[key]:.1f}" for key in HEAD[2:]),
        ]
        for name, figures in rows.items()
    ]
    ratios = [f"{rows['torch'][key] / rows['sknn'][key]:.2f}" for key in HEAD[2:]]
    table.append(["torch / sknn", "", "", *ratios])
    print()
    print_table(["CIFAR-10", *HEAD], [[cell.replace("nan", "-") for cell in row] for row in table])


def main():
    """Train both, one after the other."""
    options = parse_arguments(
        __doc__,
        torch=True,
        more=[
            ("--width", {"type": float, "default": 0.25, "help": "of StrongCNN (default: 0.25)"}),
            ("--epochs", {"type": int, "default": 2, "help": "of the schedule (default: 2)"}),
            ("--threads", {"type": int, "default": 2, "help": "of both (default: 2)"}),
        ],
    )
    warnings.simplefilter("ignore", ConvergenceWarning)
    data = load("cifar10", options.quick)
    recipe = {**STRONG, "max_iter": options.epochs}
    net = CNNClassifier(
        layers=StrongCNN(options.width), n_threads=options.threads, random_state=0, **recipe
    )
    version, theirs = torch_figures(options.torch_python, net, data)
    rows = {"sknn": sknn_figures(net, data), "torch": theirs}
    show(rows)
    source = "SKNN_DATA, JPEG-75 copy" if "SKNN_DATA" in os.environ else "OpenML"
    settings = {name: getattr(options, name) for name in ("width", "epochs", "threads")}
    figures = [{"model": name, **settings, **own} for name, own in rows.items()]
    finish(options, __file__, set_goals(rows), figures, {"torch": version, "images": source})


if __name__ == "__main__":
    main()
