"""The dense layer."""

from numbers import Integral

from sklearn.base import BaseEstimator

from sknn.layers._activation import Activation
from sknn.layers._shapes import size_of


class Dense(BaseEstimator):
    """Every unit sees every input: ``y = x W + b``.

    With x of shape (n, n_in), W (n_in, n_out) and b (n_out,), the gradients are
    ``dx = dy Wᵀ``, ``dW = xᵀ dy`` and ``db = Σ dy`` over the rows. An image (h, w, c) counts as a row of
    h · w · c values.

    Parameters
    ----------
    units : int
        Number of outputs, n_out.
    activation : str or None, default=None
        Function applied to the output; None is the network's, "identity" none.

    Examples
    --------
    >>> from sknn.layers import Dense
    >>> Dense(10)
    Dense(units=10)
    """

    def __init__(self, units, activation=None):
        self.units = units
        self.activation = activation

    def output_shape(self, input_shape):
        """(units,)."""
        if not isinstance(self.units, Integral) or isinstance(self.units, bool) or self.units < 1:
            raise ValueError(f"units={self.units!r} must be an integer >= 1.")
        return (int(self.units),)

    def lower(self, plan, source):
        """Add this layer's ops to a plan; returns the buffer of its output."""
        activation = self.activation or plan.activation
        shape = self.output_shape(plan.shapes[source])
        target = plan.new_buffer(shape)
        parameter = plan.new_parameter(
            source, (size_of(plan.shapes[source]), *shape), activation=activation, rule="glorot"
        )
        plan.add("dense", source, target, parameter=parameter)
        return Activation(activation).lower(plan, target)
