"""Layers on the transposed image."""

from collections.abc import Sequence

from sknn.layers._layer import Layer
from sknn.layers._nested import NestedLayers
from sknn.layers._shapes import image, kept
from sknn.plan import Geometry


class Transposed(NestedLayers):
    """Layers on the transposed image: ``y = f(xᵀ)ᵀ``, exchanging spatial positions and channels.

    An image (h, w, c) becomes (1, c, h · w) for the layers f; their output is transposed back. A convolution with
    kernel size 1 in f is then a dense layer over all spatial positions, shared by the channels:
    ``y[q, c] = b[q] + Σ x[p, c] W[p, q]``.

    Parameters
    ----------
    layers : list of layers
        The layers f, whose output has the shape of their input.

    See Also
    --------
    Residual : Layers with a skip connection.

    References
    ----------
    I. Tolstikhin et al., MLP-Mixer: an all-MLP architecture for vision, NeurIPS 2021
    (arXiv 2105.01601).

    Examples
    --------
    >>> from sknn.layers import Conv2D, Transposed
    >>> Transposed([Conv2D(32, 1), Conv2D(16, 1)]).output_shape((4, 4, 8))
    (4, 4, 8)
    """

    _parameter_constraints = {"layers": [list, tuple]}

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = layers

    def _shape(self, input_shape):
        h, w, c = image(input_shape, self)
        kept(self.layers, (1, c, h * w))
        return h, w, c

    def lower(self, plan, source):
        h, w, c = self.output_shape(plan.shapes[source])
        transposed = _transpose(plan, source, (1, c, h * w))
        for layer in self.layers:
            transposed = layer.lower(plan, transposed)
        return _transpose(plan, transposed, (h, w, c))


def _transpose(plan, source, shape):
    target = plan.new_buffer(shape, gradient=plan.has_gradient(source))
    plan.add("transpose", source, target, geometry=Geometry.of_images(plan.shapes[source], shape))
    return target
