"""L-BFGS on the full batch: the engine gives loss and gradient, SciPy minimizes."""

import math

import numpy as np
import scipy.optimize
from threadpoolctl import threadpool_limits

from sknn.training.history import (
    CONVERGED,
    DIVERGED,
    INTERRUPTED,
    MAX_ITER,
    TIME,
    close_epoch,
    count_epoch,
)


class LBFGSObjective:
    """Loss and gradient as scipy wants them: float64, one flat vector, weights then biases."""

    def __init__(self, trainer, network, deadline=math.inf):
        self.trainer, self.deadline = trainer, deadline
        self.weights = network.empty_weights()
        self.gradient = network.empty_weights()

    def __call__(self, flat):
        self.spread(flat, self.weights)
        self.trainer.load(*self.weights)
        loss = self.trainer.loss_and_gradient(self.gradient, self.deadline)
        if loss is None:
            raise _OutOfTime
        return loss, flatten(self.gradient)

    @staticmethod
    def spread(flat, weights):
        """Copies a flat vector into arrays."""
        at = 0
        for array in (*weights[0], *weights[1]):
            array[...] = flat[at : at + array.size].reshape(array.shape)
            at += array.size


class _OutOfTime(Exception):
    """The deadline has passed; there is nothing wrong."""


def flatten(weights):
    """One float64 vector from (coefs, intercepts)."""
    return np.concatenate([a.ravel() for a in (*weights[0], *weights[1])]).astype(np.float64)


def minimize_lbfgs(
    trainer, clock, network, start, options, max_fun, history, validate, callbacks, fitted
):
    """Full-batch L-BFGS by scipy; returns (reason, message of the solver).

    Parameters are those of ``train``; `start` holds the weights to start from. The trainer is left with
    the last weights, and keeps the best.
    """
    deadline = options.deadline(clock)
    objective = LBFGSObjective(trainer, network, deadline)
    history.n_iter = 0

    def on_iteration(intermediate_result):
        objective.spread(intermediate_result.x, objective.weights)
        trainer.load(*objective.weights)
        callbacks.begin_epoch()
        loss = float(intermediate_result.fun)
        validated = count_epoch(history, loss, validate, deadline)
        if validate and validated is None:
            raise _OutOfTime
        close_epoch(trainer, history, options, validated)
        patience_over = history.no_improvement > options.n_iter_no_change
        if callbacks.end_epoch(fitted) or (options.early_stopping and patience_over):
            raise StopIteration

    limits = {"maxfun": max_fun, "maxiter": options.max_iter, "gtol": options.tol}
    try:
        # scipy's vectors are too short for a BLAS with threads, which spin beside the engine's
        with threadpool_limits(limits=1, user_api="blas"):
            result = scipy.optimize.minimize(
                objective,
                flatten(start),
                method="L-BFGS-B",
                jac=True,
                options=limits,
                callback=on_iteration,
            )
    except _OutOfTime:
        return TIME, ""
    except KeyboardInterrupt:
        return INTERRUPTED, ""
    objective.spread(result.x, objective.weights)
    trainer.load(*objective.weights)
    if not history.loss_curve:
        history.loss_curve.append(float(result.fun))
    if not math.isfinite(result.fun):
        return DIVERGED, ""
    stopped = result.status in (0, 99)  # 99: by on_iteration
    return (CONVERGED if stopped else MAX_ITER), str(result.message)
