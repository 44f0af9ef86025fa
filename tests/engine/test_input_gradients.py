"""Gradients along the inputs of networks that predict: the reference's, and central differences."""

import numpy as np
import pytest

from sknn.layers import BatchNorm, CategoryEmbedding, Dense, Dropout, Flatten
from tests.engine.layer_cases import ALL, SMALL
from tests.engine.layered import Layered
from tests.engine.test_layers import assert_near, case


def gradients(model, X, slopes, n_threads=1):
    statistics = model.statistics if model.statistics[0] else None
    options = {"statistics": statistics, "n_threads": n_threads}
    found = model.network.input_gradients(model.rows(X), model.weights, slopes, **options)
    return found.reshape(X.shape)


def slopes_of(model, n):
    return np.random.default_rng(4).standard_normal((n, model.loss.n_outputs))


@pytest.mark.parametrize("name", SMALL)
def test_central_differences(double, name):
    """Of every logit at once, along a random direction for each row; masks of dropout do not exist."""
    model = case(double, name, activation="tanh")
    X, step = model.images(6), 1e-6
    slopes, direction = slopes_of(model, 6), np.random.default_rng(5).standard_normal(X.shape)
    found = (gradients(model, X, slopes) * direction).reshape(6, -1).sum(axis=1)
    sides = [(model.forward(X + side * direction) * slopes).sum(axis=1) for side in (step, -step)]
    np.testing.assert_allclose(found, (sides[0] - sides[1]) / (2 * step), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ALL)
def test_a_row_has_the_same_bits_in_any_company_and_on_any_threads(tested_engine, name):
    model = case(tested_engine, name)
    X = model.images(35)
    slopes = slopes_of(model, 35)
    together = gradients(model, X, slopes)
    for n_threads in (1, 2, 3):
        np.testing.assert_array_equal(gradients(model, X, slopes, n_threads=n_threads), together)
    for n in (1, 7, 33):
        np.testing.assert_array_equal(gradients(model, X[-n:], slopes[-n:]), together[-n:])


def test_float32_is_near_float64(tested_engine, double):
    found, expected = (
        gradients(model, model.images(5), slopes_of(model, 5))
        for model in (case(tested_engine, "everything"), case(double, "everything"))
    )
    assert_near(found, expected, 500 * tested_engine.eps)


def test_a_linear_network(tested_engine):
    """The rows of W, for every row of X; the input stays as it is."""
    model = Layered(tested_engine, [Dropout(0.5)], (7,))
    X = model.images(4)
    before = X.copy()
    for k, slopes in enumerate(np.eye(3)):
        found = gradients(model, X, np.tile(slopes, (4, 1)))
        np.testing.assert_array_equal(found, np.tile(model.weights[0][0][:, k], (4, 1)))
    np.testing.assert_array_equal(X, before)


def test_nan_passes(tested_engine):
    model = Layered(tested_engine, [Dense(5, "tanh"), BatchNorm()], (4,))
    X, slopes = model.images(9), slopes_of(model, 9)
    expected = gradients(model, X, slopes)
    X[3, 1] = np.nan
    found = gradients(model, X, slopes)
    assert np.isnan(found[3]).all()
    np.testing.assert_array_equal(np.delete(found, 3, axis=0), np.delete(expected, 3, axis=0))


def test_codes_have_no_slope(tested_engine):
    model = Layered(tested_engine, [CategoryEmbedding([3, 4])], (2,))
    assert not gradients(model, model.images(5), slopes_of(model, 5)).any()


def test_no_rows(tested_engine):
    model = Layered(tested_engine, [Flatten()], (4, 4, 1))
    assert gradients(model, model.images(3)[:0], np.empty((0, 3))).shape == (0, 4, 4, 1)


def test_wrong_shapes(tested_engine):
    model = Layered(tested_engine, [Dense(5)], (4,))
    X = model.images(3)
    for slopes in (np.ones((3, 2)), np.ones((2, 3))):
        with pytest.raises(ValueError, match=r"output_gradients must have the shape \(3, 3\)"):
            gradients(model, X, slopes)
    with pytest.raises(ValueError, match="does not ask for the gradient of its input"):
        slopes = np.ones((3, 3), tested_engine.dtype)
        model.engine.input_gradient(
            model.program, model.rows(X), *model.weights, slopes, np.empty_like(X)
        )


def test_sparse_rows_have_none(tested_engine):
    model = tested_engine.mlp(5, (3,), sparse=True)
    with pytest.raises(ValueError, match="need dense rows"):
        model.network.input_gradients(model.rows(np.ones((2, 5))), model.weights, np.ones((2, 1)))
