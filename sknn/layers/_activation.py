"""The activation layer."""

from sknn.layers._layer import ACTIVATION, Layer


def activation_code(plan, name):
    """The engine's number of an activation."""
    if not isinstance(name, str) or name not in plan.engine.ACTIVATIONS:
        raise ValueError(f"activation {name!r} is none of {', '.join(plan.engine.ACTIVATIONS)}.")
    return plan.engine.ACTIVATIONS[name]


class Activation(Layer):
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

    _parameter_constraints = {"name": ACTIVATION}

    def __init__(self, name):
        self.name = name

    def lower(self, plan, source):
        """Add this layer's op to a plan; returns the buffer of its output."""
        if self.name == "identity":
            return source
        code = activation_code(plan, self.name)
        # the input of the network may lie in the user's memory
        keeps_input = self.name in plan.engine.NEEDS_INPUT or source == 0
        target = plan.new_buffer_like(source) if keeps_input else source
        plan.add("activation", source, target, code=code)
        return target
