"""How many times as fast as its peers sknn is, from the records of the speed benchmarks."""

import math

from _records import load

PEERS = ("sklearn", "torch")
ONE_SAMPLE = "MLP, one sample"
PREDICTING = "MLP 784-100-10"  # the network of predict.py


def best(rows, prefix, threads):
    """Return the seconds of a contender's best variant with up to that many threads."""
    return min(
        (
            row["seconds"]
            for row in rows
            if row["contender"].startswith(prefix) and row["threads"] <= threads
        ),
        default=math.nan,
    )


def ratios():
    """``{what: {row: {peer: ratios of all settings}}}``; above 1 where sknn is faster, a peer that is absent left out."""
    fits = {
        row["data"]: {
            "sklearn": [
                row["contenders"]["sklearn"]["seconds"] / row["contenders"]["sknn"]["seconds"]
            ]
        }
        for row in load("fit")["rows"]
    }
    return {
        "training": _training("train", "MLP ") | _training("images_train"),
        "fit": fits,
        "predict": _prediction(load("predict")["rows"], load("images_predict")["rows"]),
    }


def _training(record, prefix=""):
    found = {}
    for row in load(record)["rows"]:
        for peer in PEERS:
            if row.get(f"times {peer}"):  # neither absent nor null
                of_net = found.setdefault(prefix + row["net"], {})
                of_net.setdefault(peer, []).append(row[f"times {peer}"])
    return found


def _prediction(mlp, images):
    one = {row["contender"]: row["seconds"] for row in mlp if row["what"] == "one row"}
    many = [row | {"net": PREDICTING} for row in mlp if "threads" in row]
    many += [row for row in images if row["rows"] > 1]
    found = {ONE_SAMPLE: {"sklearn": [one["sklearn"] / one["sknn"]]}}
    for net in dict.fromkeys(row["net"] for row in many):
        own = [row for row in many if row["net"] == net]
        for peer in PEERS:
            times = [
                best(own, peer, row["threads"]) / row["seconds"]
                for row in own
                if row["contender"] == "sknn"
            ]
            if not any(map(math.isnan, times)):
                found.setdefault(net, {})[peer] = times
    return found
