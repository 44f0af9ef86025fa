"""Layers of tables beyond the table of layers: accuracy of the waves, codes of any kind, wide tables."""

import numpy as np
import pytest

from sknn.layers import CategoryEmbedding, PeriodicEmbedding, PiecewiseLinearEmbedding
from sknn.losses import Loss
from sknn.optimizers import Adam
from tests import reference_layers
from tests.engine.layered import Layered
from tests.engine.test_layers import assert_near
from tests.engine.under_test import arrays, flat, targets

TURNS = np.concatenate([
    np.linspace(-4, 4, 1601),
    np.logspace(-12, 5, 301),
    -np.logspace(-12, 5, 301),
])  # fmt: skip


def waves(tested_engine, turns):
    """cos(2 pi t) and sin(2 pi t) as the engine computes them: features of value 1, frequencies t.

    The gradient of the mean absolute error far below is 1 for every output: that of a phase is -sin.
    """
    turns = np.asarray(turns, tested_engine.dtype)
    layer = PeriodicEmbedding(1, 1)
    model = Layered(tested_engine, [layer], (turns.size,), Loss("absolute_error", (1,)))
    model.weights[0][0][...] = np.array([0, 0, 1, 0])[:, None]
    model.weights[0][0][0] = turns
    model.weights[0][1][...] = 1
    ones = np.ones((1, turns.size), tested_engine.dtype)
    cosine = model.forward(ones, model.network.ends[0][0], shape=(2 * turns.size,))[0, turns.size :]
    low = np.full((1, 1), -1e30, tested_engine.dtype)
    return cosine, -model.loss_and_gradient(ones, low)[1][0][0][1]


def test_waves(tested_engine):
    """Absolute errors of about the last place of 1, however many turns there are."""
    turns = TURNS.astype(tested_engine.dtype)
    exact = 2 * np.pi * (turns.astype(np.longdouble) % 1)
    cosine, sine = waves(tested_engine, turns)
    assert abs(cosine - np.cos(exact)).max() <= 1.5 * tested_engine.eps
    assert abs(sine - np.sin(exact)).max() <= 1.5 * tested_engine.eps


def test_small_sines_keep_their_digits(tested_engine):
    turns = np.logspace(-12, -2, 101).astype(tested_engine.dtype)
    np.testing.assert_allclose(
        waves(tested_engine, turns)[1],
        np.sin(2 * np.pi * turns.astype(float)),
        rtol=4 * tested_engine.eps,
    )


def test_zeros_are_exact(tested_engine):
    cosine, sine = waves(tested_engine, [0, 0.25, 0.5, 0.75, 1, -0.25, -7.5, 1000.25])
    for found, exact in [(cosine, [1, 0, -1, 0, 1, 0, -1, 0]), (sine, [0, 1, 0, -1, 0, -1, 0, 1])]:
        np.testing.assert_allclose(found, exact, rtol=tested_engine.eps, atol=0)


def test_many_turns_and_none(tested_engine):
    """More than the digits of a fraction: whole ones. Infinity and NaN give NaN."""
    cosine, sine = waves(tested_engine, [1e18, -1e30])
    np.testing.assert_allclose(cosine, 1, rtol=tested_engine.eps)
    assert not sine.any()
    cosine, sine = waves(tested_engine, [np.inf, -np.inf, np.nan])
    assert np.isnan([cosine, sine]).all()


@pytest.mark.parametrize("d", [1, 2, 15, 16, 17, 33, 100])
def test_periodic_of_any_width(tested_engine, d):
    """Frequencies over many turns, in float32 to the rounding of their argument."""
    layer = PeriodicEmbedding(7, 2)
    model = Layered(tested_engine, [layer], (d,))
    model.weights[0][0][:7] *= 10
    X = model.images(20)
    expected, _ = reference_layers.periodic(
        X.astype(float), model.weights[0][0].astype(float), 0, 7, 2
    )
    found = model.forward(X, model.network.ends[0][0], shape=(3 * d,))
    assert_near(found, expected, 1000 * tested_engine.eps)
    np.testing.assert_array_equal(found[:, :d], X)


# ---- pieces of lines -----------------------------------------------------------------------------


def line(tested_engine, x, weights, edges, slope=False):
    """v_1 of values of one column, or dL/dx where the gradient of the output is 1 for v_1 alone."""
    layer = PiecewiseLinearEmbedding(np.reshape(edges, (-1, 1)), 1)
    model = Layered(tested_engine, [layer], (1,), Loss("absolute_error", (1,)))
    model.weights[0][0][...] = np.reshape(weights, (-1, 1))
    x = np.asarray(x, tested_engine.dtype).reshape(-1, 1)
    if slope:
        rows, W = model.rows(x), model.weights[0][0]
        weights = [W, np.array([[0], [1]], tested_engine.dtype)], model.weights[1]
        return model.network.input_gradients(rows, weights, np.ones_like(x))[:, 0]
    return model.forward(x, model.network.ends[0][0], shape=(2,))[:, 1]


EDGES, BENDS = [-1, 0, 2, 3], [10, 4, 1, 100]


def test_a_line_with_bends(tested_engine):
    """Its values at the edges are sums of the mixture; beyond them it goes straight on; NaN stays NaN."""
    x = [-2, -1, -0.5, 0, 1, 2, 2.5, 3, 5, np.nan]
    expected = [90, 100, 105, 110, 112, 114, 114.5, 115, 117, np.nan]
    np.testing.assert_allclose(
        line(tested_engine, x, BENDS, EDGES), expected, rtol=4 * tested_engine.eps
    )


def test_slopes_of_a_line_with_bends(tested_engine):
    """At an edge it is that of what comes behind it."""
    slopes = line(tested_engine, [-2, -0.5, 0, 1, 2, 2.5, 5], BENDS, EDGES, slope=True)
    np.testing.assert_allclose(slopes, [10, 10, 2, 2, 1, 1, 1], rtol=4 * tested_engine.eps)


def test_infinity_beyond_the_edges(tested_engine):
    found = line(tested_engine, [-np.inf, np.inf], BENDS, EDGES)
    np.testing.assert_array_equal(found, [-np.inf, np.inf])


@pytest.mark.parametrize("d", [1, 2, 15, 16, 17, 33, 100])
def test_piecewise_of_any_width(tested_engine, d):
    layer = PiecewiseLinearEmbedding.from_quantiles(
        tested_engine.normal(50, d, seed=1), 7, n_outputs=2
    )
    model = Layered(tested_engine, [layer], (d,))
    X = model.images(20)
    expected, _ = reference_layers.piecewise(
        X.astype(float), model.weights[0][0].astype(float), 0, layer.edges, 2
    )
    found = model.forward(X, model.network.ends[0][0], shape=(3 * d,))
    assert_near(found, expected, 1000 * tested_engine.eps)
    np.testing.assert_array_equal(found[:, :d], X)


# ---- categories ---------------------------------------------------------------------------------


def codes(n, cardinalities, dtype, seed=0):
    """Uniform codes, a tenth of them missing."""
    rng = np.random.default_rng(seed)
    X = np.stack([rng.integers(0, size, n) for size in cardinalities], axis=1).astype(dtype)
    X[rng.random(X.shape) < 0.1] = -1
    return X


def table_model(tested_engine, cardinalities, dim):
    return Layered(tested_engine, [CategoryEmbedding(cardinalities, dim)], (len(cardinalities),))


@pytest.mark.parametrize("dim", [1, 8, 33])
def test_tables_of_thousands(tested_engine, dim):
    """More rows than a task takes, more samples than a block holds."""
    model = table_model(tested_engine, [3000, 97, 1], dim)
    X, y = (
        codes(1500, [3000, 97, 1], tested_engine.dtype),
        targets(model.loss, 1500, tested_engine.dtype),
    )
    assert_near(model.forward(X), model.reference_outputs(X)[-1], 200 * tested_engine.eps)
    np.testing.assert_array_equal(model.forward(X[:5]), model.forward(X)[:5])
    expected = model.reference(X, y)
    for n_threads in (1, 3):
        value, gradient = model.loss_and_gradient(X, y, n_threads=n_threads)
        assert value == pytest.approx(expected[0], rel=100 * tested_engine.eps)
        assert_near(flat(gradient), flat(expected[1]), 100 * tested_engine.eps)


def test_codes_that_are_none(tested_engine):
    """Unknown codes give zeros, NaN is seen; 1.9 is 1, as an integer would be."""
    model = table_model(tested_engine, [3], 4)
    odd = [-1, 3, 1e30, -np.inf, np.inf, -0.5, 0, 1.9, np.nan]
    out = model.forward(
        np.array(odd, tested_engine.dtype)[:, None], model.network.ends[0][0], shape=(4,)
    )
    assert not out[:6].any()
    np.testing.assert_array_equal(out[6:8], model.weights[0][0][:2])
    assert np.isnan(out[8]).all()


def test_only_what_is_seen_moves(tested_engine):
    model = table_model(tested_engine, [50], 8)
    X = np.array([[3], [7], [-1], [3]], tested_engine.dtype)
    y = targets(model.loss, 4, tested_engine.dtype)
    (tables, _), _ = model.train(X, y, Adam(), epochs=3)
    moved = (tables[0] != model.weights[0][0]).any(axis=1)
    assert set(np.flatnonzero(moved)) == {3, 7}


def test_training_on_threads(tested_engine):
    model = table_model(tested_engine, [400, 30], 8)
    X, y = codes(300, [400, 30], tested_engine.dtype), targets(model.loss, 300, tested_engine.dtype)
    runs = [
        model.train(X, y, Adam(), batch_size=64, n_threads=n, clip_norm=clip)[0]
        for clip in (0.0, 0.1)
        for n in (1, 2, 3)
    ]
    for first, *others in (runs[:3], runs[3:]):
        for other in others:
            for a, b in zip(arrays(first), arrays(other), strict=True):
                np.testing.assert_array_equal(a, b)
