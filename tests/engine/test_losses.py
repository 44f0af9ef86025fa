"""Losses: values, gradients by the logits and links, against the reference.

The network is a single dense layer on the rows of an identity matrix, so its weights are the logits
and their gradient is the loss's own.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sknn.losses import Loss
from tests import reference
from tests.engine.under_test import LOSSES, arrays, targets


def identity_model(tested_engine, loss, z, **options):
    model = tested_engine.mlp(len(z), loss=loss, **options)
    model.weights[0][0][...] = z
    model.weights[1][0][...] = 0
    return model, np.eye(len(z), dtype=tested_engine.dtype)


def logits(loss, n, dtype, scale=2.0, seed=3):
    z = scale * np.random.default_rng(seed).standard_normal((n, loss.n_outputs))
    return z.astype(dtype)


def evaluate(tested_engine, loss, z, y, **options):
    model, X = identity_model(tested_engine, loss, z)
    value, gradient = model.loss_and_gradient(X, y, **options)
    return value, gradient[0][0]


def reference_of(loss, z, y, weights=None):
    """Weighted mean loss and its gradient by the logits."""
    z, y = z.astype(float), y if loss.kind == "softmax" else y.astype(float)
    weights = np.ones(len(z)) if weights is None else weights
    values, dz = reference.loss_rows(loss, z, y)
    total = weights.sum()
    return (weights * values).sum() / total, dz * (weights / total)[:, None]


@pytest.mark.parametrize("name", LOSSES)
def test_value_and_gradient(tested_engine, name):
    loss = LOSSES[name]
    z, y = logits(loss, 17, tested_engine.dtype), targets(loss, 17, tested_engine.dtype)
    value, dz = evaluate(tested_engine, loss, z, y)
    expected, expected_dz = reference_of(loss, z, y)
    assert value == pytest.approx(expected, rel=20 * tested_engine.eps, abs=20 * tested_engine.eps)
    np.testing.assert_allclose(dz, expected_dz, atol=10 * tested_engine.eps)


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_that_of_the_value(double, name):
    loss = LOSSES[name]
    z, y = logits(loss, 4, "float64"), targets(loss, 4, "float64")
    _, dz = evaluate(double, loss, z, y)
    step, slopes = 1e-6, np.empty_like(z)
    for at in np.ndindex(z.shape):
        up, down = z.copy(), z.copy()
        up[at] += step
        down[at] -= step
        difference = evaluate(double, loss, up, y)[0] - evaluate(double, loss, down, y)[0]
        slopes[at] = difference / (2 * step)
    np.testing.assert_allclose(dz, slopes, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_sample_weights(tested_engine, name):
    loss = LOSSES[name]
    z, y = logits(loss, 9, tested_engine.dtype), targets(loss, 9, tested_engine.dtype)
    weights = np.array([0, 1, 2, 0.5, 0, 3, 1, 1, 0.25])
    value, dz = evaluate(tested_engine, loss, z, y, sample_weight=weights)
    expected, expected_dz = reference_of(loss, z, y, weights)
    assert value == pytest.approx(expected, rel=20 * tested_engine.eps, abs=20 * tested_engine.eps)
    np.testing.assert_allclose(dz, expected_dz, atol=10 * tested_engine.eps)


@pytest.mark.parametrize("name", LOSSES)
def test_weight_two_is_the_row_twice(double, name):
    loss = LOSSES[name]
    model = double.mlp(3, (4,), loss)
    X, y = double.normal(6, 3), targets(loss, 6, "float64")
    counts = np.array([1, 2, 0, 3, 1, 1])
    weighted = model.loss_and_gradient(X, y, sample_weight=counts, alpha=0.3)
    repeated = model.loss_and_gradient(X, y, samples=np.repeat(np.arange(6), counts), alpha=0.3)
    assert weighted[0] == pytest.approx(repeated[0], rel=1e-14)
    for a, b in zip(arrays(weighted[1]), arrays(repeated[1]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", LOSSES)
def test_stochastic_gradient_is_that_of_the_sum_over_outputs(double, name):
    """As in scikit-learn: the reported regression loss is a mean over outputs, its step is not."""
    loss = LOSSES[name]
    z, y = logits(loss, 5, "float64"), targets(loss, 5, "float64")
    mean, X = identity_model(double, loss, z)
    summed, _ = identity_model(double, loss, z, mean_gradient=False)
    value, gradient = summed.loss_and_gradient(X, y)
    expected_value, expected = mean.loss_and_gradient(X, y)
    assert value == expected_value
    np.testing.assert_allclose(gradient[0][0] * loss.value_scale, expected[0][0], rtol=1e-13)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("n", [1, 8, 9, 70])
def test_link(tested_engine, name, n):
    loss = LOSSES[name]
    z = logits(loss, n, tested_engine.dtype, scale=5.0)
    model, X = identity_model(tested_engine, loss, z)
    predictions = model.forward(X, link=True)
    np.testing.assert_allclose(
        predictions, reference.link(loss, z.astype(float)), rtol=30 * tested_engine.eps
    )
    np.testing.assert_array_equal(model.forward(X), z)


def test_probabilities_sum_to_one_in_double_precision(tested_engine):
    loss = LOSSES["softmax_groups"]
    model, X = identity_model(tested_engine, loss, logits(loss, 50, tested_engine.dtype, scale=8.0))
    groups = np.split(model.forward(X, link=True), [2, 7], axis=1)
    for group in groups:
        np.testing.assert_allclose(group.sum(axis=1), 1, rtol=0, atol=5e-16)


@pytest.mark.parametrize("size", [1e2, 1e4, 1e30])
@pytest.mark.parametrize("name", ["softmax", "softmax_smoothed", "softmax_groups", "binary"])
def test_extreme_logits(tested_engine, name, size):
    """Finite values, gradients within [-1, 1], probabilities that are probabilities."""
    loss = LOSSES[name]
    z = size * np.sign(logits(loss, 12, tested_engine.dtype))
    y = targets(loss, 12, tested_engine.dtype)
    value, dz = evaluate(tested_engine, loss, z, y)
    expected, expected_dz = reference_of(loss, z, y)
    assert value == pytest.approx(
        expected, rel=20 * tested_engine.eps, abs=2 * size * tested_engine.eps
    )
    np.testing.assert_allclose(dz, expected_dz, atol=10 * tested_engine.eps)
    model, X = identity_model(tested_engine, loss, z)
    p = model.forward(X, link=True)
    assert np.all((p >= 0) & (p <= 1))


def test_binary_probabilities_stay_inside(tested_engine):
    z = np.array([[-1e30], [-1e4], [-40], [40], [1e4], [1e30]], tested_engine.dtype)
    model, X = identity_model(tested_engine, LOSSES["binary"], z)
    p = model.forward(X, link=True)
    assert np.all((p > 0) & (p < 1) & (1 - p > 0) & (1 - p < 1))
    assert np.all(np.diff(p[[0, 2, 3, 5], 0]) >= 0)
    assert abs(model.forward(X)).max() <= 30


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_bad_logits_are_noticed(tested_engine, name, bad):
    """NaN makes the loss NaN; infinity may be a limit for probabilities, not for residuals."""
    loss = LOSSES[name]
    z, y = logits(loss, 3, tested_engine.dtype), targets(loss, 3, tested_engine.dtype)
    z[1, -1] = bad
    model = tested_engine.mlp(1, loss=loss)
    value = model.engine.loss_of(model.program, z, y)
    if np.isnan(bad):
        assert np.isnan(value)
    elif loss.kind in {"squared_error", "absolute_error", "huber", "quantile"}:
        assert not np.isfinite(value)


@pytest.mark.parametrize("name", LOSSES)
def test_nan_reaches_the_gradient(tested_engine, name):
    model = tested_engine.mlp(2, (3,), LOSSES[name], activations="relu")
    X = tested_engine.normal(5, 2)
    X[0, 0] = np.nan
    value, gradient = model.loss_and_gradient(X, targets(model.loss, 5, tested_engine.dtype))
    if name == "softmax_one_class":
        return  # there is nothing to learn, whatever the logit
    assert np.isnan(value)
    assert np.isnan(gradient[0][0]).any()


@pytest.mark.parametrize("name", LOSSES)
def test_loss_of_logits(tested_engine, name):
    """The validation loss is the training loss of the same logits."""
    model = tested_engine.mlp(3, (4,), LOSSES[name])
    X, y = tested_engine.normal(11, 3), targets(model.loss, 11, tested_engine.dtype)
    weights = np.linspace(0, 2, 11).astype(tested_engine.dtype)
    z = model.forward(X)
    for w in (None, weights):
        expected, _ = model.loss_and_gradient(X, y, sample_weight=w)
        value = model.engine.loss_of(model.program, z, y, w)
        assert value == pytest.approx(
            expected, rel=1e-12 if tested_engine.dtype == "float64" else 1e-6
        )


def test_one_class_costs_nothing(tested_engine):
    loss = LOSSES["softmax_one_class"]
    value, dz = evaluate(
        tested_engine, loss, logits(loss, 4, tested_engine.dtype), np.zeros((4, 1), np.int32)
    )
    assert value == 0
    np.testing.assert_array_equal(dz, 0)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_label_smoothing_of_two_classes_is_that_of_the_binary_loss(double, smoothing):
    """softmax([0, z]) and logistic(z) are one model; their smoothed losses agree."""
    z, y = logits(LOSSES["binary"], 8, "float64"), targets(LOSSES["binary"], 8, "float64")
    binary = evaluate(double, Loss("binary", (1,), smoothing), z, y)
    both = np.hstack([np.zeros_like(z), z])
    softmax = evaluate(double, Loss("softmax", (2,), smoothing), both, y.astype(np.int32))
    assert binary[0] == pytest.approx(softmax[0], rel=1e-13)
    np.testing.assert_allclose(binary[1][:, 0], softmax[1][:, 1], atol=1e-15)


def test_huber_and_quantile_at_their_limits(double):
    z, y = logits(LOSSES["huber"], 30, "float64"), targets(LOSSES["huber"], 30, "float64")
    squared = evaluate(double, Loss("squared_error", (2,)), z, y)
    huber = evaluate(double, Loss("huber", (2,), 1e6), z, y)
    np.testing.assert_array_equal(huber[1], squared[1])
    absolute = evaluate(double, Loss("absolute_error", (2,)), z, y)
    median = evaluate(double, Loss("quantile", (2,), 0.5), z, y)
    assert median[0] == pytest.approx(absolute[0] / 2, rel=1e-13)


@given(
    values=st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=20),
    smoothing=st.sampled_from([0.0, 0.1]),
    data=st.data(),
)
def test_softmax_of_any_values(tested_engine, values, smoothing, data):
    z = np.array([values], tested_engine.dtype)
    y = np.array([[data.draw(st.integers(0, len(values) - 1))]], np.int32)
    loss = Loss("softmax", (len(values),), smoothing)
    value, dz = evaluate(tested_engine, loss, z, y)
    expected, expected_dz = reference_of(loss, z, y)
    assert value == pytest.approx(expected, rel=1e-5, abs=4e4 * tested_engine.eps)
    np.testing.assert_allclose(dz, expected_dz, atol=30 * tested_engine.eps)
