"""Prediction: bits that depend on nothing but the row, dtypes, finiteness, errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sknn.losses import Loss
from tests import reference
from tests.engine.under_test import LOSSES, arrays

COUNTS = (1, 2, 7, 8, 9, 16, 63, 64, 65, 129, 200)
SHAPES = {
    "linear": (5, ()),
    "one_of_everything": (1, (1,)),
    "odd": (17, (33, 15)),
    "wide": (100, (129, 65, 3)),
    "whole_vectors": (64, (64, 32)),
}


def network(tested_engine, name, loss=LOSSES["softmax"], **options):
    n_features, hidden = SHAPES[name]
    return tested_engine.mlp(n_features, hidden, loss, activations="relu", **options)


@pytest.mark.parametrize("name", SHAPES)
def test_equals_the_reference(tested_engine, name):
    model = network(tested_engine, name)
    X = tested_engine.normal(70, model.network.n_features)
    weights = [[array.astype(float) for array in part] for part in model.weights]
    expected = reference.forward(weights, model.activations, X.astype(float))[2]
    for n in (1, 8, 9, 70):
        np.testing.assert_allclose(model.forward(X[:n]), expected[:n], atol=100 * tested_engine.eps)


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize("name", SHAPES)
def test_a_row_has_the_same_bits_in_any_company(tested_engine, name, link):
    """Few rows read the fitted arrays, many a packed copy; tiles have other heights."""
    model = network(tested_engine, name)
    X = tested_engine.normal(200, model.network.n_features)
    together = model.forward(X, link=link)
    for n in COUNTS:
        np.testing.assert_array_equal(model.forward(X[:n], link=link), together[:n])
        np.testing.assert_array_equal(model.forward(X[200 - n :], link=link), together[200 - n :])


@given(
    n=st.integers(1, 20), n_in=st.integers(1, 40), n_out=st.integers(1, 150), seed=st.integers(0, 9)
)
def test_few_rows_equal_many(tested_engine, n, n_in, n_out, seed):
    """For every width, the last rows of the unpadded weights too."""
    model = tested_engine.mlp(n_in, loss=Loss("squared_error", (n_out,)), seed=seed)
    X = tested_engine.normal(20, n_in, seed=seed)
    np.testing.assert_array_equal(model.forward(X[:n]), model.forward(X)[:n])


def test_first_columns_of_a_wider_array_are_not_copied(tested_engine):
    """Rows, whatever their distance, in the forward pass and gathered for training."""
    model = tested_engine.mlp(5, loss=Loss("squared_error", (3,)), seed=0)
    wide = tested_engine.normal(200, 12)
    for X in (wide[:, :5], wide[::2, 2:7], wide[:1, :5]):
        np.testing.assert_array_equal(model.forward(X), model.forward(X.copy()))
        y = np.zeros((len(X), 3), X.dtype)
        found, expected = model.loss_and_gradient(X, y), model.loss_and_gradient(X.copy(), y)
        assert found[0] == expected[0]
        for ours, theirs in zip(arrays(found[1]), arrays(expected[1]), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_rows_must_be_contiguous(tested_engine):
    model, normal = tested_engine.mlp(5), tested_engine.normal
    for X in (normal(4, 10)[:, ::2], normal(5, 4).T, normal(4, 5, 1)):
        with pytest.raises(ValueError, match="contiguous|two dimensions"):
            model.rows(X)


@pytest.mark.parametrize("name", SHAPES)
def test_any_number_of_threads(tested_engine, name):
    model = network(tested_engine, name)
    for n in (1, 9, 200):
        X = tested_engine.normal(n, model.network.n_features)
        expected = model.forward(X)
        for n_threads in (2, 3, 7):
            np.testing.assert_array_equal(model.forward(X, n_threads=n_threads), expected)


@pytest.mark.parametrize("n_threads", [1, pytest.param(2, id="two_threads")])
def test_several_slices(best, n_threads):
    """So much work that signals are looked at in between, every 2,000,000,000 multiply-adds."""
    model = best.mlp(1500, loss=Loss("squared_error", (1400,)))
    X = best.normal(1000, 1500)
    expected = model.forward(X[985:994])
    np.testing.assert_array_equal(model.forward(X, n_threads=n_threads)[985:994], expected)


@pytest.mark.parametrize("n", [3, 50])
def test_other_dtype_is_converted(tested_engine, n):
    """A float64 array into a float32 engine, and the other way round."""
    other = "float64" if tested_engine.dtype == "float32" else "float32"
    model = network(tested_engine, "odd")
    X = tested_engine.normal(n, 17).astype(other)
    np.testing.assert_array_equal(model.forward(X), model.forward(X.astype(tested_engine.dtype)))


def test_read_only_input(tested_engine):
    model = network(tested_engine, "odd")
    X = tested_engine.normal(10, 17)
    expected = model.forward(X)
    for array in (X, *model.weights[0], *model.weights[1]):
        array.flags.writeable = False
    np.testing.assert_array_equal(model.forward(X), expected)
    np.testing.assert_array_equal(model.forward(X[:4]), expected[:4])


@pytest.mark.parametrize("n", [1, 8, 9, 150])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_says_whether_all_was_finite(tested_engine, n, bad):
    model = network(tested_engine, "odd")
    X = tested_engine.normal(n, 17)
    model.forward(X, n_threads=2)
    assert model.finite
    for at in [(0, 0), (n - 1, 16)]:
        X_bad = X.copy()
        X_bad[at] = bad
        model.forward(X_bad, n_threads=2)
        assert not model.finite


def test_largest_numbers_are_finite(tested_engine):
    model = network(tested_engine, "one_of_everything")
    for value in (
        np.finfo(tested_engine.dtype).max,
        np.finfo(tested_engine.dtype).smallest_subnormal,
    ):
        model.forward(np.full((9, 1), value))
        assert model.finite


def test_overflow_in_conversion_is_not_finite(tested_engine):
    """1e300 is a number in double precision only."""
    model = network(tested_engine, "one_of_everything")
    model.forward(np.full((9, 1), 1e300))
    assert model.finite == (tested_engine.dtype == "float64")


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_hidden_layers(tested_engine, dropout):
    """Each layer's output, the input first; `ends` says after how many ops it stands there."""
    model = tested_engine.mlp(6, (5, 4), LOSSES["softmax"], activations="mish", dropout=dropout)
    weights = [[array.astype(float) for array in part] for part in model.weights]
    for n in (4, 40):
        X = tested_engine.normal(n, 6)
        inputs, _, _ = reference.forward(weights, model.activations, X.astype(float))
        for layer, expected in enumerate(inputs):
            n_ops, shape = model.network.ends[2 * layer]  # its dropout layer
            assert shape == expected.shape[1:]
            if n_ops > 0:
                actual = model.forward(X, n_ops)
                np.testing.assert_allclose(actual, expected, atol=50 * tested_engine.eps)


@pytest.mark.parametrize("n", [4, 40])
def test_wrong_shapes(tested_engine, n):
    model = network(tested_engine, "odd")
    with pytest.raises(ValueError, match="features"):
        model.forward(tested_engine.normal(n, 16))
    X = tested_engine.normal(n, 17)
    coefs, intercepts = model.weights
    for wrong in (
        (coefs[:-1], intercepts),
        (coefs, [*intercepts, intercepts[-1]]),
        ([coefs[0].T.copy(), *coefs[1:]], intercepts),
        (coefs, [intercepts[0][:-1], *intercepts[1:]]),
    ):
        model.weights = wrong
        with pytest.raises(ValueError, match=r"layer"):
            model.forward(X)


@pytest.mark.parametrize("shape", [(4, 4), (3, 3), (4, 2), (5, 3)])
def test_wrong_shape_of_out(tested_engine, shape):
    model = network(tested_engine, "odd")
    rows = model.rows(tested_engine.normal(4, 17))
    with pytest.raises(ValueError, match="shape"):
        model.engine.forward(
            model.program, rows, *model.weights, np.empty(shape, tested_engine.dtype)
        )


def test_wrong_dtype_of_weights(tested_engine):
    other = "float64" if tested_engine.dtype == "float32" else "float32"
    model = network(tested_engine, "odd")
    model.weights[0][1] = model.weights[0][1].astype(other)
    for n in (4, 40):
        with pytest.raises(ValueError, match="dtype"):
            model.forward(tested_engine.normal(n, 17))


def test_weights_at_an_odd_address(tested_engine):
    model = network(tested_engine, "odd")
    weights = model.weights[0][1]
    odd = np.empty(weights.nbytes + 1, np.uint8)[1:].view(weights.dtype).reshape(weights.shape)
    odd[...] = weights
    model.weights[0][1] = odd
    with pytest.raises(ValueError, match=f"{weights.dtype}, not aligned, the engine's"):
        model.forward(tested_engine.normal(4, 17))
