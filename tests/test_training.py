"""The loop over epochs: when it stops, what it keeps, which rates it hands out."""

import math
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from sknn.schedules import Adaptive, Constant, Cosine, InverseScaling
from sknn.training.history import (
    CALLBACK,
    CONVERGED,
    DIVERGED,
    INTERRUPTED,
    MAX_ITER,
    TIME,
    History,
    OptimizerState,
    Options,
)
from sknn.training.loop import Ending, warn_unfinished
from sknn.training.progress import Lines
from sknn.training.stochastic import Rates, train

ROWS, STEPS = 10, 4


class FakeTrainer:
    """Epochs with losses that are told beforehand; an exception among them is raised."""

    n_samples, n_steps = ROWS, STEPS

    def __init__(self, losses, done=STEPS):
        self.losses, self.done = iter(losses), done
        self.epochs, self.rates, self.first_steps, self.kept = [], [], [], []

    def begin_epoch(self, epoch, shuffled):
        self.epochs.append((epoch, shuffled))

    def run(self, rates, first_step, deadline):
        loss = next(self.losses)
        if isinstance(loss, BaseException):
            raise loss
        self.loss = loss * ROWS
        self.rates.append(rates.copy())
        self.first_steps.append(first_step)
        return self.done

    def keep_best(self):
        self.kept.append(len(self.rates))


class Silent:
    """Callbacks that do nothing, or stop after an epoch."""

    def __init__(self, stop_after=math.inf):
        self.stop_after, self.begun, self.ended = stop_after, 0, 0

    def begin_epoch(self):
        self.begun += 1

    def end_epoch(self, fitted):
        self.ended += 1
        return self.ended >= self.stop_after


def options(**changes):
    return Options(**{"max_iter": 50, "tol": 0.0, "n_iter_no_change": 3, "shuffle": True} | changes)


def run(losses, schedule=None, scores=None, history=None, state=None, callbacks=None, **changes):
    """(why it stopped, trainer, history, state)"""
    trainer = FakeTrainer(losses, changes.pop("done", STEPS))
    history = history or History()
    state = state or OptimizerState(initial_rate=0.1, learning_rate=0.1)
    validate = None
    if scores is not None:
        history.validation_scores, history.validation_losses = [], []
        history.best_score = -math.inf
        scores = iter(scores)
        validate = lambda deadline: next(scores)  # noqa: E731
    reason = train(
        trainer,
        changes.pop("clock", lambda: 0.0),
        schedule or Constant(),
        state,
        options(**changes),
        history,
        validate=validate,
        callbacks=callbacks or Silent(),
        fitted=dict,
    )
    return reason, trainer, history, state


def test_all_epochs():
    losses = [1 / (epoch + 1) for epoch in range(50)]
    reason, trainer, history, state = run(losses, max_iter=5)
    assert reason == MAX_ITER
    assert history.n_iter == state.epochs == 5
    assert history.loss_curve == pytest.approx(losses[:5])
    assert history.samples_seen == 5 * ROWS
    assert state.steps == 5 * STEPS
    assert trainer.epochs == [(epoch, True) for epoch in range(5)]
    assert trainer.first_steps == [0, 4, 8, 12, 16]
    assert trainer.kept == [1, 2, 3, 4, 5]


def test_stops_without_progress():
    """After more than n_iter_no_change epochs that are not better by tol, as in scikit-learn."""
    reason, trainer, history, _ = run([3, 2, 1, 1, 1, 1, 1, 1, 1], tol=0.1)
    assert reason == CONVERGED
    assert history.n_iter == 3 + 4
    assert history.best_loss == 1
    assert trainer.kept == [1, 2, 3]


def test_small_progress_does_not_count():
    """But with tol=0 an equal loss does count, as in scikit-learn."""
    assert run([1.0] * 20, tol=0.0, max_iter=20)[0] == MAX_ITER
    losses = [1 - 0.01 * epoch for epoch in range(20)]
    assert run(losses, tol=0.05)[2].n_iter == 1 + 4
    assert run(losses, tol=0.0, max_iter=20)[0] == MAX_ITER


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_divergence(bad):
    reason, trainer, history, _ = run([2, 1, bad, 0.5])
    assert reason == DIVERGED
    assert history.n_iter == 3
    assert trainer.kept == [1, 2]


def test_interruption():
    reason, trainer, history, state = run([2, 1, KeyboardInterrupt()])
    assert reason == INTERRUPTED
    assert history.n_iter == state.epochs == len(history.loss_curve) == 2
    assert trainer.kept == [1, 2]


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError):
        run([2, ZeroDivisionError()])


def test_time_in_the_middle_of_an_epoch():
    """The unfinished epoch is not in the history; its steps are counted."""
    reason, _, history, state = run([2, 1], done=3, max_time=1.0)
    assert reason == TIME
    assert (history.n_iter, history.loss_curve) == (0, [])
    assert (state.steps, state.epochs) == (3, 0)


def test_time_between_epochs():
    ticks = iter([0.0, 0.5, 0.9, 1.1, 9.0])
    reason, _, history, _ = run([3, 2, 1, 0], max_time=1.0, clock=lambda: next(ticks))
    assert reason == TIME
    assert history.n_iter == 3


def test_callback_stops():
    reason, _, history, _ = run([3, 2, 1, 0], callbacks=(callbacks := Silent(stop_after=2)))
    assert reason == CALLBACK
    assert history.n_iter == callbacks.begun == callbacks.ended == 2


def test_single_epoch():
    reason, _, history, _ = run([3, 2, 1], single_epoch=True)
    assert reason == CONVERGED
    assert history.n_iter == 1


def test_goes_on():
    """Epochs, steps, samples and the curve are counted from the first fit; n_iter is not."""
    _, _, history, state = run([3, 2], max_iter=2)
    _, trainer, history, state = run([1, 0.5], max_iter=2, history=history, state=state)
    assert trainer.epochs == [(2, True), (3, True)]
    assert trainer.first_steps == [8, 12]
    assert history.loss_curve == [3, 2, 1, 0.5]
    assert history.samples_seen == 4 * ROWS
    assert history.n_iter == 2


# ---- early stopping -----------------------------------------------------------------------------


def stop_early(scores, **changes):
    pairs = [(score, -score) if np.isscalar(score) else score for score in scores]
    losses = [9.0] * len(pairs)
    return run(losses, scores=pairs, early_stopping=True, **changes)


def test_early_stopping():
    reason, trainer, history, _ = stop_early([0.5, 0.7, 0.6, 0.6, 0.6, 0.6, 0.6, 0.9])
    assert reason == CONVERGED
    assert history.validation_scores == [0.5, 0.7, 0.6, 0.6, 0.6, 0.6]
    assert history.best_score == 0.7
    assert trainer.kept == [1, 2]


def test_of_equal_scores_the_smaller_loss_is_best():
    _, trainer, history, _ = stop_early(
        [(0.5, 0.9), (0.5, 0.8), (0.5, 0.85), (0.4, 0.1), (0.6, 2.0), (0.6, 1.0)], max_iter=6
    )
    assert trainer.kept == [1, 2, 5, 6]
    assert history.validation_losses == [0.9, 0.8, 0.85, 0.1, 2.0, 1.0]


def test_a_score_of_nan_is_never_best():
    _, trainer, history, _ = stop_early([0.5, math.nan, 0.6], max_iter=3)
    assert trainer.kept == [1, 3]
    assert history.best_score == 0.6


def test_validation_without_early_stopping_only_records():
    reason, trainer, history, _ = run([3, 2, 1, 0.5], scores=[(0.1, 1)] * 4, max_iter=4)
    assert reason == MAX_ITER
    assert history.validation_scores == [0.1] * 4
    assert trainer.kept == [1, 2, 3, 4]


# ---- rates --------------------------------------------------------------------------------------


def test_adaptive_divides_and_then_stops():
    losses = [1.0] * 50
    schedule = Adaptive(divisor=10, smallest=0.005)
    reason, trainer, _, state = run(losses, schedule, tol=1e-4)
    assert reason == CONVERGED
    rates = [rates[0] for rates in trainer.rates]
    np.testing.assert_allclose(rates, [0.1] * 5 + [0.01] * 4 + [0.001] * 4)
    assert state.learning_rate == pytest.approx(0.001)


def test_inverse_scaling_after_each_epoch():
    _, trainer, _, _ = run([3, 2, 1], InverseScaling(), max_iter=3)
    rates = [rates[0] for rates in trainer.rates]
    np.testing.assert_allclose(rates, [0.1, 0.1 / np.sqrt(11), 0.1 / np.sqrt(21)])


def test_schedule_per_step():
    rates = Rates(Cosine(), options(max_iter=5), STEPS)
    every = np.concatenate([rates.of_epoch(epoch, 2.0) for epoch in range(5)])
    np.testing.assert_allclose(every, 1 + np.cos(np.pi * np.arange(20) / 20))
    np.testing.assert_allclose(rates.of_epoch(7, 2.0), 0, atol=1e-15)  # after the planned end


def test_warmup():
    """Linear to the full rate over the first part of all steps, whole at its last."""
    rates = Rates(Constant(), options(max_iter=5, warmup=0.3), STEPS)
    every = np.concatenate([rates.of_epoch(epoch, 0.6).copy() for epoch in range(5)])
    np.testing.assert_allclose(every, 0.6 * np.minimum(np.arange(1, 21) / 6, 1))


def test_warmup_with_a_schedule():
    rates = Rates(Cosine(), options(max_iter=5, warmup=0.1), STEPS)
    every = np.concatenate([rates.of_epoch(epoch, 2.0) for epoch in range(5)])
    cosine = 1 + np.cos(np.pi * np.arange(20) / 20)
    np.testing.assert_allclose(every, cosine * np.minimum(np.arange(1, 21) / 2, 1))


# ---- what is said -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "category", "text"),
    [
        (MAX_ITER, ConvergenceWarning, r"Maximum iterations \(50\) reached"),
        (TIME, ConvergenceWarning, "max_time=2.5 seconds"),
        (DIVERGED, ConvergenceWarning, "The loss became nan in epoch 3.*learning_rate_init"),
        (INTERRUPTED, UserWarning, "interrupted by user"),
    ],
)
def test_warnings(reason, category, text):
    ending = Ending(reason, 3, [1.0, math.nan])
    with pytest.warns(category, match=text):
        warn_unfinished([ending], max_iter=50, max_time=2.5)


@pytest.mark.parametrize("reason", [CONVERGED, CALLBACK])
def test_no_warning(reason):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_unfinished([Ending(reason, 3, [1.0])])


def test_lines_of_progress(capsys):
    run([2, 1, 1, 1, 1, 1, 1], Adaptive(smallest=1), progress=Lines(), tol=1e-4)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Iteration 1, loss = 2.00000000"
    assert len(lines) == 2 + 4 + 1
    assert lines[-1].startswith("Training loss did not improve more than tol=0.000100 for 3")
    run([2], progress=Lines(), max_iter=1, scores=[(0.25, 1)])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["Iteration 1, loss = 2.00000000, validation score = 0.250000"]
