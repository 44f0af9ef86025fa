"""Convolutional layer."""

from typing import Literal

from sklearn.utils._param_validation import StrOptions

from sknn._ranges import WIDTH
from sknn._types import ActivationName, Padding, Pair
from sknn.layers._activation import Activation
from sknn.layers._layer import ACTIVATION, PADDING, PAIR, Layer, check_size
from sknn.layers._shapes import check_groups, check_padding, image, pair, windows
from sknn.plan import Geometry


class Conv2D(Layer):
    """Convolution of images: ``y[p] = b + Σ x[p·s + t·d] W[t]`` over the taps t of the kernel.

    The shapes are x (n, h, w, c), W (kh, kw, c / groups, filters) and b (filters,). The gradient dx is the
    convolution of dy, with zeros around and between its pixels, with the flipped kernel. The others are
    ``dW[t] = Σ x[p·s + t·d]ᵀ dy[p]`` and ``db = Σ dy``, over images and spatial positions p.

    Parameters
    ----------
    filters : int
        Number of filters, which is the number of output channels.
    kernel_size : int or (int, int)
        Height and width of the kernel.
    strides : int or (int, int), default=1
        Step between neighboring outputs.
    padding : {"valid", "same"}, int or (int, int), default="valid"
        Zeros around the image: none; as many as keep the size at stride 1 (in general
        ``ceil(size / stride)`` outputs, as in Keras); or this number on each side.
    dilation : int or (int, int), default=1
        Step between neighboring taps of the kernel.
    groups : int, default=1
        Number of groups of channels, each with its own filters. If channels, filters and groups are equal in
        number, this is a depthwise convolution.
    bias : bool, default=True
        Whether to train biases; without, ``intercepts_`` holds zeros.
    activation : str or None, default=None
        Activation of the output. None means that of the network, "identity" none.
    trainable : bool, default=True
        Whether to train the weights. Biases are trained in any case.
    init : {"he", "dirac", "whitening"}, default="he"
        Initial weights. "he": random. "dirac": random, except for filters that pass one channel each through.
        "whitening", for the first layer: filters that whiten patches of the training images; `filters` is then
        even and at most 2 · kh · kw · c.

    See Also
    --------
    Dense : Fully connected layer.
    MaxPool2D : Maximum of each window.

    References
    ----------
    Y. LeCun et al., Gradient-based learning applied to document recognition, Proc. IEEE 86 (1998).

    Examples
    --------
    >>> from sknn.layers import Conv2D
    >>> Conv2D(32, 3, padding="same").output_shape((28, 28, 1))
    (28, 28, 32)
    """

    _parameter_constraints = {
        "filters": WIDTH,
        "kernel_size": PAIR,
        "strides": PAIR,
        "padding": PADDING,
        "dilation": PAIR,
        "groups": WIDTH,
        "bias": ["boolean"],
        "activation": [*ACTIVATION, None],
        "trainable": ["boolean"],
        "init": [StrOptions({"he", "dirac", "whitening"})],
    }

    def __init__(
        self,
        filters: int,
        kernel_size: Pair,
        strides: Pair = 1,
        padding: Padding = "valid",
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        activation: ActivationName | None = None,
        trainable: bool = True,
        init: Literal["he", "dirac", "whitening"] = "he",
    ) -> None:
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
        self.bias = bias
        self.activation = activation
        self.trainable = trainable
        self.init = init

    def _windows(self, shape):
        """(outputs, padding before, padding after) of both axes."""
        kernel, strides = pair(self.kernel_size, "kernel_size"), pair(self.strides, "strides")
        dilation, paddings = pair(self.dilation, "dilation"), check_padding(self.padding)
        axes = []
        for axis in (0, 1):
            reach = (kernel[axis] - 1) * dilation[axis] + 1
            found = windows(
                shape[axis], kernel[axis], strides[axis], paddings[axis], dilation[axis]
            )
            if found[0] < 1:
                raise ValueError(
                    f"a kernel that reaches {reach} pixels does not fit on an image of {shape[0]} x "
                    f"{shape[1]}; use padding='same' or a smaller kernel."
                )
            axes.append(found)
        return axes

    def _check_whitening(self, plan, source):
        kh, kw = pair(self.kernel_size, "kernel_size")
        most = 2 * kh * kw * plan.shapes[source][2]
        if source != 0 or self.groups > 1 or self.filters % 2 or self.filters > most:
            raise ValueError(
                f"init='whitening' is for the first layer, without groups, and for an even number of at most "
                f"{most} filters."
            )

    def _shape(self, input_shape):
        h, w, c = image(input_shape, self)
        filters, groups = int(self.filters), int(self.groups)
        check_groups(groups, c, filters)
        (oh, top, bottom), (ow, left, right) = self._windows((h, w))
        kernel = pair(self.kernel_size, "kernel_size")
        check_size(f"filters={filters}: weights", (*kernel, c // groups, filters))
        check_size(
            f"padding={self.padding!r}, dilation={self.dilation!r}: padded image",
            (h + top + bottom, w + left + right, c),
        )
        return oh, ow, filters

    def _on_larger_image(self, shape, image):
        return self

    def lower(self, plan, source):
        h, w, c = image(plan.shapes[source], self)
        oh, ow, oc = self.output_shape((h, w, c))
        if self.init == "whitening":
            self._check_whitening(plan, source)
        (_, top, bottom), (_, left, right) = self._windows((h, w))
        padded = (h + top + bottom, w + left + right, c)
        if padded != (h, w, c):
            inside = plan.new_view(source, padded)
            geometry = Geometry.of_images((h, w, c), padded, top=top, left=left)
            plan.add("pad", source, inside, geometry=geometry)
            source = inside
        geometry = self._geometry((h, w), padded, (oh, ow, oc), (top, left))
        return add_convolution(plan, source, self, geometry)

    def _geometry(self, size, padded, output_shape, before):
        (kh, kw), (sh, sw) = pair(self.kernel_size, "kernel_size"), pair(self.strides, "strides")
        dh, dw = pair(self.dilation, "dilation")
        window = {"kh": kh, "kw": kw, "sh": sh, "sw": sw, "dh": dh, "dw": dw}
        (ih, iw), (top, left) = size, before
        inside = {"ih": ih, "iw": iw, "top": top, "left": left}
        return Geometry.of_images(padded, output_shape, groups=int(self.groups), **window, **inside)


def add_convolution(plan, source, layer, geometry):
    """Add the op of a convolution of a padded image, and its activation."""
    g = geometry
    trained = layer.trainable or layer.bias or plan.has_gradient(source)
    target = plan.new_buffer((g.oh, g.ow, g.oc), gradient=bool(trained))
    parameter = plan.new_parameter(
        source,
        (g.kh, g.kw, g.c // g.groups, g.oc),
        activation=layer.activation or plan.activation,
        positions=g.oh * g.ow,
        trained=bool(layer.trainable),
        biased=bool(layer.bias),
        rule=layer.init,
    )
    kind = "depthwise" if 1 < g.c == g.oc == g.groups else "conv"
    plan.add(kind, source, target, parameter=parameter, geometry=geometry)
    return Activation(layer.activation or plan.activation).lower(plan, target)
