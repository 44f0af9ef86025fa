"""A network drawn, layer by layer."""

from typing import Any, Self

import numpy as np

from sknn.displays._panels import import_pyplot, split_pipeline
from sknn.estimators.network import NetworkEstimator
from sknn.network.summary import Summary

#: height of a box and of the space below it, in units of the axis
BOX, SPACE = 1.0, 0.45
#: half the widths of the smallest and of the largest box
NARROW, WIDE = 0.2, 1.0


class NetworkDisplay:
    """The layers of a network from top to bottom, with their output shapes and parameters.

    The width of a box grows with the logarithm of the number of outputs, its color with that of the parameters.
    It is best made by ``from_estimator``; the constructor stores its arguments, `plot` draws them.

    Parameters
    ----------
    summary : Summary
        What ``summary()`` of a fitted network returns.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.
    ax_ : matplotlib Axes
        The axes.
    boxes_ : list of matplotlib Polygon
        The input and the layers.

    See Also
    --------
    FilterDisplay : The filters of a convolution.
    LossCurveDisplay : The loss by epoch.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknn import MLPClassifier
    >>> from sknn.displays import NetworkDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifier((20, 10), max_iter=20, random_state=0).fit(X, y)
    >>> display = NetworkDisplay.from_estimator(net)
    """

    def __init__(self, *, summary: Summary) -> None:
        self.summary = summary

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None, **kwargs: Any) -> Self:
        """The layers of a fitted network.

        Parameters
        ----------
        estimator : MLP, CNN, MLP-Mixer, Pipeline that ends with one, or search
            The fitted network.
        ax : matplotlib Axes or None, default=None
            As in `plot`.
        **kwargs : dict
            Further arguments of `plot`.

        Returns
        -------
        display : NetworkDisplay
            The display, drawn.
        """
        import_pyplot(cls.__name__)
        _, network = split_pipeline(estimator)
        if not isinstance(network, NetworkEstimator):
            raise ValueError(
                f"{cls.__name__} shows estimators of one network, such as an MLPClassifier or a CNNClassifier; "
                f"{type(network).__name__} is none."
            )
        return cls(summary=network.summary()).plot(ax, **kwargs)

    def plot(self, ax: Any = None, *, cmap: Any = "Blues") -> Self:
        """Draw the network.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.
        cmap : str or matplotlib Colormap, default="Blues"
            Colors by the number of parameters; layers without are white.

        Returns
        -------
        display : NetworkDisplay
            The display.
        """
        plt = import_pyplot(type(self).__name__)
        rows = self.summary.rows
        if ax is None:
            size = 6, 0.42 * (len(rows) + 2)
            _, ax = plt.subplots(figsize=size, layout="constrained")
        names = ["input", *(row.name for row in rows)]
        shapes = [self.summary.input_shape, *(row.output_shape for row in rows)]
        counts = [0, *(row.n_parameters for row in rows)]
        widths = _widths(shapes)
        colors = _colors(counts, plt.get_cmap(cmap))
        self.boxes_ = []
        for k, (name, shape, count) in enumerate(zip(names, shapes, counts, strict=True)):
            top, bottom = -k * (BOX + SPACE), -k * (BOX + SPACE) - BOX
            # a box narrows or widens from its input to its output
            above, below = widths[max(k - 1, 0)], widths[k]
            corners = [(-above, top), (above, top), (below, bottom), (-below, bottom)]
            (box,) = ax.fill(*np.transpose(corners), facecolor=colors[k], edgecolor="0.3")
            self.boxes_.append(box)
            middle = (top + bottom) / 2
            ax.text(-WIDE - 0.1, middle, name, ha="right", va="center")
            what = " × ".join(str(n) for n in np.atleast_1d(shape))
            what += f"   {count:,} parameters" if count else ""
            ax.text(WIDE + 0.1, middle, what, ha="left", va="center")
        ax.set_xlim(-3 * WIDE, 4 * WIDE)
        ax.set_title(f"{self.summary.n_parameters:,} parameters")
        ax.set_axis_off()
        self.ax_, self.figure_ = ax, ax.get_figure()
        return self


def _widths(shapes):
    """Half the width of the box of each output shape."""
    sizes = np.log([max(int(np.prod(shape)), 1) for shape in shapes])
    return NARROW + (WIDE - NARROW) * sizes / max(sizes.max(), 1)


def _colors(counts, cmap):
    """White without parameters, the darker the more there are."""
    sizes = np.log1p(counts)
    return [cmap(0.7 * size / sizes.max()) if size else "white" for size in sizes]
