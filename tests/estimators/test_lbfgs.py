"""L-BFGS: gradients, limits, and what it leaves."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import approx_fprime
from sklearn.linear_model import LogisticRegression, Ridge

from sknn import MLPClassifier, MLPRegressor
from sknn.training.lbfgs import flatten
from tests.estimators.samples import COLUMNS, LABELS, TARGETS, X, Y, classifier, regressor
from tests.lbfgs_gradient import loss_grad_lbfgs

REGRESSION_LOSSES = ["squared_error", "absolute_error", "huber", "poisson", "gamma", "quantile"]
WEIGHTS = np.random.RandomState(0).uniform(0.2, 2, len(X))


def assert_gradient_is_right(fitted, targets, data):
    """Of scikit-learn's private method, by central differences."""
    point = flatten((fitted.coefs_, fitted.intercepts_))
    point += np.random.RandomState(1).uniform(-0.1, 0.1, point.size)

    def loss(packed):
        return loss_grad_lbfgs(fitted, packed, data, targets, WEIGHTS)[0]

    gradient = loss_grad_lbfgs(fitted, point, data, targets, WEIGHTS)[1]
    step = 1e-6
    central = (approx_fprime(point, loss, step) - approx_fprime(point, loss, -step) * -1) / 2
    np.testing.assert_allclose(gradient, central, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_gradient_of_several_outputs(loss, n_outputs):
    """scikit-learn's is too large by their number (its issue 8349)."""
    y = np.abs(np.column_stack([Y, X])[:, :n_outputs]) + (loss == "gamma")
    fitted = regressor(solver="lbfgs", loss=loss, activation="tanh", dtype="float64", alpha=0.5)
    assert_gradient_is_right(fitted.fit(X, y.squeeze()), y, X)


@pytest.mark.parametrize(("y", "binarized"), [(Y, np.eye(3)[Y]), (LABELS, LABELS)])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_gradient_of_labels(y, binarized, form):
    fitted = classifier(solver="lbfgs", activation="gelu", label_smoothing=0.1, dtype="float64")
    assert_gradient_is_right(fitted.fit(X, y), binarized, form(X))


def test_several_outputs_are_several_ridges():
    """With the right gradient a linear network with two outputs is two ridge regressions."""
    y = X[:, :2] @ [[1.0, 2.0], [3.0, 4.0]] + np.random.RandomState(0).normal(size=(len(X), 2))
    net = MLPRegressor(
        hidden_layer_sizes=(), solver="lbfgs", alpha=30.0, tol=1e-10, dtype="float64", max_iter=1000
    ).fit(X, y)
    # half the squared error is a mean over two outputs, the penalty is not
    ridge = Ridge(alpha=2 * 30.0).fit(X, y)
    np.testing.assert_allclose(net.coefs_[0], ridge.coef_.T, atol=1e-4)
    np.testing.assert_allclose(net.intercepts_[0], ridge.intercept_, atol=1e-4)


def test_no_hidden_layer_is_logistic_regression():
    net = MLPClassifier(
        hidden_layer_sizes=(), solver="lbfgs", alpha=1.0, tol=1e-9, dtype="float64", max_iter=1000
    ).fit(X, Y, sample_weight=WEIGHTS)
    wanted = LogisticRegression(C=1.0, tol=1e-9, max_iter=1000).fit(X, Y, sample_weight=WEIGHTS)
    np.testing.assert_allclose(net.predict_proba(X), wanted.predict_proba(X), atol=1e-3)


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_history(kind, dtype):
    fitted = classifier(solver="lbfgs", dtype=dtype, max_iter=20).fit(X, TARGETS[kind])
    curve = fitted.loss_curve_
    assert 5 < len(curve) == fitted.n_iter_ <= 20
    assert curve == sorted(curve, reverse=True)
    assert fitted.loss_ == fitted.best_loss_ == curve[-1]
    assert fitted.coefs_[0].dtype == dtype
    assert not hasattr(fitted, "_optimizer")


def test_several_columns_learn():
    assert classifier(solver="lbfgs", max_iter=300).fit(X, COLUMNS).score(X, COLUMNS) > 0.97


def test_max_fun_and_tol_stop():
    assert classifier(solver="lbfgs", max_fun=4, max_iter=500).fit(X, Y).n_iter_ <= 4
    loose = classifier(solver="lbfgs", tol=0.1, max_iter=500).fit(X, Y).n_iter_
    assert loose < classifier(solver="lbfgs", tol=1e-4, max_iter=500).fit(X, Y).n_iter_


def test_a_start_at_the_minimum_leaves_a_loss():
    fitted = regressor(solver="lbfgs", tol=1e3).fit(X, Y)
    assert fitted.n_iter_ == 0
    assert fitted.loss_curve_ == [fitted.loss_]
    assert np.isfinite(fitted.loss_)


@pytest.mark.parametrize(("name", "value"), [("dropout", 0.2), ("clip_norm", 1), ("warmup", 0.1)])
def test_what_needs_steps_is_refused(name, value):
    estimator = MLPClassifier(solver="lbfgs", **{name: value})
    with pytest.raises(ValueError, match=f"{name}={value} needs a stochastic solver"):
        estimator.fit(X, Y)
