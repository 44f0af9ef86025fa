"""The kernels of a convolution as images."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sknn.displays._panels import (
    check_convolutional,
    chosen_filters,
    import_pyplot,
    make_panels,
    split_pipeline,
)
from sknn.layers import Conv2D


def kernels_of(network, layer):
    """(number of the layer counted from 1, its kernels) of a fitted CNN."""
    layers = network._architecture_[0]
    number = network._hidden_layer(layer)
    if number == 0 or not isinstance(layers[number - 1], Conv2D):
        convolutions = [i for i, one in enumerate(layers, start=1) if isinstance(one, Conv2D)]
        found = layers[number - 1] if number else "the input"
        raise ValueError(
            f"layer={layer} is {found}, which has no filters; convolutions are the layers "
            f"{', '.join(map(str, convolutions)) or '(none)'}."
        )
    first = network._family.network(network, network.coefs_[0].dtype).first_parameters[number - 1]
    return number, network.coefs_[first]


class FilterDisplay:
    """The filters of a convolution: one panel for each.

    It is best made by ``from_estimator``; the constructor stores its arguments, `plot` draws them.

    Parameters
    ----------
    kernels : ndarray of shape (kh, kw, c, n_filters)
        Weights of a convolution, as in ``coefs_``.
    layer : int or None, default=None
        Number of the layer, for the title.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.
    axes_ : ndarray of matplotlib Axes
        The panels, in rows.
    images_ : list of matplotlib AxesImage
        The drawn filters.

    See Also
    --------
    FeatureMapDisplay : Where the filters of a layer find something in an image.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sknn import CNNClassifier
    >>> from sknn.displays import FilterDisplay
    >>> digits = load_digits()
    >>> net = CNNClassifier(max_iter=2, random_state=0).fit(digits.images, digits.target)
    >>> display = FilterDisplay.from_estimator(net)
    """

    def __init__(self, *, kernels: ArrayLike, layer: int | None = None) -> None:
        self.kernels = kernels
        self.layer = layer

    @classmethod
    def from_estimator(
        cls, estimator: Any, layer: int = 1, *, ax: Any = None, **kwargs: Any
    ) -> Self:
        """The filters of a layer of a fitted CNN.

        Parameters
        ----------
        estimator : CNN, MLP-Mixer or Pipeline that ends with one
            The fitted network.
        layer : int, default=1
            Which hidden layer, counted as in ``summary()``: 1 is the first, -1 the last.
        ax : matplotlib Axes, array of Axes or None, default=None
            As in `plot`.
        **kwargs : dict
            Further arguments of `plot`.

        Returns
        -------
        display : FilterDisplay
            The display, drawn.
        """
        import_pyplot(cls.__name__)
        _, network = split_pipeline(estimator)
        check_convolutional(network, cls.__name__)
        number, kernels = kernels_of(network, layer)
        return cls(kernels=kernels, layer=number).plot(ax, **kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        filters: int | Sequence[int] | None = None,
        channel: int | None = None,
        n_columns: int | None = None,
        common_scale: bool = True,
        cmap: Any = "RdBu_r",
        imshow_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the filters.

        Parameters
        ----------
        ax : matplotlib Axes, array of Axes or None, default=None
            Where to draw: a new figure, the place of a subplot, or these axes.
        filters : int, sequence of int or None, default=None
            Which filters, counted from 0; None for all.
        channel : int, "mean" or None, default=None
            Which channel of the kernels, or their mean over the channels. None shows three channels
            as red, green and blue, where 0 is gray, and the mean of any other number.
        n_columns : int or None, default=None
            Panels in a row; None chooses.
        common_scale : bool, default=True
            Whether all filters are scaled by the largest weight of all, or each by its own.
        cmap : str or matplotlib Colormap, default="RdBu_r"
            Colormap of a single channel, from negative to positive; 0 is in the middle.
        imshow_kw : dict or None, default=None
            Further arguments of ``Axes.imshow``.

        Returns
        -------
        display : FilterDisplay
            The display.
        """
        kernels = np.asarray(self.kernels, dtype=float)
        numbers = chosen_filters(filters, kernels.shape[-1])
        shown = _channels(kernels, channel)
        self.figure_, self.axes_ = make_panels(ax, len(numbers), n_columns, type(self).__name__)
        self.images_ = []
        for panel, number in zip(self.axes_.flat, numbers, strict=False):
            values = shown[..., number]
            limit = np.abs(shown if common_scale else values).max() or 1.0
            style = {"cmap": cmap, "vmin": -limit, "vmax": limit}
            if values.ndim == 3:
                values, style = (0.5 + 0.5 * values / limit).clip(0, 1), {}
            self.images_.append(panel.imshow(values, **{**style, **(imshow_kw or {})}))
        if ax is None:
            self.figure_.suptitle(self._title(), fontsize="medium")
        return self

    def _title(self):
        height, width, _, n_filters = np.shape(self.kernels)
        where = "" if self.layer is None else f" of layer {self.layer}"
        return f"{n_filters} filters of {height} × {width}{where}"


def _channels(kernels, channel):
    """(kh, kw, n_filters), or (kh, kw, 3, n_filters) to be shown in color."""
    n_channels = kernels.shape[2]
    if channel == "mean" or (channel is None and n_channels != 3):
        return kernels.mean(axis=2)
    if channel is None:
        return kernels
    if isinstance(channel, str) or not 0 <= channel < n_channels:
        raise ValueError(f'channel={channel!r} must be "mean" or one of 0 to {n_channels - 1}.')
    return kernels[:, :, channel]
