"""Shapes of images and windows, checked and spelled out."""

from numbers import Integral

from sknn._ranges import MAX_WIDTH


def pair(value, name, least=1):
    """(rows, columns) from a number or a pair of numbers."""
    try:
        values = tuple(value)
    except TypeError:
        values = value, value
    if len(values) != 2 or not all(is_count(v, least) for v in values):
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


def counts(values, name):
    """A tuple of integers >= 1."""
    if not all(is_count(v) for v in values):
        raise ValueError(f"{name}={values!r} must be integers >= 1, one for each column or part.")
    return tuple(int(v) for v in values)


def is_count(value, least=1):
    """Whether this is an integer of a size that a layer may have."""
    return (
        isinstance(value, Integral)
        and not isinstance(value, bool)
        and least <= int(value) <= MAX_WIDTH
    )


def of_layers(layers, or_none=False):
    """A list that holds layers alone, or an error that says which entry is none."""
    for i, layer in enumerate(layers):
        is_layer = hasattr(layer, "output_shape") and not isinstance(layer, type)
        if not is_layer and not (or_none and layer is None):
            raise ValueError(
                f"layers[{i}]={layer!r} is no layer; write an instance of a class of sknn.layers, such "
                "as Conv2D(32, 3)."
            )
    return layers


def kept(layers, shape):
    """The shape, or an error where these layers make another one of it."""
    made = shape
    for layer in of_layers(layers):
        made = layer.output_shape(made)
    if made != shape:
        raise ValueError(
            f"the layers make {made} of {shape}; what they give must have the shape of what they take."
        )
    return shape


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


def check_padding(padding):
    """A pair of "valid" or "same", or of numbers, from one of them or two numbers."""
    if isinstance(padding, str):
        return padding, padding
    return pair(padding, "padding", least=0)
