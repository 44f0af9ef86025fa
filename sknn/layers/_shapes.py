"""Shapes of images and windows, checked and spelled out."""

from numbers import Integral


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
