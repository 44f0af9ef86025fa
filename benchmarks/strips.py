"""Strips of three digits that nobody cut apart: at least 90 % of 1000 are read right, all three digits.

A strip holds three MNIST digits. The first begins 0 to 12 pixels from the edge, each other one 14 to 24
pixels from the one before. A digit is up to 20 pixels wide, so that neighbours touch and overlap in many
strips; their share is printed, those whose columns of ink are in fewer than three pieces. LeNet-5 is trained on
windows of 28 x 28 pixels of strips of training digits: one that begins at most 2 pixels from where a digit
does is that digit, one at least 5 pixels from all of them is an eleventh class, *between*. It sweeps over
strips of test digits, and the best path through its probabilities is what is read. "digits alone" is
LeNet-5 as it is trained on MNIST itself, without a neighbour and without a class for what lies between.

"right" is the share of strips of which exactly the three digits are read, in order, "farthest" how far from
its place a digit of these was found, at the most.
"""

import math
import os
import time
import warnings

import numpy as np
from _common import Goals, finish, parse_arguments, print_table
from images_accuracy import load
from sklearn.exceptions import ConvergenceWarning

from sknn import CNNClassifier
from sknn.presets import LeNet5
from sknn.teaching.decoding import best_path

N_STRIPS, N_DIGITS, SIDE, BETWEEN = 1000, 3, 28, 10
MARGIN, SPACING = 12, (14, 24)
WIDTH = MARGIN + (N_DIGITS - 1) * SPACING[1] + SIDE
#: a window is a digit's up to so many pixels from it, and nobody's from so many
NEAR, FAR = 2, 5
#: a pixel brighter than this, of 255, is ink
INK = 30
#: least pixels between two digits that are read: the spacing, less what both may be off
DISTANCE = SPACING[0] - 2 * NEAR


def make_strips(images, n, rng):
    """(strips (n, h, w), numbers of the images (n, 3), columns where they begin (n, 3))."""
    chosen = rng.integers(len(images), size=(n, N_DIGITS))
    steps = rng.integers(SPACING[0], SPACING[1] + 1, size=(n, N_DIGITS))
    steps[:, 0] = rng.integers(MARGIN + 1, size=n)
    begins = steps.cumsum(axis=1)
    strips = np.zeros((n, SIDE, WIDTH), images.dtype)
    for strip, numbers, columns in zip(strips, chosen, begins, strict=True):
        for image, column in zip(images[numbers], columns, strict=True):
            place = strip[:, column : column + SIDE]
            np.maximum(place, image, out=place)
    return strips, chosen, begins


def n_pieces(strip):
    """Pieces into which empty columns cut a strip."""
    ink = (strip > INK).any(axis=0)
    return np.count_nonzero(ink[1:] & ~ink[:-1]) + ink[0]


def cut_windows(strips, labels, begins, rng):
    """(windows, classes): one near each digit, and two far from all of them, of each strip."""
    windows, classes = [], []
    columns = np.arange(WIDTH - SIDE + 1)
    for strip, digits, places in zip(strips, labels, begins, strict=True):
        distance = np.abs(columns[:, np.newaxis] - places)
        far = rng.choice(columns[distance.min(axis=1) >= FAR], 2)
        near = [rng.choice(columns[d <= NEAR]) for d in distance.T]
        windows += [strip[:, column : column + SIDE] for column in (*near, *far)]
        classes += [*digits, BETWEEN, BETWEEN]
    return np.stack(windows), np.array(classes)


def read(net, strips, blank, n_symbols):
    """[(digits, columns where they begin)] of the strips."""
    sweep = net.predict_windows(strips)
    apart = math.ceil(DISTANCE / sweep.columns[1])
    paths = [
        best_path(P[0], blank=blank, min_distance=apart, n_symbols=n_symbols)
        for P in sweep.probabilities
    ]
    return [(net.classes_[symbols], sweep.columns[at]) for at, symbols in paths]


def measure(name, net, blank, n_symbols, strips, labels, begins):
    """Read the strips; returns the figures."""
    start = time.perf_counter()
    readings = read(net, strips, blank, n_symbols)
    seconds = time.perf_counter() - start
    right = [np.array_equal(digits, y) for (digits, _), y in zip(readings, labels, strict=True)]
    off = [
        np.abs(columns - wanted)
        for (_, columns), wanted, ok in zip(readings, begins, right, strict=True)
        if ok
    ]
    return {
        "network": name,
        "count": "unknown" if n_symbols is None else "known",
        "right": float(np.mean(right)),
        "farthest": int(np.max(off)) if off else math.nan,
        "seconds": seconds,
    }


def train(images, labels, epochs):
    """LeNet-5, as it is trained on MNIST, for fewer epochs."""
    net = CNNClassifier(
        layers=LeNet5(), max_iter=epochs, batch_size=128, alpha=0.03, random_state=0
    )
    return net.fit(images, labels)


def main():
    """Train both networks, read the strips."""
    options = parse_arguments(
        __doc__, more=[("--epochs", {"type": int, "default": 8, "help": "of training"})]
    )
    warnings.simplefilter("ignore", ConvergenceWarning)
    X_train, y_train, X_test, y_test = load("mnist", options.quick)
    rng = np.random.default_rng(0)
    strips, chosen, begins = make_strips(X_train, 500 if options.quick else 25_000, rng)
    windows = cut_windows(strips, y_train[chosen], begins, rng)
    networks = {
        "windows of strips": (train(*windows, options.epochs), BETWEEN),
        "digits alone": (train(X_train, y_train, options.epochs), None),
    }
    strips, chosen, begins = make_strips(X_test, N_STRIPS, np.random.default_rng(1))
    touching = np.mean([n_pieces(strip) < N_DIGITS for strip in strips])
    print(f"strips in which digits touch: {touching:.3f}\n")
    figures = [
        measure(name, net, blank, n_symbols, strips, y_test[chosen], begins)
        for name, (net, blank) in networks.items()
        for n_symbols in (None, N_DIGITS)
    ]
    print_table(
        ["trained on", "count", "right", "farthest px", "read s"],
        [
            [f["network"], f["count"], f"{f['right']:.3f}", f["farthest"], f"{f['seconds']:.2f}"]
            for f in figures
        ],
    )
    goals = Goals()
    for one in figures[:2]:
        what = f"{N_STRIPS} strips read right, count {one['count']}"
        goals.at_least(what, 100 * one["right"], 90, "%")
    source = "SKNN_DATA" if "SKNN_DATA" in os.environ else "OpenML"
    finish(options, __file__, goals, figures, {"images": source})


if __name__ == "__main__":
    main()
