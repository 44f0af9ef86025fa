"""Activations and their derivatives: accuracy over wide ranges, the ends of the range, NaN.

One row with the value 1 goes through as many units as there are values, so the weights are the
values and the gradient of the biases, under an absolute error far from its kink, is the derivative.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erfc

from sknn.losses import Loss
from tests import reference

NAMES = [name for name in reference.ACTIVATIONS if name != "identity"]
WIDE = np.concatenate([
    np.linspace(-30, 30, 601),
    np.linspace(-1, 1, 201),
    -np.logspace(-12, 4, 161),
    np.logspace(-12, 4, 161),
])  # fmt: skip

# In long double: (exact function, largest error in units of the last place of its result). Gelu has
# a test of its own: in float32 it takes an approximation of erf with a bounded absolute error.
longs = {
    "logistic": (lambda x: 1 / (1 + np.exp(-x)), 3),
    "tanh": (np.tanh, 3),
    "elu": (lambda x: np.where(x < 0, np.expm1(np.minimum(x, 0)), x), 2),
    "selu": (
        lambda x: np.where(
            x < 0, 1.7580993408473768 * np.expm1(np.minimum(x, 0)), 1.0507009873554805 * x
        ),
        4,
    ),
    "softplus": (lambda x: np.maximum(x, 0) + np.log1p(np.exp(-abs(x))), 4),
    "silu": (lambda x: x / (1 + np.exp(-x)), 4),
    "mish": (lambda x: x * np.tanh(np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))), 5),
}


def apply(tested_engine, name, values):
    """f and f' of the values, as the engine computes them."""
    values = np.asarray(values, tested_engine.dtype)
    model = tested_engine.mlp(1, (values.size,), Loss("absolute_error", (1,)), activations=name)
    model.weights[0][0][...] = values
    model.weights[0][1][...] = 1
    model.weights[1][0][...] = model.weights[1][1][...] = 0
    one, low = np.ones((1, 1), tested_engine.dtype), np.full((1, 1), -1e30, tested_engine.dtype)
    n_ops = model.network.ends[-2][0]
    return model.forward(one, n_ops)[0], model.loss_and_gradient(one, low)[1][1][0]


def errors(actual, exact, dtype):
    """Errors in units of the last place of the exact values, the normal numbers only."""
    exact = np.asarray(exact)
    unit = np.spacing(abs(exact).astype(dtype)).astype(float)
    normal = abs(exact) >= np.finfo(dtype).tiny
    return (abs(actual.astype(exact.dtype) - exact) / unit)[normal].astype(float)


@pytest.mark.parametrize("name", longs)
def test_forward_in_units_of_the_last_place(tested_engine, name):
    function, allowed = longs[name]
    # below -85 a float32 logistic leaves the normal numbers by its reciprocal
    values = WIDE[WIDE > -85].astype(tested_engine.dtype)
    with np.errstate(over="ignore"):
        exact = function(values.astype(np.longdouble))
    assert (
        errors(apply(tested_engine, name, values)[0], exact, tested_engine.dtype).max() <= allowed
    )


def test_gelu_forward(tested_engine):
    values = WIDE.astype(tested_engine.dtype)
    exact = values * (0.5 * erfc(-values.astype(float) / np.sqrt(2)))
    error = abs(apply(tested_engine, "gelu", values)[0] - exact)
    assert np.all(error <= 2 * tested_engine.eps * np.maximum(1, abs(values)))


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
def test_piecewise_linear_functions_are_exact(tested_engine, name):
    values = WIDE[WIDE != 0].astype(tested_engine.dtype)
    slope = values.dtype.type(0.01 if name == "leaky_relu" else 0)
    y, dy = apply(tested_engine, name, values)
    np.testing.assert_array_equal(y, np.where(values < 0, slope * values, values))
    np.testing.assert_array_equal(dy, np.where(values < 0, slope, 1))


@pytest.mark.parametrize("name", NAMES)
def test_derivatives(tested_engine, name):
    """Errors of a few eps; silu's and mish's slope loses x eps where 1 - logistic(x) does."""
    values = WIDE.astype(tested_engine.dtype)
    values = values[values != 0]
    exact = reference.ACTIVATIONS[name][1](values.astype(float))
    allowed = 4 * tested_engine.eps * np.clip(abs(values), 1, 30)
    np.testing.assert_array_less(abs(apply(tested_engine, name, values)[1] - exact), allowed)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_are_those_of_the_function(double, name):
    """The engine's derivative against central differences of the engine's function."""
    values, step = np.linspace(-6, 6, 48), 1e-6  # none of them is 0
    slope = (apply(double, name, values + step)[0] - apply(double, name, values - step)[0]) / step
    np.testing.assert_allclose(apply(double, name, values)[1], slope / 2, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_nan_passes(tested_engine, name):
    y, _ = apply(tested_engine, name, [np.nan, 1.0, -1.0, np.nan, *np.ones(30)])
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(y)), [0, 3])


@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_in_the_gradient(tested_engine, name):
    """Through two hidden layers, down to the first biases."""
    model = tested_engine.mlp(2, (5, 5), activations=name)
    X = tested_engine.normal(4, 2)
    X[2, 1] = np.nan
    value, gradient = model.loss_and_gradient(X, np.zeros((4, 1), tested_engine.dtype))
    assert np.isnan(value)
    for db in gradient[1]:
        assert np.isnan(db).all()


@pytest.mark.parametrize("name", NAMES)
def test_huge_values(tested_engine, name):
    """No NaN, and the right limit, up to the largest numbers."""
    largest = float(np.finfo(tested_engine.dtype).max) / 4
    values = np.array([-largest, -1e30, -1e4, -800, -104, -89, 89, 710, 1e4, 1e30, largest])
    y, dy = apply(tested_engine, name, values)
    assert np.isfinite(y).all()
    assert np.isfinite(dy).all()
    exact = reference.ACTIVATIONS[name][0](values.astype(tested_engine.dtype).astype(float))
    np.testing.assert_allclose(y, exact, rtol=4 * tested_engine.eps, atol=1e-30)
    # at 1e30 a float32 exp(-104) is still above zero, and x times it is small, not zero
    assert abs(dy[-1] - reference.ACTIVATIONS[name][1](np.array(1e4))) <= 4 * tested_engine.eps


@pytest.mark.parametrize("name", ["logistic", "tanh", "relu", "elu", "selu", "softplus"])
def test_infinite_values(tested_engine, name):
    y, _ = apply(tested_engine, name, [-np.inf, np.inf])
    assert not np.isnan(y).any()


@given(values=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=50))
@pytest.mark.parametrize("name", NAMES)
def test_values_do_not_depend_on_their_place(best, name, values):
    """In the vector part or in the remainder of a loop, the bits are the same."""
    together = apply(best, name, values)
    for i in (0, len(values) - 1):
        alone = apply(best, name, values[i : i + 1])
        np.testing.assert_array_equal(together[0][i], alone[0][0])
        np.testing.assert_array_equal(together[1][i], alone[1][0])


def test_zero(tested_engine):
    """f(0) and f'(0): one-sided where there is a kink, 0 for relu as in scikit-learn."""
    for name in NAMES:
        y, dy = apply(tested_engine, name, [0.0])
        assert y[0] == pytest.approx(
            reference.ACTIVATIONS[name][0](np.zeros(1))[0], abs=tested_engine.eps
        )
        wanted = reference.ACTIVATIONS[name][1](np.zeros(1))[0]
        assert dy[0] == pytest.approx(wanted, abs=2 * tested_engine.eps), name
