"""X and y in every container and dtype: the predictions are those from plain float64 arrays.

Or the error is the one that scikit-learn's MLP or gradient boosting have.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.neural_network import MLPClassifier as ScikitLearnsMLP

from tests.estimators.samples import (
    classifier,
    cnn,
    cnn_regressor,
    mixer,
    mixer_regressor,
    regressor,
    tabular,
    tabular_regressor,
)

N, NAMES = 40, [f"x{i}" for i in range(16)]
#: values that float16 holds, so that all kinds have the same
X = np.round(np.random.RandomState(0).standard_normal((N, 16)) * 8) / 8
Y = (X[:, 0] > 0).astype(int)
IMAGE = {"image_shape": (4, 4), "max_iter": 1}
CLASSIFIERS = {
    "mlp": lambda: classifier(max_iter=1),
    "cnn": lambda: cnn(**IMAGE),
    "mixer": lambda: mixer(patch_size=2, **IMAGE),
    "tabular": lambda: tabular(max_iter=1),
}
REGRESSORS = {
    "mlp": lambda: regressor(max_iter=1),
    "cnn": lambda: cnn_regressor(**IMAGE),
    "mixer": lambda: mixer_regressor(patch_size=2, **IMAGE),
    "tabular": lambda: tabular_regressor(max_iter=1),
}
FRAME = pd.DataFrame(X, columns=NAMES)


def wide_indices(X):
    """CSR with indices of 64 bits."""
    X = sp.csr_matrix(X)
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


def of_pyarrow(values, name="table"):
    """What pyarrow makes of a function of the module and the values, where it is installed."""
    return getattr(pytest.importorskip("pyarrow"), name)(values)


def of_polars(values, name="DataFrame"):
    """The same of polars."""
    return getattr(pytest.importorskip("polars"), name)(values)


def columns(values):
    """The columns of X, or of what has missing values in the same places."""
    return {name: list(column) for name, column in zip(NAMES, np.transpose(values), strict=True)}


def holes():
    """The columns of X with a missing value in each."""
    return {name: [None, *column[1:]] for name, column in columns(X).items()}


DENSE = {
    "lists": lambda: X.tolist(),
    "float16": lambda: X.astype(np.float16),
    "big endian": lambda: X.astype(">f8"),
    "big endian 32": lambda: X.astype(">f4"),
    "longdouble": lambda: X.astype(np.longdouble),
    "objects": lambda: X.astype(object),
    "columns first": lambda: np.asfortranarray(X),
    "frame": lambda: FRAME,
    "frame of float16": lambda: FRAME.astype(np.float16),
    "nullable": lambda: FRAME.astype("Float64"),
    "of all types": lambda: FRAME.astype({"x0": "Float32", "x1": "float32", "x2": object}),
    "of pyarrow": lambda: pytest.importorskip("pyarrow") and FRAME.astype("double[pyarrow]"),
    "polars": lambda: of_polars(columns(X)),
    "pyarrow": lambda: of_pyarrow(columns(X)),
}
SPARSE = {
    "csr": lambda: sp.csr_array(X),
    "csc": lambda: sp.csc_matrix(X),
    "coo": lambda: sp.coo_array(X),
    "wide indices": lambda: wide_indices(X),
    "float32": lambda: sp.csc_array(X.astype(np.float32)),
}
MISSING = {
    "NaN": lambda: pd.DataFrame(holes()).to_numpy(float),
    "None": lambda: pd.DataFrame(holes()).to_numpy(object),
    "frame": lambda: pd.DataFrame(holes()),
    "nullable": lambda: pd.DataFrame(holes()).astype("Float64"),
    "of pyarrow": lambda: (
        pytest.importorskip("pyarrow") and pd.DataFrame(holes()).astype("double[pyarrow]")
    ),
    "NA objects": lambda: pd.DataFrame(holes()).astype("Float64").astype(object),
    "polars": lambda: of_polars(holes()),
    "pyarrow": lambda: of_pyarrow(holes()),
}


def error_of(estimator, data):
    """(type, first words) of the error of a fit; None where there is none."""
    try:
        estimator.fit(data, Y)
    except Exception as error:
        return type(error), " ".join(str(error).split()[:4])
    return None


@cache
def plain(make):
    """An estimator that was fitted on plain arrays, and its predictions."""
    fitted = make().fit(X, Y)
    return fitted, predictions(fitted, X)


def predictions(fitted, X):
    """Probabilities of a classifier, else what it predicts."""
    return getattr(fitted, "predict_proba", fitted.predict)(X)


@pytest.mark.parametrize("kind", DENSE)
def test_dense_input(kind):
    data = DENSE[kind]()
    for name, make in CLASSIFIERS.items():
        fitted, (of_arrays, wanted) = make().fit(data, Y), plain(make)
        np.testing.assert_allclose(fitted.predict_proba(data), wanted, rtol=1e-5, err_msg=name)
        if hasattr(data, "columns"):
            np.testing.assert_array_equal(fitted.feature_names_in_, NAMES)
        else:
            assert not hasattr(fitted, "feature_names_in_")
            np.testing.assert_allclose(of_arrays.predict_proba(data), wanted, rtol=1e-5)


@pytest.mark.parametrize("kind", SPARSE)
def test_sparse_input(kind):
    data, (of_arrays, wanted) = SPARSE[kind](), plain(CLASSIFIERS["mlp"])
    for net in (of_arrays, CLASSIFIERS["mlp"]().fit(data, Y)):
        np.testing.assert_allclose(net.predict_proba(data), wanted, rtol=1e-5)
    refused = error_of(HistGradientBoostingClassifier(), data)
    assert refused == (TypeError, "Sparse data was passed")
    for name in ("cnn", "mixer", "tabular"):
        assert error_of(CLASSIFIERS[name](), data) == refused


@pytest.mark.parametrize("kind", MISSING)
def test_missing_values(kind):
    data, make = MISSING[kind](), CLASSIFIERS["tabular"]
    wanted = make().fit(MISSING["NaN"](), Y).predict_proba(MISSING["NaN"]())
    np.testing.assert_allclose(make().fit(data, Y).predict_proba(data), wanted, rtol=1e-5)
    refused = error_of(ScikitLearnsMLP(), data)
    assert refused is not None
    for name in ("mlp", "cnn", "mixer"):
        assert error_of(CLASSIFIERS[name](), data) == refused


# ---- y -------------------------------------------------------------------------------------------

WORDS = np.array(["no", "yes"])[Y]
LABELS = {
    "floats": lambda: Y.astype(float),
    "float16": lambda: Y.astype(np.float16),
    "big endian": lambda: Y.astype(">i4"),
    "bool": lambda: Y > 0,
    "list of bool": lambda: (Y > 0).tolist(),
    "strings": lambda: WORDS,
    "list of strings": lambda: WORDS.tolist(),
    "objects": lambda: WORDS.astype(object),
    "series": lambda: pd.Series(WORDS),
    "categories": lambda: pd.Series(WORDS, dtype="category"),
    "nullable": lambda: pd.Series(Y, dtype="Int64"),
    "of pyarrow": lambda: (
        pytest.importorskip("pyarrow") and pd.Series(WORDS, dtype="string[pyarrow]")
    ),
    "polars": lambda: of_polars(WORDS.tolist(), "Series"),
    "polars bool": lambda: of_polars((Y > 0).tolist(), "Series"),
    "pyarrow": lambda: of_pyarrow(WORDS.tolist(), "array"),
    "pyarrow bool": lambda: of_pyarrow((Y > 0).tolist(), "array"),
    "chunks": lambda: of_pyarrow([Y[:9], Y[9:]], "chunked_array"),
}
#: of one column, which scikit-learn warns of
ONE_COLUMN = {
    "column": lambda: Y[:, None],
    "frame": lambda: pd.DataFrame({"y": Y}),
    "polars": lambda: of_polars({"y": Y}),
    "pyarrow": lambda: of_pyarrow({"y": Y}),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels(kind):
    y = LABELS[kind]()
    for make in CLASSIFIERS.values():
        fitted, (of_arrays, wanted) = make().fit(X, y), plain(make)
        found = np.unique(np.asarray(y).astype(fitted.classes_.dtype))
        np.testing.assert_array_equal(fitted.classes_, found)
        np.testing.assert_array_equal(fitted.predict_proba(X), wanted)
        assert fitted.score(X, y) == of_arrays.score(X, Y)


@pytest.mark.parametrize("kind", ["float16", "bool", "nullable", "polars bool", "chunks"])
def test_targets(kind):
    for make in REGRESSORS.values():
        fitted = make().fit(X, LABELS[kind]())
        np.testing.assert_allclose(fitted.predict(X), plain(make)[1], rtol=1e-5)


@pytest.mark.parametrize("kind", ONE_COLUMN)
def test_one_column_of_labels_or_targets(kind):
    y = ONE_COLUMN[kind]()
    for make in (*CLASSIFIERS.values(), *REGRESSORS.values()):
        with pytest.warns(UserWarning, match="column-vector y was passed"):
            fitted = make().fit(X, y)
        np.testing.assert_allclose(predictions(fitted, X), plain(make)[1], rtol=1e-5)


@pytest.mark.parametrize("name", REGRESSORS)
def test_sparse_targets_are_refused(name):
    for make, y in [
        (REGRESSORS[name], sp.csr_array(X[:, :2])),
        (REGRESSORS[name], sp.coo_array(Y[:, None])),
        (CLASSIFIERS[name], sp.csr_array(Y[:, None])),
    ]:
        with pytest.raises(TypeError, match=r"sparse y is .* y\.toarray\(\)"):
            make().fit(X, y)
