"""Memory: a fit of a TabularClassifier on 1,000,000 x 20 numbers needs at most 1 GB beside the data.

Default parameters but for ``max_iter=1``: encoded samples take the memory, and how long members train does not
matter. The fit runs in a process of its own that is watched as in memory.py. The claim is about the fit's own memory:
the highest *RssAnon* (with RssShmem) during the fit less what there was before it, the data among it.
"""

import sys
from pathlib import Path

import numpy as np
from _common import finish, parse_arguments
from memory import fit_when_told, judged, watch_on

N_FEATURES = 20


def write_table(folder, n):
    """Write X.npy and y.npy, two classes that interactions and curves tell apart; returns X's size in bytes."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, N_FEATURES))
    z = X[:, 0] * X[:, 1] + np.sin(3 * X[:, 2]) + np.abs(X[:, 3]) + 0.3 * X[:, 4:8].sum(axis=1)
    np.save(folder / "X.npy", X)
    np.save(folder / "y.npy", z + 0.5 * rng.standard_normal(n) > 0.8)
    return X.nbytes


def child(folder):
    """Load the table and fit."""
    from sknn import TabularClassifier

    X, y = (np.load(Path(folder) / name) for name in ("X.npy", "y.npy"))
    fit_when_told(TabularClassifier(max_iter=1, random_state=0), X, y)


def main():
    """Write the table, watch a fit on it."""
    options = parse_arguments(__doc__)
    n = 20_000 if options.quick else 1_000_000
    data, before, peak, seconds = watch_on(__file__, write_table, n)
    rows = [
        {"what": "data", "MB": data},
        {"what": "before the fit", "MB": before["RssAnon"]},
        {"what": "during the fit, peak", "MB": peak["RssAnon"] + peak["RssShmem"]},
    ]
    rows.append({"what": "of which the fit's own", "MB": rows[2]["MB"] - rows[1]["MB"]})
    finish(options, __file__, judged(rows, seconds, "peak of the fit alone", 3, 1000), rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2])
    else:
        main()
