"""Layers for the columns of a table: edges of bins, initial weights."""

import numpy as np
import pytest

from sknn.layers import CategoryEmbedding, Columns, PeriodicEmbedding, PiecewiseLinearEmbedding
from sknn.layers._piecewise import quantiles
from sknn.losses import Loss
from sknn.network import Network


def test_initial_embeddings():
    """Frequencies N(0, sigma^2), phases in a turn, a mixture in U(-1/4, 1/4) as of sixteen inputs; N(0, 1)."""
    layers = [Columns([PeriodicEmbedding(sigma=3), CategoryEmbedding([500])], [300, 1])]
    (waves, table), intercepts = Network(layers, 301, "float64").initial_weights(
        np.random.RandomState(0)
    )
    frequencies, phases, mixture = np.split(waves, [16, 32])
    assert frequencies.std() == pytest.approx(3, rel=0.05)
    assert abs(phases).max() == pytest.approx(np.pi, rel=0.01)
    assert abs(mixture).max() == pytest.approx(0.25, rel=0.01)
    assert mixture.shape == (51, 300)
    assert table.std() == pytest.approx(1, rel=0.05)
    assert not any(b.any() for b in intercepts)


def test_edges_of_quantiles():
    """As many samples in each bin; few values are edges; what coincides is halved; one value gets room."""
    rng = np.random.default_rng(0)
    X = np.stack(
        [
            rng.exponential(size=1000),
            rng.integers(0, 3, 1000),
            np.where(rng.random(1000) < 0.9, 0.0, rng.random(1000)),
            np.full(1000, 7.0),
        ],
        axis=1,
    )
    X[::10] = np.nan
    edges = PiecewiseLinearEmbedding.from_quantiles(X, n_bins=6).edges
    assert edges.shape == (7, 4)
    assert (np.diff(edges, axis=0) > 0).all()
    counts = np.histogram(X[:, 0], edges[:, 0])[0]
    assert counts.sum() == 900
    assert abs(counts - 150).max() <= 1
    assert {0.0, 1.0, 2.0} <= set(edges[:, 1])
    assert edges[[0, -1], 2] == pytest.approx([0, np.nanmax(X[:, 2])])
    assert edges[[0, -1], 3] == pytest.approx([3.5, 10.5])


def test_edges_of_nothing_and_of_next_to_nothing():
    """Columns of gaps, of 1e30, of numbers that differ in their last place."""
    X = [[np.nan, 1e30, 1.0], [np.nan, -1e30, 1.0 + 1e-15], [np.nan, 3.0, 2.0]]
    Network([PiecewiseLinearEmbedding.from_quantiles(X)], 3, "float32").program(
        Loss("squared_error", (12,))
    )


def test_an_initial_piecewise_embedding():
    """A mixture in U(-b, b) as Glorot has it for T inputs and J outputs; no bends at first in its biases."""
    layer = PiecewiseLinearEmbedding(np.cumsum(np.ones((17, 300)), axis=0))
    (W,), (b,) = Network([layer], 300, "float64").initial_weights(np.random.RandomState(0))
    assert abs(W[:48]).max() == pytest.approx(np.sqrt(6 / 19), rel=0.01)
    assert not W[48:].any()
    assert not b.any()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 1000])
@pytest.mark.parametrize("n_shares", [3, 5, 17])
def test_quantiles_are_numpys(n, n_shares):
    values, shares = (
        np.exp(9 * np.random.default_rng(n).normal(size=n)),
        np.linspace(0, 1, n_shares),
    )
    np.testing.assert_allclose(quantiles(values, shares), np.quantile(values, shares), rtol=1e-14)
