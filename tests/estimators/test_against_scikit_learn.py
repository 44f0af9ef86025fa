"""The same numbers as scikit-learn's MLP where the meaning is the same: float64, rows in order."""

import inspect
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import sklearn
from sklearn import neural_network as theirs
from sklearn.datasets import load_digits

import sknn

TESTS = pathlib.Path(__file__).parents[1]
X, Y = load_digits(return_X_y=True)
X = X[:450] / 16
Y = Y[:450]
WEIGHTS = np.random.default_rng(0).uniform(0.1, 3, len(Y))
NEEDS_WEIGHTS = pytest.mark.skipif(
    "sample_weight" not in inspect.signature(theirs.MLPClassifier.fit).parameters,
    reason="scikit-learn < 1.7 has no sample weights in its MLP",
)
CASES = [
    {},
    {"solver": "sgd", "learning_rate_init": 0.1},
    {"solver": "sgd", "learning_rate": "invscaling", "nesterovs_momentum": False, "momentum": 0.5},
    {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.1, "n_iter_no_change": 1},
    {"solver": "lbfgs"},
    {"activation": "tanh", "hidden_layer_sizes": (20, 10), "alpha": 0.1},
    {"activation": "logistic", "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-4},
    {"activation": "identity", "batch_size": 77},
    {"n_iter_no_change": 1, "tol": 0.5},
]


def compare(kind, case, y, weights=None):
    options = {"random_state": 3, "shuffle": False, "max_iter": 12, **case}
    given = {} if weights is None else {"sample_weight": weights}
    ours = getattr(sknn, kind)(dtype="float64", **options).fit(X, y, **given)
    other = getattr(theirs, kind)(**options).fit(X, y, **given)
    for a, b in zip(ours.coefs_ + ours.intercepts_, other.coefs_ + other.intercepts_, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9)
    assert ours.n_iter_ == other.n_iter_
    assert ours.loss_ == pytest.approx(other.loss_, rel=1e-9)
    assert (ours.t_, ours.n_layers_, ours.n_outputs_) == (
        other.t_,
        other.n_layers_,
        other.n_outputs_,
    )
    assert ours.out_activation_ == other.out_activation_
    if case.get("solver") != "lbfgs":
        np.testing.assert_allclose(ours.loss_curve_, other.loss_curve_, rtol=1e-9)
        best = [np.nan if loss is None else loss for loss in (ours.best_loss_, other.best_loss_)]
        assert best[0] == pytest.approx(best[1], rel=1e-9, nan_ok=True)
    np.testing.assert_allclose(ours.predict(X), other.predict(X), rtol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("y", [Y, Y % 2], ids=["ten classes", "two classes"])
def test_classifier(case, y):
    compare("MLPClassifier", case, y)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_regressor(case):
    compare("MLPRegressor", case, Y / 3.0)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_several_outputs(solver):
    compare("MLPRegressor", {"solver": solver}, np.column_stack([Y / 9.0, -Y / 5.0, X[:, 20]]))


@NEEDS_WEIGHTS
@pytest.mark.parametrize("case", CASES[:5], ids=str)
def test_sample_weights(case):
    compare("MLPClassifier", case, Y, WEIGHTS)
    compare("MLPRegressor", case, Y / 3.0, WEIGHTS)


@pytest.mark.skipif(sklearn.__version__ < "1.7", reason="scikit-learn < 1.7 has no Poisson loss")
@pytest.mark.parametrize("case", [{}, {"solver": "lbfgs"}], ids=str)
def test_poisson(case):
    compare("MLPRegressor", {"loss": "poisson", **case}, Y.astype(float))


def test_early_stopping_takes_the_same_holdout():
    compare("MLPClassifier", {"early_stopping": True}, Y % 2)
    compare("MLPRegressor", {"early_stopping": True}, Y / 3.0)


def test_shuffling_does_not_matter_to_one_batch():
    options = {"random_state": 1, "max_iter": 20, "batch_size": len(Y)}
    ours = sknn.MLPClassifier(dtype="float64", **options).fit(X, Y)
    other = theirs.MLPClassifier(**options).fit(X, Y)
    np.testing.assert_allclose(ours.coefs_[0], other.coefs_[0], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
def test_parameters_and_defaults(kind):
    ours = inspect.signature(getattr(sknn, kind)).parameters
    for name, parameter in inspect.signature(getattr(theirs, kind)).parameters.items():
        assert ours[name].default == parameter.default
        assert ours[name].kind == parameter.kind
    public = {name for name in dir(getattr(theirs, kind)) if not name.startswith("_")}
    assert public <= set(dir(getattr(sknn, kind)))


def test_scikit_learns_own_tests(tmp_path):
    pytest.importorskip("sklearn.neural_network.tests.test_mlp", reason="scikit-learn has no tests")
    plugin = tmp_path / "plugin.py"
    plugin.write_text((TESTS / "sklearn_mlp_plugin.py").read_text())
    command = [sys.executable, "-m", "pytest", "-q", "-p", "plugin", "-p", "no:cacheprovider"]
    command += ["--pyargs", "sklearn.neural_network.tests.test_mlp"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-3000:]
