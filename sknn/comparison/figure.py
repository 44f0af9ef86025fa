"""Show the figures as a picture: scores relative to the forest's, and learning curves, per data set."""

from sknn.comparison.measure import N_FOLDS, reference

# Okabe and Ito's palette, which people with any color vision can tell apart, with a gray in place of its
# yellow; the marker says it a second time.
_STYLES = (
    ("#D55E00", "o"),
    ("#0072B2", "s"),
    ("#009E73", "^"),
    ("#CC79A7", "D"),
    ("#000000", "v"),
    ("#E69F00", "P"),
    ("#56B4E9", "X"),
    ("#888888", "*"),
)
# How far below the best score a learning curve is shown: a model that guesses on a few rows would
# press all the others into one line.
_DEPTH_ACCURACY, _DEPTH_R2 = 0.3, 0.6


def draw(results, path):
    """Write the PNG; `results` maps a data set's name to ``{model name: Result}``.

    Raises ``ModuleNotFoundError`` where matplotlib is missing.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(max(3.1 * len(results) + 0.5, 5.5), 7.4), layout="constrained")
    axes = figure.subplots(2, len(results), squeeze=False)
    names = list(dict.fromkeys(name for group in results.values() for name in group))
    styles = {name: _STYLES[i % len(_STYLES)] for i, name in enumerate(names)}
    for panel in axes[0, 1:]:
        panel.sharey(axes[0, 0])
        panel.tick_params(labelleft=False)
    handles = {}
    for (above, below), group in zip(axes.T, results.values(), strict=True):
        # In reverse, so that the first models, sknn's, lie on top.
        for name in reversed(group):
            place = names.index(name)
            handles[name] = _relative_score(above, group, name, place, *styles[name])
            _learning_curve(below, group[name], *styles[name])
        _label_panels(above, below, group)
    labels = {
        name: result.model.label for group in results.values() for name, result in group.items()
    }
    axes[0, 0].set_yticks(range(len(names)), [labels[name] for name in names])
    axes[0, 0].set_ylim(len(names) - 0.5, -0.5)
    figure.legend(
        handles=[handles[name] for name in names],
        loc="outside lower center",
        ncols=min(len(names), len(results) + 1),
        frameon=False,
    )
    figure.suptitle(_title(len(results)), fontsize="large")
    figure.savefig(path, dpi=120)


def _title(n_data):
    parts = (
        "sknn beside scikit-learn's estimators",
        "scores fold by fold with fit times (above), learning curves (below)",
        f"{N_FOLDS}-fold cross-validation",
    )
    return ", ".join(parts) if n_data > 3 else "\n".join(parts)


def _relative_score(axes, group, name, place, color, marker):
    """Mark how far one model's score is from the reference's: the mean, and each fold; note its fit time."""
    result = group[name]
    differences = result.scores - group[reference(group)].scores
    axes.plot(differences, [place] * N_FOLDS, "|-", color=color, markersize=9, alpha=0.6)
    (mark,) = axes.plot(
        differences.mean(), place, marker, color=color, markersize=8, label=result.model.label
    )
    axes.text(
        1.01,
        place,
        _duration(result.fit_seconds),
        transform=axes.get_yaxis_transform(),
        fontsize="small",
        va="center",
    )
    return mark


def _learning_curve(axes, result, color, marker):
    """Draw the mean score against the number of training samples."""
    axes.plot(
        result.train_sizes,
        result.curve.mean(axis=1),
        color=color,
        marker=marker,
        markersize=6,
        linewidth=1.5,
    )


def _label_panels(above, below, group):
    """Label the two panels of one data set."""
    first = next(iter(group.values()))
    data = first.data
    above.set_title(f"{data.name}\n{data.size}", fontsize="medium")
    above.axvline(0, color="black", linewidth=1)
    above.set_xlabel(f"{data.metric} − that of the {group[reference(group)].model.label}")
    below.set(xscale="log", xlabel="training samples", ylabel=f"{data.metric} on test samples")
    below.set_xticks(first.train_sizes, [str(size) for size in first.train_sizes])
    below.set_xticks([], minor=True)
    _limit_depth(below, group, _DEPTH_R2 if data.is_regression else _DEPTH_ACCURACY)
    for axes in (above, below):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)


def _limit_depth(axes, group, depth):
    """Cut the panel off below, and name the models whose curves are cut."""
    curves = {result.model.label: result.curve.mean(axis=1) for result in group.values()}
    floor = max(curve.max() for curve in curves.values()) - depth
    cut = [label for label, curve in curves.items() if curve.min() < floor]
    if cut:
        axes.set_ylim(bottom=floor)
        axes.set_xlabel("training samples\n(starts below: " + ", ".join(cut) + ")")


def _duration(seconds):
    """Write a time with two digits: "12 ms"."""
    unit, factor = ("s", 1) if seconds >= 1 else ("ms", 1e3)
    value = seconds * factor
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
