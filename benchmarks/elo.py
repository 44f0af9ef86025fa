"""A leaderboard of the tables' models: Elo, mean rank, wins and improvability, as TabArena computes them.

It reads results/tables.json, which ``tables.py --json`` keeps, and leaves the arithmetic to ``bencheval``
(``pip install --pre bencheval``), TabArena's own package. The errors are those of the tables: 1 − accuracy, and RMSE /
standard deviation, each the mean of the splits. (TabArena itself has 1 − AUC and log-loss for classes.) Elo has its
mean at 1,000; 400 points more mean ten wins for each defeat. Improvability is how far below a model's error the best
one's is, in the mean over the data sets.
"""

import json

import pandas as pd
from _common import RESULTS, Goals, finish, parse_arguments, print_table
from bencheval.evaluator import BenchmarkEvaluator


def lines_of(record):
    """One line for each model and data set, as bencheval takes them."""
    return pd.DataFrame(
        [
            {
                "method": row["model"],
                "task": data,
                "metric_error": error,
                "time_train_s": row["fit s"],
                "time_infer_s": row["predict s"],
            }
            for row in record["rows"]
            for data, error in row["errors"].items()
        ]
    )


def main():
    options = parse_arguments(__doc__)
    record = json.loads((RESULTS / "tables.json").read_text(encoding="utf-8"))
    lines = lines_of(record)
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
