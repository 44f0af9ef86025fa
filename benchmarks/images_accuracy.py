"""Accuracy of image classifiers beside the time of their fits: digits, MNIST, CIFAR-10.

Each row is a model on a data set: the median over seeds of the share of right answers on the test
set (digits: the mean of 5-fold cross-validation) and of the seconds of the whole ``fit`` (digits: of
all five folds), of the clock and of all processors together. The folds of digits are shuffled;
"digits, in order" has them as ``cv=5`` cuts them, where the writers of the held-out digits are not
among those that were seen. Random forest, gradient boosting and sknn's MLP get the same pixels,
flat; the forest has ``n_jobs=2``, and forest and boosting, which are slow and hardly depend on it,
one seed. ``--rivals`` fits these three alone and keeps them apart, in ``images_rivals.json``.
Ctrl-C ends the fit at hand, which is noted, and keeps what was done before.

MNIST and CIFAR-10 are read by ``load.py`` from the folder that SKNN_DATA names, where CIFAR-10 is a
copy in JPEG quality 75, and without it fetched from OpenML.
"""

import functools
import importlib.util
import math
import os
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _common import Goals, finish, parse_arguments, print_table
from sklearn.datasets import fetch_openml, load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sknn import CNNClassifier, MLPClassifier, MLPMixerClassifier
from sknn.augmentation import Augmentation
from sknn.optimizers import Muon
from sknn.presets import LeNet5, SimpleCNN, StrongCNN
from sknn.schedules import OneCycle

QUICK_ROWS = 1000
FOLDS = {
    "digits": StratifiedKFold(5, shuffle=True, random_state=0),
    "digits, in order": StratifiedKFold(5),
}
# data -> name of the file, of the set in OpenML, shape of an image there, rows of the training set
IMAGES = {
    "mnist": ("mnist", "mnist_784", (28, 28), 60_000),
    "cifar10": ("cifar10_jpeg", "CIFAR_10", (3, 32, 32), 50_000),
}


def unit_interval(X):
    """Bytes to float32 in [0, 1]."""
    return X.astype(np.float32) / 255


def perceptron(seed):
    """sknn's MLP on scaled pixels."""
    net = MLPClassifier((256,), max_iter=30, learning_rate="one_cycle", random_state=seed)
    return make_pipeline(FunctionTransformer(unit_interval), net)


def digits_perceptron(seed):
    """The same for digits, whose values end at 16."""
    return MLPClassifier((256,), max_iter=100, random_state=seed)


@dataclass(frozen=True)
class Row:
    """A model on a data set, and what it is to reach: share of right answers, seconds."""

    data: str
    model: str
    make: Callable
    accuracy: float | None = None
    seconds: float | None = None
    flat: bool = False
    one_seed: bool = False


def cnn(**parameters):
    """A maker of sknn's CNN; the seed comes later."""
    return lambda seed: CNNClassifier(random_state=seed, **parameters)


def mixer(**parameters):
    """A maker of sknn's MLP-Mixer."""
    return lambda seed: MLPMixerClassifier(random_state=seed, **parameters)


def forest(seed):
    """A random forest, all else at its default."""
    return RandomForestClassifier(n_jobs=2, random_state=seed)


def boosting(seed):
    """Gradient boosting at its default."""
    return HistGradientBoostingClassifier(random_state=seed)


SHIFTED = Augmentation(shift=2, rotation=10.0, scaling=0.1)
MIRRORED = Augmentation(horizontal_flip="alternate", shift=2, padding_mode="reflect")
#: what StrongCNN's docstring recommends; images_strong.py trains with it, too
STRONG = {
    "solver": Muon(momentum=0.6, n_iterations=3, weight_decay=0.15),
    "learning_rate_init": 0.04,
    "learning_rate": OneCycle(peak_at=0.23, start=0.2, final=0),
    "alpha": 0,
    "batch_size": 500,
    "max_iter": 10,
    "label_smoothing": 0.2,
    "augmentation": MIRRORED,
    "test_time_augmentation": True,
}


def rivals(data, mlp=perceptron):
    """The rows of the other kinds of models."""
    return [
        Row(data, "sknn MLP", mlp, flat=True),
        Row(data, "random forest", forest, flat=True, one_seed=True),
        Row(data, "gradient boosting", boosting, flat=True, one_seed=True),
    ]


ROWS = [
    Row("digits", "default", cnn(), 0.985, 15),
    Row("digits", "MLP-Mixer", mixer(), 0.97, 30),
    *rivals("digits", digits_perceptron),
    Row("digits, in order", "default", cnn(), 0.985, 15),
    *rivals("digits, in order", digits_perceptron),
    Row("mnist", "default", cnn(), 0.992, 60),
    Row(
        "mnist", "LeNet5", cnn(layers=LeNet5(), max_iter=20, batch_size=128, alpha=0.03), 0.9925, 30
    ),
    Row(
        "mnist",
        "StrongCNN, augmented",
        cnn(
            layers=StrongCNN(0.25, channels=1),
            **{**STRONG, "augmentation": SHIFTED},
        ),
        0.996,
        300,
    ),
    Row(
        "mnist",
        "StrongCNN, mixed precision",
        cnn(
            layers=StrongCNN(0.25, channels=1),
            dtype="mixed_bfloat16",
            **{**STRONG, "augmentation": SHIFTED, "max_iter": 26},
        ),
        0.9975,
        180,
    ),
    Row(
        "mnist",
        "MLP-Mixer",
        mixer(max_iter=6, batch_size=128, augmentation=SHIFTED, test_time_augmentation=True),
        0.985,
        180,
    ),
    *rivals("mnist"),
    Row(
        "cifar10",
        "SimpleCNN",
        cnn(layers=SimpleCNN(), max_iter=10, batch_size=128, alpha=0.06),
        0.735,
        50,
    ),
    Row("cifar10", "StrongCNN", cnn(layers=StrongCNN(0.75), **STRONG), 0.90, 600),
    Row(
        "cifar10",
        "StrongCNN, mixed precision",
        cnn(layers=StrongCNN(0.75), dtype="mixed_bfloat16", **{**STRONG, "max_iter": 18}),
        0.92,
        600,
    ),
    Row(
        "cifar10",
        "MLP-Mixer",
        mixer(
            n_blocks=6,
            tokens_mlp_dim=128,
            max_iter=10,
            batch_size=128,
            augmentation=MIRRORED,
            test_time_augmentation=True,
        ),
        0.65,
        600,
    ),
    *rivals("cifar10"),
]


@functools.cache
def load(data, quick):
    """Images and classes: (X, y) of digits, else (X_train, y_train, X_test, y_test)."""
    if data in FOLDS:
        digits = load_digits()
        return digits.images.astype(np.float32), digits.target
    file, openml, shape, n_train = IMAGES[data]
    folder = os.environ.get("SKNN_DATA")
    if folder:
        spec = importlib.util.spec_from_file_location("load", Path(folder) / "load.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        rows = {"n_train": QUICK_ROWS, "n_test": QUICK_ROWS} if quick else {}
        return module.load_images(file, **rows)
    X, y = fetch_openml(openml, return_X_y=True, as_frame=False, parser="liac-arff")
    X, y = X.astype(np.uint8).reshape(-1, *shape), y.astype(np.int64)
    if len(shape) == 3:
        X = np.ascontiguousarray(X.transpose(0, 2, 3, 1))
    last = QUICK_ROWS if quick else None
    return X[:n_train][:last], y[:n_train][:last], X[n_train:][:last], y[n_train:][:last]


def measure(row, seed, quick):
    """Fit once; returns (share of right answers, seconds, seconds of all processors)."""
    arrays = load(row.data, quick)
    arrays = [flattened(array) if row.flat else array for array in arrays]
    model = row.make(seed)
    start, cpu_start = time.perf_counter(), time.process_time()
    if row.data in FOLDS:
        score = cross_val_score(model, *arrays, cv=FOLDS[row.data]).mean()
    else:
        model.fit(*arrays[:2])
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    if row.data not in FOLDS:
        score = model.score(*arrays[2:])
    return score, seconds, cpu_seconds


def flattened(array):
    """Images as rows; classes as they are."""
    return array.reshape(len(array), -1) if array.ndim > 1 else array


def run_all(rows, n_seeds, quick):
    """Measure row after row; Ctrl-C ends it with the row that was begun."""
    figures = []
    for row in rows:
        start, cpu_start = time.perf_counter(), time.process_time()
        try:
            figures.append(run(row, n_seeds, quick))
        except KeyboardInterrupt:
            measured = math.nan, time.perf_counter() - start, time.process_time() - cpu_start
            figures.append({**summary(row, [measured]), "stopped": True})
            print(f"{row.data}, {row.model}: stopped after {measured[1]:.0f} s")
            break
    return figures


def run(row, n_seeds, quick):
    """Measure a row with all its seeds; returns its figures."""
    seeds = range(1 if row.one_seed else n_seeds)
    figures = summary(row, [measure(row, seed, quick) for seed in seeds])
    print(
        f"{row.data}, {row.model}: {figures['accuracy']:.4f} in {figures['seconds']:.1f} s",
        flush=True,
    )
    return figures


def summary(row, measured):
    """The figures of a row: medians over its seeds, and what they are medians of."""
    scores, seconds, cpu_seconds = map(list, zip(*measured, strict=True))
    return {
        "data": row.data,
        "model": row.model,
        "accuracy": statistics.median(scores),
        "seconds": statistics.median(seconds),
        "cpu_seconds": statistics.median(cpu_seconds),
        "scores": scores,
        "all_seconds": seconds,
    }


def set_goals(rows, figures):
    """Accuracy and seconds of the rows that have a goal."""
    goals = Goals()
    for row, one in zip(rows, figures, strict=False):  # fewer figures after Ctrl-C
        if row.accuracy is not None:
            what = f"{row.data}, {row.model}"
            goals.at_least(f"{what}, accuracy", 100 * one["accuracy"], 100 * row.accuracy, "%")
            goals.at_most(f"{what}, fit", one["seconds"], row.seconds, "s")
    return goals


def choices(name):
    """All values of a field of the table, in order."""
    return list(dict.fromkeys(getattr(row, name) for row in ROWS))


def main():
    """Fit all that was chosen."""
    several = {"nargs": "+", "metavar": "NAME", "help": "default: all; a wrong name lists them"}
    options = parse_arguments(
        __doc__,
        more=[
            ("--data", {"choices": choices("data"), "default": choices("data"), **several}),
            ("--models", {"choices": choices("model"), "default": choices("model"), **several}),
            ("--seeds", {"type": int, "default": 3, "help": "how many (default: 3)"}),
            ("--rivals", {"action": "store_true", "help": "forest, boosting and MLP alone"}),
        ],
    )
    warnings.simplefilter("ignore", ConvergenceWarning)
    rows = [row for row in ROWS if row.data in options.data and row.model in options.models]
    if options.rivals:
        rows = [row for row in rows if row.flat]
    n_seeds = 1 if options.quick else options.seeds
    figures = run_all(rows, n_seeds, options.quick)
    print()
    print_table(
        ["data", "model", "accuracy", "least", "most", "fit s", "CPU s"],
        [
            [
                one["data"],
                one["model"],
                f"{one['accuracy']:.4f}",
                f"{min(one['scores']):.4f}",
                f"{max(one['scores']):.4f}",
                f"{one['seconds']:.1f}",
                f"{one['cpu_seconds']:.1f}",
            ]
            for one in figures
        ],
    )
    source = "SKNN_DATA, CIFAR-10 as JPEG-75 copy" if "SKNN_DATA" in os.environ else "OpenML"
    script = Path(__file__).with_stem("images_rivals") if options.rivals else __file__
    finish(
        options, script, set_goals(rows, figures), figures, {"images": source}, ("data", "model")
    )


if __name__ == "__main__":
    main()
