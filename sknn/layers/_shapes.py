"""Shapes of images and windows."""

from numbers import Integral

from sknn._ranges import MAX_WIDTH


def pair(value, name, least=1):
    """(rows, columns) from an integer or a pair of integers."""
    try:
        values = tuple(value)
    except TypeError:
        values = value, value
    if len(values) != 2 or not all(is_count(v, least) for v in values):
        raise ValueError(f"{name}={value!r} must be an integer >= {least}, or two of them.")
    return int(values[0]), int(values[1])


def image(shape, layer):
    """(h, w, c); raises for a vector."""
    if len(shape) != 3:
        raise ValueError(
            f"{layer} works on images (h, w, c), but its input is a row of {shape[0]} values; put it "
            "before Flatten and Dense layers."
        )
    return shape


def row(shape, layer):
    """n of a vector (n,); raises for an image."""
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
    """Whether this is an integer in the allowed range."""
    return (
        isinstance(value, Integral)
        and not isinstance(value, bool)
        and least <= int(value) <= MAX_WIDTH
    )


def of_layers(layers, or_none=False):
    """Check that all entries of a list are layers."""
    for i, layer in enumerate(layers):
        is_layer = hasattr(layer, "output_shape") and not isinstance(layer, type)
        if not is_layer and not (or_none and layer is None):
            raise ValueError(
                f"layers[{i}]={layer!r} is no layer; write an instance of a class of sknn.layers, such "
                "as Conv2D(32, 3)."
            )
    return layers


def kept(layers, shape):
    """The shape; raises if the layers change it."""
    made = shape
    for layer in of_layers(layers):
        made = layer.output_shape(made)
    if made != shape:
        raise ValueError(
            f"the layers change the shape {shape} to {made}, but output and input must have the same shape."
        )
    return shape


def windows(size, window, stride, padding, dilation=1, ceil_mode=False):
    """(number of windows, padding before, padding after) along one axis.

    Parameters
    ----------
    size, window, stride, dilation : int
    padding : "valid", "same", int or (int, int)
        "valid" drops a partial window. "same" gives ``ceil(size / stride)`` windows, with equal padding before and
        after, or one more after. An integer is the padding on both sides, a pair that before and after.
    ceil_mode : bool, default=False
        Whether a last partial window counts, if it begins before the end of the image.
    """
    reach = (window - 1) * dilation + 1
    if padding == "same":
        n = -(-size // stride)
        total = max((n - 1) * stride + reach - size, 0)
        return n, total // 2, total - total // 2
    before, after = (0, 0) if padding == "valid" else pair(padding, "padding", least=0)
    room = size + before + after - reach
    if room < 0:
        return 0, before, after
    n = (room + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (n - 1) * stride >= size + before:
        n -= 1  # no window begins in the padding after, as in PyTorch
    return n, before, after


def check_padding(padding):
    """Padding of each axis: a name, an integer or (before, after)."""
    if isinstance(padding, str):
        return padding, padding
    try:
        values = tuple(padding)
    except TypeError:
        values = padding, padding
    if len(values) != 2 or not all(is_count(v, 0) or _is_pair(v) for v in values):
        raise ValueError(
            f"padding={padding!r} must be 'valid', 'same', an integer >= 0, one for each axis, or (before, after) "
            "for each axis."
        )
    return values


def check_groups(groups, n_in, filters):
    """Raise if the channels of a convolution cannot be split evenly."""
    if n_in % groups or filters % groups:
        raise ValueError(
            f"groups={groups} must divide the {n_in} channels of the input and the {filters} filters."
        )


def _is_pair(value):
    return (
        isinstance(value, (tuple, list)) and len(value) == 2 and all(is_count(v, 0) for v in value)
    )
