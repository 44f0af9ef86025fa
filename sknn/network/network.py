"""Networks: layers with shapes and initial weights, lowered to the engine's plan.

A network knows its layers and the width of its input; no estimator and no data.
"""

import copy
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np

from sknn import engine
from sknn.initializers import INITIALIZERS
from sknn.losses import Loss
from sknn.plan import Plan


@dataclass(frozen=True)
class LayerSummary:
    """One line of a summary."""

    name: str
    output_shape: tuple[int, ...]
    n_parameters: int
    #: floating-point operations of one row, forward: two for each multiply-add
    flops: int


class Network:
    """A sequence of layers on inputs of a known shape.

    Parameters
    ----------
    layers : list of layers
    input_shape : int or (h, w, c)
        Width of the input, or shape of the images.
    dtype : {"float32", "float64"}
    sparse : bool
        Whether the input comes as CSR rows.
    activation : str
        What a layer's ``activation=None`` means.
    input_gradient : bool
        Whether the gradient of the input is wanted too, see :meth:`input_gradients`.

    Raises
    ------
    ValueError
        Where a layer does not fit on what comes out of the one before; the message names it.
    """

    def __init__(
        self,
        layers,
        input_shape,
        dtype,
        sparse=False,
        activation="relu",
        input_gradient=False,
    ):
        self.layers = layers
        self.input_shape = (input_shape,) if np.ndim(input_shape) == 0 else tuple(input_shape)
        self.n_features = prod(self.input_shape)
        self.dtype = np.dtype(dtype)
        self.engine = engine.load(self.dtype.name)
        self.plan = Plan(sparse, activation)
        at = self.plan.new_buffer(self.input_shape, gradient=input_gradient)
        #: number of ops after which the output of layer i stands in its buffer, and its shape
        self.ends = []
        #: number of the first weights of layer i, or of the next layer that has some
        self.first_parameters = []
        self._summary = []
        for number, layer in enumerate(layers):
            n_parameters = len(self.plan.parameters)
            self.first_parameters.append(n_parameters)
            try:
                at = layer.lower(self.plan, at)
            except ValueError as error:
                raise ValueError(f"layers[{number}] = {layer!r}: {error}") from None
            self.ends.append((len(self.plan.ops), self.plan.shapes[at]))
            new = self.plan.parameters[n_parameters:]
            self._summary.append(
                LayerSummary(
                    layer._name,
                    self.plan.shapes[at],
                    sum(p.size for p in new),
                    2 * sum(p.multiply_adds for p in new),
                )
            )
        self.output_shape = self.plan.shapes[at]

    def in_precision(self, dtype):
        """The same network in another precision."""
        other = copy.copy(self)
        for name in ("_input_gradient_program", "bounds"):
            vars(other).pop(name, None)
        other.dtype = np.dtype(dtype)
        other.engine = engine.load(other.dtype.name)
        return other

    @cached_property
    def coef_shapes(self):
        """Shapes of the weights, in the order of the layers."""
        return [parameter.shape for parameter in self.plan.parameters]

    @cached_property
    def intercept_shapes(self):
        """Shapes of the biases, in the order of the layers."""
        return [parameter.shape[-1:] for parameter in self.plan.parameters]

    @cached_property
    def bounds(self):
        """(lower, upper) of the parameters in training, each as (coefs, intercepts); None where all are free."""
        given = [parameter.bounds or (-np.inf, np.inf) for parameter in self.plan.parameters]
        if all(parameter.bounds is None for parameter in self.plan.parameters):
            return None
        shapes = list(zip(given, self.coef_shapes, strict=True))
        return tuple(
            (
                [np.full(shape, own[side], self.dtype) for own, shape in shapes],
                [np.full(shape, free, self.dtype) for shape in self.intercept_shapes],
            )
            for side, free in enumerate((-np.inf, np.inf))
        )

    @cached_property
    def multiply_adds(self):
        """Multiply-adds of one row, forward."""
        return sum(parameter.multiply_adds for parameter in self.plan.parameters)

    @cached_property
    def statistics_shapes(self):
        """Shapes of the running mean (and variance) of every batch norm."""
        return [self.coef_shapes[op.parameter] for op in self.plan.ops if op.kind == "batch_norm"]

    @cached_property
    def has_dropout(self):
        """Whether a mask drops anything."""
        return any(op.drop_rate > 0 for op in self.plan.ops)

    def activation_between(self, begin, end):
        """(name, number) of the activation that ends these ops, dropout aside.

        ("identity", `end`) where there is none.
        """
        last = end
        while last > begin and self.plan.ops[last - 1].kind == "dropout":
            last -= 1
        if last == begin or self.plan.ops[last - 1].kind != "activation":
            return "identity", end
        return self.plan.ops[last - 1].activation, last - 1

    def layer_of(self, index, statistics=False):
        """The layer, in words, to which an array belongs: weights, or running statistics of a norm."""
        for number in range(len(self.layers)):
            part = Network(
                self.layers[: number + 1],
                self.input_shape,
                self.dtype,
                activation=self.plan.activation,
            )
            if len(part.statistics_shapes if statistics else part.coef_shapes) > index:
                break
        return f"layer {number + 1}, {self.layers[number]!r}"

    def summary(self):
        """A :class:`LayerSummary` of each layer."""
        return list(self._summary)

    def program(self, loss, mean_gradient=False, bfloat16=False, training=False):
        """The compiled Program with this loss at its end.

        With `mean_gradient` the gradient is that of the reported loss, a mean over the outputs for
        regression; without it that of the sum over the outputs, which stochastic steps take as in
        scikit-learn. With `bfloat16`, products round their factors. With `training`, the ops are in the
        order that trains fastest, which leaves out the outputs of some layers.
        """
        ops, buffers = self.plan.in_training() if training else (self.plan.ops, self.plan.buffers)
        return self.engine.Program(
            ops,
            buffers,
            self.plan.parameters,
            loss.lower(self.engine, mean_gradient),
            self.plan.tables,
            bfloat16,
        )

    @cached_property
    def _input_gradient_program(self):
        """Program for :meth:`input_gradients`: no trained weights, no dropout."""
        if self.plan.sparse:
            raise ValueError(
                "gradients with respect to the input need dense rows; this network takes sparse ones."
            )
        options = {"activation": self.plan.activation, "input_gradient": True}
        network = Network(self.layers, self.input_shape, self.dtype, **options)
        plan, loss = network.plan, Loss("squared_error", (prod(self.output_shape),))
        return self.engine.Program(
            [replace(op, drop_rate=0.0) for op in plan.ops],
            plan.buffers,
            [replace(p, trained=False, biased=False) for p in plan.parameters],
            loss.lower(self.engine),
            plan.tables,
        )

    def input_gradients(self, rows, weights, output_gradients, *, statistics=None, n_threads=1):
        """Gradients of the outputs with respect to the input, in prediction mode.

        Parameters
        ----------
        rows : Rows of the engine
            Dense. The gradient is with respect to the values that enter the network, after `scale` and `shift`.
        weights : (coefs, intercepts)
        output_gradients : ndarray (n, n_outputs)
            Gradient of the target function with respect to the logits: one-hot rows for a single logit,
            ``p_k (1 - p_k)`` for a logistic probability.
        statistics : (means, variances) or None
            Running statistics of the batch norms.
        n_threads : int

        Returns
        -------
        gradients : ndarray (n, n_features)
            ``Σ_k output_gradients_k ∂ logit_k / ∂x``.
        """
        gradients = np.empty((rows.n_samples, self.n_features), self.dtype)
        output_gradients = np.ascontiguousarray(output_gradients, self.dtype)
        if len(gradients):
            arguments = (*weights, output_gradients, gradients, n_threads, statistics)
            self.engine.input_gradient(self._input_gradient_program, rows, *arguments)
        return gradients

    def empty_weights(self):
        """Arrays for weights and biases, or for a moment of each, as (coefs, intercepts)."""
        return (
            [np.empty(shape, self.dtype) for shape in self.coef_shapes],
            [np.empty(shape, self.dtype) for shape in self.intercept_shapes],
        )

    def empty_statistics(self):
        """Arrays for the running statistics of batch normalization, as (means, variances)."""
        means, variances = (
            [np.empty(shape, self.dtype) for shape in self.statistics_shapes] for _ in range(2)
        )
        return means, variances

    def initial_weights(self, random_state):
        """(coefs, intercepts) to begin with; the output layer is drawn like the layer before it."""
        parameters = self.plan.parameters
        coefs, intercepts = [], []
        for number, parameter in enumerate(parameters):
            activation = parameter.activation
            if number == len(parameters) - 1 and number > 0:
                activation = parameters[number - 1].activation
            rule = parameter.rule
            initialize = INITIALIZERS[rule] if isinstance(rule, str) else rule
            W, b = initialize(parameter.shape, activation, random_state)
            if parameter.bounds is not None:
                W = np.clip(W, *parameter.bounds)
            coefs.append(W.astype(self.dtype, copy=False))
            intercepts.append((b * parameter.biased).astype(self.dtype, copy=False))
        return coefs, intercepts
