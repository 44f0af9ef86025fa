"""The activation layer."""

from sklearn.base import BaseEstimator


def activation_code(plan, name):
    """The engine's number of an activation."""
    if name not in plan.engine.ACTIVATIONS:
        raise ValueError(f"activation {name!r} is none of {', '.join(plan.engine.ACTIVATIONS)}.")
    return plan.engine.ACTIVATIONS[name]


class Activation(BaseEstimator):
    """An elementwise function between layers.

    Parameters
    ----------
    name : {"identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", \
"mish", "softplus"}
        Which function.

    Examples
    --------
    >>> from sknn.layers import Activation
    >>> Activation("relu")
    Activation(name='relu')
    """

    def __init__(self, name):
        self.name = name

    def output_shape(self, input_shape):
        """That of the input."""
        return tuple(input_shape)

    def lower(self, plan, source):
        """Add this layer's op to a plan; returns the buffer of its output."""
        if self.name == "identity":
            return source
        code = activation_code(plan, self.name)
        target = plan.new_buffer_like(source)
        plan.add("activation", source, target, code=code)
        return target
