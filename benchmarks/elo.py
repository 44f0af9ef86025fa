"""A leaderboard of the tables' models: Elo, mean rank, wins and improvability, as TabArena computes them.

It reads results/tables_errors.json, which ``tables.py --errors --json`` keeps, and leaves the arithmetic to ``bencheval``
(``pip install --pre bencheval``), TabArena's own package. The errors are TabArena's: 1 − AUC for two classes, log-loss for more,
RMSE (here / standard deviation), each the mean of the splits; models without all of these figures are left out. Elo
has its mean at 1,000; 400 points more mean ten wins for each defeat. Improvability is how far below a model's error
the best one's is, in the mean over the data sets.
"""

import json

import numpy as np
import pandas as pd
from _common import RESULTS, Goals, finish, parse_arguments, print_table
from bencheval.evaluator import BenchmarkEvaluator


def error_of(row):
    """TabArena's error of a model on a data set, mean of the splits; nan where it is not known."""
    if row["kind"] == "numbers":
        return np.mean(row["error"])
    of_two_classes = row.get("auc", [None])[0] is not None
    found = [1 - auc for auc in row["auc"]] if of_two_classes else row.get("log_loss", [None])
    return np.mean(np.array(found, float))


def lines_of(rows):
    """One line for each data set of each model that has all figures, as bencheval takes them."""
    lines = pd.DataFrame(
        [
            # times are no part of the record: bencheval asks for some
            {
                "method": row["model"],
                "task": row["data"],
                "metric_error": error_of(row),
                "time_train_s": 1.0,
                "time_infer_s": 1.0,
            }
            for row in rows
        ]
    )
    return lines.groupby("method").filter(lambda own: own["metric_error"].notna().all())


def main():
    options = parse_arguments(__doc__)
    record = json.loads((RESULTS / "tables_errors.json").read_text(encoding="utf-8"))
    lines = lines_of(record["rows"])
    board = BenchmarkEvaluator().leaderboard(lines).sort_values("elo", ascending=False)
    kept = ["elo", "elo+", "elo-", "rank", "winrate", "improvability"]
    print(f"{lines['task'].nunique()} data sets")
    table = [[method, *(f"{v:.3g}" for v in row)] for method, *row in board[kept].itertuples()]
    print_table(["model", *kept], table)
    goals = Goals()
    lead = board["elo"].get("sknn", float("nan")) - board["elo"].get("catboost", float("nan"))
    goals.at_least("Elo above CatBoost's", float(lead), 100, "")
    rows = [{"model": model, **row} for model, row in board[kept].to_dict("index").items()]
    finish(options, __file__, goals, rows)


if __name__ == "__main__":
    main()
