"""Networks: layers with shapes and initial weights, lowered to the engine's plan.

A network knows its layers and the width of its input; no estimator and no data.
"""

from dataclasses import dataclass, field
from types import ModuleType

import numpy as np

from sknn import engine
from sknn.layers import Activation, Dense, Dropout


@dataclass
class Plan:
    """What the engine is told: buffers, parameters and ops, all numbered in order.

    A buffer is (width, gradient); buffers that share a gradient are stages of one elementwise chain.
    """

    engine: ModuleType
    sparse: bool = False
    buffers: list = field(default_factory=list)
    parameters: list = field(default_factory=list)
    ops: list = field(default_factory=list)
    n_gradients: int = 0
    #: ops that were added, the merged ones too: they number the masks of dropout
    n_ops: int = 0

    def new_buffer(self, width, gradient=True):
        """A buffer with a gradient of its own, or with none."""
        self.buffers.append((width, self.n_gradients if gradient else -1))
        self.n_gradients += gradient
        return len(self.buffers) - 1

    def new_buffer_like(self, source):
        """A buffer of the same width that shares the gradient of `source`."""
        self.buffers.append(self.buffers[source])
        return len(self.buffers) - 1

    def new_parameter(self, source, n_out):
        """Weights and biases from a buffer to `n_out` outputs."""
        n_in, gradient = self.buffers[source]
        self.parameters.append((n_in, n_out, gradient >= 0))
        return len(self.parameters) - 1

    def add(self, kind, source, target, *, parameter=0, code=0, rate=0.0):
        """Append an op; a dense op on sparse rows takes the dropout before it along."""
        salt, self.n_ops = self.n_ops, self.n_ops + 1
        if self.sparse and kind == "dense" and source <= 1 and self.buffers[source][1] < 0:
            if self.ops:  # the input dropout: its mask is applied to the stored values only
                salt, rate = self.ops.pop()[-2:]
            kind, source = "dense_csr", 0
        self.ops.append((self.engine.OPS[kind], source, target, parameter, code, salt, rate))


class Network:
    """A sequence of layers on inputs of a known width.

    Parameters
    ----------
    layers : list of layers
    n_features : int
        Width of the input.
    dtype : {"float32", "float64"}
    sparse : bool
        Whether the input comes as CSR rows.
    """

    def __init__(self, layers, n_features, dtype, sparse=False):
        self.layers = layers
        self.n_features = n_features
        self.dtype = np.dtype(dtype)
        self.engine = engine.load(self.dtype.name)
        self.plan = Plan(self.engine, sparse)
        at = self.plan.new_buffer(n_features, gradient=False)
        #: number of ops after which the output of layer i stands in its buffer, and its width
        self.ends = []
        for layer in layers:
            at = layer.lower(self.plan, at)
            self.ends.append((len(self.plan.ops), self.plan.buffers[at][0]))

    @property
    def shapes(self):
        """(n_in, n_out) of every layer with weights."""
        return [parameter[:2] for parameter in self.plan.parameters]

    @property
    def n_weights(self):
        """Number of weights, biases not counted."""
        return sum(n_in * n_out for n_in, n_out in self.shapes)

    def program(self, loss, mean_gradient=False):
        """The compiled Program with this loss at its end.

        With `mean_gradient` the gradient is that of the reported loss, a mean over the outputs for
        regression; without it that of the sum over the outputs, which stochastic steps take as in
        scikit-learn.
        """
        return self.engine.Program(
            self.plan.ops,
            self.plan.buffers,
            self.plan.parameters,
            loss.lower(self.engine, mean_gradient),
        )

    def empty_weights(self):
        """Arrays for weights and biases, or for a moment of each, as (coefs, intercepts)."""
        return (
            [np.empty(shape, self.dtype) for shape in self.shapes],
            [np.empty(n_out, self.dtype) for _, n_out in self.shapes],
        )


def multilayer_perceptron(hidden_layer_sizes, n_outputs, activations, dropout):
    """Layers of an MLP: dropout, then for each hidden layer dense, activation, dropout; then dense.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int
    n_outputs : int
    activations : sequence of str, one for each hidden layer
    dropout : sequence of float, one for the input and one for each hidden layer
    """
    layers = [Dropout(dropout[0])]
    for units, activation, rate in zip(hidden_layer_sizes, activations, dropout[1:], strict=True):
        layers += [Dense(units), Activation(activation), Dropout(rate)]
    return [*layers, Dense(n_outputs)]
