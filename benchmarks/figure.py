"""Draw the README's figure of errors: each relative to a random forest's, one row per data set.

The errors are those of ``results/tables_errors.json``, which ``tables.py --errors --json`` keeps. A marker is
a model's mean error over the splits, divided by the forest's; its bar goes from the lowest to the highest
ratio of a split, each to the forest on the same split. So the width of a bar is what another split may change.
Models whose errors of every split are not kept have no bar: their means are those of ``results/tables.json``,
whose splits and forests are the same.

There are two files, docs/images/tabular_light.png and tabular_dark.png, for the two modes of a page; their
background is transparent.
"""

import numpy as np
from _dot_plot import Plot, Series, main
from _records import load

# in the order of their lanes
MODELS = {
    "sknn": Series("sknn (defaults)", "o", "#d1242f", "#ff7b72", is_large=True),
    "catboost": Series("CatBoost", "s", "#0a58b8", "#58a6ff"),
    "lightgbm": Series("LightGBM", "^", "#b35900", "#f0a33a"),
    "xgboost": Series("XGBoost", "v", "#00795c", "#3fcf9a"),
    "boosting": Series("HistGradientBoosting", "D", "#8b3fb0", "#d2a8ff"),
    "realmlp": Series("RealMLP", "P", "#5f6b7a", "#aeb7c2"),
}
TITLES = {"classes": "classification (1 − accuracy)", "numbers": "regression (RMSE)"}


def errors():
    """Rows of the two records: ``error`` is a list of the splits' errors, or of their mean alone."""
    rows, means = (load(name)["rows"] for name in ("tables_errors", "tables"))
    forests = {row["data"]: np.mean(row["error"]) for row in rows if row["model"] == "forest"}
    known = {(row["data"], row["model"]) for row in rows}
    for row in means:
        if row["model"] == "forest" and not all(
            np.isclose(row["errors"][data], forests[data]) for data in row["errors"]
        ):
            raise ValueError("the forests of both records differ: measure all models anew")
        rows += [
            {"kind": row["kind"], "model": row["model"], "data": data, "error": [error]}
            for data, error in row["errors"].items()
            if row["model"] in MODELS and (data, row["model"]) not in known
        ]
    return rows


def ratios(rows):
    """``{kind: {data: {model: (mean, lowest, highest)}}}`` to the forest; data sets in order of sknn's."""
    errors = {(row["data"], row["model"]): np.array(row["error"]) for row in rows}
    found = {}
    for row in rows:
        forest, error = errors[row["data"], "forest"], np.array(row["error"])
        mean = error.mean() / forest.mean()
        of_splits = error / forest if len(error) == len(forest) else [mean]
        found.setdefault(row["kind"], {}).setdefault(row["data"], {})[row["model"]] = (
            mean,
            min(of_splits),
            max(of_splits),
        )
    return {
        kind: dict(sorted(sets.items(), key=lambda item: item[1]["sknn"][0]))
        for kind, sets in found.items()
    }


def plot():
    """All that the figure shows."""
    rows = errors()
    present = {row["model"] for row in rows}
    models = {name: series for name, series in MODELS.items() if name in present}
    rivals = len(models) - 1
    return Plot(
        panels={TITLES[kind]: sets for kind, sets in ratios(rows).items()},
        series=models,
        # sknn's marker is the largest: its lane is wider
        lanes=[-0.3, *(-0.08 + 0.48 * lane / max(1, rivals - 1) for lane in range(rivals))],
        limits=(0.33, 1.9),
        ticks=(0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.5),
        label="error / error of a random forest (left of the line is better)",
        row_height=0.335,
    )


if __name__ == "__main__":
    main(__doc__, plot(), "tabular")
