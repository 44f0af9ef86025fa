"""Tables and figures of the documentation, from the records that the benchmarks keep (``benchmarks/results``).

A record has the words of its benchmark; the pages have those of the field.
"""

import json
import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import rankdata

import sknn

WORDS = {
    # models
    "forest": "random forest",
    "sknn": "`TabularClassifier`, `TabularRegressor`",
    "sknn fast": '``effort="fast"``',
    "sknn best": '``effort="best"``',
    "boosting": "HistGradient\N{ZERO WIDTH SPACE}Boosting",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
    "realmlp": "RealMLP-TD (pytabkit)",
    "tabm": "TabM-D (pytabkit)",
    # parts of the tabular estimators
    "steps at thresholds": "threshold features",
    "NTK parametrisation": "NTK parametrization",
    "data-driven initialisation": "data-driven initialization",
    "waves of the learning rate (a cosine)": "learning-rate cycles (a single cosine)",
    "fading of both": "regularization annealing",
    "best epoch (the last)": "best epoch (last epoch)",
    "temperature": "temperature scaling",
    "folds (seeds)": "cross-validation folds (one validation set)",
    "members (one)": "ensemble (a single network)",
    "no refit (refit)": "no refit (refit)",
}
MODELS = ("sknn", "sknn fast", "catboost", "lightgbm", "xgboost", "boosting", "realmlp", "forest")
#: a record says classes and numbers
KINDS = {"classes": "classification", "numbers": "regression"}
#: models of the record of constraints
MONOTONIC = ("sknn", "sknn, constrained", "boosting", "boosting, constrained")
LEVELS = {"avx512": "AVX-512", "avx2": "AVX2", "baseline": "baseline"}

# Okabe and Ito's palette; the marker says it a second time.
STYLES = {
    "random forest": ("#009E73", "^"),
    "sknn MLP": ("#D55E00", "o"),
    "sknn CNN": ("#0072B2", "s"),
    "sknn tabular": ("#CC79A7", "D"),
}
ESTIMATORS = {
    "sknn MLP": "`MLPClassifier`, `MLPRegressor`",
    "sknn CNN": "`CNNClassifier`",
    "sknn tabular": "`TabularClassifier`, `TabularRegressor`",
}
FOREST = "random forest"
#: a learning curve is shown so far below the best score; a model that guesses would press the others
DEPTH = 0.4


@dataclass
class Table:
    """A table of the documentation."""

    caption: str
    head: list
    rows: list


def load(root, name):
    """A benchmark's record."""
    return json.loads((root / "benchmarks" / "results" / f"{name}.json").read_text("utf-8"))


def machine(record, command):
    """Where, when and with what something was measured, for a caption."""
    e = record["environment"]
    packages = ("sknn", "scikit-learn", "numpy", "python")
    versions = ", ".join(f"{name} {e['versions'][name]}" for name in packages)
    rows = [row if "instruction_set" in row else e for row in record["rows"]]
    levels = " and ".join(
        LEVELS[level] for level in sorted({row["instruction_set"] for row in rows})
    )
    dates = " and ".join(sorted({row["date"] for row in rows}))
    return (
        f"Measured on {dates} on {e['cpus']} cores of an {e['cpu']}, {levels}, with {versions} "
        f"by ``{command}``."
    )


def percent(value, digits=1):
    """A change, with a sign."""
    return f"{100 * value:+.{digits}f}\N{NO-BREAK SPACE}%".replace("-", "−")


def of_kind(record, kind):
    """Rows of a record about classification or regression."""
    return [row for row in record["rows"] if KINDS.get(row["kind"], row["kind"]) == kind]


def tabular(kind):
    """Errors, ranks and times of the tabular estimators and others with default settings."""

    def table(root):
        record = load(root, "tables")
        models = {row["model"]: row for row in of_kind(record, kind)}
        head = ["model", "error", "ahead of the forest", "rank"]
        head += ["log-loss", "AUC"] if kind == "classification" else []
        head += ["fit, processor time", "fit, two cores", "slowest fit"]
        ranks = mean_ranks({name: models[name]["errors"] for name in MODELS if name in models})
        rows = []
        for name in ranks:
            m = models[name]
            ahead = (
                ""
                if name == "forest"
                else f"{round(m['wins'] * m['sets'])}\N{NO-BREAK SPACE}of\N{NO-BREAK SPACE}{m['sets']}"
            )
            error = "0\N{NO-BREAK SPACE}%" if name == "forest" else percent(m["to forest"])
            row = [WORDS[name], error, ahead, f"{ranks[name]:.1f}"]
            if kind == "classification":
                row += [f"{m['log-loss']:.3f}", f"{m['auc']:.4f}"]
            times = (m["fit cpu s"], m["fit s"], m["slowest fit"])
            rows.append([*row, *(f"{seconds:.1f}\N{NO-BREAK SPACE}s" for seconds in times)])
        n = models["sknn"]
        caption = (
            f"{n['sets']} {kind} data sets, at most 10,000 rows of each, {n['splits']} random splits; every "
            f"model with its defaults. {machine(record, 'benchmarks/tables.py --json')}"
        )
        return Table(caption, head, rows)

    return table


def mean_ranks(errors):
    """model -> mean rank of its error among those of all models, over the data sets."""
    table = np.array([list(of_sets.values()) for of_sets in errors.values()])
    return dict(zip(errors, rankdata(table, axis=0).mean(axis=1), strict=True))


def tabular_errors(kind):
    """The error on each data set."""

    def table(root):
        record = load(root, "tables")
        models = {row["model"]: row["errors"] for row in of_kind(record, kind)}
        names = [name for name in MODELS if name in models]
        rows = []
        for data in models["sknn"]:
            errors = [models[name][data] for name in names]
            best = min(errors)
            shown = [f"**{e:.3f}**" if e == best else f"{e:.3f}" for e in errors]
            rows.append([data.replace("_", " "), *shown])
        what = "1 − accuracy" if kind == "classification" else "RMSE / standard deviation"
        heads = [
            "`Tabular*`" if name == "sknn" else WORDS[name].partition(" (")[0] for name in names
        ]
        caption = f"Error on each {kind} data set, {what}, mean of the splits; the lowest is bold."
        return Table(caption, ["data", *heads], rows)

    return table


def ablation(kind):
    """What each part of the tabular estimators is worth."""

    def table(root):
        record = load(root, "tables_ablation")
        lines = of_kind(record, kind)
        head = ["without", "error", "±", "higher on", "lower on", "log-loss", "fit"]
        rows = []
        for line in lines:
            loss = line["log_loss"]
            cells = [WORDS.get(line["piece"], line["piece"]), percent(line["error"])]
            cells += [
                f"{100 * line['deviation']:.1f}\N{NO-BREAK SPACE}%",
                line["helps"],
                line["harms"],
            ]
            cells += ["" if loss is None else f"{loss:+.4f}".replace("-", "−")]
            rows.append([*cells, f"{line['fit_cpu']:.2g}×"])
        if kind == "regression":
            head.pop(5)
            for row in rows:
                row.pop(5)
        splits = {1: "the first split"}.get(lines[0]["splits"], f"{lines[0]['splits']} splits")
        command = f"benchmarks/tables_ablation.py --splits {lines[0]['splits']} --json"
        caption = f"{lines[0]['sets']} {kind} data sets, {splits}. {machine(record, command)}"
        return Table(caption, head, rows)

    return table


def trees(root):
    """What extra trees beside the networks change."""
    record = load(root, "trees")
    rows = []
    for line in record["rows"]:
        loss = line["log_loss"]
        deviation = f"±\N{NO-BREAK SPACE}{100 * line['deviation']:.1f}\N{NO-BREAK SPACE}%"
        cells = [KINDS[line["kind"]], line["piece"], f"{percent(line['error'])} {deviation}"]
        cells += [f"{line['harms']} of {line['sets']}"]
        rows.append([*cells, "" if loss is None else f"{loss:+.4f}".replace("-", "−")])
    command = f"benchmarks/trees.py --splits {record['rows'][0]['splits']} --json"
    caption = (
        "The mean of networks and trees, compared with the networks alone: change of the error, mean over the data sets. "
        f"{machine(record, command)}"
    )
    return Table(caption, ["task", "weights", "error", "lower on", "log-loss"], rows)


def distributed(root):
    """One network trained by many workers: accuracy beside one process, and what travels."""
    record = load(root, "dask_workers")
    rows = []
    for row in record["rows"]:
        if "workers" not in row:  # the projection
            continue
        points = f"{row['accuracy'] - row['one_process']:+.2f}".replace("-", "−")
        cells = [row["data"], row["workers"], f"{row['accuracy']:.2f}\N{NO-BREAK SPACE}%", points]
        rows.append([*map(str, cells), f"{row['bytes_per_round'] / 1e6:.1f}\N{NO-BREAK SPACE}MB"])
    n = record["rows"][0]["seeds"]
    caption = (
        f"An MLP of 64 units, as many epochs as in one process: test accuracy, mean of {n} seeds; points are those of "
        f"percent. {machine(record, f'benchmarks/dask_workers.py --seeds {n} --json')}"
    )
    return Table(
        caption, ["data", "workers", "accuracy", "to one process", "sent in a round"], rows
    )


def uncut(root):
    """Large tabular data sets with all of their rows; none where that was not measured."""
    if not (root / "benchmarks" / "results" / "tables_uncut.json").exists():
        return None
    record = load(root, "tables_uncut")
    rows = []
    for row in record["rows"]:
        if row["model"] not in {"sknn", "boosting"}:
            continue
        errors, seconds = row["error"], row["fit_cpu"]
        rows.append(
            [
                row["data"].replace("_", " "),
                f"{row['train_rows']:,}",
                KINDS.get(row["kind"], row["kind"]),
                "`Tabular*`" if row["model"] == "sknn" else WORDS["boosting"],
                f"{sum(errors) / len(errors):.4f}",
                f"{sorted(seconds)[len(seconds) // 2]:.1f}\N{NO-BREAK SPACE}s",
            ]
        )
    rows.sort(key=lambda cells: (cells[2], cells[0], cells[3]))
    splits = len(record["rows"][0]["error"])
    caption = (
        f"Tabular data sets of more than 10,000 rows with all of them, mean of {splits} splits. "
        f"{machine(record, 'benchmarks/tables.py --all-rows --json')}"
    )
    return Table(
        caption,
        ["data", "training rows", "task", "model", "error", "median fit, processor time"],
        rows,
    )


def elo(root):
    """TabArena's leaderboard of the models with default settings."""
    record = load(root, "elo")
    rows = [
        [
            WORDS.get(row["model"], row["model"]),
            f"{row['elo']:.0f} (+{row['elo+']:.0f}, −{row['elo-']:.0f})",
            f"{row['rank']:.1f}",
            f"{100 * row['winrate']:.0f}\N{NO-BREAK SPACE}%",
            f"{100 * row['improvability']:.1f}\N{NO-BREAK SPACE}%",
        ]
        for row in record["rows"]
    ]
    caption = (
        "The errors of both tables as a leaderboard, by TabArena's arithmetic. Elo has the mean 1,000; 400 points more are ten wins for each defeat. *Improvability* is how far "
        f"below a model's error the best one's is. {machine(record, 'benchmarks/elo.py --json')}"
    )
    return Table(caption, ["model", "Elo", "rank", "wins", "improvability"], rows)


def srbench(root):
    """Mean ranks among SRBench's published results."""
    record = load(root, "srbench")
    sets = record["rows"]
    ranks = {}
    for row in sets:
        for name, rank in row["ranks"].items():
            ranks.setdefault(name, []).append(rank)
    means = sorted((float(np.mean(found)), name) for name, found in ranks.items())
    rows = [
        [WORDS.get(name, name).replace("`TabularClassifier`, ", ""), f"{rank:.2f}"]
        for rank, name in means
    ]
    seeds = ", ".join(
        f"{n} seed{'s' * (n > 1)} on {count}"
        for n, count in sorted(Counter(row["seeds"] for row in sets).items(), reverse=True)
    )
    caption = (
        f"Mean rank of the median :math:`R^2` on {len(sets)} data sets of SRBench ({seeds}). The other methods were tuned "
        f"on each data set by their authors. {machine(record, 'benchmarks/srbench.py --json')}"
    )
    return Table(caption, ["method", "mean rank"], rows)


def categories(root):
    """Target statistics beside embeddings, on a feature of thousands of categories."""
    record = load(root, "categories")
    rows = [
        [
            row["model"].replace("boosting", WORDS["boosting"]),
            row["figure"],
            f"{np.mean(row['error']):.4f}",
            f"{row['fit_cpu']:.1f}\N{NO-BREAK SPACE}s",
        ]
        for row in record["rows"]
    ]
    n = record["rows"][0]
    command = f"benchmarks/categories.py --effort {n['effort']} --json"
    caption = (
        f"{n['rows']:,} flights from New York in 2013, a quarter to test, {len(n['error'])} splits: late or not, and the "
        f'delay in minutes. The tail number has 4,043 categories. ``effort="{n["effort"]}"``. '
        f"{machine(record, command)}"
    )
    return Table(caption, ["model", "figure", "mean", "fit, processor time"], rows)


def monotonic(root):
    """Fits with monotonic constraints and without."""
    record, rows = load(root, "monotonic"), []
    by_data = {}
    for row in record["rows"]:
        by_data.setdefault(row["data"], {})[row["model"]] = row
    for data, models in by_data.items():
        cells = [f"{models[name]['error']:.4f}" for name in MONOTONIC]
        rows.append([data, *cells, f"{models['sknn']['wrong']:.1%}"])
    n_splits = len(record["rows"][0]["errors"])
    caption = (
        f"1 − accuracy, or RMSE / standard deviation, mean of {n_splits} splits. *Wrong steps*: how many steps along these features go the wrong "
        f"way in sknn without constraints; with them none does. {machine(record, 'benchmarks/monotonic.py --json')}"
    )
    heads = [name.replace("boosting", WORDS["boosting"]) for name in MONOTONIC]
    return Table(caption, ["data set", *heads, "wrong steps"], rows)


def images(root):
    """Accuracy on whole image data sets."""
    networks, others = load(root, "images_accuracy"), load(root, "images_rivals")
    names = {"default": "`CNNClassifier`, defaults", "sknn MLP": "`MLPClassifier`"}
    names |= {"gradient boosting": "`HistGradientBoostingClassifier`"}
    names |= {name: f"`{name}`" for name in ("LeNet5", "SimpleCNN", "StrongCNN")}
    names["StrongCNN, augmented"] = "`StrongCNN`, augmented"
    names["StrongCNN, mixed precision"] = "`StrongCNN`, augmented, mixed precision, 20 epochs"
    rows = [
        [
            {"mnist": "MNIST", "cifar10": "CIFAR-10"}.get(row["data"], row["data"]),
            names.get(row["model"], row["model"]),
            f"{row['accuracy']:.4f}",
            f"{row['seconds']:,.1f}\N{NO-BREAK SPACE}s",
            len(row["scores"]),
        ]
        for row in sorted(
            [*networks["rows"], *others["rows"]],
            key=lambda row: (row["data"] != "digits", row["data"], -row["accuracy"]),
        )
        if row["data"] in {"digits", "mnist", "cifar10"}
    ]
    head = ["data", "model", "accuracy", "fit", "seeds"]
    command = "benchmarks/images_accuracy.py --json"
    caption = (
        "Test accuracy; digits in stratified folds, MNIST and CIFAR-10 (a copy in JPEG quality 75) with "
        f"their own test sets. {machine(networks, command)}"
    )
    return Table(caption, head, rows)


def latency(root):
    """How long predictions take."""
    record = load(root, "predict")
    names = {"sknn": "`MLPClassifier`", "sklearn": "scikit-learn's MLP"}
    names |= {"torch eager": "PyTorch", "torch compiled": "PyTorch, compiled"}
    rows = []
    for row in record["rows"]:
        n = 1 if row["what"] == "one row" else int(row["what"].split()[0])
        what = "one sample" if n == 1 else f"{n:,} samples"
        micro = 1e6 * row["seconds"] / n
        micro = (
            f"{micro:.0f}\N{NO-BREAK SPACE}µs"
            if micro >= 10
            else f"{micro:.2g}\N{NO-BREAK SPACE}µs"
        )
        rows.append([what, row.get("threads", 1), names[row["contender"]], micro])
    caption = (
        "Time for each sample, 784 features, 100 hidden units, 10 classes; medians of "
        f"{record['rows'][0]['rounds']} rounds. {machine(record, 'benchmarks/predict.py --json')}"
    )
    return Table(caption, ["call with", "threads", "model", "time for a sample"], rows)


def threads(root):
    """What a second thread brings."""
    record = load(root, "threads")
    names = ("one", "two", "two fits", "one, busy", "two, busy")
    rows = []
    for row in record["rows"]:
        speeds = (f"{row['samples_per_second'][name]:,.0f}" for name in names)
        rows.append([f"784-{row['net']}-10, {row['batch']}", *speeds, f"{row['gain']:.2f}"])
    caption = (
        f"Samples per second of a fit with one or two threads, medians of {record['rows'][0]['rounds']} rounds; *gain* is the "
        f"median of two threads against one. {machine(record, 'benchmarks/threads.py --json')}"
    )
    return Table(caption, ["layers, batch", *names, "gain"], rows)


def bfloat16(root):
    """Mixed precision beside float32 and PyTorch."""
    record = load(root, "bfloat16")
    names = {"sknn": "mixed", "sknn float32": "float32"}
    names |= {"torch eager": "PyTorch", "torch compiled": "PyTorch, compiled"}
    names |= {"torch eager bf16": "PyTorch, bfloat16", "torch compiled bf16": "PyTorch, both"}
    rows = []
    for row in record["rows"]:
        found = row["contenders"]
        speeds = [
            f"{found[name]['samples_per_second']:,.0f}" if name in found else "" for name in names
        ]
        rows.append([row["net"], row["threads"], *speeds, f"{row['times float32']:.2f}"])
    caption = (
        f"Samples per second of whole fits with batches of {record['rows'][0]['batch']}, of PyTorch's bare loop; *gain*: of "
        f"mixed precision over float32. {machine(record, 'benchmarks/bfloat16.py --json')}"
    )
    return Table(caption, ["network", "threads", *names.values(), "gain"], rows)


def bfloat16_accuracy(root):
    """What rounding costs."""
    record = load(root, "bfloat16_accuracy")
    rows = []
    for row in record["rows"]:
        errors = [f"{row[key]:.2%}" for key in ("float32", "mixed_bfloat16")]
        points = (f"{100 * row['difference']:+.2f}", f"{100 * row['deviation']:.2f}")
        rows.append(
            [row["data"].replace("_", " "), row["model"], *errors, *points, f"{row['gain']:.2f}"]
        )
    n_seeds = len(record["rows"][0]["errors"]["float32"])
    caption = (
        f"Share of wrong answers on the test set (of a regressor 1 − R²), mean of {n_seeds} seeds; in percentage points, the "
        f"difference, and the standard deviation of float32's errors over the seeds; *gain*: how much faster a fit is. {machine(record, 'benchmarks/bfloat16_accuracy.py --json')}"
    )
    return Table(
        caption, ["data", "network", "float32", "mixed", "difference", "deviation", "gain"], rows
    )


# ---- beside a random forest ---------------------------------------------------------------------------


def forest_command(record):
    """The command that made the record, which has the same number of rows for all large data sets."""
    return f"benchmarks/forest.py --rows {max(row['rows'] for row in record['rows'])} --json"


def by_data(rows):
    """``{data: {model: row}}``"""
    grouped = {}
    for row in rows:
        grouped.setdefault(row["data"], {})[row["model"]] = row
    return grouped


def gap(row, forest):
    """(difference of the scores, the larger standard deviation)."""
    return row["score"] - forest["score"], max(row["deviation"], forest["deviation"])


def forest_summary(root):
    """How often each estimator is ahead of the forest, and by what factors."""
    record = load(root, "forest")
    grouped, rows = by_data(record["rows"]), []
    for model, name in ESTIMATORS.items():
        for kind in ("tabular", "images"):
            both = [
                (models[model], models[FOREST])
                for models in grouped.values()
                if model in models and (models[FOREST]["kind"] == "images") == (kind == "images")
            ]
            if not both:
                continue
            gaps = [gap(*pair) for pair in both]
            ahead = sum(difference > deviation for difference, deviation in gaps)
            behind = sum(-difference > deviation for difference, deviation in gaps)
            factors = [
                math.exp(sum(math.log(b[key] / a[key]) for a, b in both) / len(both))
                for key in ("fit_seconds", "predict_seconds", "bytes")
            ]
            counts = [ahead, len(both) - ahead - behind, behind]
            rows.append([name, kind, *counts, *(f"{factor:.2g}×" for factor in factors)])
    head = ["estimator", "data", "ahead", "level", "behind"]
    head += ["forest's fit time", "forest's prediction time", "forest's size"]
    caption = (
        "Ahead and behind: by more than a standard deviation over the folds. Factors: geometric means of "
        f"the forest's, divided by the network's. {machine(record, forest_command(record))}"
    )
    return Table(caption, head, rows)


def forest_all(root):
    """Every figure."""
    record = load(root, "forest")
    rows = [
        [
            row["data"].replace("_", " "),
            row["rows"],
            ESTIMATORS.get(row["model"], row["model"]).partition(", ")[0],
            f"{row['score']:.3f}",
            f"{row['deviation']:.3f}",
            f"{row['fit_seconds']:.2f}",
            f"{1e6 * row['predict_seconds']:.0f}",
            f"{row['bytes'] / 1000:,.0f}",
            row["lines"],
        ]
        for row in record["rows"]
    ]
    head = ["data", "n", "model", "score", "±", "fit in s", "prediction of a sample in µs"]
    head += ["size in kB", "lines"]
    caption = (
        "Score: accuracy or R², mean and standard deviation of 3 folds; seconds: of the processor, one thread; "
        f"n: rows used. {machine(record, forest_command(record))}"
    )
    return Table(caption, head, rows)


def forest_versus(root):
    """Scores less the forest's, and how many times the forest takes what the network takes."""
    record = load(root, "forest")
    grouped = by_data(record["rows"])

    def best_gap(name):
        models = grouped[name]
        return max(
            row["score"] - models[FOREST]["score"]
            for label, row in models.items()
            if label != FOREST
        )

    order = sorted(grouped, key=best_gap)
    figure = Figure(figsize=(11, 1.6 + 0.27 * len(order)), layout="constrained")
    axes = figure.subplots(1, 4, sharey=True, width_ratios=[1.6, 1, 1, 1])
    for height, name in enumerate(order):
        forest = grouped[name][FOREST]
        for label, row in grouped[name].items():
            if label == FOREST:
                continue
            color, marker = STYLES[label]
            style = {"color": color, "marker": marker, "linestyle": ""}
            difference, deviation = gap(row, forest)
            axes[0].errorbar(
                difference,
                height,
                xerr=deviation,
                capsize=2,
                label=label.removeprefix("sknn "),
                **style,
            )
            for ax, key in zip(axes[1:], ("fit_seconds", "predict_seconds", "bytes"), strict=True):
                ax.plot(forest[key] / row[key], height, **style)
    names = []
    for name in order:
        row = grouped[name][FOREST]
        kind = "images" if row["kind"] == "images" else row["metric"]
        names.append(f"{name.replace('_', ' ')} ({kind})")
    axes[0].set_yticks(range(len(order)), names)
    axes[0].set(xlabel="accuracy or R², less the forest's", title="score: right is better")
    titles = ("fit time", "prediction time", "size of the pickle")
    for ax, title in zip(axes[1:], titles, strict=True):
        ax.set(xscale="log", xlabel="forest / network", title=title)
    for ax in axes:
        ax.axvline(0 if ax is axes[0] else 1, color="0.3", lw=1)
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    handles = dict(zip(*reversed(axes[0].get_legend_handles_labels()), strict=True))
    figure.legend(
        handles.values(), handles, loc="outside lower center", ncols=len(handles), frameon=False
    )
    n = max(row["rows"] for row in record["rows"])
    caption = (
        f"{len(order)} data sets, at most {n} rows of each, defaults on both sides, 3-fold cross-validation, one "
        "thread. Left: the network's score less the forest's, with the larger standard deviation over the folds. "
        "Right of the line in the other panels the network takes less than the forest. "
        + machine(record, forest_command(record))
    )
    return figure, caption


def forest_curves(root):
    """A learning curve for each data set."""
    record = load(root, "forest")
    grouped = by_data(record["rows"])
    n_columns = 5
    n_rows = math.ceil(len(grouped) / n_columns)
    figure = Figure(figsize=(2.6 * n_columns, 2.3 * n_rows + 0.5), layout="constrained")
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    handles = {}
    for ax, (name, models) in zip(axes, grouped.items(), strict=False):
        for label, row in models.items():
            color, marker = STYLES[label]
            (handles[label.removeprefix("sknn ")],) = ax.plot(
                row["train_sizes"], row["curve"], color=color, marker=marker, markersize=5
            )
        sizes = row["train_sizes"]
        ax.set_xscale("log")
        ax.set_xticks(sizes, map(str, sizes), fontsize="small")
        ax.set_xticks([], minor=True)
        ax.tick_params(axis="y", labelsize="small")
        ax.set_title(f"{name.replace('_', ' ')}, {row['metric']}", fontsize="medium")
        values = [value for row in models.values() for value in row["curve"]]
        if min(values) < max(values) - DEPTH:
            ax.set_ylim(max(values) - DEPTH, None)
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes[len(grouped) :]:
        ax.set_axis_off()
    figure.supxlabel("training samples")
    figure.legend(
        handles.values(), handles, loc="outside upper center", ncols=len(handles), frameon=False
    )
    caption = (
        "Mean score of 3 folds with a tenth, three tenths and all of the training samples. "
        + machine(record, forest_command(record))
    )
    return figure, caption


def presets(root):
    """Sizes of the presets, computed."""
    import numpy as np

    from sknn import CNNClassifier
    from sknn.presets import LeNet5, SimpleCNN, StrongCNN

    rows = []
    networks = {
        "`LeNet5() <LeNet5>`": (LeNet5(), (28, 28, 1)),
        "`SimpleCNN() <SimpleCNN>`": (SimpleCNN(), (32, 32, 3)),
        "`StrongCNN(width=0.5) <StrongCNN>`": (StrongCNN(width=0.5), (32, 32, 3)),
        "`StrongCNN() <StrongCNN>`": (StrongCNN(), (32, 32, 3)),
    }
    for name, (layers, shape) in networks.items():
        X, y = np.zeros((10, *shape), np.float32), range(10)
        summary = str(CNNClassifier(layers=layers).initialize(X, y).summary())
        parameters, flops = summary.splitlines()[-1].split()[-2:]
        flops = int(flops.replace(",", "")) / 1e6
        rows.append(
            [name, " × ".join(map(str, shape)), parameters, f"{flops:.2g}\N{NO-BREAK SPACE}million"]
        )
    caption = "With ten classes; FLOPs of the forward pass of one image."
    return Table(caption, ["preset", "image", "parameters", "FLOPs"], rows)


def kinds(root):
    """The kinds of members of the default effort, from the code."""
    head = ["members", "units", "dropout", "embedding of numerical features", "epochs"]
    rows = []
    for name in ("TabularClassifier", "TabularRegressor"):
        effort = getattr(sknn, name)._efforts["balanced"]
        for kind in effort.kinds:
            embedding = kind.embedding.replace("_", " ")
            if kind.embedding == "periodic":
                embedding += f", :math:`\\sigma = {kind.sigma:g}`"
            if kind.thresholds:
                embedding += "; threshold features"
            units = f"{kind.n_layers} × {kind.units}"
            epochs = "{} to {}".format(*kind.epochs)
            rows.append([f"`{name}`", units, f"{kind.dropout:g}", embedding, epochs])
    return Table('Default kinds of members, ``effort="balanced"``.', head, rows)


TABLES = {
    "kinds": kinds,
    "tabular_classification": tabular("classification"),
    "tabular_regression": tabular("regression"),
    "tabular_errors_classification": tabular_errors("classification"),
    "tabular_errors_regression": tabular_errors("regression"),
    "ablation_classification": ablation("classification"),
    "ablation_regression": ablation("regression"),
    "uncut": uncut,
    "elo": elo,
    "srbench": srbench,
    "distributed": distributed,
    "trees": trees,
    "categories": categories,
    "monotonic": monotonic,
    "images": images,
    "latency": latency,
    "threads": threads,
    "bfloat16": bfloat16,
    "bfloat16_accuracy": bfloat16_accuracy,
    "forest_summary": forest_summary,
    "forest_all": forest_all,
    "presets": presets,
}
FIGURES = {"random_forest": forest_versus, "random_forest_curves": forest_curves}
