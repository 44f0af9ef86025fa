"""Networks that rise or fall with some features, whatever the others are: bounds of weights.

The sign of a value is 1 where it must rise, −1 where it must fall, 0 where it is free. Hidden units are of
two kinds: *monotonic* ones, of sign 1, and free ones, which do not see the values that have signs. Weights
of a monotonic unit are not negative where the input has sign 1, not positive where it is −1, and free
where it is 0. As the activations rise, so do monotonic units, and outputs made of them.
"""

from dataclasses import replace

import numpy as np

from sknn.layers._layer import Layer

#: activations that never fall
RISING = ("identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "selu", "softplus")
#: fraction of the hidden units that are monotonic, where some inputs are free
MONOTONIC_FRACTION = 0.5


class Bounded(Layer):
    """A layer whose weights stay within bounds in training.

    Parameters
    ----------
    layer : Layer
        With one array of weights.
    bounds : (lower, upper)
        Arrays that broadcast to the shape of the weights.
    """

    def __init__(self, layer, bounds):
        self.layer = layer
        self.bounds = bounds

    @property
    def _name(self):
        return self.layer._name

    def _shape(self, input_shape):
        return self.layer.output_shape(input_shape)

    def lower(self, plan, source):
        number = len(plan.parameters)
        target = self.layer.lower(plan, source)
        plan.parameters[number] = replace(plan.parameters[number], bounds=self.bounds)
        return target


def unit_signs(n_units, signs):
    """Signs of the units of a hidden layer; the monotonic ones are the last."""
    if not signs.any():
        return np.zeros(n_units)
    n_free = 0 if signs.all() else int(n_units * (1 - MONOTONIC_FRACTION))
    return np.where(np.arange(n_units) < n_free, 0.0, 1.0)


def bounded_dense(layer, signs, outputs):
    """A dense layer between values of these signs and outputs of these, 0 or 1."""
    if not signs.any():
        return layer
    given = signs[:, None]
    rises = outputs == 1
    lower = np.where(rises, np.where(given > 0, 0.0, -np.inf), np.where(given != 0, 0.0, -np.inf))
    upper = np.where(rises, np.where(given < 0, 0.0, np.inf), np.where(given != 0, 0.0, np.inf))
    return Bounded(layer, (lower, upper))


def bounded_scale(layer, signs):
    """A `Scale` that does not turn values that have signs."""
    if not signs.any():
        return layer
    return Bounded(layer, (np.where(signs != 0, 0.0, -np.inf), np.full(len(signs), np.inf)))


def bounded_activation(layer, signs):
    """A `ParametricActivation` that is between a rising function and the identity where there are signs."""
    if not signs.any():
        return layer
    bounds = np.where(signs != 0, 0.0, -np.inf), np.where(signs != 0, 1.0, np.inf)
    return Bounded(layer, bounds)


def bounded_embedding(layer):
    """A `PiecewiseLinearEmbedding` whose functions rise with their feature."""
    n_slopes = (len(layer.edges) - 1) * layer.n_outputs
    lower = np.full(n_slopes + layer.n_outputs, -np.inf)
    lower[:n_slopes] = 0.0
    return Bounded(layer, (lower[:, None], np.inf))
