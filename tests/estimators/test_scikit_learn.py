"""What scikit-learn's MLP does, these estimators do: names, defaults, numbers, its own tests."""

import os
import subprocess
import sys
from inspect import Parameter, signature
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from sklearn import neural_network as theirs
from sklearn.utils.fixes import parse_version

import sknn
from tests.estimators.samples import LABELS, NUMBERS, TARGETS, X_NUMBERS, X, Y

pytestmark = pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.9"),
    reason="the MLP of scikit-learn 1.9 is what is compared with",
)
PAIRS = [
    (theirs.MLPClassifier, sknn.MLPClassifier),
    (theirs.MLPRegressor, sknn.MLPRegressor),
]
NET = {"hidden_layer_sizes": (7, 5), "shuffle": False, "random_state": 3, "max_iter": 8}
NET |= {"batch_size": 32, "learning_rate_init": 0.01, "alpha": 0.1}


@pytest.mark.parametrize(("their", "our"), PAIRS)
def test_parameters_have_the_same_names_order_and_defaults(their, our):
    wanted = signature(their).parameters
    ours = signature(our).parameters
    assert list(ours)[: len(wanted)] == list(wanted)
    assert {n: p.default for n, p in wanted.items()} == {n: ours[n].default for n in wanted}
    assert all(ours[n].kind == p.kind for n, p in wanted.items())
    assert all(ours[n].kind == Parameter.KEYWORD_ONLY for n in list(ours)[len(wanted) :])


@pytest.mark.parametrize(("their", "our"), PAIRS)
def test_methods_take_the_same_arguments(their, our):
    for name in filter(lambda n: not n.startswith("_"), dir(their)):
        assert hasattr(our, name), name
        if callable(getattr(their, name)) and not name.startswith("set_"):
            wanted = list(signature(getattr(their, name)).parameters)
            assert list(signature(getattr(our, name)).parameters)[: len(wanted)] == wanted, name


@pytest.mark.parametrize(("their", "our"), PAIRS)
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_fitted_attributes_are_all_there(their, our, solver):
    fitted = [c(solver=solver, max_iter=3, random_state=0).fit(X, Y) for c in (their, our)]
    wanted, ours = ({n for n in vars(e) if n.endswith("_")} for e in fitted)
    assert wanted <= ours


CASES = {
    "adam": {},
    "sgd": {"solver": "sgd"},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False, "momentum": 0.5},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.3},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "max_iter": 60, "tol": 0.1},
    "stops": {"max_iter": 100, "tol": 0.05, "n_iter_no_change": 3},
    "betas": {"beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-4},
    "logistic": {"activation": "logistic"},
    "tanh": {"activation": "tanh"},
    "identity": {"activation": "identity"},
    "no hidden layer": {"hidden_layer_sizes": ()},
    "no penalty": {"alpha": 0.0},
    "one batch": {"batch_size": 150},
    "shuffled in one batch": {"batch_size": 150, "shuffle": True},
    "lbfgs": {"solver": "lbfgs"},
    "lbfgs tanh": {"solver": "lbfgs", "activation": "tanh", "tol": 1e-2, "max_iter": 100},
}


def both(number, parameters, *data, **more):
    """Theirs and ours, fitted."""
    their, our = PAIRS[number]
    ours = our(dtype="float64", **{**NET, **parameters}).fit(*data, **more)
    return their(**{**NET, **parameters}).fit(*data, **more), ours


def assert_equal_fits(wanted, ours, X):
    assert wanted.n_iter_ == ours.n_iter_
    assert wanted.out_activation_ == ours.out_activation_
    assert wanted.n_outputs_ == ours.n_outputs_
    assert wanted.n_layers_ == ours.n_layers_
    for a, b in zip(
        wanted.coefs_ + wanted.intercepts_, ours.coefs_ + ours.intercepts_, strict=True
    ):
        np.testing.assert_allclose(b, a, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(ours.loss_, wanted.loss_, rtol=1e-10)
    if wanted.solver != "lbfgs":
        assert wanted.t_ == ours.t_
        np.testing.assert_allclose(ours.loss_curve_, wanted.loss_curve_, rtol=1e-10)
        np.testing.assert_allclose(ours.best_loss_, wanted.best_loss_, rtol=1e-10)
    np.testing.assert_allclose(ours.predict(X), wanted.predict(X), rtol=1e-8, atol=1e-10)
    if hasattr(wanted, "predict_proba"):
        np.testing.assert_allclose(ours.predict_proba(X), wanted.predict_proba(X), atol=1e-10)
        got, expected = (np.maximum(e.predict_log_proba(X), -30) for e in (ours, wanted))
        np.testing.assert_allclose(got, expected, rtol=1e-8)


@pytest.mark.parametrize("case", CASES)
def test_classifiers_are_equal(case):
    batch = {"batch_size": 150} if "batch" in case else {}
    assert_equal_fits(*both(0, CASES[case] | batch, X, Y), X)


@pytest.mark.parametrize("case", CASES)
def test_regressors_are_equal(case):
    batch = {"batch_size": 442} if "batch" in case else {}
    assert_equal_fits(*both(1, CASES[case] | batch, X_NUMBERS, NUMBERS), X_NUMBERS)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("kind", ["binary", "multilabel"])
def test_other_targets_are_equal(kind, solver):
    assert_equal_fits(*both(0, {"solver": solver}, X, TARGETS[kind]), X)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_poisson_is_equal(solver):
    parameters = {"loss": "poisson", "solver": solver}
    assert_equal_fits(*both(1, parameters, X_NUMBERS, np.exp(NUMBERS)), X_NUMBERS)


def test_several_outputs_are_equal():
    assert_equal_fits(*both(1, {}, X, X[:, :2] @ [[1, 2], [3, 4]]), X)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("number", [0, 1])
def test_sample_weights_are_equal(number, solver):
    weights = np.random.RandomState(0).uniform(0.1, 3, len(X))
    fits = both(number, {"solver": solver}, X, Y, sample_weight=weights)
    assert_equal_fits(*fits, X)


def test_sparse_input_is_equal():
    kept = sp.csr_matrix(X * (np.abs(X) > 0.5))
    assert_equal_fits(*both(0, {}, kept, Y), kept)


@pytest.mark.parametrize(("number", "y"), [(0, Y > 0), (1, Y)])
def test_early_stopping_is_equal(number, y):
    parameters = {"early_stopping": True, "max_iter": 40, "n_iter_no_change": 3, "tol": 0.02}
    wanted, ours = both(number, parameters, X, y)
    np.testing.assert_allclose(ours.validation_scores_, wanted.validation_scores_, rtol=1e-8)
    np.testing.assert_allclose(ours.best_validation_score_, wanted.best_validation_score_)
    assert ours.best_loss_ is wanted.best_loss_ is None
    assert ours.n_iter_ == wanted.n_iter_


@pytest.mark.parametrize(("number", "y"), [(0, Y), (0, LABELS), (1, Y)])
def test_partial_fit_and_warm_start_are_equal(number, y):
    their, our = PAIRS[number]
    classes = [{"classes": np.unique(y) if y.ndim == 1 else np.arange(3)}] if number == 0 else [{}]
    fits = [their(**NET), our(dtype="float64", **NET)]
    for estimator in fits:
        for call in [*classes, {}, {}]:
            estimator.partial_fit(X, y, **call)
    assert_equal_fits(*fits, X)
    fits = [their(warm_start=True, **NET), our(warm_start=True, dtype="float64", **NET)]
    for estimator in fits:
        estimator.fit(X, y).fit(X, y)
    assert_equal_fits(*fits, X)


def test_initial_weights_are_equal_in_float32():
    parameters = {"random_state": 0, "learning_rate_init": 1e-30, "max_iter": 1}
    wanted = theirs.MLPClassifier(**parameters).fit(X.astype(np.float32), Y)
    ours = sknn.MLPClassifier(**parameters).fit(X, Y)
    for a, b in zip(wanted.coefs_, ours.coefs_, strict=True):
        assert b.dtype == np.float32
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_dtype_none_follows_X(dtype):
    data = X.astype(dtype)
    wanted = theirs.MLPRegressor(max_iter=2).fit(data, Y)
    ours = sknn.MLPRegressor(max_iter=2, dtype=None).fit(data, Y)
    assert ours.coefs_[0].dtype == wanted.coefs_[0].dtype
    assert ours.predict(data).dtype == wanted.predict(data).dtype


def test_scikit_learns_own_tests_pass():
    root = Path(__file__).parents[2]
    tests = "sklearn.neural_network.tests.test_mlp"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.sklearn_mlp_plugin"]
    command += ["-o", "filterwarnings=default", "-p", "no:cacheprovider", "--pyargs", tests]
    environment = {**os.environ, "PYTHONPATH": str(root), "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
    assert "59 passed" in run.stdout
