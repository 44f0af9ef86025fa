"""Extra trees beside the networks: scikit-learn's mean of both, compared with the networks alone.

``VotingClassifier`` (of probabilities) or ``VotingRegressor`` of sknn's tabular estimator and of 300 extra trees
with at least 2 samples in a leaf. Data sets, splits and cache are those of ``tables.py``: a minus says that the
trees help. Trees are no members of sknn's own ensembles: no default in sknn contains one.
"""

import os

from _common import RESULTS, Goals, finish, parse_arguments, print_table
from _tables import SETS
from tables import QUICK_SETS, Runs
from tables_ablation import cells, compare, figures

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
        networks, both = (figures(runs, sets, splits, row) for row in ("sknn", "sknn and trees"))
        rows.append(compare(kind, "with extra trees", both, networks))
        print(f"\n{kind}: {len(sets)} sets, {splits} splits")
        print_table(HEAD, [cells(rows[-1])])
    finish(options, __file__, Goals(), rows)


if __name__ == "__main__":
    main()
