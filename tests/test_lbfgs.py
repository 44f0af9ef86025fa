"""L-BFGS: convergence, limits, and every way to stop before the end."""

import math
import warnings

import numpy as np

from sknn.losses import Loss
from sknn.network import Network, multilayer_perceptron
from sknn.training.history import (
    CONVERGED,
    DIVERGED,
    INTERRUPTED,
    MAX_ITER,
    TIME,
    History,
    Options,
)
from sknn.training.lbfgs import LBFGSObjective, flatten, minimize_lbfgs
from tests.test_training import Silent


class LeastSquares:
    """A linear network on data that it can fit."""

    def __init__(self, n=40, dtype="float64", weights=None):
        rng = np.random.default_rng(0)
        self.X = rng.standard_normal((n, 3)).astype(dtype)
        self.truth = np.array([[1.0], [-2.0], [0.5]])
        y = (self.X @ self.truth + 0.25).astype(dtype)
        self.network = Network(multilayer_perceptron((), 1, [], [0.0]), 3, dtype)
        loss = Loss("squared_error", (1,))
        engine = self.network.engine
        program = self.network.program(loss, mean_gradient=True)
        self.trainer = engine.Trainer(
            program, engine.Rows(self.X), y, weights, np.arange(n), n, None
        )
        self.start = [np.zeros((3, 1), dtype)], [np.zeros(1, dtype)]
        self.trainer.load(*self.start)
        self.history = History()

    def minimize(self, callbacks=None, max_fun=1000, validate=None, **changes):
        changes = {
            "max_iter": 50,
            "tol": 1e-10,
            "n_iter_no_change": math.inf,
            "shuffle": True,
            **changes,
        }
        reason, self.message = minimize_lbfgs(
            self.trainer,
            self.network.engine.clock,
            self.network,
            self.start,
            Options(**changes),
            max_fun,
            self.history,
            validate=validate,
            callbacks=callbacks or Silent(),
            fitted=dict,
        )
        return reason

    def weights(self, best=False):
        weights = self.network.empty_weights()
        self.trainer.store(*weights, best)
        return weights


def test_lbfgs_converges():
    problem = LeastSquares()
    assert problem.minimize() == CONVERGED
    (W,), (b,) = problem.weights()
    np.testing.assert_allclose(W, problem.truth, atol=1e-6)
    np.testing.assert_allclose(b, 0.25, atol=1e-6)
    assert problem.history.n_iter == len(problem.history.loss_curve)
    assert problem.history.loss_curve == sorted(problem.history.loss_curve, reverse=True)


def test_lbfgs_in_single_precision():
    problem = LeastSquares(dtype="float32")
    problem.minimize(tol=1e-4)
    np.testing.assert_allclose(problem.weights()[0][0], problem.truth, atol=1e-2)


def test_lbfgs_limits():
    assert LeastSquares().minimize(max_iter=1) == MAX_ITER
    assert LeastSquares().minimize(max_fun=2) == MAX_ITER


def test_lbfgs_callback_stops():
    problem = LeastSquares()
    assert problem.minimize(callbacks=Silent(stop_after=2)) == CONVERGED
    assert problem.history.n_iter == 2


def test_lbfgs_out_of_time():
    problem = LeastSquares(n=3000)  # several blocks, so that the time is looked at inside
    assert problem.minimize(max_time=-1.0) == TIME
    assert problem.history.loss_curve == []


def test_lbfgs_interrupted():
    class Impatient(Silent):
        def end_epoch(self, fitted):
            if super().end_epoch(fitted) or self.ended == 2:
                raise KeyboardInterrupt

    problem = LeastSquares()
    assert problem.minimize(callbacks=Impatient()) == INTERRUPTED
    assert problem.history.n_iter == 2
    assert np.isfinite(problem.weights(best=True)[0][0]).all()
    assert problem.trainer.has_best


def test_lbfgs_diverged():
    problem = LeastSquares()
    problem.X[3, 1] = np.inf
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert problem.minimize() == DIVERGED


def test_lbfgs_early_stopping():
    problem = LeastSquares()
    problem.history.best_score = -math.inf
    problem.history.validation_scores, problem.history.validation_losses = [], []
    reason = problem.minimize(
        validate=lambda deadline: (0.5, 1.0), early_stopping=True, n_iter_no_change=1, tol=1e-10
    )
    assert reason == CONVERGED
    assert problem.history.n_iter == 3


def test_flat_vectors_keep_their_order():
    """Weights first, then biases, both ways."""
    network = Network(multilayer_perceptron((2,), 1, ["relu"], [0.0, 0.0]), 3, "float32")
    vector = np.arange(11.0)
    weights = network.empty_weights()
    LBFGSObjective.spread(vector, weights)
    np.testing.assert_array_equal(weights[0][1], [[6], [7]])
    np.testing.assert_array_equal(weights[1][0], [8, 9])
    np.testing.assert_array_equal(flatten(weights), vector)
    assert flatten(weights).dtype == np.float64
