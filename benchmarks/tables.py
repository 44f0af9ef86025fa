"""Tables with default settings: sknn's tabular estimators beside forests, boosting and RealMLP.

Thirteen sets of classes and seven of numbers, at most 10,000 rows of each, three random splits into
75 % and 25 %. Every model has its default parameters. Forests get ordinal codes and medians,
boosting its native categories. The error is 1 − accuracy, or RMSE / standard deviation;
"mean" is its shifted geometric mean over sets (shift 0.01), each set the mean of its splits.

XGBoost, LightGBM, CatBoost, RealMLP-TD and TabM-D (pytabkit, PyTorch) live in an environment of their own,
``--rivals-python``; a package that is absent leaves its row out. Every fit is a process of its own, and
its figures are kept in ``--cache``, so that rivals are fitted once. A run of some ``--models`` leaves the others' rows in the
record as they are. ``--parameters`` measures a
variant of sknn's defaults, such as '{"dropout": 0.0}'. The documentation makes its tables from the record.

``--errors`` keeps the error, log-loss and AUC of every split, and no times, in results/tables_errors.json: errors
do not depend on how busy the machine is. ``figure.py`` draws them. ``--all-rows`` takes the data sets of more than 10,000
rows uncut, and keeps errors and times in results/tables_uncut.json.

The data come from OpenML, or from the folder that SKNN_DATA names, whose ``load.py`` reads them.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from _common import (
    RESULTS,
    Goals,
    finish,
    parse_arguments,
    print_table,
)
from _records import geometric_mean
from _tables import MODELS, SETS

RIVALS = ("xgboost", "lightgbm", "catboost", "realmlp", "tabm")
QUICK_SETS = ("credit_g", "segment", "vehicle", "concrete", "abalone")
SHIFT = 0.01

OPTIONS = [
    ("--rivals-python", {"default": os.environ.get("SKNN_RIVALS_PYTHON"), "metavar": "PATH"}),
    ("--cache", {"default": str(RESULTS / "tables_runs.json"), "metavar": "FILE"}),
    ("--models", {"default": ",".join(MODELS), "metavar": "NAME,…"}),
    ("--sets", {"default": ",".join(SETS), "metavar": "NAME,…"}),
    ("--splits", {"type": int, "default": 3}),
    ("--parameters", {"action": "append", "default": [], "metavar": "JSON"}),
    ("--again", {"action": "store_true", "help": "fit sknn's rows anew, whatever the cache has"}),
    ("--errors", {"action": "store_true", "help": "keep the errors of all splits, and no times"}),
    ("--all-rows", {"action": "store_true", "help": "large data sets alone, with all their rows"}),
]
# Data sets of more than MAX_ROWS rows.
LARGE_SETS = ("adult", "letter", "magic", "california_housing", "bike_sharing", "diamonds")
# row of the record -> package whose version it depends on
PACKAGES = {
    "xgboost": ("xgboost", "xgboost-cpu"),
    "lightgbm": ("lightgbm",),
    "catboost": ("catboost",),
}
PACKAGES |= {"realmlp": ("pytabkit", "torch"), "tabm": ("pytabkit", "torch")}


class Runs:
    """Figures of every fit, kept in a file."""

    def __init__(self, path, rivals_python, again, all_rows=False):
        self.path, self.rivals_python, self.again = Path(path), rivals_python, again
        self.all_rows = all_rows
        self.known = json.loads(self.path.read_text()) if self.path.exists() else {}
        self.fresh = set()

    def get(self, data, split, row):
        """The figures of a row on a split of a set; None where its package is absent."""
        key = f"{data}/{split}/{row}" + ("/all rows" if self.all_rows else "")
        stale = self.again and row.startswith("sknn") and key not in self.fresh
        if key not in self.known or stale:
            answer = self._fit(data, split, row)
            if "absent" in answer:
                return None
            self.known[key] = answer
            self.fresh.add(key)
            self._keep()
        return self.known[key]

    def _fit(self, data, split, row):
        model, _, parameters = row.partition("{")
        model = model.strip()
        python = self.rivals_python if model in RIVALS else sys.executable
        if python is None:
            return {"absent": "no --rivals-python"}
        request = {"data": data, "split": split, "model": model, "all_rows": self.all_rows}
        request["parameters"] = json.loads("{" + parameters) if parameters else {}
        print(f"  {data} {split} {row}", file=sys.stderr, flush=True)
        done = subprocess.run(
            [python, str(Path(__file__).with_name("_tables.py")), json.dumps(request)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{row} on {data}, split {split}:\n{done.stderr}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    def _keep(self):
        self.path.parent.mkdir(exist_ok=True)
        if self.path.exists():  # another process may have added to it
            ours = {key: self.known[key] for key in self.fresh}
            self.known = json.loads(self.path.read_text()) | ours
        lines = [f" {json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(self.known.items())]
        temporary = self.path.with_suffix(f".{os.getpid()}")
        temporary.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
        temporary.replace(self.path)


def mean_over_splits(runs, data, row, splits, figure):
    """The mean of a figure over the splits of a set; nan where it is not known."""
    values = [(runs.get(data, split, row) or {}).get(figure) for split in range(splits)]
    return float(np.mean([np.nan if value is None else value for value in values]))


def shifted(errors):
    """Shifted geometric mean."""
    return geometric_mean(e + SHIFT for e in errors) - SHIFT


def collect(runs, sets, rows, splits):
    """figure -> row -> value of each set; rows of absent packages are left out."""
    figures = ("error", "log_loss", "auc", "fit_seconds", "fit_cpu", "predict_seconds")
    present = [row for row in rows if runs.get(sets[0], 0, row) is not None]
    for row in set(rows) - set(present):
        print(f"{row}: absent, its row is left out")
    return {
        figure: {
            row: np.array([mean_over_splits(runs, data, row, splits, figure) for data in sets])
            for row in present
        }
        for figure in figures
    }


def summarise(sets, found):
    """One line for each row: the figures that the goals speak of."""
    errors = found["error"]
    table = np.array(list(errors.values()))
    ranks = (table[:, None] > table[None]).sum(axis=1) + 0.5 * (
        (table[:, None] == table[None]).sum(axis=1) - 1
    )
    base = shifted(errors["forest"]) if "forest" in errors else np.nan
    summary = {}
    for number, (row, error) in enumerate(errors.items()):
        wins = np.mean(error < errors["forest"]) if "forest" in errors else np.nan
        summary[row] = {
            "error": shifted(error),
            "to forest": shifted(error) / base - 1,
            "wins": wins,
            "rank": ranks[number].mean() + 1,
            "log-loss": np.mean(found["log_loss"][row]),
            "auc": np.nanmean(found["auc"][row])
            if np.isfinite(found["auc"][row]).any()
            else np.nan,
            "fit s": np.median(found["fit_seconds"][row]),
            "slowest fit": np.max(found["fit_seconds"][row]),
            "fit cpu s": np.median(found["fit_cpu"][row]),
            "predict s": np.median(found["predict_seconds"][row]),
        }
    return summary


def show(title, sets, found, summary):
    """Both tables: every set, and the summary."""
    print(f"\n{title}: error of each set")
    rows = [[data] for data in sets]
    for errors in found["error"].values():
        for line, error in zip(rows, errors, strict=True):
            line.append(f"{error:.4f}")
    print_table(["set", *found["error"]], rows)
    print()
    heads = list(next(iter(summary.values())))
    print_table(
        [title, *heads],
        [[row, *(_figure(name, v) for name, v in s.items())] for row, s in summary.items()],
    )


def _figure(name, value):
    if np.isnan(value):
        return "-"
    return f"{100 * value:+.1f} %" if name == "to forest" else f"{value:.4g}"


def claim(goals, kind, summary):
    """The goals of the default estimator against every rival that is present."""
    if "sknn" not in summary:
        return
    ours = summary["sknn"]
    boosters = 10 if kind == "classes" else 6
    margins = {"forest": 15 if kind == "classes" else 12, "catboost": 0, "realmlp": 0}
    margins |= dict.fromkeys(("boosting", "xgboost", "lightgbm"), boosters)
    for rival, margin in margins.items():
        if rival in summary:
            change = 100 * (ours["error"] / summary[rival]["error"] - 1)
            goals.at_most(f"{kind}: error against {rival}", change, -margin, "%")
    if "forest" in summary:
        goals.at_least(
            f"{kind}: wins against forest", 100 * ours["wins"], 80 if boosters == 10 else 75, "%"
        )
        times = ours["fit s"] / summary["forest"]["fit s"]
        goals.at_most(f"{kind}: median fit time / forest's", times, 20)
    goals.at_most(f"{kind}: slowest fit", ours["slowest fit"], 10, "s")
    if "realmlp" in summary:
        times = ours["fit cpu s"] / summary["realmlp"]["fit cpu s"]
        goals.at_most(f"{kind}: median processor time of a fit / RealMLP's", times, 1 / 3)
    rivals = [s for row, s in summary.items() if not row.startswith("sknn")]
    if not {"forest", "boosting", *RIVALS} - {"tabm"} <= set(summary):
        return  # the best rival may be one that is not here
    goals.at_most(
        f"{kind}: mean rank", ours["rank"], min(s["rank"] for s in rivals), "(best rival)"
    )
    if kind == "classes":
        least, most = min(s["log-loss"] for s in rivals), max(s["auc"] for s in rivals)
        goals.at_most(f"{kind}: log-loss", ours["log-loss"], least, "(best rival)")
        goals.at_least(f"{kind}: AUC", ours["auc"], most, "(best rival)")


def claim_of_fast(goals, kind, summary):
    """The goals of ``effort="fast"``, all against the forest."""
    if {"sknn fast", "forest"} <= set(summary):
        fast, forest = summary["sknn fast"], summary["forest"]
        goals.at_most(f"{kind}: error of fast against forest", 100 * fast["to forest"], 0, "%")
        times = fast["fit s"] / forest["fit s"]
        goals.at_most(f"{kind}: median fit time of fast / forest's", times, 1.5)


def of_splits(runs, kind, sets, rows, splits):
    """One record for each row and data set: the figures of every split."""
    kept = ["error", "fit_seconds", "fit_cpu"] if runs.all_rows else ["error"]
    kept += ["log_loss", "auc"] if kind == "classes" else []
    records = []
    for row in rows:
        for data in sets:
            found = [runs.get(data, split, row) for split in range(splits)]
            record = {
                "kind": kind,
                "model": row,
                "data": data,
                "train_rows": found[0]["train_rows"],
            }
            records.append(record | {figure: [f.get(figure) for f in found] for figure in kept})
    return records


def versions(rivals_python, rows):
    """Versions of the packages of the rows, in the environment that has them."""
    names = [name for row in rows for name in PACKAGES.get(row, ())]
    if not names:
        return {}
    program = (
        "import importlib.metadata as m, json, sys;"
        "print(json.dumps({d.name: d.version for d in m.distributions() if d.name in sys.argv}))"
    )
    asked = subprocess.run(
        [rivals_python, "-c", program, *names], capture_output=True, text=True, check=True
    )
    return json.loads(asked.stdout)


def main():
    options = parse_arguments(__doc__, more=OPTIONS)
    splits = 1 if options.quick else options.splits
    wanted = QUICK_SETS if options.quick else options.sets.split(",")
    if options.all_rows:
        wanted = [data for data in wanted if data in LARGE_SETS]
    variants = [f"sknn {parameters}" for parameters in options.parameters]
    rows = [*options.models.split(","), *variants]
    runs = Runs(options.cache, options.rivals_python, options.again, options.all_rows)
    goals, records, splits_records = Goals(), [], []
    for kind, is_regression in (("classes", False), ("numbers", True)):
        sets = [data for data in wanted if SETS[data][2] == is_regression]
        if not sets:
            continue
        found = collect(runs, sets, rows, splits)
        summary = summarise(sets, found)
        show(kind, sets, found, summary)
        splits_records += of_splits(runs, kind, sets, summary, splits)
        if options.all_rows:
            continue  # the goals speak of 10,000 rows
        claim(goals, kind, summary)
        claim_of_fast(goals, kind, summary)
        shape = {"sets": len(sets), "splits": splits}
        for row, figures in summary.items():
            errors = dict(zip(sets, found["error"][row].tolist(), strict=True))
            # not the rank, which depends on the other rows
            figures = {name: value for name, value in figures.items() if name != "rank"}
            records.append({"kind": kind, "model": row, **shape, **figures, "errors": errors})
    if options.errors or options.all_rows:
        script = "tables_uncut" if options.all_rows else "tables_errors"
        present = {record["model"] for record in splits_records}
        key = "kind", "model", "data"
        more = versions(options.rivals_python, present)
        finish(options, script, Goals(), splits_records, more, key)
    else:
        finish(options, __file__, goals, records, key=("kind", "model"))


if __name__ == "__main__":
    main()
