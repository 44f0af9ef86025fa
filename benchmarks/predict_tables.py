"""Prediction with a default TabularClassifier: one row of an array in 150 µs, of a data frame in 1 ms.

`predict_proba` with default parameters of each model, fitted on breast cancer (30 numerical features): one row as an
array and as a data frame with names, and many rows in one thread. LightGBM is timed where it is installed.
"""

import warnings

from _common import Goals, finish, interleave, parse_arguments, print_table, summarise, timed
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from threadpoolctl import threadpool_limits

from sknn import TabularClassifier

N_ROWS = 10_000


def models():
    """name -> unfitted model, of one thread."""
    found = {
        "sknn": TabularClassifier(random_state=0, n_threads=1),
        "sknn fast": TabularClassifier("fast", random_state=0, n_threads=1),
        "forest": RandomForestClassifier(random_state=0),
        "boosting": HistGradientBoostingClassifier(random_state=0),
    }
    try:
        import lightgbm
    except ImportError:
        print("absent: lightgbm")
        return found, {}
    found["lightgbm"] = lightgbm.LGBMClassifier(random_state=0, n_jobs=1, verbose=-1)
    return found, {"lightgbm": lightgbm.__version__}


def contender(model, X, calls):
    """A contender that asks a model some times."""

    def loop():
        with threadpool_limits(1):
            for _ in range(calls):
                model.predict_proba(X)

    return timed(loop)


def main():
    """Time one row and many."""
    options = parse_arguments(__doc__)
    warnings.simplefilter("ignore")
    frame, y = load_breast_cancer(return_X_y=True, as_frame=True)
    array = frame.to_numpy()
    calls, rounds = (5, 2) if options.quick else (100, 9)
    contenders, per = {}, {}
    found, versions = models()
    for name, model in found.items():
        # a model knows names or it does not: one fitted model for each
        for form, X in (("array", array), ("frame", frame)):
            fitted = type(model)(**model.get_params()).fit(X, y)
            contenders[name, f"one row, {form}"] = contender(fitted, X[:1], calls)
            per[name, f"one row, {form}"] = calls
            if form == "array":
                many = array[[i % len(array) for i in range(N_ROWS)]]
                contenders[name, f"{N_ROWS:,} rows"] = contender(fitted, many, 1)
                per[name, f"{N_ROWS:,} rows"] = 1
    interleave(contenders, 1)  # warms up
    figures = summarise(interleave(contenders, rounds), per=per)
    rows = [{"contender": name, "what": what, **one} for (name, what), one in figures.items()]
    print_table(
        ["contender", "", "µs", "spread"],
        [
            [row["contender"], row["what"], f"{row['seconds'] * 1e6:.0f}", f"{row['spread']:.0%}"]
            for row in rows
        ],
    )
    seconds = {key: one["seconds"] for key, one in figures.items()}
    goals = Goals()
    goals.at_most("sknn, one row of an array", seconds["sknn", "one row, array"] * 1e6, 150, "µs")
    goals.at_most("sknn, one row of a frame", seconds["sknn", "one row, frame"] * 1e3, 1, "ms")
    per_second = N_ROWS / seconds["sknn", f"{N_ROWS:,} rows"]
    goals.at_least("sknn, rows per second of one thread", per_second, 100_000, "")
    finish(options, __file__, goals, rows, versions)


if __name__ == "__main__":
    main()
