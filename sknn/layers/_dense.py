"""The dense layer."""

from sklearn.base import BaseEstimator


class Dense(BaseEstimator):
    """Every unit sees every input: ``y = x W + b``.

    With x of shape (n, n_in), W (n_in, n_out) and b (n_out,), the gradients are
    ``dx = dy Wᵀ``, ``dW = xᵀ dy`` and ``db = Σ dy`` over the rows.

    Parameters
    ----------
    units : int
        Number of outputs, n_out.

    Examples
    --------
    >>> from sknn.layers import Dense
    >>> Dense(10)
    Dense(units=10)
    """

    def __init__(self, units):
        self.units = units

    def lower(self, plan, source):
        """Add this layer's op to a plan; returns the buffer of its output."""
        target = plan.new_buffer(self.units)
        plan.add("dense", source, target, parameter=plan.new_parameter(source, self.units))
        return target
