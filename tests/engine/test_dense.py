"""Dense layers and the register tile below them: every tile, odd sizes, one of everything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sknn.losses import Loss
from sknn.optimizers import SGD
from tests.engine.under_test import arrays, targets

# (rows, inputs, outputs): around every vector and tile width, and one of everything
SHAPES = [
    (1, 1, 1),
    (1, 2, 1),
    (2, 1, 3),
    (3, 15, 16),
    (5, 16, 17),
    (7, 17, 15),
    (12, 49, 33),
    (13, 33, 65),
    (14, 100, 2),
    (15, 8, 129),
    (29, 64, 64),
    (65, 48, 10),
    (129, 97, 31),
]
sizes = st.integers(1, 70)


def squares(n_outputs):
    return Loss("squared_error", (n_outputs,))


def assert_close_products(actual, A, B, eps, extra=0.0):
    """|error| <= a few eps of the sum of absolute products, element by element."""
    A, B = A.astype(float), B.astype(float)
    bound = (2 + A.shape[1]) * eps * (abs(A) @ abs(B) + abs(extra))
    assert np.all(abs(actual - (A @ B + extra)) <= bound)


def check_forward(tested_engine, n, n_in, n_out):
    model = tested_engine.mlp(n_in, loss=squares(n_out))
    X = tested_engine.normal(n, n_in)
    (W,), (b,) = model.weights
    assert_close_products(model.forward(X), X, W, tested_engine.eps, b.astype(float))


def check_gradients(tested_engine, n, n_in, n_out):
    """Through an identity layer, so that dW, db and dx all take part."""
    model = tested_engine.mlp(n_in, (n_out,), squares(2), activations="identity")
    X, y = tested_engine.normal(n, n_in), targets(model.loss, n, tested_engine.dtype)
    value, gradient = model.loss_and_gradient(X, y)
    expected_value, expected = model.reference(X, y)
    assert value == pytest.approx(expected_value, rel=50 * tested_engine.eps)
    for actual, wanted in zip(arrays(gradient), arrays(expected), strict=True):
        np.testing.assert_allclose(
            actual, wanted, atol=200 * tested_engine.eps * max(1, abs(wanted).max())
        )


@pytest.mark.parametrize("shape", SHAPES)
def test_forward(tested_engine, shape):
    check_forward(tested_engine, *shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients(tested_engine, shape):
    check_gradients(tested_engine, *shape)


@given(n=sizes, n_in=sizes, n_out=sizes)
def test_forward_of_any_shape(tested_engine, n, n_in, n_out):
    check_forward(tested_engine, n, n_in, n_out)


@given(n=sizes, n_in=sizes, n_out=sizes)
def test_gradients_of_any_shape(tested_engine, n, n_in, n_out):
    check_gradients(tested_engine, n, n_in, n_out)


def test_small_integers_are_exact(tested_engine):
    """Sums that fit the mantissa have no rounding at all, so a lost or doubled term shows."""
    rng = np.random.default_rng(0)
    model = tested_engine.mlp(37, loss=squares(45))
    for array in arrays(model.weights):
        array[...] = rng.integers(-9, 10, array.shape)
    X = rng.integers(-9, 10, (83, 37)).astype(tested_engine.dtype)
    (W,), (b,) = model.weights
    np.testing.assert_array_equal(model.forward(X), X @ W + b)
    y = np.zeros((83, 45), tested_engine.dtype)
    dW = model.loss_and_gradient(X, y, sample_weight=np.ones(83))[1][0][0]
    np.testing.assert_allclose(
        dW * 83 * 45, X.T @ (X @ W + b), rtol=20 * tested_engine.eps, atol=1e-2
    )


def test_wide_rows(tested_engine):
    """More columns than one panel of weights, a power of two, and many panels."""
    for n_in, n_out in [(256, 256), (1024, 3), (3, 1024)]:
        check_forward(tested_engine, 10, n_in, n_out)
        check_gradients(tested_engine, 10, n_in, n_out)


def test_transposed_weights_follow_the_update(tested_engine):
    """dx is formed with Wᵀ, which every step renews: two steps, compared with the reference's."""
    model = tested_engine.mlp(20, (50, 35), squares(2))
    X, y = tested_engine.normal(30, 20), targets(model.loss, 30, tested_engine.dtype)
    expected = [[array.astype(float) for array in part] for part in model.weights]
    weights, _ = model.train(X, y, SGD(momentum=0.0, nesterov=False), epochs=3, rate=0.5)
    for _ in range(3):
        model.weights = expected
        _, gradient = model.reference(X, y)
        expected = [
            [w - 0.5 * g for w, g in zip(part, dpart, strict=True)]
            for part, dpart in zip(expected, gradient, strict=True)
        ]
    for actual, wanted in zip(arrays(weights), arrays(expected), strict=True):
        np.testing.assert_allclose(actual, wanted, atol=100 * tested_engine.eps)
