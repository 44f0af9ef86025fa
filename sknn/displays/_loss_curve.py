"""The loss by epoch."""

from typing import Any, Self

import numpy as np

from sknn.displays._panels import import_pyplot, split_pipeline
from sknn.estimators.tabular import TabularEstimator


class LossCurveDisplay:
    """Training loss, and validation loss where there is one, by epoch.

    It is best made by ``from_estimator``; the constructor stores its arguments, `plot` draws them.

    Parameters
    ----------
    loss_curve : sequence of float, or sequence of them
        Training loss of each epoch; for an ensemble one curve for each member.
    validation_loss_curve : sequence of float, sequence of them or None, default=None
        Validation loss of each epoch.
    estimator_name : str or None, default=None
        Name for the legend.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.
    ax_ : matplotlib Axes
        The axes.
    line_ : matplotlib Line2D, or list of them
        The training loss; for an ensemble one line for each member.
    validation_line_ : matplotlib Line2D, list of them or None
        The validation loss.

    See Also
    --------
    FilterDisplay : The filters of the first convolution.
    sklearn.model_selection.LearningCurveDisplay : Scores by the number of training samples.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknn import MLPClassifier
    >>> from sknn.displays import LossCurveDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifier(max_iter=20, random_state=0).fit(X, y)
    >>> display = LossCurveDisplay.from_estimator(net)
    """

    def __init__(
        self,
        *,
        loss_curve: Any,
        validation_loss_curve: Any = None,
        estimator_name: str | None = None,
    ) -> None:
        self.loss_curve = loss_curve
        self.validation_loss_curve = validation_loss_curve
        self.estimator_name = estimator_name

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Any = None, name: str | None = None, **kwargs: Any
    ) -> Self:
        """The curves of a fitted network.

        Parameters
        ----------
        estimator : estimator, Pipeline that ends with one, or search
            The fitted network, an MLP or a CNN, or an ensemble of them for tabular data; of a search, such as
            :class:`~sklearn.model_selection.GridSearchCV`, the best estimator.
        ax : matplotlib Axes or None, default=None
            As in `plot`.
        name : str or None, default=None
            Name for the legend, to tell several networks on one `ax` apart.
        **kwargs : dict
            Further arguments of `plot`.

        Returns
        -------
        display : LossCurveDisplay
            The display, drawn.
        """
        import_pyplot(cls.__name__)
        _, network = split_pipeline(estimator)
        loss_curve, validation_loss_curve = _curves(network)
        display = cls(
            loss_curve=loss_curve,
            validation_loss_curve=validation_loss_curve,
            estimator_name=name,
        )
        return display.plot(ax, **kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        name: str | None = None,
        log_scale: bool = False,
        line_kw: dict[str, Any] | None = None,
        validation_line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.
        name : str or None, default=None
            Name for the legend; None takes `estimator_name`.
        log_scale : bool, default=False
            Whether the axis of the loss is logarithmic.
        line_kw, validation_line_kw : dict or None, default=None
            Further arguments of ``Axes.plot`` for either curve.

        Returns
        -------
        display : LossCurveDisplay
            The display.
        """
        plt = import_pyplot(type(self).__name__)
        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        name = self.estimator_name if name is None else name
        prefix = "" if name is None else f"{name}, "
        self.line_ = _draw(ax, self.loss_curve, {"label": f"{prefix}training", **(line_kw or {})})
        self.validation_line_ = None
        if self.validation_loss_curve is not None:
            style = {"color": _first(self.line_).get_color(), "linestyle": "--"}
            style |= {"label": f"{prefix}validation", **(validation_line_kw or {})}
            self.validation_line_ = _draw(ax, self.validation_loss_curve, style)
        if log_scale:
            ax.set_yscale("log")
        ax.set(xlabel="epoch", ylabel="loss")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend()
        self.ax_, self.figure_ = ax, ax.get_figure()
        return self


def _curves(network):
    """(training loss, validation loss or None) by epoch, of a network or of each member of an ensemble."""
    if hasattr(network, "loss_curve_"):
        return network.loss_curve_, getattr(network, "validation_loss_curve_", None)
    if not isinstance(network, TabularEstimator):
        raise ValueError(f"{type(network).__name__} has no loss_curve_ to show.")
    members = network.estimators_
    validated = all(member.validation_losses is not None for member in members)
    validation = [member.validation_losses for member in members] if validated else None
    return [member.loss_curve for member in members], validation


def _draw(ax, curve, style):
    """The line of a curve, or a list of the lines of several, which share color and label."""
    if np.ndim(curve[0]) == 0:
        (line,) = ax.plot(range(1, len(curve) + 1), curve, **style)
        return line
    first = _draw(ax, curve[0], {"linewidth": 1, **style})
    rest = {"linewidth": 1, "color": first.get_color(), **style, "label": None}
    return [first, *(_draw(ax, one, rest) for one in curve[1:])]


def _first(line):
    return line[0] if isinstance(line, list) else line
