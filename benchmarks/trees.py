"""Extra trees beside the networks: a mean of both, compared with the networks alone.

"equal" is scikit-learn's ``VotingClassifier`` (of probabilities) or ``VotingRegressor`` of sknn's tabular estimator and
of 300 extra trees with at least 2 samples in a leaf; "weighted" has the weight with the least loss of ``oof_predictions_``
of the networks and out-of-bag predictions of the trees, which then have bootstrap samples. Data sets, splits and cache are those of ``tables.py``: a minus says that the
trees help. Trees are no members of sknn's own ensembles: no default in sknn contains one.
"""

import os

from _common import RESULTS, Goals, finish, parse_arguments, print_table
from _tables import SETS
from tables import QUICK_SETS, Runs
from tables_ablation import cells, compare, figures

MEANS = {"equal": "sknn and trees", "weighted": "sknn and weighted trees"}
HEAD = ["", "error", "±", "higher on", "lower on", "log-loss", "fit"]
OPTIONS = [
    ("--cache", {"default": str(RESULTS / "tables_runs.json"), "metavar": "FILE"}),
    ("--splits", {"type": int, "default": 3}),
]


def main():
    """Compare on all sets."""
    options = parse_arguments(__doc__, more=OPTIONS)
    splits = 1 if options.quick else options.splits
    wanted = QUICK_SETS if options.quick else SETS
    runs, rows = Runs(options.cache, os.environ.get("SKNN_RIVALS_PYTHON"), again=False), []
    for kind, is_regression in (("classes", False), ("numbers", True)):
        sets = [data for data in wanted if SETS[data][2] == is_regression]
        networks = figures(runs, sets, splits, "sknn")
        for mean, row in MEANS.items():
            rows.append(compare(kind, mean, figures(runs, sets, splits, row), networks))
        print(f"\n{kind}: {len(sets)} sets, {splits} splits")
        print_table(HEAD, [cells(row) for row in rows[-len(MEANS) :]])
    finish(options, __file__, Goals(), rows)


if __name__ == "__main__":
    main()
