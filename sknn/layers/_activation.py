"""The activation layer."""

from sknn.layers._layer import ACTIVATION, Layer


class Activation(Layer):
    """An elementwise function between layers.

    `Dense` and `Conv2D` have an activation of their own; this layer is for one after a normalization
    or a pooling layer.

    Parameters
    ----------
    name : {"identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", \
"mish", "softplus"}
        Which function.

    See Also
    --------
    ParametricActivation : Each channel learns how much of the function it takes.

    Examples
    --------
    >>> from sknn.layers import Activation
    >>> Activation("relu")
    Activation(name='relu')
    """

    _parameter_constraints = {"name": ACTIVATION}

    def __init__(self, name):
        self.name = name

    def _on_larger_image(self, shape, image):
        return self

    def lower(self, plan, source):
        if self.name == "identity":
            return source
        self.output_shape(plan.shapes[source])
        target = plan.new_buffer_like(source)
        plan.add("activation", source, target, activation=self.name)
        return target
