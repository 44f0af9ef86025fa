"""Monotonic constraints: what they cost, and what they forbid.

The price of a diamond never falls with its weight. Each data set has features of which one would ask that;
sknn and HistGradientBoosting are fitted with ``monotonic_cst`` and without, on the sets and splits of ``tables.py``.
The error is 1 - accuracy, or RMSE / standard deviation. "wrong" is the fraction of steps along these features
that go the wrong way by more than a millionth of the range of the outputs: 200 test samples, 50 values each.
"""

import time

import numpy as np
import pandas as pd
from _common import Goals, finish, parse_arguments, print_table
from _tables import SETS, boosting, split, tabular
from sklearn.metrics import log_loss

OPTIONS = [("--splits", {"type": int, "default": 3}), ("--effort", {"default": "balanced"})]
CONSTRAINTS = {
    "adult": {"education-num": 1, "capital-gain": 1},
    "telco_churn": {"tenure": -1},
    "credit_g": {"duration": -1, "credit_amount": -1},
    "titanic": {"pclass": -1, "fare": 1},
    "california_housing": {"median_income": 1},
    "concrete": {"cement": 1, "age": 1},
    "diamonds": {"carat": 1},
}
QUICK = ("titanic", "concrete")
N_SAMPLES, N_VALUES = 200, 50


def models(is_regression, seed, effort, constraints):
    """name -> estimator"""
    found = {}
    for name, make in (("sknn", tabular), ("boosting", boosting)):
        for suffix, given in (("", None), (", constrained", constraints)):
            net = make(is_regression, None, seed).set_params(monotonic_cst=given)
            found[name + suffix] = net.set_params(effort=effort) if name == "sknn" else net
    return found


def outputs(net, X):
    return net.predict_proba(X)[:, 1] if hasattr(net, "classes_") else net.predict(X)


def wrong_steps(net, X, constraints):
    """Fraction of the steps along constrained features that go the wrong way."""
    some, wrong = X.sample(min(N_SAMPLES, len(X)), random_state=0), []
    for name, sign in constraints.items():
        values = np.quantile(X[name].dropna(), np.linspace(0, 1, N_VALUES))
        grid = pd.concat([some.assign(**{name: value}) for value in values], ignore_index=True)
        along = outputs(net, grid).reshape(N_VALUES, len(some))
        wrong.append(sign * np.diff(along, axis=0) < -1e-6 * np.ptp(along))
    return float(np.mean(wrong))


def measure(net, parts, constraints):
    """(error, log-loss or NaN, wrong steps, processor seconds of the fit)."""
    X, X_test, y, y_test = parts
    begin = time.process_time()
    net.fit(X, y)
    seconds = time.process_time() - begin
    if hasattr(net, "classes_"):
        error, loss = 1 - net.score(X_test, y_test), log_loss(y_test, net.predict_proba(X_test))
    else:
        error = np.sqrt(np.mean((net.predict(X_test) - y_test) ** 2)) / y_test.std()
        loss = np.nan
    return float(error), float(loss), wrong_steps(net, X_test, constraints), seconds


def row_of(data, name, figures):
    """The means over the splits."""
    error, loss, wrong, seconds = np.mean(figures, axis=0)
    errors = [one[0] for one in figures]
    loss = None if np.isnan(loss) else loss
    means = {"error": error, "log_loss": loss, "wrong": wrong, "fit_cpu": seconds}
    return {"data": data, "model": name, "errors": errors, **means}


def main():
    """Compare on all sets."""
    options = parse_arguments(__doc__, more=OPTIONS)
    wanted, splits = (QUICK, 1) if options.quick else (CONSTRAINTS, options.splits)
    rows, goals = [], Goals()
    for data in wanted:
        constraints, found = CONSTRAINTS[data], {}
        for number in range(splits):
            parts = split(data, number)
            for name, net in models(SETS[data][2], number, options.effort, constraints).items():
                found.setdefault(name, []).append(measure(net, parts, constraints))
        rows += [row_of(data, name, figures) for name, figures in found.items()]
        print(f"\n{data}: {constraints}, {splits} splits")
        print_table(
            ["", "error", "log-loss", "wrong", "fit"],
            [
                [row["model"], f"{row['error']:.4f}"]
                + ["" if row["log_loss"] is None else f"{row['log_loss']:.4f}"]
                + [f"{row['wrong']:.1%}", f"{row['fit_cpu']:.1f} s"]
                for row in rows[-len(found) :]
            ],
        )
        wrong = max(row["wrong"] for row in rows if row["model"] == "sknn, constrained")
        goals.at_most(f"{data}: steps the wrong way, constrained", 100 * wrong, 0, "%")
    finish(options, __file__, goals, rows)


if __name__ == "__main__":
    main()
