"""What the filters of a layer find in an image."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sknn._types import Samples
from sknn.displays._panels import (
    check_convolutional,
    chosen_filters,
    import_pyplot,
    make_panels,
    split_pipeline,
)


class FeatureMapDisplay:
    """An image and where each filter of a layer finds its feature in it.

    It is best made by ``from_estimator``; the constructor stores its arguments, `plot` draws them.

    Parameters
    ----------
    image : ndarray of shape (h, w, c)
        The image.
    maps : ndarray of shape (h_out, w_out, n_filters)
        The outputs of a layer for it, as ``feature_maps`` gives them.
    layer : int or None, default=None
        Number of the layer, for the title.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.
    axes_ : ndarray of matplotlib Axes
        The panels, in rows: first the image, then the maps.
    images_ : list of matplotlib AxesImage
        What they show.

    See Also
    --------
    FilterDisplay : The filters themselves.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sknn import CNNClassifier
    >>> from sknn.displays import FeatureMapDisplay
    >>> digits = load_digits()
    >>> net = CNNClassifier(max_iter=2, random_state=0).fit(digits.images, digits.target)
    >>> display = FeatureMapDisplay.from_estimator(net, digits.images[0])
    """

    def __init__(self, *, image: ArrayLike, maps: ArrayLike, layer: int | None = None) -> None:
        self.image = image
        self.maps = maps
        self.layer = layer

    @classmethod
    def from_estimator(
        cls, estimator: Any, image: Samples, layer: int = 1, *, ax: Any = None, **kwargs: Any
    ) -> Self:
        """The feature maps of a layer of a fitted CNN.

        Parameters
        ----------
        estimator : CNN, MLP-Mixer or Pipeline that ends with one
            The fitted network.
        image : array-like
            One sample of X, an image or flat; for a Pipeline, what enters its first step.
        layer : int, default=1
            Which hidden layer, counted as in ``summary()``: 1 is the first, -1 the last.
        ax : matplotlib Axes, array of Axes or None, default=None
            As in `plot`.
        **kwargs : dict
            Further arguments of `plot`.

        Returns
        -------
        display : FeatureMapDisplay
            The display, drawn.
        """
        import_pyplot(cls.__name__)
        before, network = split_pipeline(estimator)
        check_convolutional(network, cls.__name__)
        image = np.asarray(image)
        X = image[np.newaxis] if before is None else before.transform(image[np.newaxis])
        maps = network.feature_maps(X, layer)[0]
        height, width, n_channels = network.image_shape_
        if network.channels_first:
            image = image.reshape(n_channels, height, width).transpose(1, 2, 0)
        image = image.reshape(height, width, n_channels)
        return cls(image=image, maps=maps, layer=network._hidden_layer(layer)).plot(ax, **kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        filters: int | Sequence[int] | None = None,
        n_columns: int | None = None,
        common_scale: bool = True,
        cmap: Any = "viridis",
        imshow_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the image and the maps.

        Parameters
        ----------
        ax : matplotlib Axes, array of Axes or None, default=None
            Where to draw: a new figure, the place of a subplot, or these axes.
        filters : int, sequence of int or None, default=None
            Maps of which filters, counted from 0; None for all.
        n_columns : int or None, default=None
            Panels in a row; None chooses.
        common_scale : bool, default=True
            Whether one color means the same value in all maps, or each has a scale of its own.
        cmap : str or matplotlib Colormap, default="viridis"
            Colormap of the maps.
        imshow_kw : dict or None, default=None
            Further arguments of ``Axes.imshow`` for the maps.

        Returns
        -------
        display : FeatureMapDisplay
            The display.
        """
        maps = np.asarray(self.maps)
        numbers = chosen_filters(filters, maps.shape[-1])
        self.figure_, self.axes_ = make_panels(ax, 1 + len(numbers), n_columns, type(self).__name__)
        first, *panels = self.axes_.flat
        self.images_ = [first.imshow(_as_picture(self.image), cmap="gray")]
        first.set_title("image", fontsize="small")
        for panel, number in zip(panels, numbers, strict=False):
            values = maps[..., number]
            scale = maps if common_scale else values
            style = {"cmap": cmap, "vmin": scale.min(), "vmax": scale.max(), **(imshow_kw or {})}
            self.images_.append(panel.imshow(values, **style))
            panel.set_title(str(number), fontsize="small")
        if ax is None and self.layer is not None:
            self.figure_.suptitle(f"feature maps of layer {self.layer}", fontsize="medium")
        return self


def _as_picture(image):
    """(h, w) gray, or (h, w, 3) from 0 to 1; another number of channels becomes their mean."""
    image = np.asarray(image)
    if image.shape[2] != 3:
        return image.mean(axis=2)
    if image.dtype == np.uint8:
        return image / 255
    low, high = image.min(), image.max()
    if low >= 0 and high <= 1:
        return image
    return (image - low) / ((high - low) or 1)
