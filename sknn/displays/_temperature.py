"""The reliability of probabilities, before and after calibration by a temperature."""

import copy
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sknn._types import Samples
from sknn.displays._panels import import_pyplot, split_pipeline
from sknn.estimators.tabular_classifier import TabularClassifier


class TemperatureDisplay:
    """A reliability diagram of a TabularClassifier, with its temperature and without.

    Samples are sorted by the probability of the predicted class, their confidence, and divided into bins of equal
    size. Where probabilities are calibrated, the accuracy in a bin is its mean confidence.
    It is best made by ``from_estimator``; the constructor stores its arguments, `plot` draws them.

    Parameters
    ----------
    before, after : pair of ndarray of shape (n_bins,)
        Mean confidence and accuracy of each bin, without and with the temperature.
    temperature : float
        The temperature, by which logits are divided.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.
    ax_ : matplotlib Axes
        The axes.
    line_before_, line_after_ : matplotlib Line2D
        The two curves.

    See Also
    --------
    sklearn.calibration.CalibrationDisplay : The probabilities of one class.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sknn import TabularClassifier
    >>> from sknn.displays import TemperatureDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = TabularClassifier("fast", random_state=0).fit(X[:300], y[:300])
    >>> display = TemperatureDisplay.from_estimator(model, X[300:], y[300:])
    """

    def __init__(self, *, before: Any, after: Any, temperature: float) -> None:
        self.before = before
        self.after = after
        self.temperature = temperature

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Samples,
        y: ArrayLike,
        *,
        n_bins: int = 10,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """The reliability of a fitted TabularClassifier on samples that it was not fitted to.

        Parameters
        ----------
        estimator : TabularClassifier, Pipeline that ends with one, or search
            The fitted classifier.
        X : data frame or array-like of shape (n, n_features)
            Samples.
        y : array-like of shape (n,)
            Their classes.
        n_bins : int, default=10
            Number of bins, >= 1; as many samples in each.
        ax : matplotlib Axes or None, default=None
            As in `plot`.
        **kwargs : dict
            Further arguments of `plot`.

        Returns
        -------
        display : TemperatureDisplay
            The display, drawn.
        """
        import_pyplot(cls.__name__)
        steps, model = split_pipeline(estimator)
        if not isinstance(model, TabularClassifier) or isinstance(model.classes_, list):
            raise ValueError(
                f"{cls.__name__} shows a TabularClassifier of one column of classes; this is a "
                f"{type(model).__name__}{' of several' if isinstance(model, TabularClassifier) else ''}."
            )
        X = X if steps is None else steps.transform(X)
        uncalibrated = copy.copy(model)
        uncalibrated.temperature_ = 1.0
        reliabilities = [_reliability(one, X, y, n_bins) for one in (uncalibrated, model)]
        display = cls(
            before=reliabilities[0], after=reliabilities[1], temperature=float(model.temperature_)
        )
        return display.plot(ax, **kwargs)

    def plot(self, ax: Any = None, *, line_kw: dict[str, Any] | None = None) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.
        line_kw : dict or None, default=None
            Further arguments of ``Axes.plot`` for both curves.

        Returns
        -------
        display : TemperatureDisplay
            The display.
        """
        plt = import_pyplot(type(self).__name__)
        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        low = min(np.min(self.before), np.min(self.after))
        ax.plot([low, 1], [low, 1], color="0.6", linestyle=":", label="calibrated")
        style = {"marker": "o", **(line_kw or {})}
        (self.line_before_,) = ax.plot(*self.before, **{"label": "temperature 1", **style})
        label = f"temperature {self.temperature:.2f}"
        (self.line_after_,) = ax.plot(*self.after, **{"label": label, **style})
        ax.set(xlabel="mean confidence", ylabel="accuracy")
        ax.legend()
        self.ax_, self.figure_ = ax, ax.get_figure()
        return self


def _reliability(model, X, y, n_bins):
    """(mean confidence, accuracy) of bins of equal size."""
    if not 1 <= n_bins <= len(y):
        raise ValueError(f"n_bins={n_bins!r} must be from 1 to the number of samples, {len(y)}.")
    P = model.predict_proba(X)
    confidence = P.max(axis=1)
    right = model.classes_[P.argmax(axis=1)] == np.asarray(y)
    bins = np.array_split(np.argsort(confidence, kind="stable"), n_bins)
    means = [(confidence[chosen].mean(), right[chosen].mean()) for chosen in bins]
    return tuple(np.transpose(means))
