"""A leaderboard of the tables' models as TabArena makes it: Elo, mean rank, wins and improvability.

It reads results/tables_errors.json, which ``tables.py --errors --json`` keeps, and leaves the arithmetic to
``bencheval`` (``pip install --pre bencheval``), TabArena's own package. The metrics are TabArena's: 1 − AUC of two
classes, log-loss of more, RMSE of numbers. Elo has its mean at 1,000; 400 points more mean ten wins for each defeat.
Improvability is how far below a model's error the best one's is, in the mean over the data sets.
"""

import json

import numpy as np
import pandas as pd
from _common import RESULTS, Goals, finish, parse_arguments, print_table
from bencheval.evaluator import BenchmarkEvaluator


def metric_errors(record):
    """One line for each model, data set and split: what TabArena would call the error of each."""
    lines = []
    for row in record["rows"]:
        if row["kind"] == "numbers":
            errors = row["error"]
        elif np.isfinite(np.array(row["auc"], float)).all():
            errors = [1 - auc for auc in row["auc"]]
        else:
            errors = row["log_loss"]
        for split, error in enumerate(errors):
            line = {"method": row["model"], "task": row["data"], "seed": split}
            lines.append(line | {"metric_error": error})
    return pd.DataFrame(lines)


def complete(lines):
    """Without the models that lack a data set or a split."""
    counts = lines.groupby("method").size()
    return lines[lines["method"].isin(counts.index[counts == counts.max()])]


def main():
    options = parse_arguments(__doc__)
    record = json.loads((RESULTS / "tables_errors.json").read_text(encoding="utf-8"))
    lines = complete(metric_errors(record))
    # bencheval wants times, which this record does not have; nothing that is kept depends on them
    lines = lines.assign(time_train_s=1.0, time_infer_s=1.0)
    board = BenchmarkEvaluator(seed_column="seed").leaderboard(lines)
    board = board.sort_values("elo", ascending=False)
    kept = ["elo", "elo+", "elo-", "rank", "winrate", "improvability"]
    print(f"{lines['task'].nunique()} data sets, {lines['seed'].nunique()} splits of each")
    table = [[method, *(f"{v:.3g}" for v in row)] for method, *row in board[kept].itertuples()]
    print_table(["model", *kept], table)
    goals = Goals()
    if {"sknn", "catboost"} <= set(board.index):
        lead = board.loc["sknn", "elo"] - board.loc["catboost", "elo"]
        goals.at_least("Elo above CatBoost's", float(lead), 100, "")
    rows = [{"model": model, **row} for model, row in board[kept].to_dict("index").items()]
    finish(options, __file__, goals, rows, {"bencheval": "0.1.0"})


if __name__ == "__main__":
    main()
