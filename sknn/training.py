"""Training: epochs, schedules, early stopping and history. Knows no layer and no estimator.

``train`` drives an engine Trainer epoch by epoch; ``minimize_lbfgs`` hands its gradients to scipy.
Both keep the best weights so far, and say why they stopped.
"""

import math
import warnings
from dataclasses import dataclass, field

import numpy as np
import scipy.optimize
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from sknn.schedules import Schedule

#: why training stopped
CONVERGED, MAX_ITER, TIME, INTERRUPTED, DIVERGED, CALLBACK = (
    "converged",
    "max_iter",
    "time",
    "interrupted",
    "diverged",
    "callback",
)


@dataclass
class History:
    """What training has seen; it goes on where a warm start goes on."""

    n_iter: int = 0
    samples_seen: int = 0
    loss_curve: list = field(default_factory=list)
    validation_scores: list | None = None
    validation_losses: list | None = None
    best_loss: float | None = math.inf
    best_score: float | None = None
    #: of equal scores the one with the smallest validation loss is best
    loss_at_best_score: float = math.inf
    no_improvement: int = 0


@dataclass
class OptimizerState:
    """What an optimizer carries from step to step."""

    initial_rate: float
    learning_rate: float
    steps: int = 0
    epochs: int = 0
    seed: int = 0
    #: of the optimizer whose moments these are
    kind: str = ""
    #: moments, each a (coefs, intercepts) pair of lists shaped like the weights
    slots: list = field(default_factory=list)

    def belongs_to(self, optimizer):
        """Whether that optimizer can go on from here."""
        return self.kind == optimizer.kind and len(self.slots) == optimizer.n_slots


@dataclass
class Options:
    """How long to train; names and meanings are the estimators'."""

    max_iter: int
    tol: float
    n_iter_no_change: float
    shuffle: bool
    warmup: float = 0.0
    max_time: float | None = None
    #: when `max_time` began, by the engine's clock; None: now
    started: float | None = None
    verbose: bool = False
    early_stopping: bool = False
    single_epoch: bool = False
    #: schedules of the decoupled weight decay and of dropout; None: they do not change
    decay: Schedule | None = None
    dropout: Schedule | None = None

    def deadline(self, clock):
        """When time is over."""
        if self.max_time is None:
            return math.inf
        return (clock() if self.started is None else self.started) + self.max_time


class Rates:
    """The learning rate of every step of an epoch."""

    def __init__(self, schedule, options, n_steps):
        self.schedule, self.n_steps = schedule, n_steps
        self.total = options.max_iter * n_steps
        self.warmup_steps = options.warmup * self.total
        self.more = options.decay, options.dropout
        self.buffer = np.empty(n_steps)
        self.constant = None  # what all of the buffer is

    def of_epoch(self, epoch, rate):
        """Rates of the steps of one epoch, counted from the first fit."""
        first = epoch * self.n_steps
        if not self.schedule.per_step and first >= self.warmup_steps:
            if rate != self.constant:
                self.buffer.fill(rate)
                self.constant = rate
            return self.buffer
        steps = np.arange(first, first + self.n_steps)
        factors = self._factors(self.schedule, steps)
        if self.warmup_steps > 0:
            factors = factors * np.minimum((steps + 1) / self.warmup_steps, 1.0)
        return rate * factors

    def more_of_epoch(self, epoch):
        """Factors of the weight decay and of dropout at the steps of one epoch, None where they are 1."""
        if not any(self.more):
            return ()
        steps = np.arange(epoch * self.n_steps, (epoch + 1) * self.n_steps)
        return [s and self._factors(s, steps) for s in self.more]

    def _factors(self, schedule, steps):
        return schedule.factors(np.minimum(steps / self.total, 1.0))


def train(trainer, clock, schedule, state, options, history, validate, callbacks, fitted):
    """Epochs of stochastic optimization; returns why it stopped.

    Parameters
    ----------
    trainer : the engine's Trainer, loaded with weights and state
    clock : callable
        The engine's clock.
    schedule : Schedule
    state : OptimizerState
        Updated in place.
    options : Options
    history : History
        Updated in place.
    validate : callable or None
        Takes the deadline, returns (score, loss) of the current weights on the validation data; None where
        time was over before.
    callbacks : object with begin_epoch() and end_epoch(fitted)
        A true result of the latter stops training.
    fitted : callable
        Handed to the callbacks.
    """
    deadline = options.deadline(clock)
    n_steps, n_samples = trainer.n_steps, trainer.n_samples
    rates = Rates(schedule, options, n_steps)
    history.n_iter = 0
    try:
        while history.n_iter < options.max_iter:
            callbacks.begin_epoch()
            trainer.begin_epoch(state.epochs, options.shuffle)
            done = trainer.run(
                rates.of_epoch(state.epochs, state.learning_rate),
                state.steps,
                deadline,
                *rates.more_of_epoch(state.epochs),
            )
            state.steps += done
            if done < n_steps:
                return TIME
            loss = trainer.loss / n_samples
            validated = _count_epoch(history, loss, validate, deadline, state, n_samples)
            if validate and validated is None:
                return TIME
            _close_epoch(trainer, history, options, validated)
            if callbacks.end_epoch(fitted):
                return CALLBACK
            if not math.isfinite(history.loss_curve[-1]):
                return DIVERGED
            state.learning_rate = schedule.after_epoch(
                state.learning_rate, state.initial_rate, history.samples_seen
            )
            if history.no_improvement > options.n_iter_no_change:
                rate = schedule.on_plateau(state.learning_rate)
                _say_plateau(options, rate)
                if rate is None:
                    return CONVERGED
                state.learning_rate = rate
                history.no_improvement = 0
            if options.single_epoch:
                return CONVERGED
            if clock() > deadline:
                return TIME
    except KeyboardInterrupt:
        return INTERRUPTED
    return MAX_ITER


def _count_epoch(history, loss, validate, deadline, state=None, n_samples=0):
    """Counts an epoch, then validates it: a scorer sees the epoch that it scores.

    Returns what `validate` does. An epoch without a score, because time is over or Ctrl-C came, does not count.
    """

    def count(epochs):
        history.n_iter += epochs
        history.samples_seen += epochs * n_samples
        if state is not None:
            state.epochs += epochs

    count(1)
    history.loss_curve.append(loss)
    validated = None
    try:
        validated = validate and validate(deadline)
    finally:
        if validate and validated is None:
            count(-1)
            history.loss_curve.pop()
    return validated


def _close_epoch(trainer, history, options, validated):
    """Books what a counted epoch has brought: scores, the best weights so far, epochs without improvement."""
    loss = history.loss_curve[-1]
    score = None
    if validated is not None:
        score, validation_loss = validated
        history.validation_scores.append(score)
        history.validation_losses.append(validation_loss)
    if options.verbose:
        validated = "" if score is None else f", validation score = {score:f}"
        print(f"Iteration {history.n_iter}, loss = {loss:.8f}{validated}")
    if options.early_stopping:
        improved = not score < history.best_score + options.tol
        tie = score == history.best_score and validation_loss < history.loss_at_best_score
        if score > history.best_score or tie:
            history.loss_at_best_score = validation_loss
            trainer.keep_best()
    else:
        improved = not loss > history.best_loss - options.tol
        if loss < history.best_loss:
            history.best_loss = loss
            trainer.keep_best()
    if score is not None and score > history.best_score:
        history.best_score = score
    history.no_improvement = 0 if improved else history.no_improvement + 1


def _say_plateau(options, rate):
    if not options.verbose:
        return
    what = "Validation score" if options.early_stopping else "Training loss"
    then = "Stopping." if rate is None else f"Setting learning rate to {rate:f}"
    print(
        f"{what} did not improve more than tol={options.tol:f} for "
        f"{options.n_iter_no_change} consecutive epochs. {then}"
    )


def warn_unfinished(reason, options, history, message=""):
    """One warning that says what happened and what to change, where training did not converge."""
    kept = "The best weights so far are kept."
    if reason == MAX_ITER and message:
        text = (
            f"lbfgs failed to converge after {history.n_iter} iteration(s): {message}. Increase "
            f"max_iter={options.max_iter} or max_fun, or scale the data."
        )
    elif reason == MAX_ITER:
        text = (
            f"Stochastic Optimizer: Maximum iterations ({options.max_iter}) reached and the "
            "optimization hasn't converged yet."
        )
    elif reason == TIME:
        text = (
            f"Training stopped after max_time={options.max_time} seconds and {history.n_iter} "
            f"epochs. {kept}"
        )
    elif reason == DIVERGED:
        text = (
            f"The loss became {history.loss_curve[-1]} in epoch {history.n_iter}: training diverged. "
            f"{kept} Lower learning_rate_init, set clip_norm, or scale the input and the target."
        )
    elif reason == INTERRUPTED:
        warnings.warn(f"Training interrupted by user. {kept}", stacklevel=7)
        return
    else:
        return
    warnings.warn(text, ConvergenceWarning, stacklevel=7)


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
        validated = _count_epoch(history, loss, validate, deadline)
        if validate and validated is None:
            raise _OutOfTime
        _close_epoch(trainer, history, options, validated)
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
