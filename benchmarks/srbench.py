"""SRBench's black-box regression sets: TabularRegressor with default parameters among 21 published methods.

The published results (cavalab/srbench, La Cava et al. 2021, arXiv 2107.14351) are of methods that were tuned on each
data set by their authors' grids. Protocol: ten seeds; for each a random split into 75 % and 25 %, and at most 10,000
training rows; R² on the test part, its median over the seeds, and the rank of that among all methods that have
a result on the data set. Every fit is a process's own turn, and its figures are kept in ``--cache``.

These data sets are for reporting: no default was chosen by them.

The folder that ``--folder`` or SKNN_SRBENCH names holds ``published.csv`` (algorithm, dataset, r2_test,
training_time_s: medians) and NAME.tsv.gz; data sets that it lacks come from the package pmlb.
"""

import csv
import json
import os
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from _common import RESULTS, Goals, finish, parse_arguments, print_table
from scipy.stats import rankdata
from sklearn.model_selection import train_test_split

SEEDS = (23654, 15795, 860, 5390, 16850, 29910, 4426, 21962, 14423, 28020)
MOST_TRAINING_ROWS = 10_000

OPTIONS = [
    ("--folder", {"default": os.environ.get("SKNN_SRBENCH"), "metavar": "PATH"}),
    ("--cache", {"default": str(RESULTS / "srbench_runs.json"), "metavar": "FILE"}),
    ("--seeds", {"type": int, "default": len(SEEDS)}),
    ("--most-rows", {"type": int, "help": "leave out data sets with more rows"}),
    (
        "--known",
        {
            "action": "store_true",
            "help": "fit nothing: the cached seeds of every data set that has some",
        },
    ),
    ("--effort", {"default": "balanced"}),
]


def published(folder):
    """data set -> method -> R², and method -> median training seconds over the data sets."""
    scores, seconds = {}, {}
    with open(Path(folder) / "published.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            method = row["algorithm"].lstrip("*")
            scores.setdefault(row["dataset"], {})[method] = float(row["r2_test"])
            seconds.setdefault(method, []).append(float(row["training_time_s"]))
    return scores, {method: float(np.median(found)) for method, found in seconds.items()}


def load(folder, name):
    """(X, y) of a data set; None where there is neither a file nor pmlb."""
    path = Path(folder) / f"{name}.tsv.gz"
    if path.exists():
        frame = pd.read_csv(path, sep="\t")
        return frame.drop(columns="target").to_numpy(), frame["target"].to_numpy()
    try:
        from pmlb import fetch_data
    except ImportError:
        return None
    return fetch_data(name, return_X_y=True)


def measure(X, y, seed, effort):
    """R² on the test part, and the seconds of the fit."""
    from sknn import TabularRegressor

    X, X_test, y, y_test = train_test_split(X, y, test_size=0.25, random_state=seed)
    if len(X) > MOST_TRAINING_ROWS:
        rows = np.random.default_rng(seed).choice(len(X), MOST_TRAINING_ROWS, replace=False)
        X, y = X[rows], y[rows]
    net = TabularRegressor(effort, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of small folds
        begin = time.perf_counter()
        net.fit(X, y)
        seconds = time.perf_counter() - begin
    return {"r2": net.score(X_test, y_test), "seconds": seconds}


class Runs:
    """Figures of every fit, kept in a file."""

    def __init__(self, path):
        self.path = Path(path)
        self.known = json.loads(self.path.read_text()) if self.path.exists() else {}

    def seeds(self, name, effort):
        """Seeds whose figures there are."""
        return [seed for seed in SEEDS if f"{name}/{seed}/{effort}" in self.known]

    def get(self, name, seed, effort, data):
        key = f"{name}/{seed}/{effort}"
        if key not in self.known:
            self.known[key] = measure(*data, seed, effort)
            self.path.write_text(json.dumps(self.known, indent=0) + "\n", encoding="utf-8")
        return self.known[key]


def mean_ranks(rows):
    """method -> its mean rank over the data sets where it has a result."""
    ranks = {}
    for row in rows:
        for method, rank in row["ranks"].items():
            ranks.setdefault(method, []).append(rank)
    means = {method: float(np.mean(found)) for method, found in ranks.items()}
    return dict(sorted(means.items(), key=lambda item: item[1]))


def collect(options, scores):
    """One row for each data set."""
    runs, rows = Runs(options.cache), []
    seeds = SEEDS[: 1 if options.quick else options.seeds]
    for name in sorted(scores):
        data = load(options.folder, name)
        if data is None or len(data[1]) > (options.most_rows or np.inf):
            continue
        if options.known:
            seeds = runs.seeds(name, options.effort)
            if not seeds:
                continue
        found = [runs.get(name, seed, options.effort, data) for seed in seeds]
        row = {
            "data": name,
            "rows": len(data[1]),
            "features": data[0].shape[1],
            "seeds": len(seeds),
            "r2": float(np.median([one["r2"] for one in found])),
            "seconds": float(np.median([one["seconds"] for one in found])),
        }
        r2 = {**scores[name], "sknn": row["r2"]}
        row["ranks"] = dict(zip(r2, rankdata([-s for s in r2.values()]).tolist(), strict=True))
        rows.append(row)
        better = sum(score > row["r2"] for score in scores[name].values())
        print(f"{name:40} {row['r2']:8.4f} {row['seconds']:7.2f} s, {better} ahead", flush=True)
        if options.quick and len(rows) == 3:
            break
    return rows


def main():
    options = parse_arguments(__doc__, more=OPTIONS)
    if options.folder is None:
        raise SystemExit("name the folder of published.csv: --folder PATH, or SKNN_SRBENCH")
    scores, seconds = published(options.folder)
    rows = collect(options, scores)
    if not rows:
        raise SystemExit("no data set: --known needs a --cache that has figures")
    ranks = mean_ranks(rows)
    own = float(np.median([row["seconds"] for row in rows]))
    print(
        f"\n{len(rows)} data sets, {min(r['seeds'] for r in rows)} to {max(r['seeds'] for r in rows)} seeds"
    )
    table = [
        [method, f"{rank:.2f}", f"{seconds.get(method, own):.1f} s"]
        for method, rank in ranks.items()
    ]
    print_table(["method", "mean rank", "median training"], table)
    goals = Goals()
    goals.at_most("mean rank", ranks["sknn"], 3.8, "")
    others = min(rank for method, rank in ranks.items() if method != "sknn")
    goals.at_most("mean rank, against the best other", ranks["sknn"], others, "")
    goals.at_most("median fit", own, 5, "s")
    finish(options, __file__, goals, rows)


if __name__ == "__main__":
    main()
