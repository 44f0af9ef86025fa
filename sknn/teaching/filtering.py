"""Filters by hand: where a feature stands in an image, in three functions of plain arrays.

The same arithmetic as in a CNN, one step at a time: :class:`~sknn.layers.Conv2D` with the weights of the
filter over its size and no bias, ReLU, :class:`~sknn.layers.MaxPool2D` with ``padding="same"``.

A nine by nine cross of ±1, and the filter that looks for a stroke from the upper left to the lower right:

>>> import numpy as np
>>> cross = np.full((9, 9), -1)
>>> i = np.arange(1, 8)
>>> cross[i, i] = cross[i, 8 - i] = 1
>>> stroke = 2 * np.eye(3, dtype=int) - 1

How well it fits at each of 7 × 7 positions: 1 where all nine pixels agree, −1 where all differ. As in a
lecture, the numbers are truncated, not rounded, after the second digit:

>>> from sknn.teaching.filtering import match, max_pool, relu
>>> def two_digits(values):
...     return np.trunc(100 * values) / 100 + 0.0
>>> found = match(cross, stroke)
>>> two_digits(found)
array([[ 0.77, -0.11,  0.11,  0.33,  0.55, -0.11,  0.33],
       [-0.11,  1.  , -0.11,  0.33, -0.11,  0.11, -0.11],
       [ 0.11, -0.11,  1.  , -0.33,  0.11, -0.11,  0.55],
       [ 0.33,  0.33, -0.33,  0.55, -0.33,  0.33,  0.33],
       [ 0.55, -0.11,  0.11, -0.33,  1.  , -0.11,  0.11],
       [-0.11,  0.11, -0.11,  0.33, -0.11,  1.  , -0.11],
       [ 0.33, -0.11,  0.55,  0.33,  0.11, -0.11,  0.77]])

What does not fit is zero, and of each two by two positions the best remains:

>>> two_digits(max_pool(relu(found), 2))
array([[1.  , 0.33, 0.55, 0.33],
       [0.33, 1.  , 0.33, 0.55],
       [0.55, 0.33, 1.  , 0.11],
       [0.33, 0.55, 0.11, 0.77]])
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sknn.layers._shapes import pair, windows

__all__ = ["match", "max_pool", "relu"]


def match(image, filter):
    """Compute how well a filter fits at each position of an image: the mean of the products.

    With :math:`x` the image and :math:`f` the filter of N values,

    .. math::

        y_{ij} = \\frac{1}{N} \\sum_{u, v, k} x_{i + u, \\, j + v, \\, k} \\; f_{uvk},

    at the positions where the filter lies inside of the image. Both of ±1, that is the fraction of pixels
    that agree minus the fraction of those that differ. The filter is not flipped: in mathematics this is a
    correlation, in neural networks it is called convolution, and the sum is used without the 1 / N.

    Parameters
    ----------
    image : array-like of shape (h, w) or (h, w, c)
        Numbers.
    filter : array-like of shape (a, b) or (a, b, c)
        What to look for, not larger than the image and with its channels.

    Returns
    -------
    found : ndarray of float64 of shape (h − a + 1, w − b + 1)
        The mean of the products at each position; NaN where the window holds one.

    Raises
    ------
    ValueError
        If the filter does not fit into the image, or the two differ in their channels.

    See Also
    --------
    sknn.layers.Conv2D : The sum of the products, of many filters that are learned.

    Examples
    --------
    >>> from sknn.teaching.filtering import match
    >>> match([[-1, 1, -1, -1], [-1, 1, -1, 1]], [[-1, 1], [-1, 1]])
    array([[ 1. , -1. ,  0.5]])
    """
    image, filter = _as_image(image, "image"), _as_image(filter, "filter")
    if filter.ndim != image.ndim or filter.shape[2:] != image.shape[2:]:
        raise ValueError(
            f"filter of shape {filter.shape} and image of shape {image.shape} must have the same "
            "channels: (a, b) and (h, w), or (a, b, c) and (h, w, c)."
        )
    if filter.shape[0] > image.shape[0] or filter.shape[1] > image.shape[1]:
        raise ValueError(
            f"filter of shape {filter.shape} must not be larger than the image, {image.shape}."
        )
    patches = sliding_window_view(image, filter.shape[:2], axis=(0, 1))
    if image.ndim == 3:
        patches = np.moveaxis(patches, 2, -1)
    axes = tuple(range(2, patches.ndim))
    return (patches * filter).sum(axis=axes) / filter.size


def relu(values):
    """What is negative becomes zero: ``max(0, x)``, element by element; NaN stays NaN.

    Parameters
    ----------
    values : array-like
        Numbers, in any shape.

    Returns
    -------
    positive : ndarray of the same shape
        The values, 0 in place of the negative ones.

    Examples
    --------
    >>> from sknn.teaching.filtering import relu
    >>> relu([-2, 0, 3])
    array([0, 0, 3])
    """
    return np.maximum(values, 0)


def max_pool(values, window=2, stride=None):
    """The largest value of each window, with zeros around the image.

    Along an axis of n pixels there are ⌈n / stride⌉ windows. What the last of them lack is zero, one half
    before and one half after the image, and one more after it: :class:`~sknn.layers.MaxPool2D` with
    ``padding="same"``, which leaves out what lies outside. After ReLU the two are equal; a window of
    negative values alone at the edge is 0 here and negative there.

    Parameters
    ----------
    values : array-like of shape (h, w) or (h, w, c)
        An image, or what a filter found; each channel is pooled alone.
    window : int or (int, int), default=2
        Rows and columns of the window.
    stride : int, (int, int) or None, default=None
        Steps between windows; None is the size of the window.

    Returns
    -------
    pooled : ndarray of float64 of shape (⌈h / stride⌉, ⌈w / stride⌉) or the same with c channels
        The largest values; NaN where the window holds one.

    Raises
    ------
    ValueError
        If `values` is no image, or `window` or `stride` no size.

    Examples
    --------
    >>> from sknn.teaching.filtering import max_pool
    >>> max_pool([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 2)
    array([[5., 6.],
           [8., 9.]])
    """
    values = _as_image(values, "values")
    window = pair(window, "window")
    stride = window if stride is None else pair(stride, "stride")
    around = [
        windows(size, reach, step, "same")[1:]
        for size, reach, step in zip(values.shape, window, stride, strict=False)
    ]
    padded = np.pad(values, around + [(0, 0)] * (values.ndim - 2))
    return sliding_window_view(padded, window, axis=(0, 1))[:: stride[0], :: stride[1]].max(
        (-2, -1)
    )


def _as_image(values, name):
    """An array (h, w) or (h, w, c) of float64, or an error that says what is wrong."""
    try:
        image = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of numbers, (h, w) or (h, w, c).") from error
    if image.ndim not in (2, 3) or not image.size:
        raise ValueError(
            f"{name} of shape {image.shape} must be an image (h, w) or (h, w, c), and not empty."
        )
    return image
