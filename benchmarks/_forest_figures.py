"""The figures and tables of the documentation's page beside a random forest."""

import math

from _common import write_csv
from matplotlib.figure import Figure

# Okabe and Ito's palette; the marker says it a second time.
STYLES = {
    "random forest": ("#009E73", "^"),
    "sknn MLP": ("#D55E00", "o"),
    "sknn CNN": ("#0072B2", "s"),
    "sknn tabular": ("#CC79A7", "D"),
}
FOREST = "random forest"
#: a learning curve is shown so far below the best score; a model that guesses would press the others
DEPTH = 0.4


def write(rows, summary, head, cells, folder):
    """Write two figures and two tables into the folder of the documentation."""
    _versus(rows).savefig(folder / "images" / "forest.png", dpi=110)
    _curves(rows).savefig(folder / "images" / "forest_curves.png", dpi=90)
    write_csv(folder / "forest.csv", head, [cells(row) for row in rows])
    short = []
    for one in summary:
        factors = (one[key] for key in ("fit_seconds", "predict_seconds", "bytes"))
        counts = (one[key] for key in ("model", "data", "ahead", "level", "behind"))
        short.append([*counts, *(f"{factor:.2g}×" for factor in factors)])
    names = ["network", "on", "ahead", "level", "behind", "fit", "predict", "size"]
    write_csv(folder / "forest_summary.csv", names, short)


def _by_data(rows):
    """``{data: {model: row}}``"""
    grouped = {}
    for row in rows:
        grouped.setdefault(row["data"], {})[row["model"]] = row
    return grouped


def _versus(rows):
    """Scores less the forest's, and how many times the forest takes what the network takes."""
    grouped = _by_data(rows)
    order = sorted(grouped, key=lambda name: _best_gap(grouped[name]))
    figure = Figure(figsize=(11, 1.6 + 0.27 * len(order)), layout="constrained")
    axes = figure.subplots(1, 4, sharey=True, width_ratios=[1.6, 1, 1, 1])
    factors = ("fit_seconds", "predict_seconds", "bytes")
    for height, name in enumerate(order):
        forest = grouped[name][FOREST]
        for label, row in grouped[name].items():
            if label == FOREST:
                continue
            colour, marker = STYLES[label]
            style = {"color": colour, "marker": marker, "linestyle": ""}
            gap, error = row["score"] - forest["score"], max(row["deviation"], forest["deviation"])
            axes[0].errorbar(gap, height, xerr=error, capsize=2, label=label, **style)
            for ax, key in zip(axes[1:], factors, strict=True):
                ax.plot(forest[key] / row[key], height, **style)
    axes[0].set_yticks(range(len(order)), [_named(grouped[name][FOREST]) for name in order])
    axes[0].set(xlabel="accuracy or R², less the forest's", title="score: right is better")
    titles = ("fit time", "predict time", "size of the pickle")
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
    return figure


def _best_gap(models):
    """How far the best network is ahead of the forest."""
    return (
        max(row["score"] for label, row in models.items() if label != FOREST)
        - models[FOREST]["score"]
    )


def _named(row):
    """Name a data set and what is predicted."""
    return f"{row['data']} ({'R²' if row['metric'] == 'R²' else 'images' if row['kind'] == 'images' else 'acc.'})"


def _curves(rows):
    """A learning curve for each data set."""
    grouped = _by_data(rows)
    n_columns = 5
    n_rows = math.ceil(len(grouped) / n_columns)
    figure = Figure(figsize=(2.6 * n_columns, 2.3 * n_rows + 0.5), layout="constrained")
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    handles = {}
    for ax, (name, models) in zip(axes, grouped.items(), strict=False):
        for label, row in models.items():
            colour, marker = STYLES[label]
            (handles[label],) = ax.plot(
                row["train_sizes"], row["curve"], color=colour, marker=marker, markersize=5
            )
        sizes = row["train_sizes"]
        ax.set_xscale("log")
        ax.set_xticks(sizes, map(str, sizes), fontsize="small")
        ax.set_xticks([], minor=True)
        ax.tick_params(axis="y", labelsize="small")
        ax.set_title(f"{name}, {row['metric']}", fontsize="medium")
        values = [value for row in models.values() for value in row["curve"]]
        if min(values) < max(values) - DEPTH:
            ax.set_ylim(max(values) - DEPTH, None)
        ax.grid(alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes[len(grouped) :]:
        ax.set_axis_off()
    figure.supxlabel("training rows")
    figure.legend(
        handles.values(), handles, loc="outside upper center", ncols=len(handles), frameon=False
    )
    return figure
