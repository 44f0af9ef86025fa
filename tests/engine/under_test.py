"""Multilayer perceptrons on any engine module: what a test needs in one line."""

from dataclasses import dataclass
from unittest import mock

import numpy as np
import scipy.sparse as sp

from sknn import engine
from sknn.losses import Loss
from sknn.network import Network, multilayer_perceptron
from tests import reference

SQUARED = Loss("squared_error", (1,))


@dataclass(frozen=True)
class EngineUnderTest:
    """An instruction set and a dtype."""

    level: str
    dtype: str

    @property
    def eps(self):
        return float(np.finfo(self.dtype).eps)

    def mlp(self, n_features, hidden=(), loss=SQUARED, **options):
        return MLP(self, n_features, hidden, loss, **options)

    def normal(self, *shape, seed=0):
        return np.random.default_rng(seed).standard_normal(shape).astype(self.dtype)


class MLP:
    """A lowered network with random weights; one activation or dropout may stand for all layers."""

    def __init__(
        self,
        tested_engine,
        n_features,
        hidden=(),
        loss=SQUARED,
        activations="tanh",
        dropout=0.0,
        sparse=False,
        mean_gradient=True,
        seed=0,
    ):
        if isinstance(activations, str):
            activations = [activations] * len(hidden)
        if isinstance(dropout, float):
            dropout = [dropout] * (len(hidden) + 1)
        layers = multilayer_perceptron(hidden, loss.n_outputs, activations, dropout)
        with mock.patch.object(engine, "LEVEL", tested_engine.level):
            self.network = Network(layers, n_features, tested_engine.dtype, sparse)
        self.tested_engine, self.loss, self.sparse = tested_engine, loss, sparse
        self.activations, self.dropout = activations, dropout
        self.engine = self.network.engine
        self.program = self.network.program(loss, mean_gradient)
        rng = np.random.default_rng(seed)
        self.weights = self.network.empty_weights()
        for array in arrays(self.weights):
            array[...] = rng.standard_normal(array.shape) / np.sqrt(max(len(array), 1))

    def rows(self, X):
        if not self.sparse:
            return self.engine.Rows(X)
        X = sp.csr_array(X)
        parts = X.data.astype(self.tested_engine.dtype), X.indices.astype(np.int32), X.indptr
        return self.engine.Rows((*parts[:2], parts[2].astype(np.int64)), X.shape[1])

    def forward(self, X, n_ops=-1, link=False, n_threads=1, draw=None):
        width = self.loss.n_outputs if n_ops < 0 else self.width_after(n_ops)
        probabilities = link and self.loss.kind in {"softmax", "binary"}
        out = np.full(
            (X.shape[0], width), np.nan, "float64" if probabilities else self.tested_engine.dtype
        )
        rows = self.rows(X)
        self.finite = self.engine.forward(
            self.program, rows, *self.weights, out, n_ops, link, n_threads, draw=draw
        )
        return out

    def width_after(self, n_ops):
        plan = self.network.plan
        return plan.buffers[plan.ops[n_ops - 1].target if n_ops else 0].width

    def trainer(
        self,
        X,
        y,
        optimizer=None,
        *,
        sample_weight=None,
        samples=None,
        batch_size=None,
        **options,
    ):
        samples = np.arange(X.shape[0]) if samples is None else np.asarray(samples, np.intp)
        trainer = self.engine.Trainer(
            self.program,
            self.rows(X),
            y,
            None if sample_weight is None else sample_weight.astype(self.tested_engine.dtype),
            samples,
            batch_size or len(samples),
            None if optimizer is None else optimizer.lower(self.engine),
            **options,
        )
        trainer.load(*self.weights)
        return trainer

    def loss_and_gradient(self, X, y, **options):
        gradient = self.network.empty_weights()
        value = self.trainer(X, y, **options).loss_and_gradient(gradient)
        return value, gradient

    def train(self, X, y, optimizer, *, epochs=2, rate=0.01, shuffle=True, **options):
        """Weights and the loss of each epoch."""
        trainer = self.trainer(X, y, optimizer, **options)
        losses = run_epochs(trainer, range(epochs), rate, shuffle)
        return stored(self, trainer), losses

    def masks(self, samples, seed=0, epoch=0):
        """The reference's dropout masks: of the input and of each hidden layer."""
        salts = iter(op.mask for op in self.network.plan.ops if op.drop_rate > 0)
        widths = [self.network.n_features, *(n_out for _, n_out in self.network.coef_shapes[:-1])]
        return [
            reference.dropout_mask(seed, epoch, samples, next(salts), width, rate) if rate else 1.0
            for width, rate in zip(widths, self.dropout, strict=True)
        ]

    def reference(self, X, y, **options):
        """The reference's loss and gradient."""
        weights = [[array.astype(float) for array in part] for part in self.weights]
        X = np.asarray(X.todense() if sp.issparse(X) else X, float)
        y = y if self.loss.kind == "softmax" else y.astype(float)
        return reference.loss_and_gradient(weights, self.activations, X, y, self.loss, **options)


def run_epochs(trainer, epochs, rate=0.01, shuffle=True):
    """Runs epochs by number, each with all its steps; returns their losses."""
    losses = []
    for epoch in epochs:
        trainer.begin_epoch(epoch, shuffle)
        rates = np.full(trainer.n_steps, rate)
        assert trainer.run(rates, epoch * trainer.n_steps, np.inf) == trainer.n_steps
        losses.append(trainer.loss / trainer.n_samples)
    return losses


def stored(model, trainer, best=False):
    """The trainer's weights as (coefs, intercepts)."""
    weights = model.network.empty_weights()
    trainer.store(*weights, best)
    return weights


def arrays(weights):
    """All weights, then all biases."""
    return [*weights[0], *weights[1]]


def flat(weights):
    """The same as one vector."""
    return np.concatenate([array.ravel() for array in arrays(weights)])


def targets(loss, n, dtype, seed=1):
    """Random targets that suit a loss."""
    rng = np.random.default_rng(seed)
    if loss.kind == "softmax":
        columns = [rng.integers(0, size, n) for size in loss.group_sizes]
        return np.ascontiguousarray(np.stack(columns, axis=1), dtype=np.int32)
    if loss.kind == "binary":
        return rng.integers(0, 2, (n, loss.n_outputs)).astype(dtype)
    if loss.kind == "poisson":
        return rng.integers(0, 4, (n, loss.n_outputs)).astype(dtype)
    if loss.kind == "gamma":
        return rng.gamma(2.0, size=(n, loss.n_outputs)).astype(dtype)
    return rng.standard_normal((n, loss.n_outputs)).astype(dtype)


LOSSES = {
    "softmax": Loss("softmax", (3,)),
    "softmax_two_classes": Loss("softmax", (2,)),
    "softmax_one_class": Loss("softmax", (1,)),
    "softmax_smoothed": Loss("softmax", (4,), 0.1),
    "softmax_groups": Loss("softmax", (2, 5, 3), 0.2),
    "binary": Loss("binary", (1,)),
    "multilabel_smoothed": Loss("binary", (3,), 0.1),
    "squared_error": Loss("squared_error", (1,)),
    "squared_error_outputs": Loss("squared_error", (3,)),
    "absolute_error": Loss("absolute_error", (2,)),
    "huber": Loss("huber", (2,), 0.7),
    "poisson": Loss("poisson", (2,)),
    "gamma": Loss("gamma", (2,)),
    "quantile": Loss("quantile", (2,), 0.2),
    "quantiles": Loss("quantile", (3,), (0.1, 0.5, 0.8)),
}
