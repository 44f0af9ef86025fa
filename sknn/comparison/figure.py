"""Show the figures as a picture: score against fit time, and learning curves, per data set."""

from math import ceil, floor, log10

from sknn.comparison.measure import N_FOLDS

# Okabe and Ito's palette, which people with any colour vision can tell apart, with a grey in place of its
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
        panel.sharex(axes[0, 0])
    handles = {}
    for (above, below), group in zip(axes.T, results.values(), strict=True):
        # In reverse, so that the first models, sknn's, lie on top.
        for name in reversed(group):
            handles[name] = _score_and_time(above, group[name], *styles[name])
            _learning_curve(below, group[name], *styles[name])
        _label_panels(above, below, group)
    figure.legend(
        handles=[handles[name] for name in names],
        loc="outside lower center",
        ncols=min(len(names), len(results) + 1),
        frameon=False,
    )
    _label_durations(axes[0, 0], results)
    figure.suptitle(_title(len(results)), fontsize="large")
    figure.savefig(path, dpi=120)


def _title(n_data):
    parts = (
        "sknn beside scikit-learn's estimators",
        "score and fit time (above), learning curves (below)",
        f"{N_FOLDS}-fold cross-validation",
    )
    return ", ".join(parts) if n_data > 3 else "\n".join(parts)


def _score_and_time(axes, result, colour, marker):
    """Mark one model by its fit time and score; the bar is a standard deviation of the folds."""
    seconds, score, error = result.fit_seconds, result.scores.mean(), result.scores.std()
    axes.errorbar(seconds, score, yerr=error, color=colour, capsize=3, linestyle="", alpha=0.5)
    (mark,) = axes.plot(
        seconds, score, marker, color=colour, markersize=9, label=result.model.label
    )
    return mark


def _learning_curve(axes, result, colour, marker):
    """Draw the mean score against the number of training rows."""
    axes.plot(
        result.train_sizes,
        result.curve.mean(axis=1),
        color=colour,
        marker=marker,
        markersize=6,
        linewidth=1.5,
    )


def _label_panels(above, below, group):
    """Label the two panels of one data set."""
    first = next(iter(group.values()))
    data = first.data
    above.set_title(f"{data.name}\n{data.size}", fontsize="medium")
    above.set(xscale="log", xlabel="fit time (left is faster)", ylabel=data.metric)
    below.set(xscale="log", xlabel="training rows", ylabel=f"{data.metric} on held-out rows")
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
        axes.set_xlabel("training rows\n(starts below: " + ", ".join(cut) + ")")


def _label_durations(axes, results):
    """Let the axis of the fit times (all panels share it) end at powers of ten, and name them."""
    times = [result.fit_seconds for group in results.values() for result in group.values()]
    lowest, highest = floor(log10(min(times))), ceil(log10(max(times)))
    axes.set_xlim(10**lowest / 1.3, 10**highest * 1.3)
    axes.xaxis.set_major_formatter(lambda seconds, _: _duration(seconds))


def _duration(seconds):
    """Write a power of ten of a second: "10 ms"."""
    if seconds >= 1:
        return f"{seconds:g} s"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:g} ms"
    return f"{seconds * 1e6:g} µs"
