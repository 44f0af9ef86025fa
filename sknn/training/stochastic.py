"""Mini-batch training, epoch by epoch, by the engine's Trainer."""

import math

import numpy as np

from sknn.training.history import (
    CALLBACK,
    CONVERGED,
    DIVERGED,
    INTERRUPTED,
    MAX_ITER,
    TIME,
    close_epoch,
    count_epoch,
)


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
        while history.n_iter < min(options.max_iter, options.last_epoch):
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
            validated = count_epoch(history, loss, validate, deadline, state, n_samples)
            if validate and validated is None:
                return TIME
            close_epoch(trainer, history, options, validated)
            if callbacks.end_epoch(fitted) or options.is_stopped:
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
            if options.single_epoch or options.is_over(history):
                return CONVERGED
            if clock() > deadline:
                return TIME
    except KeyboardInterrupt:
        return INTERRUPTED
    return MAX_ITER


def _say_plateau(options, rate):
    what = "Validation score" if options.early_stopping else "Training loss"
    then = "Stopping." if rate is None else f"Setting learning rate to {rate:f}"
    options.progress.say(
        f"{what} did not improve more than tol={options.tol:f} for "
        f"{options.n_iter_no_change} consecutive epochs. {then}"
    )
