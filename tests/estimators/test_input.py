"""What X may be, and what happens to it."""

import tracemalloc

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn import config_context
from sklearn.exceptions import NotFittedError

from tests.estimators.samples import WIDTH, N, X, Y, classifier, regressor, same_bits, weights_of

X32 = X.astype(np.float32)
EXACT = X32.astype(np.float64)  # float64 with values that float32 holds
METHODS = ["predict", "predict_proba", "predict_log_proba", "decision_function", "transform"]


def strided(a):
    return np.repeat(np.repeat(a, 2, axis=0), 2, axis=1)[::2, ::2]


CONTAINERS = {
    "float32": X32,
    "float64": EXACT,
    "Fortran": np.asfortranarray(X32),
    "strided": strided(X32),
    "reversed": X32[::-1][::-1],
    "big endian": X32.astype(">f4"),
    "big endian 64": X32.astype(">f8"),
    "object": EXACT.astype(object),
    "list": EXACT.tolist(),
    "matrix of float128": X32.astype(np.longdouble),
    "csr": sp.csr_matrix(EXACT),
    "csr of float32": sp.csr_array(X32),
    "csc": sp.csc_matrix(EXACT),
    "coo": sp.coo_array(X32),
    "lil": sp.lil_matrix(EXACT),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("form", CONTAINERS)
def test_containers_of_equal_values_are_equal(form, dtype):
    data = CONTAINERS[form]
    wanted = classifier(dtype=dtype).fit(EXACT, Y)
    fitted = classifier(dtype=dtype).fit(data, Y)
    np.testing.assert_allclose(weights_of(fitted), weights_of(wanted), rtol=1e-5, atol=1e-6)
    for method in METHODS:
        found = getattr(wanted, method)(data)
        expected = getattr(wanted, method)(EXACT)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
        assert found.dtype == expected.dtype


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool, np.float16])
def test_small_numbers_are_numbers(dtype):
    data = (np.abs(X) * 2).astype(dtype)
    wanted = classifier().fit(data.astype(float), Y)
    assert same_bits(classifier().fit(data, Y), wanted)
    np.testing.assert_array_equal(wanted.predict_proba(data), wanted.predict_proba(data * 1.0))


def test_a_list_has_full_precision():
    fitted = regressor(dtype="float64").fit(X.tolist(), Y)
    assert same_bits(fitted, regressor(dtype="float64").fit(X, Y))
    np.testing.assert_array_equal(fitted.predict(X.tolist()), fitted.predict(X))


@pytest.mark.parametrize("form", CONTAINERS)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_input_is_never_changed(form, solver):
    data = CONTAINERS[form]
    before = data.copy() if hasattr(data, "copy") else list(data)
    y, weights = Y.copy(), np.linspace(0, 1, N)
    fitted = classifier(solver=solver, dropout=0.2 * (solver != "lbfgs"), early_stopping="auto")
    fitted.fit(data, y, weights, X_val=data, y_val=y)
    fitted.predict_proba(data)
    same = (before != data).nnz == 0 if sp.issparse(data) else np.array_equal(before, data)
    assert same
    np.testing.assert_array_equal(y, Y)
    np.testing.assert_array_equal(weights, np.linspace(0, 1, N))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mapped_input_is_not_copied(tmp_path, dtype):
    data = np.random.RandomState(0).uniform(-1, 1, (20_000, 50)).astype(dtype)
    y = (data[:, 0] > 0).astype(int)
    joblib.dump(data, tmp_path / "x")
    mapped = joblib.load(tmp_path / "x", mmap_mode="r")
    assert not mapped.flags.writeable
    estimator = classifier(max_iter=1).fit(mapped[:500], y[:500])
    tracemalloc.start()
    estimator.fit(mapped, y).predict(mapped)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < data.nbytes / 2
    assert same_bits(estimator, classifier(max_iter=1).fit(data, y))


def test_frames_have_names():
    frame = pd.DataFrame(X, columns=list("abcd"))
    parameters = {"early_stopping": "auto", "scoring": "accuracy"}
    fitted = classifier(**parameters).fit(frame, Y, X_val=frame, y_val=Y)
    assert list(fitted.feature_names_in_) == list("abcd")
    plain = classifier(**parameters).fit(X, Y, X_val=X, y_val=Y)
    assert not hasattr(plain, "feature_names_in_")
    np.testing.assert_array_equal(fitted.predict_proba(frame), plain.predict_proba(X))
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(frame[list("dcba")])
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.fit(frame, Y, X_val=frame[list("dcba")], y_val=Y)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        fitted.predict(X)


# ---- shapes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [classifier, regressor])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_one_row_and_one_feature(make, solver):
    for rows, columns in [(1, WIDTH), (N, 1), (1, 1), (2, 3)]:
        data = X[::-1][:rows, :columns].copy()
        fitted = make(solver=solver).fit(data, Y[:rows])
        assert np.isfinite(weights_of(fitted)).all()
        assert fitted.predict(data).shape == (rows,)


def test_constant_columns_and_duplicates():
    data = np.ones((20, 3))
    assert np.isfinite(weights_of(classifier().fit(data, Y[::8][:19].tolist() + [2]))).all()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (X[:0], "0 sample"),
        (X[:, :0], "0 feature"),
        (X[0], "Expected 2D array, got 1D"),
        (X[:, :, None], "dim 3"),
        (X + 1j, "Complex data not supported"),
        (np.full((N, WIDTH), "a"), "could not convert string"),
    ],
)
def test_wrong_shapes_raise(data, message):
    fitted = classifier().fit(X, Y)
    for call in (lambda: classifier().fit(data, Y[: len(data)]), lambda: fitted.predict(data)):
        with pytest.raises(ValueError, match=message):
            call()


def test_another_number_of_features_raises():
    fitted = classifier(early_stopping="auto").fit(X, Y)
    for data in (X[:, :3], X32[:, :3].copy(), sp.csr_matrix(X[:, :3])):
        for method in METHODS:
            with pytest.raises(
                ValueError, match="X has 3 features, but MLPClassifier is expecting 4"
            ):
                getattr(fitted, method)(data)
        with pytest.raises(ValueError, match="3 features"):
            fitted.partial_fit(data, Y)
        with pytest.raises(ValueError, match="3 features"):
            fitted.fit(X, Y, X_val=data, y_val=Y)


@pytest.mark.parametrize("method", [*METHODS, "score", "get_feature_names_out"])
def test_not_fitted(method):
    arguments = {"score": (X, Y), "get_feature_names_out": ()}.get(method, (X,))
    with pytest.raises(NotFittedError):
        getattr(classifier(), method)(*arguments)


# ---- values --------------------------------------------------------------------------------------

BAD = {"nan": np.nan, "inf": np.inf, "-inf": -np.inf}


def spoiled(value, dtype):
    data = X.astype(dtype)
    data[7, 2] = value
    return data


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("activation", ["relu", "tanh", "identity"])
def test_nan_and_infinity_raise(value, dtype, activation):
    data = spoiled(BAD[value], dtype)
    message = "NaN" if value == "nan" else "infinity"
    fitted = classifier(activation=activation).fit(X, Y)
    for form in (data, data[:, ::-1][:, ::-1], sp.csr_matrix(data), np.asfortranarray(data)):
        with pytest.raises(ValueError, match=message):
            classifier().fit(form, Y)
        with pytest.raises(ValueError, match=message):
            fitted.predict(form)
        with pytest.raises(ValueError, match=message):
            fitted.transform(form)


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_assume_finite_does_not_look(value):
    fitted = regressor().fit(X, Y)
    with config_context(assume_finite=True):
        found = fitted.predict(spoiled(BAD[value], np.float32))
    assert not np.isfinite(found[7])
    np.testing.assert_array_equal(np.delete(found, 7), np.delete(fitted.predict(X32), 7))


def test_values_too_large_for_float32_raise():
    fitted = classifier().fit(X, Y)
    for data in (X * 1e40, sp.csr_matrix(X * 1e40), (X * 1e40).tolist()):
        for call in (lambda d=data: classifier().fit(d, Y), lambda d=data: fitted.predict(d)):
            with pytest.raises(ValueError, match=r"too large for dtype\('float32'\)"):
                call()
    assert np.isfinite(classifier(dtype="float64").fit(X, Y).decision_function(X * 1e40)).all()
    smallest = classifier().fit(X * 1e-42, Y)
    assert np.isfinite(weights_of(smallest)).all()
