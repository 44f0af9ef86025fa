"""What the Displays share: matplotlib when it is needed, panels in a grid, one network of a Pipeline."""

import math

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.validation import check_is_fitted


def import_pyplot(caller):
    """``matplotlib.pyplot``, or an error that says how to get it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f'{caller} needs matplotlib; python -m pip install "sknn[plot]" brings it.'
        ) from error
    return plt


def split_pipeline(estimator):
    """(steps before the network or None, fitted network) of a network, a Pipeline, a search, or both."""
    before = []
    while True:
        if isinstance(estimator, Pipeline):
            before += [step for _, step in estimator.steps[:-1]]
            estimator = estimator[-1]
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        else:
            break
    check_is_fitted(estimator)
    return make_pipeline(*before) if before else None, estimator


def check_convolutional(network, caller):
    """Raise for what has no convolutions; the patches of an MLP-Mixer are one."""
    if not hasattr(network, "feature_maps"):
        raise ValueError(
            f"{caller} shows networks on images, such as a CNNClassifier or an MLPMixerClassifier; "
            f"{type(network).__name__} is none."
        )


def chosen_filters(filters, n_filters):
    """Numbers of the filters to show."""
    if filters is None:
        return list(range(n_filters))
    numbers = [int(number) for number in np.atleast_1d(filters)]
    wrong = [number for number in numbers if not 0 <= number < n_filters]
    if wrong or not numbers:
        raise ValueError(f"filters={filters!r} must name some of the filters 0 to {n_filters - 1}.")
    return numbers


def make_panels(ax, n_panels, n_columns, caller):
    """(figure, axes of shape (rows, columns)), the axes without ticks, those beyond `n_panels` hidden.

    Parameters
    ----------
    ax : Axes, array of Axes or None
        Where to draw: a new figure, the place of one subplot, or these axes.
    n_panels : int
    n_columns : int or None
        None for about twice as many columns as rows.
    caller : str
        Names the Display in errors.
    """
    plt = import_pyplot(caller)
    if ax is not None and not hasattr(ax, "get_figure"):
        axes = np.atleast_1d(np.asarray(ax, dtype=object))
        if axes.size < n_panels:
            raise ValueError(f"ax has {axes.size} axes, {caller} draws {n_panels} panels.")
        figure = axes.flat[0].get_figure()
    else:
        n_columns = min(n_columns or _best_columns(n_panels), n_panels)
        n_rows = math.ceil(n_panels / n_columns)
        figure, axes = _new_axes(plt, ax, n_rows, n_columns, caller)
    for number, panel in enumerate(axes.flat):
        panel.set(xticks=[], yticks=[])
        if number >= n_panels:
            panel.set_axis_off()
    return figure, axes


def _best_columns(n_panels):
    """About twice as many columns as rows; a few more where the last row is full then."""
    least = math.ceil(math.sqrt(2 * n_panels))
    return next((n for n in range(least, 3 * least // 2 + 1) if n_panels % n == 0), least)


def _new_axes(plt, ax, n_rows, n_columns, caller):
    if ax is None:
        size = 1.1 * n_columns + 0.2, 1.1 * n_rows + 0.4
        return plt.subplots(n_rows, n_columns, squeeze=False, figsize=size, layout="constrained")
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(
            f"{caller} divides a subplot; this ax is not in a grid of subplots. Take one from "
            "plt.subplots, or pass an array of axes."
        )
    figure = ax.get_figure()
    ax.set_axis_off()
    grid = place.subgridspec(n_rows, n_columns)
    return figure, grid.subplots(squeeze=False)
