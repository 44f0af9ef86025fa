"""Residual layer."""

from collections.abc import Sequence

from sknn.layers._layer import Layer
from sknn.layers._nested import NestedLayers
from sknn.layers._shapes import kept
from sknn.plan import Geometry


class Residual(NestedLayers):
    """Layers with a skip connection: ``y = x + f(x)``.

    The gradient reaches earlier layers through x even if that of f is small.

    Parameters
    ----------
    layers : list of layers
        The layers f, whose output has the shape of their input.

    See Also
    --------
    Transposed : Layers that mix spatial positions instead of channels.

    References
    ----------
    K. He et al., Deep residual learning for image recognition, CVPR 2016 (arXiv 1512.03385).

    Examples
    --------
    >>> from sknn.layers import Conv2D, Residual
    >>> Residual([Conv2D(16, 3, padding="same")]).output_shape((8, 8, 16))
    (8, 8, 16)
    """

    _parameter_constraints = {"layers": [list, tuple]}

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = layers

    def _shape(self, input_shape):
        return kept(self.layers, input_shape)

    def lower(self, plan, source):
        # the layers come between a fork and a sum
        shape = self.output_shape(plan.shapes[source])
        geometry = Geometry.of_channels(shape)
        branch = plan.new_buffer(shape, gradient=plan.has_gradient(source))
        fork = plan.add("fork", source, branch, geometry=geometry)
        for layer in self.layers:
            branch = layer.lower(plan, branch)
        target = plan.new_buffer(shape)
        plan.add("add", branch, target, other=source, geometry=geometry)
        plan.join(fork, target)
        return target
