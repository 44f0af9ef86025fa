"""What y may be: labels of every kind, several columns, sparse labels, numbers."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.exceptions import DataConversionWarning

from tests.estimators.samples import (
    COLUMNS,
    LABELS,
    TARGETS,
    X,
    Y,
    classifier,
    regressor,
    same_bits,
    weights_of,
)

LONG = {"max_iter": 200, "tol": 0}
NAMES = np.array(["a", "bb", "c"])


@pytest.mark.parametrize(
    ("y", "dtype"),
    [
        (Y, int),
        (Y.astype(np.int8) - 1, np.int8),
        (Y.astype(float), float),
        (Y > 0, bool),
        (NAMES[Y], "<U2"),
        (NAMES.astype(object)[Y], "<U2"),  # as in scikit-learn's MLP
        (list(NAMES[Y]), "<U2"),
        (pd.Series(NAMES[Y]), "<U2"),
        (pd.Series(NAMES[Y], dtype="category"), "<U2"),
        (pd.Series(Y), int),
    ],
)
def test_labels_come_back_as_they_were(y, dtype):
    fitted = classifier(**LONG).fit(X, y)
    predicted = fitted.predict(X)
    assert predicted.dtype == fitted.classes_.dtype == np.dtype(dtype)
    assert set(fitted.classes_.tolist()) == set(np.asarray(y).tolist())
    assert fitted.score(X, y) > 0.9
    assert same_bits(fitted, classifier(**LONG).fit(X, np.unique(y, return_inverse=True)[1]))


@pytest.mark.parametrize("early_stopping", [True, False])
def test_one_class(early_stopping):
    y = np.full(len(X), "only")
    fitted = classifier(early_stopping=early_stopping).fit(X, y)
    assert (fitted.predict(X) == "only").all()
    np.testing.assert_array_equal(fitted.predict_proba(X), np.ones((len(X), 1)))
    assert fitted.score(X, y) == 1


@pytest.mark.parametrize("y", [COLUMNS, NAMES[COLUMNS], pd.DataFrame(COLUMNS)])
def test_several_columns_of_classes(y):
    fitted = classifier(**LONG).fit(X, y)
    shapes = [(len(X), n) for n in (3, 3, 2)]
    y = np.asarray(y)
    assert [len(c) for c in fitted.classes_] == [3, 3, 2]
    assert fitted.n_outputs_ == 8
    assert fitted.out_activation_ == "softmax"
    assert [p.shape for p in fitted.predict_proba(X)] == shapes
    assert [z.shape for z in fitted.decision_function(X)] == shapes
    predicted = fitted.predict(X)
    assert predicted.shape == y.shape
    for k, (p, c) in enumerate(zip(fitted.predict_proba(X), fitted.classes_, strict=True)):
        np.testing.assert_allclose(p.sum(axis=1), 1)
        np.testing.assert_array_equal(c[p.argmax(axis=1)], predicted[:, k])
        np.testing.assert_allclose(np.exp(fitted.predict_log_proba(X)[k]), p)
    assert fitted.score(X, y) == (predicted == y).all(axis=1).mean() > 0.9
    assert fitted.score(X, pd.DataFrame(y)) == fitted.score(X, y)
    first = np.eye(len(X))[0]
    assert fitted.score(X, y, sample_weight=first) == float((predicted[0] == y[0]).all())


def test_several_columns_are_independent_losses():
    """The loss is the sum over the columns of the cross-entropies."""
    parameters = {"alpha": 0, "learning_rate_init": 1e-30, "max_iter": 1, "dtype": "float64"}
    fitted = classifier(**parameters).fit(X, COLUMNS)
    logs = [
        np.log(p[np.arange(len(X)), c])
        for p, c in zip(fitted.predict_proba(X), COLUMNS.T, strict=True)
    ]
    np.testing.assert_allclose(fitted.loss_, -np.sum(logs) / len(X))


def test_several_columns_in_pieces():
    classes = [[0, 1, 2], [0, 1, 2], [0, 1]]
    piecewise = classifier(batch_size=50)
    for _ in range(5):
        piecewise.partial_fit(X, COLUMNS, classes=classes)
    assert same_bits(piecewise, classifier(batch_size=50).fit(X, COLUMNS))
    # rows that hold only 0 and 1 look like several labels, and are not
    few = (COLUMNS < 2).all(axis=1)
    piecewise.partial_fit(X[few], COLUMNS[few])
    fresh = classifier().partial_fit(X[few], COLUMNS[few], classes=classes)
    assert [p.shape[1] for p in fresh.predict_proba(X)] == [3, 3, 2]
    with pytest.raises(ValueError, match="2 columns"):
        piecewise.partial_fit(X, COLUMNS[:, :2])
    with pytest.raises(ValueError, match="classes not in"):
        piecewise.partial_fit(X, COLUMNS + 1)
    with pytest.raises(ValueError, match="not the same as"):
        piecewise.partial_fit(X, COLUMNS, classes=[[0, 1, 2]] * 3)
    with pytest.raises(ValueError, match="classes must be passed"):
        classifier().partial_fit(X, COLUMNS)


@pytest.mark.parametrize("form", [sp.csr_matrix, sp.csc_array])
def test_sparse_labels_come_back_sparse(form):
    dense, sparse = classifier(**LONG).fit(X, LABELS), classifier(**LONG).fit(X, form(LABELS))
    assert same_bits(dense, sparse)
    predicted = sparse.predict(X)
    assert sp.issparse(predicted)
    assert predicted.format == "csr"
    np.testing.assert_array_equal(predicted.toarray(), dense.predict(X))
    assert isinstance(dense.predict(X), np.ndarray)
    assert sparse.score(X, form(LABELS)) == dense.score(X, LABELS) > 0.9
    assert sparse.score(X, LABELS) == dense.score(X, LABELS)


@pytest.mark.parametrize("kind", TARGETS)
def test_probabilities(kind):
    fitted = classifier().fit(X, TARGETS[kind])
    found = fitted.predict_proba(X)
    for p in found if kind == "columns" else [found]:
        assert p.dtype == np.float64
        assert (p > 0).all()
        assert (p < 1).all()
        if kind != "multilabel":
            np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("y", [Y > 0, LABELS])
def test_logistic_probabilities_stay_inside(y, dtype):
    fitted = classifier(dtype=dtype).fit(X, y)
    p = fitted.predict_proba(X * 1e20)
    assert (p > 0).all()
    assert (p < 1).all()
    assert np.isfinite(fitted.predict_log_proba(X * 1e20)).all()


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_decision_function_is_the_logits(kind):
    fitted = classifier().fit(X, TARGETS[kind])
    logits, p = fitted.decision_function(X), fitted.predict_proba(X)
    assert logits.dtype == np.float64
    if kind == "multiclass":
        e = np.exp(logits.astype(float) - logits.max(axis=1, keepdims=True))
        wanted = e / e.sum(axis=1, keepdims=True)
    else:
        wanted = 1 / (1 + np.exp(-logits.astype(float)))
        assert logits.ndim == (1 if kind == "binary" else 2)
    np.testing.assert_allclose(p[:, 1] if kind == "binary" else p, wanted, rtol=1e-5)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel", "columns"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_label_smoothing(kind, smoothing):
    """The cross-entropy of (1 - s) onehot + s / K; K is 2 for a logistic function."""
    parameters = {"alpha": 0, "learning_rate_init": 1e-30, "max_iter": 1, "dtype": "float64"}
    y = TARGETS[kind]
    fitted = classifier(label_smoothing=smoothing, **parameters).fit(X, y)
    p = fitted.predict_proba(X)
    if kind == "multilabel":
        pairs = [(np.column_stack([1 - q, q]), c) for q, c in zip(p.T, y.T, strict=True)]
    else:
        pairs = zip(p, y.T, strict=True) if kind == "columns" else [(p, y.astype(int))]
    loss = 0.0
    for q, c in pairs:
        k = q.shape[1]
        target = (1 - smoothing) * np.eye(k)[c] + smoothing / k
        loss -= (target * np.log(q)).sum() / len(X)
    np.testing.assert_allclose(fitted.loss_, loss)


# ---- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y + 0.5, "Unknown label type"),
        (np.where(Y > 1, np.nan, Y), "NaN"),
        (Y[:-1], "inconsistent numbers of samples"),
        (np.zeros((len(Y), 2, 2)), "dim 3|multi-output|multilabel|Found array"),
    ],
)
def test_wrong_labels_raise(y, message):
    with pytest.raises(ValueError, match=message):
        classifier().fit(X, y)


def test_labels_of_another_form_raise():
    multilabel = classifier(warm_start=True).fit(X, LABELS)
    multiclass = classifier(warm_start=True).fit(X, Y)
    for estimator, y in [(multilabel, Y), (multiclass, LABELS), (multiclass, COLUMNS)]:
        for call in (estimator.fit, estimator.partial_fit):
            before = weights_of(estimator)
            with pytest.raises(ValueError, match="columns|same classes"):
                call(X, y)
            np.testing.assert_array_equal(weights_of(estimator), before)
        with pytest.raises(ValueError, match="columns"):
            estimator.set_params(early_stopping="auto").fit(
                X, LABELS if estimator is multilabel else Y, X_val=X, y_val=y
            )


@pytest.mark.parametrize("make", [classifier, regressor])
def test_a_column_is_a_vector_with_a_warning(make):
    with pytest.warns(DataConversionWarning, match="column-vector"):
        fitted = make().fit(X, Y[:, None])
    assert same_bits(fitted, make().fit(X, Y))
    assert fitted.predict(X).ndim == 1


def test_numbers_may_be_integers_lists_and_frames():
    wanted = regressor().fit(X, Y.astype(float))
    for y in (Y, list(Y), pd.Series(Y), Y.astype(np.float32), Y.astype(object)):
        assert same_bits(regressor().fit(X, y), wanted)
    two = np.column_stack([Y, X[:, 0]])
    fitted = regressor(**LONG).fit(X, pd.DataFrame(two))
    assert fitted.predict(X).shape == two.shape
    assert np.isclose(fitted.score(X, pd.DataFrame(two)), fitted.score(X, two), rtol=1e-6)
    with pytest.raises(ValueError, match="3 outputs"):
        fitted.partial_fit(X, X[:, :3])


@pytest.mark.parametrize("hidden", [(), 3])
def test_numbers_too_large_for_float32_raise(hidden):
    y = Y * 1e40
    estimator = regressor(hidden_layer_sizes=hidden)
    with pytest.raises(ValueError, match="y contains infinity or a value too large"):
        estimator.fit(X, y)
    assert not hasattr(estimator, "coefs_")
    with pytest.raises(ValueError, match="y contains"):
        estimator.set_params(early_stopping="auto").fit(X, Y, X_val=X, y_val=y)


def test_poisson_needs_counts():
    with pytest.raises(ValueError, match="needs y >= 0"):
        regressor(loss="poisson").fit(X, Y - 1)
    assert (regressor(loss="poisson").fit(X, Y).predict(X) > 0).all()
