"""How long to train, what was seen on the way, and why training ended."""

import math
from dataclasses import dataclass, field
from threading import Event

import numpy as np

from sknn.schedules import Schedule
from sknn.training.progress import Progress

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
    """What training has seen; a warm start continues it."""

    n_iter: int = 0
    samples_seen: int = 0
    loss_curve: list = field(default_factory=list)
    validation_scores: list | None = None
    validation_losses: list | None = None
    best_loss: float | None = math.inf
    best_score: float | None = None
    #: by which ties between scores are broken
    loss_at_best_score: float = math.inf
    no_improvement: int = 0

    def begin(self, validates, early_stopping):
        """Prepare for a fit: what is kept depends on what there is to compare by."""
        if early_stopping:
            self.best_loss = None
        elif self.best_loss is None:
            self.best_loss = math.inf
        if validates:
            self.validation_scores = self.validation_scores or []
            self.validation_losses = self.validation_losses or []
            self.best_score = -math.inf if self.best_score is None else self.best_score
        else:
            self.validation_scores = self.validation_losses = self.best_score = None

    @property
    def best_epoch(self):
        """Number from 1 of the epoch whose weights are the best: by score, without scores by loss.

        Ties are broken by the validation loss.
        """
        if self.validation_scores is None:
            return 1 + int(np.nanargmin(self.loss_curve))
        scores = np.nan_to_num(np.array(self.validation_scores), nan=-np.inf)
        ties = np.flatnonzero(scores == scores.max())
        return 1 + int(ties[np.argmin(np.array(self.validation_losses)[ties])])


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
        """Whether that optimizer can continue from here."""
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
    progress: Progress = field(default_factory=Progress)
    early_stopping: bool = False
    single_epoch: bool = False
    #: schedules of the decoupled weight decay and of dropout; None: they do not change
    decay: Schedule | None = None
    dropout: Schedule | None = None
    #: epoch after which training ends; the schedules run as if it continued to `max_iter`
    last_epoch: float = math.inf
    #: epochs at which training ends, unless the best one so far came after that which stands beside it
    stages: dict[int, int] = field(default_factory=dict)
    #: set by another thread to end training after the epoch
    stop: Event | None = None

    @property
    def is_stopped(self):
        """Whether another thread has asked to end training."""
        return self.stop is not None and self.stop.is_set()

    def is_over(self, history):
        """Whether a stage has ended that brought nothing better."""
        begin = self.stages.get(history.n_iter)
        return begin is not None and history.best_epoch <= begin

    def deadline(self, clock):
        """When time is over."""
        if self.max_time is None:
            return math.inf
        return (clock() if self.started is None else self.started) + self.max_time


def count_epoch(history, loss, validate, deadline, state=None, n_samples=0):
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


def close_epoch(trainer, history, options, validated):
    """Books what a counted epoch has brought: scores, the best weights so far, epochs without improvement."""
    loss = history.loss_curve[-1]
    score = None
    if validated is not None:
        score, validation_loss = validated
        history.validation_scores.append(score)
        history.validation_losses.append(validation_loss)
    options.progress.epoch(history.n_iter, loss, score)
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
