"""Shapes of images and windows, checked and spelled out."""

from numbers import Integral, Real

import numpy as np


def pair(value, name, least=1):
    """(rows, columns) from a number or a pair of numbers."""
    values = (value, value) if isinstance(value, Integral) else tuple(value)
    if len(values) != 2 or not all(
        isinstance(v, Integral) and not isinstance(v, bool) and v >= least for v in values
    ):
        raise ValueError(f"{name}={value!r} must be an integer >= {least}, or two of them.")
    return int(values[0]), int(values[1])


def image(shape, layer):
    """(h, w, c), or an error that says what is wrong with a row of values."""
    if len(shape) != 3:
        raise ValueError(
            f"{layer} works on images (h, w, c), but its input is a row of {shape[0]} values; put it "
            "before Flatten and Dense layers."
        )
    return shape


def row(shape, layer):
    """n of a row (n,), or an error that says what is wrong with an image."""
    if len(shape) != 1:
        raise ValueError(
            f"{layer} works on the columns of a row, but its input has the shape {shape}."
        )
    return shape[0]


def channels_geometry(shape):
    """Of an op that leaves the shape as it is."""
    h, w, c = shape if len(shape) == 3 else (1, 1, *shape)
    return h, w, c, h, w, c, 1, 1, 1, 1, 1, 1, 0, 0, 1, h, w


def columns_geometry(n_in, n_out, first=0, to=0):
    """Of an op on n_in columns of a row from `first` on, which makes n_out columns from `to` on."""
    return 1, 1, n_in, 1, 1, n_out, 1, 1, 1, 1, 1, 1, first, to, 1, 1, 1


def check_rate(rate, name="rate"):
    """A factor of the learning rate; 0 keeps what is there."""
    if not isinstance(rate, Real) or isinstance(rate, bool) or not 0 <= float(rate) < np.inf:
        raise ValueError(f"{name}={rate!r} must be a finite number >= 0.")


def check_count(value, name):
    """A number of something, at least one."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name}={value!r} must be an integer >= 1.")


def kept(layers, shape):
    """The shape, or an error where these layers make another one of it."""
    made = shape
    for layer in layers:
        made = layer.output_shape(made)
    if made != shape:
        raise ValueError(
            f"the layers make {made} of {shape}; what they give must have the shape of what they take."
        )
    return shape


def size_of(shape):
    """Number of values."""
    size = 1
    for n in shape:
        size *= n
    return size


def windows(size, window, stride, padding, dilation=1):
    """(number of windows, padding before, padding after) along one axis.

    Parameters
    ----------
    size, window, stride, dilation : int
    padding : "valid", "same" or int
        "valid" drops a window that hangs over the edge; "same" gives ``ceil(size / stride)`` windows, with
        as much padding before as after, or one more after; a number is added on both sides.
    """
    reach = (window - 1) * dilation + 1
    if padding == "same":
        n = -(-size // stride)
        total = max((n - 1) * stride + reach - size, 0)
        return n, total // 2, total - total // 2
    before = 0 if padding == "valid" else padding
    n = (size + 2 * before - reach) // stride + 1
    if size + 2 * before < reach:
        n = 0
    return n, before, before


def check_padding(padding, windows_only=False):
    """One of "valid", "same" or (not for pooling) a number or two of them; returns a pair."""
    if padding in ("valid", "same"):
        return padding, padding
    if windows_only or isinstance(padding, str):
        numbers = "" if windows_only else ", a number >= 0 or two of them"
        raise ValueError(f"padding={padding!r} must be 'valid' or 'same'{numbers}.")
    return pair(padding, "padding", least=0)
