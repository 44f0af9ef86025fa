"""``dtype="mixed_bfloat16"``: what is rounded, what is not, and where it is refused."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.preprocessing import scale

from sknn import (
    CNNClassifier,
    CNNRegressor,
    MLPClassifier,
    MLPMixerClassifier,
    MLPMixerRegressor,
    MLPRegressor,
    TabularClassifier,
    TabularRegressor,
)
from sknn.optimizers import Muon

X, y = load_digits(return_X_y=True)
X, images = scale(X).astype(np.float32)[:600], X.reshape(-1, 8, 8, 1)[:600]
y = y[:600]
MLP, CNN, MIXER = {"hidden_layer_sizes": (40,)}, {}, {"patch_size": 2, "n_blocks": 1}
ESTIMATORS = [
    (MLPClassifier, MLP, X),
    (MLPRegressor, MLP, X),
    (CNNClassifier, CNN, images),
    (CNNRegressor, CNN, images),
    (MLPMixerClassifier, MIXER, images),
    (MLPMixerRegressor, MIXER, images),
]


def fitted(estimator, parameters, data, **options):
    options = {"dtype": "mixed_bfloat16", "max_iter": 3, "random_state": 0} | options
    return estimator(**parameters, **options).fit(data, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("estimator", "parameters", "data"), ESTIMATORS)
def test_training_is_rounded_prediction_is_not(estimator, parameters, data):
    mixed = fitted(estimator, parameters, data)
    exact = fitted(estimator, parameters, data, dtype="float32")
    assert {W.dtype.name for W in mixed.coefs_} == {"float32"}
    difference = np.linalg.norm(mixed.coefs_[0] - exact.coefs_[0]) / np.linalg.norm(exact.coefs_[0])
    assert 1e-6 < difference < 0.1
    same = clone(exact).set_params(dtype="float32").fit(data, y)
    same.coefs_, same.intercepts_ = mixed.coefs_, mixed.intercepts_
    for name in ("means_", "variances_"):
        if hasattr(mixed, name):
            setattr(same, name, getattr(mixed, name))
    assert_array_equal(same.predict(data), mixed.predict(data))
    assert_array_equal(pickle.loads(pickle.dumps(mixed)).predict(data), mixed.predict(data))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("estimator", "parameters", "data"), ESTIMATORS)
def test_bits_do_not_depend_on_threads(estimator, parameters, data):
    one, three = (fitted(estimator, parameters, data, n_threads=n) for n in (1, 3))
    for a, b in zip(one.coefs_, three.coefs_, strict=True):
        assert_array_equal(a, b)


def test_learns():
    net = fitted(MLPClassifier, {"hidden_layer_sizes": (100,)}, X, max_iter=60)
    assert net.score(X, y) > 0.99


@pytest.mark.parametrize("solver", ["sgd", "adamw", Muon()])
def test_continues(solver):
    """Batches of partial_fit are rounded as those of fit; a single batch, which float32 takes in double, too."""
    options = {"hidden_layer_sizes": (8,), "solver": solver, "random_state": 0}
    net = MLPClassifier(dtype="mixed_bfloat16", **options)
    exact = MLPClassifier(dtype="float32", **options)
    for batch in range(0, 600, 200):
        for one in (net, exact):
            one.partial_fit(X[batch : batch + 200], y[batch : batch + 200], classes=range(10))
    assert not np.array_equal(net.coefs_[0], exact.coefs_[0])
    np.testing.assert_allclose(net.coefs_[0], exact.coefs_[0], atol=0.05)
    small = [fitted(MLPClassifier, MLP, X, dtype=d, batch_size=600) for d in ("float32", net.dtype)]
    assert not np.array_equal(small[0].coefs_[0], small[1].coefs_[0])


@pytest.mark.parametrize("estimator", [TabularClassifier, TabularRegressor])
def test_members_are_rounded_too(estimator):
    """In fit, refit and partial_fit; predictions are not."""
    options = {"effort": "fast", "n_members": 2, "max_iter": 4, "refit": True, "random_state": 0}
    mixed, exact = (
        estimator(dtype=dtype, **options).fit(X, y) for dtype in ("mixed_bfloat16", "float32")
    )
    for one, other in zip(mixed.estimators_, exact.estimators_, strict=True):
        assert {W.dtype.name for W in one.coefs} == {"float32"}
        assert not np.array_equal(one.coefs[-1], other.coefs[-1])
    again = [pickle.loads(pickle.dumps(exact)) for _ in range(2)]
    again[0].set_params(dtype="mixed_bfloat16")
    for one in again:
        one.partial_fit(X, y)
    rounded, plain = (one.estimators_[0].coefs[-1] for one in again)
    assert not np.array_equal(rounded, plain)
    np.testing.assert_allclose(rounded, plain, rtol=0.1, atol=0.1)
    three = clone(mixed).set_params(n_threads=3).fit(X, y)
    assert_array_equal(three.predict(X), mixed.predict(X))
    prediction = mixed.predict(X)
    assert_array_equal(mixed.set_params(dtype="float32").predict(X), prediction)


def test_gradients_are_exact():
    """`gradients` shows the formulas, whatever training rounds."""
    net = fitted(MLPClassifier, MLP, X)
    mixed = net.gradients(X, y)
    exact = net.set_params(dtype="float32").gradients(X, y)
    for a, b in zip(mixed.coefs, exact.coefs, strict=True):
        assert_array_equal(a, b)


def test_refusals():
    with pytest.raises(ValueError, match="dtype='mixed_bfloat16' needs a stochastic solver"):
        MLPClassifier(solver="lbfgs", dtype="mixed_bfloat16").fit(X, y)
    with pytest.raises(ValueError, match="'mixed_bfloat16'"):
        MLPClassifier(dtype="bfloat16").fit(X, y)
