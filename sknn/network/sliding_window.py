"""Sliding-window inference: networks on images larger than those of fit.

A dense layer after an image is a convolution whose kernel is as large as that image. Written so, a
network takes images of any larger size, and gives at every spatial position its outputs for the window
that begins there. One forward pass does for all windows, which share what they have in common.
"""

from dataclasses import dataclass

import numpy as np

from sknn.layers import Residual
from sknn.layers._shapes import pair


@dataclass(frozen=True)
class WindowPredictions:
    """Predictions of sliding-window inference.

    The result of :meth:`sknn.CNNClassifier.predict_windows`: what a classifier says of every window of larger
    images.

    Parameters
    ----------
    probabilities : ndarray of float64 of shape (n, n_rows, n_columns, n_classes), or list of them
        Those of the window that begins at ``rows[i]`` and ``columns[j]``, in the order of ``classes_``;
        for several columns of classes a list.
    rows, columns : ndarray of int
        Pixel row and column at which the windows begin.
    window : (int, int)
        Height and width of a window: those of the images of fit.

    See Also
    --------
    sknn.CNNClassifier.predict_windows : Moves a fitted network over larger images.
    sknn.teaching.decoding.best_path : Decodes the symbols in a line of probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> from sknn.network.sliding_window import WindowPredictions
    >>> P = np.full((1, 1, 2, 10), 0.1)
    >>> WindowPredictions(P, rows=np.array([0]), columns=np.array([0, 4]), window=(8, 8)).window
    (8, 8)
    """

    probabilities: np.ndarray | list
    rows: np.ndarray
    columns: np.ndarray
    window: tuple[int, int]


class SlidingLayers:
    """The layers of a network, rewritten for larger images.

    A dense layer after an image becomes a convolution with a kernel as large as that image, and global
    pooling a window of that size.

    Parameters
    ----------
    layers : list of layers
        All of them, the output layer too.
    image_shape : (h, w, c)
        Shape of the images that they were made for.
    larger_shape : (h, w, c)
        Shape of the images to come.

    Attributes
    ----------
    layers : list of layers
        They have the weights of the old ones, in the same order and of the same sizes:
        (h · w · c, units) of a dense layer becomes (h, w, c, units).
    strides : (int, int)
        Pixels from one window to the next.

    Raises
    ------
    ValueError
        For a layer that cannot be moved, and where padding would begin at another pixel.

    See Also
    --------
    sknn.CNNClassifier.predict_windows : Moves a fitted network over larger images.

    Examples
    --------
    >>> from sknn.layers import Dense
    >>> from sknn.network.sliding_window import SlidingLayers
    >>> SlidingLayers([Dense(10)], (8, 8, 1), (8, 24, 1)).layers
    [Conv2D(filters=10, kernel_size=(8, 8))]
    """

    def __init__(self, layers, image_shape, larger_shape):
        self.strides = (1, 1)
        #: output of the layers so far: as it was, as it was before it was flattened, and of a larger image
        self._shape = self._image = tuple(image_shape)
        self._larger = tuple(larger_shape)
        self.layers = self._moved(layers)

    def _moved(self, layers):
        moved = []
        for number, layer in enumerate(layers):
            try:
                moved += self._move(layer)
            except ValueError as error:
                raise ValueError(f"layers[{number}] = {layer!r}: {error}") from None
        return moved

    def _move(self, layer):
        """The layers, one or none, that do at every spatial position what this one did."""
        if isinstance(layer, Residual):
            return [self._move_residual(layer)]
        new = layer._on_larger_image(self._shape, self._image)
        if new is layer and hasattr(layer, "_windows"):
            self._step(layer)
        self._shape = layer.output_shape(self._shape)
        if new is None:
            return []
        self._image, self._larger = new.output_shape(self._image), new.output_shape(self._larger)
        return [new]

    def _move_residual(self, layer):
        before = self._image, self._larger
        new = Residual(self._moved(layer.layers))
        if (self._image, self._larger) != before:
            raise ValueError(
                "it does not keep the size of a larger image, and cannot be moved over it."
            )
        return new

    def _step(self, layer):
        """Count the strides of a layer; its padding must begin where it did."""
        steps = pair(layer.strides or layer.pool_size, "strides")
        self.strides = self.strides[0] * steps[0], self.strides[1] * steps[1]
        of_both = (layer._windows(shape[:2]) for shape in (self._image, self._larger))
        was, becomes = ([before for _, before, _ in axes] for axes in of_both)
        if was != becomes:
            raise ValueError(
                "its padding begins at another pixel on images of this size; let height and width exceed "
                f"those of fit by multiples of {self.strides[0]} and {self.strides[1]} pixels."
            )
