"""Gradients of whole networks against the reference's, and central differences in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sknn.losses import Loss
from tests import reference
from tests.engine.under_test import LOSSES, arrays, flat, targets

SOFTMAX = Loss("softmax", (3,))
CASES = {
    **{f"loss_{name}": ((5,), {"loss": loss}) for name, loss in LOSSES.items()},
    **{f"no_hidden_{name}": ((), {"loss": loss}) for name, loss in LOSSES.items()},
    **{name: ((5,), {"loss": SOFTMAX, "activations": name}) for name in reference.ACTIVATIONS},
    "one_unit": ((1,), {"loss": SOFTMAX}),
    "one_unit_layers": ((1, 1, 1), {"loss": SOFTMAX}),
    "three_layers": (
        (6, 5, 4),
        {"loss": LOSSES["softmax_groups"], "activations": ["gelu", "relu", "mish"]},
    ),
    "wider_than_a_vector": ((17,), {"loss": SOFTMAX, "activations": "silu"}),
}


def central_differences(model, X, y, step=1e-5, **options):
    """Slope of the loss by every weight and bias."""
    slopes = model.network.empty_weights()
    gradient = model.network.empty_weights()
    trainer = model.trainer(X, y, **options)

    def value():
        trainer.load(*model.weights)
        return trainer.loss_and_gradient(gradient)

    for array, slope in zip(arrays(model.weights), arrays(slopes), strict=True):
        for at in np.ndindex(array.shape):
            kept = array[at]
            array[at] = kept + step
            up = value()
            array[at] = kept - step
            slope[at] = (up - value()) / (2 * step)
            array[at] = kept
    return slopes


def assert_gradient_of_value(model, X, y, **options):
    _, gradient = model.loss_and_gradient(X, y, **options)
    slopes = central_differences(model, X, y, **options)
    np.testing.assert_allclose(flat(gradient), flat(slopes), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("case", CASES)
def test_central_differences(double, case, n):
    hidden, options = CASES[case]
    model = double.mlp(4, hidden, **options)
    X, y = double.normal(n, 4), targets(model.loss, n, "float64")
    weights = np.linspace(0.5, 2, n)
    assert_gradient_of_value(model, X, y, sample_weight=weights, alpha=0.1)


@pytest.mark.parametrize("case", CASES)
def test_equals_the_references_gradient(tested_engine, case):
    hidden, options = CASES[case]
    model = tested_engine.mlp(4, hidden, **options)
    X, y = tested_engine.normal(33, 4), targets(model.loss, 33, tested_engine.dtype)
    weights = np.random.default_rng(0).integers(0, 4, 33).astype(float)
    value, gradient = model.loss_and_gradient(X, y, sample_weight=weights, alpha=0.5)
    expected, expected_gradient = model.reference(X, y, sample_weight=weights, alpha=0.5)
    assert value == pytest.approx(expected, rel=30 * tested_engine.eps)
    np.testing.assert_allclose(flat(gradient), flat(expected_gradient), atol=50 * tested_engine.eps)


@given(
    n=st.integers(1, 40),
    n_features=st.integers(1, 35),
    hidden=st.lists(st.integers(1, 40), max_size=3),
    loss=st.sampled_from(sorted(LOSSES)),
    activation=st.sampled_from(sorted(reference.ACTIVATIONS)),
    alpha=st.sampled_from([0.0, 0.7]),
    seed=st.integers(0, 99),
)
def test_any_network(double, n, n_features, hidden, loss, activation, alpha, seed):
    model = double.mlp(n_features, hidden, LOSSES[loss], activations=activation, seed=seed)
    X, y = double.normal(n, n_features, seed=seed), targets(model.loss, n, "float64", seed)
    value, gradient = model.loss_and_gradient(X, y, alpha=alpha)
    expected, expected_gradient = model.reference(X, y, alpha=alpha)
    assert value == pytest.approx(expected, rel=1e-12, abs=1e-14)
    scale = max(1.0, abs(flat(expected_gradient)).max())
    np.testing.assert_allclose(flat(gradient), flat(expected_gradient), atol=1e-12 * scale)


def test_constant_and_huge_columns(double):
    """A column of one value, one of zeros, one of 1e8, one of 1e-8."""
    model = double.mlp(5, (6,), SOFTMAX)
    X = double.normal(9, 5) * [1, 0, 1e8, 1e-8, 1] + [0, 0, 0, 0, 3]
    X[:, 4] = 3
    y = targets(model.loss, 9, "float64")
    value, gradient = model.loss_and_gradient(X, y)
    expected, expected_gradient = model.reference(X, y)
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(flat(gradient), flat(expected_gradient), rtol=1e-9, atol=1e-12)


def test_a_wrong_gradient_would_be_seen(double):
    """The comparison itself: a gradient off by one part in ten thousand does not pass."""
    model = double.mlp(4, (5,), SOFTMAX)
    X, y = double.normal(6, 4), targets(model.loss, 6, "float64")
    slopes = flat(central_differences(model, X, y))
    wrong = flat(model.loss_and_gradient(X, y)[1]) * (1 + 1e-4)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(wrong, slopes, rtol=1e-6, atol=1e-8)
