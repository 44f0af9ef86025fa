"""Arrays that users can break without private tricks: an error, wherever they enter."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone

from sknn import (
    CNNClassifier,
    MLPClassifier,
    MLPRegressor,
    TabularClassifier,
    TabularRegressor,
)
from sknn.layers import BatchNorm, Conv2D

RNG = np.random.default_rng(0)
ROWS = np.where(RNG.random((60, 6)) < 0.5, RNG.normal(size=(60, 6)), 0)
Y = RNG.integers(0, 3, 60)
SMALL = {"max_iter": 2, "random_state": 0}
NET = MLPClassifier(4, **SMALL).fit(ROWS, Y)


def broken(name, form=sp.csr_matrix):
    X = form(ROWS)
    change = {
        "index beyond": lambda: X.indices.__setitem__(3, 10**6),
        "index of the width": lambda: X.indices.__setitem__(3, max(ROWS.shape)),
        "negative index": lambda: X.indices.__setitem__(3, -5),
        "indptr beyond": lambda: X.indptr.__setitem__(-1, 10**6),
        "indptr falls": lambda: X.indptr.__setitem__(4, 10**7),
        "indptr begins late": lambda: X.indptr.__setitem__(0, 1),
        "few values": lambda: setattr(X, "data", X.data[:3]),
    }
    change[name]()
    return X


NAMES = ["index beyond", "index of the width", "negative index", "indptr beyond", "indptr falls"]
NAMES += ["indptr begins late", "few values"]
CALLS = {
    "fit": lambda X: clone(NET).fit(X, Y),
    "fit with a holdout": lambda X: clone(NET).set_params(early_stopping=True).fit(X, Y),
    "validation": lambda X: (
        clone(NET).set_params(early_stopping="auto").fit(ROWS, Y, X_val=X, y_val=Y)
    ),
    "partial_fit": lambda X: clone(NET).partial_fit(X, Y, classes=[0, 1, 2]),
    "predict": NET.predict,
    "predict_proba": NET.predict_proba,
    "transform": NET.transform,
    "the input itself": lambda X: NET.transform(X, layer=0),
    "score": lambda X: NET.score(X, Y),
    "forward_steps": NET.forward_steps,
    "gradients": lambda X: NET.gradients(X, Y),
    "regression": lambda X: MLPRegressor("squared_error", 4, **SMALL).fit(X, Y),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("form", [sp.csr_matrix, sp.csc_array])
def test_sparse_parts_that_point_outside(form, call):
    for name in NAMES:
        with pytest.raises(ValueError, match="malformed|indices|index pointer|indptr"):
            CALLS[call](broken(name, form))


def test_sparse_targets_that_point_outside():
    y = sp.csr_matrix((Y[:, None] == [0, 1, 2]).astype(int))
    y.indices[2] = 10**6
    with pytest.raises(ValueError, match="y is a malformed CSR matrix"):
        MLPClassifier(4, **SMALL).fit(ROWS, y)


@pytest.mark.parametrize("index", [-5, 10**7])
@pytest.mark.parametrize("form", ["coo", "lil"])
def test_sparse_formats_that_are_converted(form, index):
    X, y = sp.csr_matrix(ROWS).asformat(form), sp.csr_matrix(np.eye(3, dtype=int)[Y]).asformat(form)
    for matrix in (X, y):
        if form == "coo":
            matrix.col[3] = index
        else:
            matrix.rows[2] = [index]
            matrix.data[2] = [1]
    for attempt in (lambda: clone(NET).fit(X, Y), lambda: NET.predict(X)):
        with pytest.raises(ValueError, match=f"X is a malformed {form.upper()} matrix"):
            attempt()
    labels = MLPClassifier(4, **SMALL).fit(ROWS, np.eye(3, dtype=int)[Y])
    table = TabularClassifier("fast", n_members=1, hidden_layer_sizes=4, **SMALL)
    for attempt in (
        lambda: labels.fit(ROWS, y),
        lambda: labels.score(ROWS, y),
        lambda: table.fit(ROWS, y),
    ):
        with pytest.raises(ValueError, match=f"y is a malformed {form.upper()} matrix"):
            attempt()


def test_sparse_parts_that_are_not_contiguous_or_native():
    X, expected = sp.csr_matrix(ROWS), clone(NET).fit(sp.csr_matrix(ROWS), Y)
    X.data = np.repeat(X.data, 2)[::2]
    net = clone(NET).fit(X, Y)
    np.testing.assert_array_equal(net.coefs_[0], expected.coefs_[0])
    net.coefs_ = [coef.astype(">f4") for coef in net.coefs_]
    np.testing.assert_array_equal(net.predict_proba(X), expected.predict_proba(X))


@pytest.mark.parametrize("kind", [MLPRegressor, TabularRegressor])
def test_none_among_the_targets(kind):
    y = ROWS[:, 0].astype(object)
    y[3] = None
    with pytest.raises(ValueError, match="Input y contains NaN"):
        kind(max_iter=2).fit(ROWS, y)


def test_a_sweep_does_not_reshape_weights():
    images = RNG.normal(size=(30, 4, 4))
    layers = [Conv2D(5, (2, 3))]
    net = CNNClassifier(layers=layers, **SMALL).fit(images, RNG.integers(0, 3, 30))
    net.coefs_[0] = net.coefs_[0].transpose(3, 2, 0, 1)
    with pytest.raises(ValueError, match="coefs_ has the shapes"):
        net.predict_windows(np.ones((1, 6, 6)))


def test_indices_that_a_user_has_put_out_of_order():
    """SciPy remembers that they were sorted; the weight gradient goes through them in order."""
    X = sp.csr_matrix(ROWS)
    assert X.has_sorted_indices
    shuffled = X.copy()
    assert shuffled.has_sorted_indices
    for row in range(len(ROWS)):
        part = slice(X.indptr[row], X.indptr[row + 1])
        shuffled.indices[part], shuffled.data[part] = X.indices[part][::-1], X.data[part][::-1]
    expected = clone(NET).fit(X, Y)
    found = clone(NET).fit(shuffled, Y)
    for coef, other in zip(found.coefs_, expected.coefs_, strict=True):
        np.testing.assert_array_equal(coef, other)


@pytest.mark.parametrize("classes", [np.arange(90), np.arange(2)])
@pytest.mark.parametrize("before", [False, True])
def test_classes_of_another_number(classes, before):
    """Also where a program for the right number is there already."""
    net = MLPClassifier(4, **SMALL).fit(ROWS, Y)
    if before:
        net.predict_proba(ROWS)
    net.classes_ = classes
    for method in (net.predict, net.predict_proba, net.decision_function):
        with pytest.raises(ValueError, match=f"3 outputs, .* tell of {len(classes)}"):
            method(ROWS)


def test_classes_of_another_number_than_two():
    net = MLPClassifier(4, **SMALL).fit(ROWS, Y > 0)
    net.classes_ = np.arange(5)
    with pytest.raises(ValueError, match="classes_ has 5 labels, but the network is for two"):
        net.predict_proba(ROWS)


@pytest.mark.parametrize("name", ["batch_means_", "batch_variances_"])
def test_running_moments_that_are_missing(name):
    layers = [Conv2D(4, 2), BatchNorm(), Conv2D(4, 1), BatchNorm()]
    net = CNNClassifier(layers=layers, image_shape=(2, 3), **SMALL).fit(ROWS, Y)
    setattr(net, name, getattr(net, name)[:1])
    with pytest.raises(ValueError, match="2 batch norms, got"):
        net.predict(ROWS)
    setattr(net, name, [np.ones(3), np.ones(4)])
    with pytest.raises(ValueError, match="batch norm 0 has 4 running means and variances"):
        net.predict(ROWS)


def test_a_weight_of_two_is_a_repeated_sample():
    """Batch norms included, where a batch is all there is."""
    layers = [Conv2D(4, 2, activation="identity"), BatchNorm()]
    options = {**SMALL, "image_shape": (2, 3), "dtype": "float64", "standardize": False}
    n = RNG.integers(1, 4, len(Y))
    weighted = CNNClassifier(layers=layers, batch_size=len(Y), **options)
    repeated = CNNClassifier(layers=layers, batch_size=n.sum(), **options)
    weighted.fit(ROWS, Y, sample_weight=n)
    repeated.fit(np.repeat(ROWS, n, axis=0), np.repeat(Y, n))
    for a, b in zip(weighted.get_weights(), repeated.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9)
