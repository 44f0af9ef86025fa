"""Where a reader of layers stands in a graph of ONNX."""

from math import prod
from typing import NamedTuple

import numpy as np

#: orders of the axes of images
CHANNELS_FIRST, CHANNELS_LAST = "nchw", "nhwc"


class NotALayer(ValueError):
    """A node that no layer of sknn computes."""


class Place(NamedTuple):
    """Where the reader stands.

    Parameters
    ----------
    name : str
        Of the value.
    shape : (h, w, c) or (n,)
        As layers have it.
    axes : str
        Order of the axes of images.
    order : ndarray or None
        ``x[order]`` of a flattened image x is what the layers of sknn have; None is x itself.
    """

    name: str
    shape: tuple
    axes: str = CHANNELS_FIRST
    order: np.ndarray | None = None

    @property
    def is_image(self):
        """Whether the value is an image."""
        return len(self.shape) == 3

    def of_channels(self, values):
        """One value for each channel, in the order of sknn; raises where there are others."""
        if values is None:
            raise NotALayer("its weights are computed, not constant")
        shape, c = np.shape(values), self.shape[-1]
        last = not self.is_image or self.axes == CHANNELS_LAST
        if prod(shape) != c or (c > 1 and (shape[-1:] if last else shape[-3:-2]) != (c,)):
            raise NotALayer(
                f"a constant of shape {shape} has not one value for each of {c} channels"
            )
        values = np.ravel(values)
        return values if self.order is None else values[self.order]
