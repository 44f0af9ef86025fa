"""Beside a random forest: score, times, size and lines of code on every data set at hand.

Each model is as a user would write it, with its defaults and nothing tuned: the forest gets numbers
as they are and categories as codes, the networks numbers on one scale and categories as indicators
(`_forest_models.py`). Scores, accuracy or R², are of 3-fold cross-validation, with learning curves
on a tenth, three tenths and all of the training rows. Each model has one thread, and seconds are
the processor's, so that other work on the machine hardly matters. Tables and images have at most
``--rows`` rows, chosen at random with every class in its share.

The bundled data sets of scikit-learn are always there, the others are read by ``load.py`` from the
folder that SKNN_DATA names, where CIFAR-10 is a copy in JPEG quality 75. The documentation draws its
figures and tables from the record.
"""

import time
import warnings

from _common import Goals, finish, parse_arguments, print_table
from _forest_models import MODELS, load, names
from _records import geometric_mean
from sklearn.exceptions import ConvergenceWarning

from sknn.comparison.measure import measure

FOREST = MODELS[0].label
HEAD = ["data", "rows", "model", "score", "±", "fit s", "predict µs/row", "kB", "lines"]


def compare(name, n_rows):
    """Take the figures of every model that suits a data set."""
    data = load(name, n_rows)
    figures = []
    for model in MODELS:
        if model.fits(data):
            result = measure(model, data, seed=0, clock=time.process_time)
            figures.append(
                {
                    "data": name,
                    "kind": data.kind,
                    "metric": "R²" if data.is_regression else "accuracy",
                    "rows": len(data.y),
                    "features": data.X.shape[1],
                    "model": model.label,
                    "score": result.scores.mean(),
                    "deviation": result.scores.std(),
                    "fit_seconds": result.fit_seconds,
                    "predict_seconds": result.predict_seconds,
                    "bytes": result.n_bytes,
                    "lines": model.lines(data),
                    "train_sizes": result.train_sizes,
                    "curve": result.curve.mean(axis=1).tolist(),
                    "unsettled": result.is_unsettled,
                }
            )
    print(", ".join([name, *(f"{one['model']} {one['score']:.3f}" for one in figures)]), flush=True)
    return figures


def cells(row):
    """Write a row's figures as in the table."""
    return [
        row["data"],
        f"{row['rows']:,}",
        row["model"],
        f"{row['score']:.3f}",
        f"{row['deviation']:.3f}",
        f"{row['fit_seconds']:.2f}",
        f"{1e6 * row['predict_seconds']:.1f}",
        f"{row['bytes'] / 1000:,.0f}",
        row["lines"],
    ]


def pairs(rows, label, images=None):
    """(model's row, forest's row) of each data set that has both; of images or tables alone."""
    forests = {row["data"]: row for row in rows if row["model"] == FOREST}
    return [
        (row, forests[row["data"]])
        for row in rows
        if row["model"] == label and (images is None or images == (row["kind"] == "images"))
    ]


def summarise(rows):
    """How often each network is ahead of the forest by more than a deviation, and by what factors."""
    summary = []
    for model in MODELS[1:]:
        for images in (False, True):
            both = pairs(rows, model.label, images)
            if not both:
                continue
            gaps = [(a["score"] - b["score"], max(a["deviation"], b["deviation"])) for a, b in both]
            ahead = sum(gap > deviation for gap, deviation in gaps)
            behind = sum(-gap > deviation for gap, deviation in gaps)
            summary.append(
                {
                    "model": model.label,
                    "data": "images" if images else "tables",
                    "ahead": ahead,
                    "level": len(both) - ahead - behind,
                    "behind": behind,
                    **{
                        key: geometric_mean(b[key] / a[key] for a, b in both)
                        for key in ("fit_seconds", "predict_seconds", "bytes")
                    },
                }
            )
    return summary


def set_goals(rows):
    """Images are what a CNN is for; on tables there is no goal, only figures."""
    goals = Goals()
    for net, forest in pairs(rows, "sknn CNN"):
        gap = 100 * (net["score"] - forest["score"])
        goals.at_least(f"accuracy, CNN less forest, {net['data']}", gap, 0, "%")
    goals.at_least(
        "size, forest / MLP",
        geometric_mean(b["bytes"] / a["bytes"] for a, b in pairs(rows, "sknn MLP")),
        1,
    )
    return goals


def main():
    """Compare on all data sets."""
    options = parse_arguments(
        __doc__,
        more=[
            ("--data", {"nargs": "+", "choices": names(), "default": names(), "metavar": "NAME"}),
            ("--rows", {"type": int, "default": 10_000, "help": "at most (default: 10000)"}),
        ],
    )
    # Defaults end at max_iter on some data sets; the record says so.
    warnings.simplefilter("ignore", ConvergenceWarning)
    n_rows = 600 if options.quick else options.rows
    rows = [row for name in options.data for row in compare(name, n_rows)]
    print()
    print_table(HEAD, [cells(row) for row in rows])
    print(
        "\nahead, level, behind: by more than a deviation over the folds; factors: forest / network"
    )
    summary = summarise(rows)
    print_table(
        ["network", "on", "ahead", "level", "behind", "fit", "predict", "size"],
        [
            [
                *(one[key] for key in ("model", "data", "ahead", "level", "behind")),
                *(f"{one[key]:.2g}x" for key in ("fit_seconds", "predict_seconds", "bytes")),
            ]
            for one in summary
        ],
    )
    finish(options, __file__, set_goals(rows), rows)


if __name__ == "__main__":
    main()
