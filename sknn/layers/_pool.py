"""Pooling layers."""

from sknn._types import Padding, Pair
from sknn.layers._layer import PADDING, PAIR, Layer
from sknn.layers._shapes import check_padding, image, pair, windows
from sknn.plan import Geometry


class _Pool2D(Layer):
    """Base of the pooling layers with windows."""

    _kind: str
    _parameter_constraints = {
        "pool_size": PAIR,
        "strides": [*PAIR, None],
        "padding": PADDING,
        "ceil_mode": ["boolean"],
    }

    def __init__(
        self,
        pool_size: Pair = 2,
        strides: Pair | None = None,
        padding: Padding = "valid",
        ceil_mode: bool = False,
    ) -> None:
        self.pool_size = pool_size
        self.strides = strides
        self.padding = padding
        self.ceil_mode = ceil_mode

    def _steps(self):
        size = pair(self.pool_size, "pool_size")
        return size, size if self.strides is None else pair(self.strides, "strides")

    def _windows(self, shape):
        size, strides = self._steps()
        axes = [
            windows(shape[a], size[a], strides[a], padding, ceil_mode=self.ceil_mode)
            for a, padding in enumerate(check_padding(self.padding))
        ]
        if any(max(padding) >= size[a] for a, (_, *padding) in enumerate(axes)):
            raise ValueError(
                f"padding={self.padding!r} must be smaller than the window of {size[0]} x {size[1]}, so that each "
                "window covers part of the image."
            )
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

    def _on_larger_image(self, shape, image):
        return self

    def lower(self, plan, source):
        h, w, c = image(plan.shapes[source], self)
        self.output_shape((h, w, c))
        (oh, top, bottom), (ow, left, right) = self._windows((h, w))
        size, strides = self._steps()
        edges = {"top": top, "left": left, "bottom": bottom, "right": right}
        return _pool(plan, self._kind, source, (oh, ow, c), size, strides, edges, **self._options())

    def _options(self):
        return {}


class MaxPool2D(_Pool2D):
    """Max pooling: maximum of each window.

    Windows of `pool_size` move over the image by `strides`; each channel is pooled separately. The gradient goes
    to the first occurrence of the maximum.

    Parameters
    ----------
    pool_size : int or (int, int), default=2
        Height and width of the window.
    strides : int, (int, int) or None, default=None
        Step between windows; None means the size of the window.
    padding : {"valid", "same"}, int, (int, int) or ((int, int), (int, int)), default="valid"
        "valid" drops a partial window at the edge, "same" gives as many windows as there are strides in the
        image; a number is added on both sides of rows and columns, two are those of rows and of columns, and
        pairs of numbers are the padding before and after. It is smaller than the window.
    ceil_mode : bool, default=False
        Whether a partial window after the last whole one counts, too.

    See Also
    --------
    AvgPool2D : Mean of each window.
    GlobalMaxPool2D : Maximum of each channel.

    Examples
    --------
    >>> from sknn.layers import MaxPool2D
    >>> MaxPool2D(2, padding="same").output_shape((7, 7, 16))
    (4, 4, 16)
    """

    _kind = "max_pool"


class AvgPool2D(_Pool2D):
    """Average pooling: mean of each window.

    Windows of `pool_size` move over the image by `strides`; each channel is pooled separately.

    Parameters
    ----------
    pool_size : int or (int, int), default=2
        Height and width of the window.
    strides : int, (int, int) or None, default=None
        Step between windows; None means the size of the window.
    padding : {"valid", "same"}, int, (int, int) or ((int, int), (int, int)), default="valid"
        "valid" drops a partial window at the edge, "same" gives as many windows as there are strides in the
        image; a number is added on both sides of rows and columns, two are those of rows and of columns, and
        pairs of numbers are the padding before and after. It is smaller than the window.
    ceil_mode : bool, default=False
        Whether a partial window after the last whole one counts, too.
    count_include_pad : bool, default=False
        Whether the padding counts as zeros in the mean. PyTorch's default is True, ONNX's False.

    See Also
    --------
    MaxPool2D : Maximum of each window.
    GlobalAvgPool2D : Maximum of each channel.

    Examples
    --------
    >>> from sknn.layers import AvgPool2D
    >>> AvgPool2D(2).output_shape((7, 7, 16))
    (3, 3, 16)
    """

    _kind = "avg_pool"
    _parameter_constraints = {**_Pool2D._parameter_constraints, "count_include_pad": ["boolean"]}

    def __init__(
        self,
        pool_size: Pair = 2,
        strides: Pair | None = None,
        padding: Padding = "valid",
        ceil_mode: bool = False,
        count_include_pad: bool = False,
    ) -> None:
        super().__init__(pool_size, strides, padding, ceil_mode)
        self.count_include_pad = count_include_pad

    def _options(self):
        return {"counts_padding": bool(self.count_include_pad)}


class _GlobalPool2D(Layer):
    """Base of the pooling layers with one window over the whole image."""

    _kind: str

    def _shape(self, input_shape):
        return (image(input_shape, self)[2],)

    def lower(self, plan, source):
        h, w, c = image(plan.shapes[source], self)
        target = _pool(plan, self._kind, source, (1, 1, c), (h, w), (1, 1), {})
        plan.shapes[target] = (c,)
        return target


class GlobalMaxPool2D(_GlobalPool2D):
    """Global max pooling: maximum of each channel.

    An image (h, w, c) becomes a vector (c,).

    See Also
    --------
    GlobalAvgPool2D : Mean of each channel.
    MaxPool2D : Maximum of each window.

    Examples
    --------
    >>> from sknn.layers import GlobalMaxPool2D
    >>> GlobalMaxPool2D().output_shape((4, 4, 64))
    (64,)
    """

    _kind = "max_pool"

    def _on_larger_image(self, shape, image):
        return MaxPool2D(image[:2], strides=1)


class GlobalAvgPool2D(_GlobalPool2D):
    """Global average pooling: mean of each channel.

    An image (h, w, c) becomes a vector (c,).

    See Also
    --------
    GlobalMaxPool2D : Maximum of each channel.
    AvgPool2D : Mean of each window.

    Examples
    --------
    >>> from sknn.layers import GlobalAvgPool2D
    >>> GlobalAvgPool2D().output_shape((4, 4, 64))
    (64,)
    """

    _kind = "avg_pool"

    def _on_larger_image(self, shape, image):
        return AvgPool2D(image[:2], strides=1)


def _pool(plan, kind, source, shape, size, strides, edges, **options):
    """Add a pooling op; max pooling has another buffer for the indices of the winners."""
    (kh, kw), (sh, sw) = size, strides
    window = {"kh": kh, "kw": kw, "sh": sh, "sw": sw, **edges}
    geometry = Geometry.of_images(plan.shapes[source], shape, **window)
    target = plan.new_buffer(shape, gradient=plan.has_gradient(source))
    winners = plan.new_buffer(shape, gradient=False) if kind == "max_pool" else -1
    plan.add(kind, source, target, other=winners, geometry=geometry, **options)
    return target
