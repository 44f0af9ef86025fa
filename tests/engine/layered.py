"""Networks of any layers on any engine module, beside the reference; the harness of the image tests."""

from unittest import mock

import numpy as np

from sknn import engine
from sknn.layers import Dense
from sknn.losses import Loss
from sknn.network import Network
from tests import reference_layers, reference_network
from tests.engine.under_test import MLP, arrays

SOFTMAX = Loss("softmax", (3,))


class Layered(MLP):
    """A lowered network of the given layers and a linear one, with random weights and moments.

    As `MLP`, with images (n, h, w, c) for X. `statistics` are the running moments, `last` those
    after the training that ran last.
    """

    def __init__(
        self,
        tested_engine,
        layers,
        input_shape,
        loss=SOFTMAX,
        activation="relu",
        mean_gradient=True,
        seed=0,
        sparse=False,
    ):
        self.layers = [*layers, Dense(loss.n_outputs, activation="identity")]
        with mock.patch.object(engine, "LEVEL", tested_engine.level):
            self.network = Network(
                self.layers, input_shape, tested_engine.dtype, sparse, activation
            )
        self.tested_engine, self.loss, self.activation = tested_engine, loss, activation
        self.input_shape, self.sparse = input_shape, sparse
        self.engine = self.network.engine
        self.program = self.network.program(loss, mean_gradient, training=True)
        rng = np.random.default_rng(seed)
        self.weights = self.network.empty_weights()
        for array in arrays(self.weights):
            scale = np.sqrt(max(np.prod(array.shape[:-1]), 1)) if array.ndim > 1 else 2
            array[...] = rng.standard_normal(array.shape) / scale
        for W in self.weights[0]:
            if W.ndim == 1:  # the factors of a norm are near one, or minus one
                W += 1
                W[::3] *= -1
        for b, parameter in zip(self.weights[1], self.network.plan.parameters, strict=True):
            b *= parameter.biased
        shapes = self.network.statistics_shapes
        self.statistics = (
            [rng.standard_normal(shape).astype(tested_engine.dtype) for shape in shapes],
            [(0.5 + rng.random(shape)).astype(tested_engine.dtype) for shape in shapes],
        )

    def images(self, n, seed=0):
        """Normal values, in the shape of the input."""
        return self.tested_engine.normal(n, *self.input_shape, seed=seed)

    def rows(self, X, **options):
        if self.sparse:
            return super().rows(X)
        flat = np.ascontiguousarray(X).reshape(len(X), int(np.prod(X.shape[1:])))
        return self.engine.Rows(flat, **options)

    def forward(self, X, n_ops=-1, link=False, n_threads=1, shape=None, draw=None, **options):
        """Logits, or what stands after some ops, in its shape; `options` are those of the rows."""
        shape = shape or (self.loss.n_outputs,)
        probabilities = link and self.loss.kind in {"softmax", "binary"}
        dtype = "float64" if probabilities else self.tested_engine.dtype
        out = np.full((len(X), int(np.prod(shape))), np.nan, dtype)
        statistics = self.statistics if self.statistics[0] else None
        program = self.network.program(self.loss) if n_ops >= 0 else self.program
        self.finite = self.engine.forward(
            program,
            self.rows(X, **options),
            *self.weights,
            out,
            n_ops,
            link,
            n_threads,
            statistics=statistics,
            draw=draw,
        )
        return out.reshape(len(X), *shape)

    def trainer(self, X, y, optimizer=None, **options):
        trainer = super().trainer(X, y, optimizer, **options)
        if self.statistics[0]:
            trainer.load_statistics(*self.statistics)
        return trainer

    def moments(self, trainer):
        """Running means and variances as a trainer has them, in one list."""
        found = [[np.empty_like(array) for array in part] for part in self.statistics]
        trainer.store_statistics(*found)
        return [*found[0], *found[1]]

    def reference_outputs(self, X):
        """The reference's output of every layer, in prediction."""
        options = {"activation": self.activation, "statistics": self.statistics}
        return reference_network.forward(self.layers, self.weights, X, **options)

    def reference(self, X, y, *, seed=0, epoch=0, samples=None, **options):
        """The reference's loss, its gradient, and the moments of every batch normalisation."""
        samples = np.arange(len(X)) if samples is None else samples
        salts = [op.mask for op in self.network.plan.ops if op.drop_rate > 0]
        y = y if self.loss.kind == "softmax" else y.astype(float)
        return reference_network.loss_and_gradient(
            self.layers,
            self.weights,
            X,
            y,
            self.loss,
            activation=self.activation,
            decayed=[p.trained and p.decays for p in self.network.plan.parameters],
            mask_key=(seed, epoch, samples, salts),
            **options,
        )

    def rate_factors(self):
        """Factor of the learning rate for every number, flat."""
        parameters = self.network.plan.parameters
        return np.concatenate(
            [np.full(np.prod(p.shape), p.rate_factor) for p in parameters]
            + [np.full(p.shape[-1], p.bias_rate_factor) for p in parameters]
        )

    def reference_running(self, moments, share=1.0):
        """Running means and variances after a batch with these moments, in one list.

        `share` is that of the batch's samples in a full one.
        """
        norms = batch_norms(self.layers)
        after = [
            reference_layers.running(old, new, norm.momentum, share)
            for old, new, norm in zip(
                zip(*self.statistics, strict=True), moments, norms, strict=True
            )
        ]
        return [mean for mean, _ in after] + [variance for _, variance in after]


def batch_norms(layers):
    """In order, those inside of a residual too."""
    for layer in layers:
        if type(layer).__name__ == "BatchNorm":
            yield layer
        yield from batch_norms(getattr(layer, "layers", []))
