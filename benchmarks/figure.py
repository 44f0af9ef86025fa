"""Draw the README's figure: error relative to a random forest's, one row per data set.

The errors are those of ``results/tables_errors.json``, which ``tables.py --errors --json`` keeps. A marker is
a model's mean error over the splits, divided by the forest's; its bar goes from the lowest to the highest
ratio of a split, each to the forest on the same split. So the width of a bar is what another split may change.
Models whose errors of every split are not kept have no bar: their means are those of ``results/tables.json``,
whose splits and forests are the same.

There are two files, docs/images/tabular_light.png and tabular_dark.png, for the two modes of a page; their
background is transparent.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
IMAGES = ROOT / "docs" / "images"

# model -> (label, marker, color on white, color on black), in the order of their lanes
MODELS = {
    "sknn": ("sknn (defaults)", "o", "#d1242f", "#ff7b72"),
    "catboost": ("CatBoost", "s", "#0a58b8", "#58a6ff"),
    "lightgbm": ("LightGBM", "^", "#b35900", "#f0a33a"),
    "xgboost": ("XGBoost", "v", "#00795c", "#3fcf9a"),
    "boosting": ("HistGradientBoosting", "D", "#8b3fb0", "#d2a8ff"),
    "realmlp": ("RealMLP", "P", "#5f6b7a", "#aeb7c2"),
}
TITLES = {"classes": "classification (1 − accuracy)", "numbers": "regression (RMSE)"}
TEXT = {"light": "#1f2328", "dark": "#e6edf3"}
LOWEST, HIGHEST = 0.33, 1.9  # a mean beyond is drawn at the edge and written as a number
TICKS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.5)


def load():
    """Rows of the two records: ``error`` is a list of the splits' errors, or of their mean alone."""
    rows, means = (
        json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))["rows"]
        for name in ("tables_errors", "tables")
    )
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


def draw(rows, path, mode):
    """Write one PNG; `mode` is "light" or "dark", as the page is."""
    found, text = ratios(rows), TEXT[mode]
    present = [model for model in MODELS if any(row["model"] == model for row in rows)]
    n_rows = [len(sets) for sets in found.values()]
    figure = Figure(figsize=(8.3, 0.335 * sum(n_rows) + 1.3), layout="constrained")
    axes = figure.subplots(len(found), sharex=True, height_ratios=n_rows, squeeze=False)[:, 0]
    for panel, (kind, sets) in zip(axes, found.items(), strict=True):
        for y, of_models in enumerate(sets.values()):
            if y % 2 == 0:
                panel.axhspan(y - 0.5, y + 0.5, color=text, alpha=0.05, linewidth=0)
            for lane, model in enumerate(present):
                # sknn's marker is the largest: its lane is wider
                offset = -0.3 if lane == 0 else -0.08 + 0.48 * (lane - 1) / max(1, len(present) - 2)
                _mark(panel, y + offset, of_models[model], model, mode)
        panel.axvline(1, color=text, linewidth=1.2, zorder=1)
        panel.set_yticks(range(len(sets)), list(sets))
        panel.set_ylim(len(sets) - 0.5, -0.5)
        panel.set_title(TITLES[kind], loc="left", fontsize=9.5, color=text, fontweight="bold")
        _style(panel, text)
    axes[-1].set_xscale("log")
    axes[-1].set_xlim(LOWEST, HIGHEST)
    axes[-1].set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
    axes[-1].xaxis.set_minor_locator(NullLocator())
    axes[-1].set_xlabel(
        "error / error of a random forest (left of the line is better)", color=text, fontsize=9.5
    )
    handles = [
        axes[0].plot([], [], ms=7 if model == "sknn" else 5, **_look(model, mode))[0]
        for model in present
    ]
    figure.legend(
        handles,
        [MODELS[model][0] for model in present],
        loc="outside upper center",
        ncols=len(present),
        frameon=False,
        labelcolor=text,
        fontsize=9,
        handletextpad=0.1,
        columnspacing=1.3,
    )
    figure.savefig(path, dpi=200, transparent=True, metadata={"Software": None})


def _look(model, mode):
    _, marker, light, dark = MODELS[model]
    return {"marker": marker, "color": light if mode == "light" else dark, "linestyle": ""}


def _mark(panel, y, figures, model, mode):
    """One model on one data set: the marker and the bar of its splits."""
    mean, lowest, highest = figures
    if mean > HIGHEST:
        highest = 0.9 * HIGHEST  # leaves room for the number
    look, ours = _look(model, mode), model == "sknn"
    panel.plot(
        [lowest, highest],
        [y, y],
        color=look["color"],
        linewidth=2 if ours else 1,
        alpha=0.9 if ours else 0.6,
        zorder=3 if ours else 2,
        solid_capstyle="butt",
    )
    size = {"markersize": 6.5 if ours else 3.6, "zorder": 4 if ours else 3}
    if mean <= HIGHEST:
        panel.plot(mean, y, **look, **size)
    else:
        note = f"{mean:.1f} → "
        panel.text(
            HIGHEST, y, note, color=look["color"], fontsize=7.5, ha="right", va="center_baseline"
        )


def _style(panel, text):
    panel.tick_params(colors=text, labelsize=9, length=0)
    panel.grid(axis="x", color=text, alpha=0.15, linewidth=0.6)
    panel.set_axisbelow(True)
    panel.spines[:].set_visible(False)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=IMAGES, metavar="FOLDER")
    options = parser.parse_args()
    for mode in TEXT:
        draw(load(), options.output / f"tabular_{mode}.png", mode)


if __name__ == "__main__":
    main()
