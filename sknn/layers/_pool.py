"""Pooling layers."""

from sklearn.utils._param_validation import StrOptions

from sknn.layers._layer import PAIR, Layer
from sknn.layers._shapes import image, pair, windows
from sknn.plan import Geometry


class _Pool2D(Layer):
    """Windows that move over an image, and give one number for each channel."""

    _kind: str
    _parameter_constraints = {
        "pool_size": PAIR,
        "strides": [*PAIR, None],
        "padding": [StrOptions({"valid", "same"})],
    }

    def __init__(self, pool_size=2, strides=None, padding="valid"):
        self.pool_size = pool_size
        self.strides = strides
        self.padding = padding

    def _steps(self):
        size = pair(self.pool_size, "pool_size")
        return size, size if self.strides is None else pair(self.strides, "strides")

    def _windows(self, shape):
        size, strides = self._steps()
        axes = [windows(shape[a], size[a], strides[a], self.padding) for a in (0, 1)]
        if min(n for n, _, _ in axes) < 1:
            raise ValueError(
                f"a window of {size[0]} x {size[1]} does not fit on an image of {shape[0]} x {shape[1]}; "
                "use padding='same' or a smaller window."
            )
        return axes

    def _shape(self, input_shape):
        h, w, c = image(input_shape, self)
        rows, columns = self._windows((h, w))
        return rows[0], columns[0], c

    def lower(self, plan, source):
        h, w, c = image(plan.shapes[source], self)
        self.output_shape((h, w, c))
        (oh, top, _), (ow, left, _) = self._windows((h, w))
        size, strides = self._steps()
        return _pool(plan, self._kind, source, (oh, ow, c), size, strides, (top, left))


class MaxPool2D(_Pool2D):
    """The largest value of each window; its gradient goes to the first place where it stands.

    Windows of `pool_size` move over the image by `strides`; every channel is pooled by itself.

    Parameters
    ----------
    pool_size : int or (int, int), default=2
        Rows and columns of the window.
    strides : int, (int, int) or None, default=None
        Steps between windows; None is the size of the window.
    padding : {"valid", "same"}, default="valid"
        "valid" drops a window that hangs over the edge, "same" keeps it and ignores what lies outside.

    See Also
    --------
    AvgPool2D : The mean of each window.
    GlobalMaxPool2D : A single window over the whole image.

    Examples
    --------
    >>> from sknn.layers import MaxPool2D
    >>> MaxPool2D(2, padding="same").output_shape((7, 7, 16))
    (4, 4, 16)
    """

    _kind = "max_pool"


class AvgPool2D(_Pool2D):
    """The mean of each window.

    Windows of `pool_size` move over the image by `strides`; every channel is pooled by itself.

    Parameters
    ----------
    pool_size : int or (int, int), default=2
        Rows and columns of the window.
    strides : int, (int, int) or None, default=None
        Steps between windows; None is the size of the window.
    padding : {"valid", "same"}, default="valid"
        "valid" drops a window that hangs over the edge, "same" keeps it and takes the mean of what lies
        inside.

    See Also
    --------
    MaxPool2D : The largest value of each window.
    GlobalAvgPool2D : A single window over the whole image.

    Examples
    --------
    >>> from sknn.layers import AvgPool2D
    >>> AvgPool2D(2).output_shape((7, 7, 16))
    (3, 3, 16)
    """

    _kind = "avg_pool"


class _GlobalPool2D(Layer):
    """One window over the whole image."""

    _kind: str

    def _shape(self, input_shape):
        return (image(input_shape, self)[2],)

    def lower(self, plan, source):
        h, w, c = image(plan.shapes[source], self)
        target = _pool(plan, self._kind, source, (1, 1, c), (h, w), (1, 1), (0, 0))
        plan.shapes[target] = (c,)
        return target


class GlobalMaxPool2D(_GlobalPool2D):
    """The largest value of each channel.

    An image (h, w, c) becomes a row (c,).

    See Also
    --------
    GlobalAvgPool2D : The mean of each channel.
    MaxPool2D : The largest value of each window.

    Examples
    --------
    >>> from sknn.layers import GlobalMaxPool2D
    >>> GlobalMaxPool2D().output_shape((4, 4, 64))
    (64,)
    """

    _kind = "max_pool"


class GlobalAvgPool2D(_GlobalPool2D):
    """The mean of each channel.

    An image (h, w, c) becomes a row (c,).

    See Also
    --------
    GlobalMaxPool2D : The largest value of each channel.
    AvgPool2D : The mean of each window.

    Examples
    --------
    >>> from sknn.layers import GlobalAvgPool2D
    >>> GlobalAvgPool2D().output_shape((4, 4, 64))
    (64,)
    """

    _kind = "avg_pool"


def _pool(plan, kind, source, shape, size, strides, before):
    """Adds a pooling op; the buffer of a largest value has a twin that says where it stood."""
    (kh, kw), (sh, sw), (top, left) = size, strides, before
    window = {"kh": kh, "kw": kw, "sh": sh, "sw": sw, "top": top, "left": left}
    geometry = Geometry.of_images(plan.shapes[source], shape, **window)
    target = plan.new_buffer(shape, gradient=plan.has_gradient(source))
    winners = plan.new_buffer(shape, gradient=False) if kind == "max_pool" else -1
    plan.add(kind, source, target, other=winners, geometry=geometry)
    return target
