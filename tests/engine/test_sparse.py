"""CSR input: the same values, gradients and masks as the dense rows it stands for."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from sknn.losses import Loss
from sknn.optimizers import Adam
from tests.engine.under_test import flat, targets

SOFTMAX = Loss("softmax", (3,))


def csr(n, n_features, density=0.2, seed=0):
    """A CSR array with empty rows and empty columns (the first, a middle and the last of each)."""
    X = sp.random_array((n, n_features), density=density, rng=seed, format="csr").toarray()
    for empty in (0, n // 2, n - 1):
        X[empty] = 0 if n > 1 else X[empty]
    for empty in (0, n_features // 2, n_features - 1):
        X[:, empty] = 0 if n_features > 1 else X[:, empty]
    return X


def dense_and_sparse(tested_engine, n_features, hidden=(17,), **options):
    """A network on dense rows and one on CSR rows, with the same weights."""
    return [
        tested_engine.mlp(n_features, hidden, SOFTMAX, sparse=sparse, **options)
        for sparse in (0, 1)
    ]


def compare(tested_engine, X, hidden=(17,), dropout=0.0, **options):
    X = X.astype(tested_engine.dtype)
    y = targets(SOFTMAX, len(X), tested_engine.dtype)
    dense, sparse = dense_and_sparse(tested_engine, X.shape[1], hidden, dropout=dropout)
    tolerance = 50 * tested_engine.eps
    np.testing.assert_allclose(sparse.forward(X), dense.forward(X), atol=tolerance)
    value, gradient = sparse.loss_and_gradient(X, y, **options)
    expected, expected_gradient = dense.loss_and_gradient(X, y, **options)
    assert value == pytest.approx(expected, rel=tolerance)
    np.testing.assert_allclose(flat(gradient), flat(expected_gradient), atol=tolerance)


@pytest.mark.parametrize("shape", [(1, 1), (1, 49), (2, 48), (17, 15), (33, 100), (70, 150)])
@pytest.mark.parametrize("n_out", [1, 16, 33])
def test_equals_dense_rows(tested_engine, shape, n_out):
    compare(tested_engine, csr(*shape), (n_out,), alpha=0.1)


def test_no_hidden_layer(tested_engine):
    compare(tested_engine, csr(20, 60), ())


def test_nothing_stored_at_all(tested_engine):
    compare(tested_engine, np.zeros((5, 7)))


def test_everything_stored(tested_engine):
    compare(tested_engine, 1 + np.random.default_rng(0).random((9, 50)))


def test_stored_zeros_count_for_nothing(tested_engine):
    _, model = dense_and_sparse(tested_engine, 6)
    X = sp.csr_array(csr(8, 6, 0.5))
    with_zeros = X.copy()
    with_zeros.data = np.where(np.arange(X.nnz) % 2, X.data, 0)
    without = sp.csr_array(with_zeros.toarray())
    assert without.nnz < with_zeros.nnz
    np.testing.assert_array_equal(model.forward(with_zeros), model.forward(without))


@pytest.mark.parametrize("dropout", [[0.4, 0.0], [0.0, 0.4], [0.3, 0.5]])
def test_dropout_masks_equal_those_of_dense_rows(tested_engine, dropout):
    compare(tested_engine, csr(30, 60), dropout=dropout, seed=9)


def test_several_blocks(tested_engine):
    compare(tested_engine, csr(2100, 12), (5,), sample_weight=np.linspace(0, 2, 2100))


def test_a_row_does_not_depend_on_its_neighbours(tested_engine):
    _, model = dense_and_sparse(tested_engine, 60)
    X = csr(200, 60).astype(tested_engine.dtype)
    together = model.forward(X)
    for n in (1, 2, 8, 9, 65):
        np.testing.assert_array_equal(model.forward(X[:n]), together[:n])


def test_training_equals_dense_training(double):
    X, dropout = csr(50, 60), [0.2, 0.3]
    y = targets(SOFTMAX, 50, "float64")
    dense, sparse = dense_and_sparse(double, 60, dropout=dropout)
    expected, losses = dense.train(X, y, Adam(), batch_size=16, seed=4, epochs=3, alpha=0.1)
    weights, sparse_losses = sparse.train(X, y, Adam(), batch_size=16, seed=4, epochs=3, alpha=0.1)
    np.testing.assert_allclose(sparse_losses, losses, rtol=1e-10)
    np.testing.assert_allclose(flat(weights), flat(expected), rtol=1e-6, atol=1e-9)


def test_nan_is_seen(tested_engine):
    _, model = dense_and_sparse(tested_engine, 6)
    X = csr(8, 6, 0.9).astype(tested_engine.dtype)
    X[3, 1] = np.nan
    assert np.isnan(model.forward(X)[3]).all()
    value, _ = model.loss_and_gradient(X, targets(SOFTMAX, 8, tested_engine.dtype))
    assert np.isnan(value)


@given(
    n=st.integers(1, 40),
    n_features=st.integers(1, 120),
    n_out=st.integers(1, 40),
    density=st.floats(0, 1),
    seed=st.integers(0, 50),
)
def test_any_shape(best, n, n_features, n_out, density, seed):
    compare(best, csr(n, n_features, density, seed), (n_out,))
