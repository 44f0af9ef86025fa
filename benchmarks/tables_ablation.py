"""What each piece of the estimators of tables is worth: fitted without it, beside the defaults.

The sets, splits and the cache of every fit are those of ``tables.py``. For each piece, and each set s and
split k, ``d = log((error without it + 0.01) / (error with it + 0.01))``: the table has the mean of d as a
change in per cent (more than 0: the piece helps), its standard error over the sets, each the mean of its
splits, on how many sets it helps and harms, the change of the mean log-loss, and how many times the
processor's time a fit takes without it. ``--pieces`` chooses some by their names. The documentation makes its
tables from the record.
"""

import json
import os

import numpy as np
from _common import RESULTS, Goals, finish, parse_arguments, print_table
from _tables import SETS
from tables import QUICK_SETS, SHIFT, Runs

# piece -> (kinds of targets, the parameters that leave it out)
BOTH, CLASSES = ("classes", "numbers"), ("classes",)
PIECES = {
    "smooth clipping": (BOTH, {"smooth_clip": False}),
    "numeric embedding": (BOTH, {"numeric_embedding": None}),
    "steps at thresholds": (CLASSES, {"n_thresholds": 0}),
    "scaling layer": (BOTH, {"scaling_layer": False}),
    "NTK parametrisation": (BOTH, {"parametrization": "standard"}),
    "parametric activation": (BOTH, {"parametric_activation": False}),
    "data-driven initialisation": (BOTH, {"data_driven_init": False}),
    "waves of the learning rate (a cosine)": (BOTH, {"learning_rate": "cosine"}),
    "β₂ = 0.95 (0.999)": (BOTH, {"beta_2": 0.999}),
    "dropout": (BOTH, {"dropout": 0.0}),
    "weight decay": (BOTH, {"weight_decay": 0.0}),
    "fading of both": (BOTH, {"anneal_regularization": False}),
    "label smoothing": (CLASSES, {"label_smoothing": 0.0}),
    "best epoch (the last)": (BOTH, {"scoring": "last epoch"}),
    "temperature": (CLASSES, {"calibrate": False}),
    "folds (seeds)": (BOTH, {"validation": "holdout"}),
    "members (one)": (BOTH, {"n_members": 1}),
    "no refit (refit)": (BOTH, {"refit": True}),
}
HEAD = ["without", "error", "±", "helps", "harms", "log-loss", "fit"]

OPTIONS = [
    ("--cache", {"default": str(RESULTS / "tables_runs.json"), "metavar": "FILE"}),
    ("--sets", {"default": ",".join(SETS), "metavar": "NAME,…"}),
    ("--splits", {"type": int, "default": 3}),
    ("--pieces", {"default": ",".join(PIECES), "metavar": "NAME,…"}),
    ("--again", {"action": "store_true", "help": "fit anew, whatever the cache has"}),
]


def figures(runs, sets, splits, row):
    """figure -> array (n_sets, n_splits) of a row."""
    found = [[runs.get(data, split, row) for split in range(splits)] for data in sets]
    return {
        name: np.array([[one.get(name, np.nan) for one in line] for line in found], float)
        for name in ("error", "log_loss", "fit_cpu")
    }


def compare(kind, piece, without, defaults):
    """One line: the figures without a piece beside those of the defaults."""
    changes = np.log((without["error"] + SHIFT) / (defaults["error"] + SHIFT)).mean(axis=1)
    return {
        "kind": kind,
        "piece": piece,
        "sets": len(changes),
        "splits": without["error"].shape[1],
        "error": float(np.expm1(changes.mean())),
        "deviation": float(changes.std(ddof=1) / np.sqrt(len(changes))),
        "helps": int((changes > 0).sum()),
        "harms": int((changes < 0).sum()),
        "log_loss": float((without["log_loss"] - defaults["log_loss"]).mean()),
        "fit_cpu": float(np.exp(np.log(without["fit_cpu"] / defaults["fit_cpu"]).mean())),
    }


def cells(row):
    """A line as strings."""
    loss = "" if np.isnan(row["log_loss"]) else f"{row['log_loss']:+.4f}"
    figures = [f"{100 * row['error']:+.1f} %", f"{100 * row['deviation']:.1f} %"]
    figures += [row["helps"], row["harms"], loss, f"{row['fit_cpu']:.2g}×"]
    return [row["piece"], *(str(figure).replace("-", "−") for figure in figures)]


def main():
    """Compare on all sets."""
    options = parse_arguments(__doc__, more=OPTIONS)
    splits = 1 if options.quick else options.splits
    wanted = QUICK_SETS if options.quick else options.sets.split(",")
    runs, rows = Runs(options.cache, os.environ.get("SKNN_RIVALS_PYTHON"), options.again), []
    for kind, is_regression in (("classes", False), ("numbers", True)):
        sets = [data for data in wanted if SETS[data][2] == is_regression]
        if len(sets) < 2:
            continue
        defaults = figures(runs, sets, splits, "sknn")
        for piece in options.pieces.split(","):
            kinds, parameters = PIECES[piece]
            if kind in kinds:
                without = figures(runs, sets, splits, f"sknn {json.dumps(parameters)}")
                rows.append(compare(kind, piece, without, defaults))
        lines = [cells(row) for row in rows if row["kind"] == kind]
        print(f"\n{kind}: {len(sets)} sets, {splits} splits")
        print_table(HEAD, lines)
    finish(options, __file__, Goals(), rows)


if __name__ == "__main__":
    main()
