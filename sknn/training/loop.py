"""One run of training: of a single network, or of a member of an ensemble."""

from dataclasses import dataclass
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from sknn._warnings import warn
from sknn.network.weights import Weights
from sknn.schedules import Schedule
from sknn.training.history import DIVERGED, INTERRUPTED, MAX_ITER, TIME, OptimizerState
from sknn.training.lbfgs import minimize_lbfgs
from sknn.training.stochastic import train


@dataclass
class Stochastic:
    """Steps on mini-batches, with a schedule of the learning rate."""

    schedule: Schedule
    state: OptimizerState

    @property
    def plans_its_end(self):
        """Whether the schedule ends with the last epoch, so that it is no surprise."""
        return self.schedule.per_step

    def run(self, loop):
        """(reason to stop, more about it)"""
        reason = train(
            loop.trainer,
            loop.network.engine.clock,
            self.schedule,
            self.state,
            loop.options,
            loop.history,
            validate=loop.validate,
            callbacks=loop.callbacks,
            fitted=loop.fitted_so_far,
        )
        return reason, ""


@dataclass
class LBFGS:
    """Steps on the full batch along lines of their own."""

    max_fun: int

    plans_its_end = False

    def run(self, loop):
        """(reason to stop, what the solver says)"""
        weights = loop.weights()
        return minimize_lbfgs(
            loop.trainer,
            loop.network.engine.clock,
            loop.network,
            (weights.coefs, weights.intercepts),
            loop.options,
            self.max_fun,
            loop.history,
            validate=loop.validate,
            callbacks=loop.callbacks,
            fitted=loop.fitted_so_far,
        )


class FitLoop:
    """Trains a network: epochs, validation after each, the best weights, and why it ended.

    Parameters
    ----------
    network : Network
    trainer : the engine's Trainer, loaded
    method : Stochastic or LBFGS
    options : Options
    history : History
        Empty, or that of the fit that this one continues.
    validation : Validation or None
    callbacks : EpochCallbacks
    fitted : callable
        Takes the loop, returns the attributes of an estimator as if fit had ended now.

    Attributes
    ----------
    reason : str
        Why training ended, one of those in `sknn.training.history`.
    """

    def __init__(
        self, network, trainer, method, options, history, *, validation=None, callbacks, fitted
    ):
        self.network, self.trainer, self.method = network, trainer, method
        self.options, self.history = options, history
        self.validation, self.callbacks, self.fitted = validation, callbacks, fitted
        self.reason = self.message = ""
        history.begin(validation is not None, options.early_stopping)
        if (
            history.loss_curve
        ):  # until something better comes, the weights that it starts from are best
            trainer.keep_best()

    @property
    def validate(self):
        """What training calls after each epoch with its deadline; None: there is nothing to validate on."""
        return None if self.validation is None else self._validate

    def _validate(self, deadline):
        return self.validation(self, deadline)

    def fitted_so_far(self):
        """The attributes of an estimator as if fit had ended now."""
        return self.fitted(self)

    def run(self):
        """Trains to the end, or to the first reason to stop."""
        self.reason, self.message = self.method.run(self)

    def weights(self, best=False):
        """The weights as they are by now, or at their best; copies."""
        weights = Weights(*self.network.empty_weights())
        self.trainer.store(weights.coefs, weights.intercepts, best)
        if self.network.statistics_shapes:
            weights.means, weights.variances = self.network.empty_statistics()
            self.trainer.store_statistics(weights.means, weights.variances, best)
        return weights

    def moments(self):
        """The optimizer's moments, one pair of (coefs, intercepts) each."""
        slots = [self.network.empty_weights() for _ in range(self.trainer.n_slots)]
        for number, slot in enumerate(slots):
            self.trainer.store_slot(number, *slot)
        return slots

    @property
    def keeps_best(self):
        """Whether the best weights are kept, not the last: with early stopping, or cut short."""
        cut_short = self.reason in (TIME, INTERRUPTED, DIVERGED)
        return self.trainer.has_best and (self.options.early_stopping or cut_short)

    def result(self, dtype):
        """The weights that are kept, in the precision of the fitted arrays."""
        weights = self.weights(self.keeps_best).rounded(dtype)
        if not weights.are_finite:
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large "
                "values and need to be preprocessed. A lower learning_rate_init or clip_norm helps too."
            )
        return weights

    def ending(self):
        """How training ended."""
        return Ending(self.reason, self.history.n_iter, self.history.loss_curve, self.message)

    @property
    def ended_as_planned(self):
        """Whether a schedule that ends with the last epoch has come to its end."""
        return self.reason == MAX_ITER and self.method.plans_its_end


@dataclass(frozen=True)
class Ending:
    """Why and after how many epochs training ended."""

    reason: str
    n_epochs: int
    loss_curve: Any
    message: str = ""


def warn_unfinished(endings, *, max_iter=None, max_time=None):
    """One warning for each way in which training did not converge: what happened, and what to change.

    Parameters
    ----------
    endings : list of Ending
        Of a single network, or of the members of an ensemble.
    max_iter, max_time : parameters of the estimator
    """
    first = {ending.reason: ending for ending in reversed(endings)}
    for reason, ending in first.items():
        text = _unfinished(reason, ending, max_iter, max_time)
        if text:
            warn(text, UserWarning if reason == INTERRUPTED else ConvergenceWarning)


def _unfinished(reason, ending, max_iter, max_time):
    kept = "The best weights so far are kept."
    if reason == MAX_ITER and ending.message:
        return (
            f"lbfgs failed to converge after {ending.n_epochs} iteration(s): {ending.message}. Increase "
            f"max_iter={max_iter} or max_fun, or scale the data."
        )
    if reason == MAX_ITER:
        return (
            f"Stochastic Optimizer: Maximum iterations ({max_iter}) reached and the "
            "optimization hasn't converged yet."
        )
    if reason == TIME:
        return (
            f"Training stopped after max_time={max_time} seconds and {ending.n_epochs} "
            f"epochs. {kept}"
        )
    if reason == DIVERGED:
        return (
            f"The loss became {ending.loss_curve[-1]} in epoch {ending.n_epochs}: training diverged. "
            f"{kept} Lower learning_rate_init, set clip_norm, or scale the input and the target."
        )
    return f"Training interrupted by user. {kept}" if reason == INTERRUPTED else ""
