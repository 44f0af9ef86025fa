"""Transposed convolution."""

from numbers import Integral

from sklearn.utils._param_validation import Interval

from sknn._ranges import MAX_WIDTH, WIDTH
from sknn._types import ActivationName, Pair
from sknn.layers._conv import add_convolution
from sknn.layers._layer import ACTIVATION, PAIR, Layer, check_size
from sknn.layers._shapes import check_groups, image, pair
from sknn.plan import Geometry

COUNTS = [Interval(Integral, 0, MAX_WIDTH, closed="both"), "array-like"]


class ConvTranspose2D(Layer):
    """Transposed convolution, which enlarges images.

    It inverts the change of size of a strided convolution: an axis of n pixels becomes
    ``(n - 1) * strides - 2 * padding + kernel_size + output_padding``. Each pixel x[p] adds a multiple of the
    kernel V to the output, ``y[p·s + t] = b + Σ x[p] V[t]``.

    The weights W (kh, kw, c / groups, filters) are the flipped kernel, ``W[t] = V[k − 1 − t]``: the layer is
    computed as a convolution of the image with zeros between its pixels.

    Parameters
    ----------
    filters : int
        Number of output channels.
    kernel_size : int or (int, int)
        Height and width of the kernel.
    strides : int or (int, int), default=1
        Output pixels per input pixel.
    padding : int or (int, int), default=0
        Pixels removed on each side of the output; smaller than the kernel.
    output_padding : int or (int, int), default=0
        Pixels added at the bottom and on the right; smaller than the strides. It selects among the input sizes
        that a strided convolution maps to one output size.
    groups : int, default=1
        Number of groups of channels, each with its own filters.
    bias : bool, default=True
        Whether to train biases.
    activation : str or None, default=None
        Activation of the output. None means that of the network, "identity" none.
    trainable : bool, default=True
        Whether to train the weights.

    See Also
    --------
    Conv2D : Convolution.

    References
    ----------
    M. Zeiler, D. Krishnan, G. Taylor & R. Fergus, Deconvolutional networks, CVPR 2010. V. Dumoulin & F. Visin, A
    guide to convolution arithmetic for deep learning, 2016 (arXiv 1603.07285).

    Examples
    --------
    >>> from sknn.layers import ConvTranspose2D
    >>> ConvTranspose2D(8, 2, strides=2).output_shape((7, 7, 16))
    (14, 14, 8)
    """

    _parameter_constraints = {
        "filters": WIDTH,
        "kernel_size": PAIR,
        "strides": PAIR,
        "padding": COUNTS,
        "output_padding": COUNTS,
        "groups": WIDTH,
        "bias": ["boolean"],
        "activation": [*ACTIVATION, None],
        "trainable": ["boolean"],
    }
    #: as in `Conv2D`
    init = "he"

    def __init__(
        self,
        filters: int,
        kernel_size: Pair,
        strides: Pair = 1,
        padding: Pair = 0,
        output_padding: Pair = 0,
        groups: int = 1,
        bias: bool = True,
        activation: ActivationName | None = None,
        trainable: bool = True,
    ) -> None:
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.padding = padding
        self.output_padding = output_padding
        self.groups = groups
        self.bias = bias
        self.activation = activation
        self.trainable = trainable

    def _axes(self, shape):
        """(size with zeros between pixels, padding before, padded size, outputs) of both axes."""
        kernel, strides = pair(self.kernel_size, "kernel_size"), pair(self.strides, "strides")
        padding = pair(self.padding, "padding", least=0)
        more = pair(self.output_padding, "output_padding", least=0)
        axes = []
        for n, k, s, p, extra in zip(shape, kernel, strides, padding, more, strict=True):
            if p >= k or extra >= s:
                raise ValueError(
                    f"padding={self.padding!r} must be smaller than the kernel, and "
                    f"output_padding={self.output_padding!r} smaller than the strides."
                )
            apart, before = (n - 1) * s + 1, k - 1 - p
            total = apart + 2 * before + extra
            if total < k:
                raise ValueError(
                    f"padding={self.padding!r} leaves nothing of an image of {n} pixels."
                )
            axes.append((apart, before, total, total - k + 1))
        return axes

    def _shape(self, input_shape):
        h, w, c = image(input_shape, self)
        filters, groups = int(self.filters), int(self.groups)
        check_groups(groups, c, filters)
        rows, columns = self._axes((h, w))
        kernel = pair(self.kernel_size, "kernel_size")
        check_size(f"filters={filters}: weights", (*kernel, c // groups, filters))
        check_size("the image with zeros between its pixels", (rows[2], columns[2], c))
        return rows[3], columns[3], filters

    def lower(self, plan, source):
        h, w, c = image(plan.shapes[source], self)
        shape = self.output_shape((h, w, c))
        (ih, top, height, _), (iw, left, width, _) = self._axes((h, w))
        (sh, sw), (kh, kw) = pair(self.strides, "strides"), pair(self.kernel_size, "kernel_size")
        inside = {"top": top, "left": left, "ih": ih, "iw": iw}
        wide = plan.new_buffer((height, width, c), gradient=plan.has_gradient(source))
        geometry = Geometry.of_images((h, w, c), (height, width, c), sh=sh, sw=sw, **inside)
        plan.add("spread", source, wide, geometry=geometry)
        geometry = Geometry.of_images(
            (height, width, c), shape, kh=kh, kw=kw, groups=int(self.groups), **inside
        )
        return add_convolution(plan, wide, self, geometry)
