"""Interrupts, time limits, divergence, and fits that fail."""

import os
import signal
import threading
import time
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from sknn import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
from tests.estimators.samples import (
    NUMBERS,
    X_NUMBERS,
    X,
    Y,
    classifier,
    regressor,
    same_bits,
    weights_of,
)

SLOW_X = np.random.RandomState(0).uniform(-1, 1, (30_000, 100)).astype(np.float32)
SLOW_Y = (SLOW_X[:, 0] * SLOW_X[:, 1] > 0).astype(int)
SLOW = {"hidden_layer_sizes": (300, 300), "max_iter": 100_000, "tol": 0, "random_state": 0}
SLOW |= {"n_iter_no_change": np.inf, "max_fun": 10**9}
SOLVERS = ["adam", "sgd", "lbfgs"]
PATIENCE = 3.0  # a second, and what a machine with other work may take away


def usable(estimator):
    assert np.isfinite(weights_of(estimator)).all()
    assert np.isfinite(estimator.predict_proba(SLOW_X[:100])).all()
    assert len(estimator.loss_curve_) == estimator.n_iter_
    estimator.set_params(max_iter=1, max_time=None).fit(SLOW_X[:100], SLOW_Y[:100])


@pytest.mark.parametrize("solver", SOLVERS)
def test_max_time_stops_within_a_second(solver):
    estimator = MLPClassifier(solver=solver, max_time=0.3, **SLOW)
    start = time.perf_counter()
    with pytest.warns(ConvergenceWarning, match=r"max_time=0.3 seconds and \d+ epochs. The best"):
        estimator.fit(SLOW_X, SLOW_Y)
    assert 0.2 < time.perf_counter() - start < PATIENCE
    usable(estimator)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers on this system")
@pytest.mark.parametrize("solver", SOLVERS)
def test_ctrl_c_stops_within_a_second(solver):
    estimator = MLPClassifier(solver=solver, **SLOW)
    threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT)).start()
    start = time.perf_counter()
    with pytest.warns(UserWarning, match="Training interrupted by user. The best weights"):
        estimator.fit(SLOW_X, SLOW_Y)
    assert time.perf_counter() - start < PATIENCE
    usable(estimator)


def test_a_time_limit_keeps_the_best_weights():
    """An epoch that is cut short leaves weights that nobody has looked at."""
    parameters = {**SLOW, "hidden_layer_sizes": 20, "max_time": 0.4, "dtype": "float64"}
    estimator = MLPClassifier(early_stopping="auto", batch_size=len(SLOW_X), **parameters)
    validation = {"X_val": SLOW_X[:5000], "y_val": SLOW_Y[:5000]}
    with pytest.warns(ConvergenceWarning, match="max_time"):
        estimator.fit(SLOW_X, SLOW_Y, **validation)
    score = estimator.score(SLOW_X[:5000], SLOW_Y[:5000])
    assert np.isclose(score, estimator.best_validation_score_)


class Interrupted:
    """Data that Ctrl-C hits while they are validated."""

    def __array__(self, *arguments, **more):
        raise KeyboardInterrupt


def failing_scorer(estimator, X, y):
    raise RuntimeError("a scorer that fails")


@pytest.mark.parametrize("fitted", [False, True])
def test_ctrl_c_outside_of_training_leaves_the_estimator_as_it_was(fitted):
    estimator = classifier(early_stopping="auto", scoring=failing_scorer)
    if fitted:
        estimator.fit(X, Y)
    before = dict(vars(estimator))
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X[:, :2], Y, X_val=Interrupted(), y_val=Y)
    assert vars(estimator) == before
    with pytest.raises(RuntimeError, match="a scorer that fails"):
        estimator.fit(X[::2], Y[::2] * 0, X_val=X, y_val=Y * 0)
    assert vars(estimator) == before


FAILURES = {
    "features": lambda e: e.fit(X[:, :2] * np.nan, Y),
    "lengths": lambda e: e.fit(X[:, :2], Y[:5]),
    "validation": lambda e: e.fit(X[:, :2], Y, X_val=X, y_val=Y),
    "weights": lambda e: e.fit(X[:, :2], Y, sample_weight=-np.ones(150)),
    "parameter": lambda e: e.set_params(hidden_layer_sizes="many").fit(X[:, :2], Y),
    "partial": lambda e: e.partial_fit(X[:, :2], Y),
    "divergence": lambda e: e.set_params(solver="sgd", learning_rate_init=1e30).fit(X * 1e30, Y),
}


@pytest.mark.parametrize("case", FAILURES)
@pytest.mark.parametrize("make", [classifier, regressor])
def test_a_fit_that_fails_leaves_the_estimator_as_it_was(make, case):
    if make is classifier and case == "divergence":
        pytest.skip("cross-entropy's gradient is bounded")
    fresh = make(early_stopping="auto")
    parameters = set(vars(fresh))
    if case != "partial":
        with pytest.raises(ValueError, match="."):
            FAILURES[case](fresh)
        assert set(vars(fresh)) == parameters
    fitted = make(early_stopping="auto").fit(X, Y)
    before, predicted = dict(vars(fitted)), fitted.predict(X)
    with pytest.raises(ValueError, match="."):
        FAILURES[case](fitted)
    after = vars(fitted)
    assert {n for n in after if n not in parameters} == {n for n in before if n not in parameters}
    assert all(after[n] is before[n] for n in before if n.endswith("_"))
    np.testing.assert_array_equal(fitted.predict(X), predicted)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_divergence_in_the_first_epoch_raises(dtype):
    scale = 1e30 if dtype == "float32" else 1e200
    estimator = MLPRegressor(solver="sgd", learning_rate_init=1e10, dtype=dtype, random_state=0)
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        estimator.fit(X_NUMBERS * scale, NUMBERS)
    assert not hasattr(estimator, "coefs_")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("incremental", [False, True])
def test_later_divergence_warns_and_keeps_the_best_weights(dtype, incremental):
    """Each epoch of plain gradient descent is much worse than the one before."""
    estimator = MLPRegressor(
        hidden_layer_sizes=(),
        solver="sgd",
        momentum=0,
        learning_rate_init=1e4,
        batch_size=len(X),
        dtype=dtype,
        random_state=0,
        max_iter=200,
        n_iter_no_change=np.inf,
    )
    with pytest.warns(
        ConvergenceWarning, match="diverged.*Lower learning_rate_init, set clip_norm"
    ):
        if incremental:
            for _ in range(200):
                estimator.partial_fit(X, Y)
        else:
            estimator.fit(X, Y)
    assert np.isfinite(weights_of(estimator)).all()
    assert not estimator._optimizer.slots  # those that diverged would spoil what comes next
    assert not np.isfinite(estimator.loss_curve_[-1])
    losses = np.asarray(estimator.loss_curve_)
    assert estimator.best_loss_ == losses[np.isfinite(losses)].min()
    estimator.predict(X)


def test_divergence_on_validation_data_is_a_bad_score():
    for scale in (1e20, 1e34):
        estimator = regressor(early_stopping="auto")
        estimator.fit(X, Y, X_val=X.astype(np.float32) * np.float32(scale), y_val=Y)
        assert np.nanmax([-np.inf, *estimator.validation_scores_]) < 0
        assert np.isfinite(weights_of(estimator)).all()


def test_max_iter_and_convergence():
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(5\) reached"):
        classifier().fit(X, Y)
    with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge after 2 iteration"):
        classifier(solver="lbfgs", max_iter=2).fit(X, Y)
    with pytest.warns(ConvergenceWarning, match="max_fun"):
        classifier(solver="lbfgs", max_fun=3).fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier(tol=10, max_iter=50).fit(X, Y)  # never improves by so much
        classifier(max_iter=100).partial_fit(X, Y, classes=[0, 1, 2])
        regressor(solver="lbfgs", hidden_layer_sizes=(), max_iter=200).fit(X, Y)


@pytest.mark.parametrize("solver", SOLVERS)
def test_verbose_prints_a_line_per_epoch(solver, capsys):
    fitted = classifier(verbose=2, solver=solver).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"Iteration {i + 1}, loss = {loss:.8f}" for i, loss in enumerate(fitted.loss_curve_)
    ]
    classifier(verbose=0, solver=solver).fit(X, Y)
    assert capsys.readouterr().out == ""


def test_verbose_with_validation_is_one_line_too(capsys):
    classifier(verbose=2, early_stopping=True).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert all("loss = " in line and "validation score = " in line for line in lines)


def test_an_interrupted_estimator_is_reproducible_up_to_there():
    assert same_bits(classifier(max_time=60).fit(X, Y), classifier().fit(X, Y))


@pytest.mark.parametrize(
    "fit",
    [
        lambda X, y: classifier(
            max_time=0.3, hidden_layer_sizes="512x2", early_stopping="auto"
        ).fit(X[:500], y[:500], X_val=np.tile(X, (9, 1)), y_val=np.tile(y, 9)),
        lambda X, y: TabularClassifier(max_time=0.3, random_state=0).fit(X[:, :100], y),
        lambda X, y: TabularRegressor(max_time=0.3, random_state=0).fit(X[:300, :300], y[:300]),
    ],
)
def test_all_of_a_fit_counts(fit):
    """A long validation, reading tabular data, importances: a fit is not much longer than it may be."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 400))
    started = time.monotonic()
    with pytest.warns(ConvergenceWarning, match="max_time"):
        fitted = fit(X, (X[:, 0] > 0).astype(int))
    assert time.monotonic() - started < 2
    assert len(fitted.predict(X[:2, : fitted.n_features_in_])) == 2
