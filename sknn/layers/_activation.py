"""Activation layer."""

from sknn._ranges import NOT_NEGATIVE
from sknn._types import ActivationName
from sknn.layers._layer import ACTIVATION, ALPHAS, Layer


class Activation(Layer):
    """Elementwise activation function.

    `Dense` and `Conv2D` have a parameter `activation`; this layer is for an activation elsewhere, such as after a
    normalization or pooling layer.

    Parameters
    ----------
    name : {"identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", \
"gelu_tanh", "silu", "mish", "softplus"}
        Name of the function.
    alpha : float or None, default=None
        Derivative of "leaky_relu" below zero, or −1 times the limit of "elu"; >= 0. None means 0.01 and 1. Other
        functions have no alpha.

    See Also
    --------
    ParametricActivation : Activation with a learned weight for each channel.

    Examples
    --------
    >>> from sknn.layers import Activation
    >>> Activation("relu")
    Activation(name='relu')
    """

    _parameter_constraints = {"name": ACTIVATION, "alpha": [*NOT_NEGATIVE, None]}

    def __init__(self, name: ActivationName, alpha: float | None = None) -> None:
        self.name = name
        self.alpha = alpha

    def _shape(self, input_shape):
        if self.alpha is not None and self.name not in ALPHAS:
            raise ValueError(
                f"alpha={self.alpha!r} is for {' and '.join(map(repr, ALPHAS))}, but name={self.name!r}."
            )
        return input_shape

    def _on_larger_image(self, shape, image):
        return self

    def lower(self, plan, source):
        self.output_shape(plan.shapes[source])
        if self.name == "identity":
            return source
        alpha = ALPHAS.get(self.name, 0.0) if self.alpha is None else float(self.alpha)
        target = plan.new_buffer_like(source)
        plan.add("activation", source, target, activation=self.name, alpha=alpha)
        return target
