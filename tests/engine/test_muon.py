"""Muon: which weights are matrices, and the steps along orthogonal ones; its recurrence is in test_optimizers.py."""

import numpy as np
import pytest

from sknn.layers import BatchNorm, Conv2D, Dense, Flatten
from sknn.losses import Loss
from sknn.optimizers import Muon
from tests import reference
from tests.engine import golden_optimizers as golden
from tests.engine.layered import Layered
from tests.engine.under_test import targets


@pytest.mark.parametrize(
    ("n_in", "n_out"), [(5, 5), (37, 3), (3, 37), (1, 9), (130, 70), (70, 130)]
)
@pytest.mark.parametrize("n_iterations", [1, 4, 5])
@pytest.mark.parametrize("size", [1, 1e15])
def test_step_along_an_orthogonal_matrix(tested_engine, n_in, n_out, n_iterations, size):
    """Tall and wide matrices, also of a huge gradient: the reference's; after five iterations the norm is near 1."""
    model = tested_engine.mlp(n_in, (n_out,), Loss("squared_error", (2,)))
    X, y = (
        tested_engine.normal(9, n_in),
        tested_engine.normal(9, 2) * np.array(size, tested_engine.dtype),
    )
    before = model.weights[0][0].astype(np.float64)
    gradient = model.reference(X, y)[1][0][0].astype(np.float64)
    optimizer = Muon(n_iterations=n_iterations, weight_decay=0.0)
    after = model.train(X, y, optimizer, rate=1.0, epochs=1)[0][0][0].astype(np.float64)
    actual = (before - after) / (0.2 * np.sqrt(max(n_in, n_out)))
    expected = reference.orthogonal(gradient, n_iterations)
    np.testing.assert_allclose(actual, expected, atol=2000 * tested_engine.eps)
    if n_iterations == 5:
        assert 0.6 < np.linalg.norm(actual, 2) < 1.3


@pytest.mark.parametrize("n_threads", [1, 3])
def test_muon_takes_kernels_for_matrices(double, n_threads):
    """Those of convolutions (kh kw c_in / groups, c_out), but not of depthwise ones, a norm or the output layer."""
    grouped, depthwise = Conv2D(8, 3, groups=2), Conv2D(8, 2, groups=8)
    layers = [Conv2D(16, 3, padding="same"), grouped, depthwise, BatchNorm(), Flatten(), Dense(7)]
    model = Layered(double, layers, (7, 6, 16))
    X, y = model.images(5), targets(model.loss, 5, "float64")
    optimizer = Muon(n_iterations=3, weight_decay=0.0)
    after = model.train(X, y, optimizer, rate=0.1, epochs=1, n_threads=n_threads)[0][0]
    gradient = model.reference(X, y)[1][0]
    for W, changed, g, is_matrix in zip(
        model.weights[0], after, gradient, [True, True, False, False, True, False], strict=True
    ):
        matrix = g.reshape(-1, g.shape[-1])
        step = 0.2 * np.sqrt(max(matrix.shape)) * reference.orthogonal(0.0975 * matrix, 3)
        step = step.reshape(g.shape) if is_matrix else g / (np.abs(g) + 1e-8)
        np.testing.assert_allclose(W - changed, 0.1 * step, rtol=1e-6, atol=1e-9)


def test_reference_of_muon_is_pytorchs():
    """Within what bfloat16 leaves of a step."""
    w, slots = golden.MUON_W.ravel(), [np.zeros(6), np.zeros(6)]
    options = {"matrices": [(slice(6), (2, 3))], "momentum": 0.9, "weight_decay": 0.75}
    for t, g in enumerate(golden.MUON_GRADIENTS):
        w, slots = reference.muon(w, g.ravel(), slots, 0.1, t + 1, **options)
        np.testing.assert_allclose(w, golden.MUON_STEPS[t].ravel(), atol=1e-3)


def test_gradient_of_zero_is_no_direction(tested_engine):
    """Where nothing is to be learned, Muon's matrix stays what it is."""
    model = tested_engine.mlp(3, (4,))
    X = np.zeros((5, 3), tested_engine.dtype)
    y = np.zeros((5, 1), tested_engine.dtype)
    before, after = model.weights, model.train(X, y, Muon(weight_decay=0.0), rate=1.0)[0]
    np.testing.assert_array_equal(after[0][0], before[0][0])
