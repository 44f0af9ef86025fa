"""The members of an ensemble: networks trained side by side, one thread each.

A member is trained on some of the samples and validated on others after every epoch; what is kept is
its best epoch. Which seeds and samples it gets is decided before any of them begins, so that the
result does not depend on how many are trained at once.
"""

import copy
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from sknn.ensemble.attribution import importance_samples, importances
from sknn.ensemble.side_by_side import first_error, side_by_side
from sknn.ensemble.trainers import FITTED_SAMPLES, drawn_seed, initial_weights, trainer_of
from sknn.losses import Loss
from sknn.network.weights import aligned
from sknn.optimizers import Optimizer
from sknn.schedules import Schedule
from sknn.training.history import (
    CALLBACK,
    CONVERGED,
    INTERRUPTED,
    History,
    OptimizerState,
    Options,
)
from sknn.training.loop import Ending, FitLoop, Stochastic
from sknn.training.progress import progress_of
from sknn.training.validation import Validation

#: multiply-adds in a second that a slow machine does, and samples to look at if time is short
SLOWEST, FEWEST_SAMPLES = 2e9, 8
#: samples that are copied at once to be validated on
PART = 2**14


@dataclass
class Encoded:
    """Encoded samples as the engine takes them."""

    X: np.ndarray
    rows: Any
    targets: np.ndarray
    weights: np.ndarray | None
    #: of numerical features, which are the first columns of X
    n_numbers: int

    def __len__(self):
        return len(self.X)

    def take(self, engine, chosen):
        """Some of them, copied."""
        X, weights = self.X[chosen], None if self.weights is None else self.weights[chosen]
        targets = self.targets[chosen]
        return replace(self, X=X, rows=engine.Rows(X), targets=targets, weights=weights)

    def narrowed(self, engine, width):
        """With the first columns of X alone, which are not copied."""
        X = self.X[:, :width]
        return replace(self, X=X, rows=engine.Rows(X))


class Chosen:
    """Some of the encoded samples; where they are many, the engine's rows are copied in parts as they are read.

    The folds of a large table would otherwise need as much memory as the table.

    Parameters
    ----------
    encoded : Encoded
    engine : the engine's module
    numbers : ndarray of int
    """

    def __init__(self, encoded, engine, numbers):
        self.encoded, self.engine, self.numbers = encoded, engine, numbers
        weights = encoded.weights
        self.targets = encoded.targets[numbers]
        self.weights = None if weights is None else weights[numbers]
        self._only = list(self._parts()) if len(numbers) <= PART else None

    def __len__(self):
        return len(self.numbers)

    def __iter__(self):
        """(slice, Rows) of each part."""
        return iter(self._parts() if self._only is None else self._only)

    def _parts(self):
        for start in range(0, len(self), PART):
            part = slice(start, start + PART)
            yield part, self.engine.Rows(self.encoded.X[self.numbers[part]])

    def take(self, engine, chosen):
        """Some of them, as Encoded."""
        return self.encoded.take(engine, self.numbers[chosen])


class Held(NamedTuple):
    """What a member is validated on."""

    samples: Chosen
    #: (logits, () -> Member) -> score of the current weights; None for the negative loss
    score: Callable | None


@dataclass
class Task:
    """What one member is trained on."""

    #: number of its network in the recipe
    kind: int
    training: Encoded
    #: numbers of the samples of `training`
    samples: np.ndarray
    #: () -> Held, asked when the member begins; None: there is nothing to validate on, the last epoch is kept
    validation: Callable | None
    #: numbers of the validation samples in `training`; None where they come from elsewhere
    held_out: np.ndarray | None
    seed: int
    epochs: int
    #: epoch after which training stops; the schedules run as if it continued to `epochs`
    last_epoch: int


@dataclass
class Member:
    """A trained network."""

    kind: int
    coefs: list
    intercepts: list
    n_epochs: int
    best_epoch: int
    loss_curve: list
    validation_scores: list | None = None
    validation_losses: list | None = None
    #: numbers of the samples of its validation fold, and its outputs for them
    held_out: np.ndarray | None = None
    logits: np.ndarray | None = None
    #: rise of the loss when a feature is shuffled
    importances: np.ndarray | None = None
    reason: str = ""
    #: in the mean of all members
    weight: float = 1.0
    #: training samples, with repetition
    samples_seen: int = 0
    #: what the optimizer carries from one partial_fit to the next; None after fit
    optimizer: OptimizerState | None = None

    def ending(self):
        """How its training ended."""
        return Ending(self.reason, self.n_epochs, self.loss_curve)

    def __getstate__(self):
        state = dict(vars(self))
        if self.optimizer is not None:  # partial_fit may be called for ever, pickles stay small
            state |= {"optimizer": dict(vars(self.optimizer)), "loss_curve": self.loss_curve[-1:]}
        return state

    def __setstate__(self, state):
        vars(self).update(state)
        self.coefs, self.intercepts = aligned(self.coefs), aligned(self.intercepts)
        if isinstance(self.optimizer, dict):
            self.optimizer = OptimizerState(**self.optimizer)


@dataclass(frozen=True)
class Recipe:
    """How the members are trained."""

    networks: list
    loss: Loss
    #: of validation samples, without what only training wants
    validation_loss: Loss
    optimizer: Optimizer
    schedule: Schedule
    #: (member) -> attributes of an estimator that has this member alone, for callbacks
    fitted: Callable
    learning_rate: float
    batch_size: int
    data_driven: bool
    #: for each feature its columns in an encoded sample
    groups: list
    #: whether training rounds the factors of its products
    bfloat16: bool = False
    n_threads: int = 1
    verbose: bool | int = False
    #: schedule of weight decay and dropout; None: they do not change
    annealing: Schedule | None = None
    #: by the engine's clock, for all members together
    deadline: float = math.inf


class MemberFit:
    """Trains one member.

    Parameters
    ----------
    recipe : Recipe
    task : Task
    stop : threading.Event
        Ends all members after their epoch.
    callbacks : EpochCallbacks
    max_time : float
        Seconds; infinity for no limit.
    progress : Progress
    """

    def __init__(self, recipe, task, stop, callbacks, max_time, progress):
        self.recipe, self.task, self.stop, self.callbacks = recipe, task, stop, callbacks
        self.max_time, self.progress = max_time, progress
        self.network = recipe.networks[task.kind]
        self.engine = self.network.engine
        #: by a callback or Ctrl-C, so that the others should stop, too
        self.asked_to_stop = False

    def run(self):
        """The Member; without an epoch where time was over before."""
        task, started = self.task, self.engine.clock()
        random_state = np.random.RandomState(task.seed)
        trainer = self._trainer(random_state)
        held = None if task.validation is None else task.validation()
        looked_at = task.training if held is None else held.samples
        work = len(self.recipe.groups) * self.network.multiply_adds
        n_wanted = importance_samples(looked_at, self.recipe.groups)
        n_samples = self._affordable(n_wanted, work, least=0)
        # what comes after training is within the time, too
        rest = (n_samples * work + len(looked_at) * self.network.multiply_adds) / SLOWEST
        loop = self._loop(trainer, held, started, max(self.max_time - rest, 0.0))
        loop.run()
        if loop.history.n_iter == 0 and loop.reason == INTERRUPTED:
            raise KeyboardInterrupt
        member = self._member(loop, loop.result(self.network.dtype), loop.keeps_best)
        self.progress.end_network(task.last_epoch - member.n_epochs)
        member.importances = importances(
            self.network,
            self.network.program(self.recipe.validation_loss),
            (member.coefs, member.intercepts),
            looked_at,
            self.recipe.groups,
            random_state,
            n_samples,
        )
        ended = self.callbacks.end(lambda: self.recipe.fitted(member))
        early = loop.reason == CALLBACK and member.n_epochs < task.last_epoch
        self.asked_to_stop = ended or early or loop.reason == INTERRUPTED
        return member

    def _affordable(self, n_samples, work_of_one, least=FEWEST_SAMPLES):
        """At most so many samples, for which a tenth of the time is enough; fewer than a few are none."""
        affordable = 0.1 * max(self.max_time, 0) * SLOWEST / max(work_of_one, 1)
        return int(min(n_samples, affordable if affordable >= FEWEST_SAMPLES else least))

    def _trainer(self, random_state):
        """The engine's Trainer with initial weights."""
        n_samples = self._affordable(FITTED_SAMPLES, self.network.multiply_adds)
        weights = initial_weights(self.recipe, self.task, random_state, n_samples)
        return trainer_of(self.recipe, self.task, weights, drawn_seed(random_state))

    def _loop(self, trainer, held, started, max_time):
        """The FitLoop, ready to run."""
        recipe, task = self.recipe, self.task
        validation = None
        if held is not None:
            score = held.score and (lambda logits, loop: held.score(logits, self._snapshot(loop)))
            validation = Validation(
                self.network,
                recipe.validation_loss,
                held.samples,
                held.samples.targets,
                held.samples.weights,
                score,
                recipe.n_threads,
            )
        options = Options(
            max_iter=task.epochs,
            tol=0.0,
            n_iter_no_change=np.inf,
            shuffle=True,
            max_time=max_time,
            started=started,
            progress=self.progress,
            early_stopping=validation is not None,
            decay=recipe.annealing,
            dropout=recipe.annealing,
            last_epoch=task.last_epoch,
            stages={} if validation is None else recipe.schedule.stages(task.epochs),
            stop=self.stop,
        )
        return FitLoop(
            self.network,
            trainer,
            Stochastic(recipe.schedule, OptimizerState(recipe.learning_rate, recipe.learning_rate)),
            options,
            History(),
            validation=validation,
            callbacks=self.callbacks,
            fitted=self._fitted,
        )

    def _fitted(self, loop):
        """Attributes of an estimator with this member alone, at its best epoch so far."""
        best = loop.keeps_best
        return self.recipe.fitted(self._member(loop, loop.weights(best), best))

    def _snapshot(self, loop):
        """A function that gives a Member with the current weights, which training does not change."""

        def snapshot():
            history, weights = loop.history, loop.weights()
            return Member(
                self.task.kind,
                weights.coefs,
                weights.intercepts,
                history.n_iter,
                history.n_iter,
                copy.copy(history.loss_curve),
                copy.copy(history.validation_scores),
                copy.copy(history.validation_losses),
                None,
                None,
                None,
                CALLBACK,
            )

        return snapshot

    def _member(self, loop, weights, best):
        """A Member with the weights of the best epoch, or with the current ones."""
        history, task = loop.history, self.task
        logits = None if loop.validation is None else loop.validation.outputs(weights)
        return Member(
            task.kind,
            weights.coefs,
            weights.intercepts,
            history.n_iter,
            history.best_epoch if best else history.n_iter,
            history.loss_curve,
            history.validation_scores,
            history.validation_losses,
            task.held_out,
            logits,
            None,
            loop.reason,
            samples_seen=history.samples_seen,
        )


def are_whole(members, tasks):
    """Whether there is a member of every task, and its training ended by itself."""
    return len(members) == len(tasks) and all(
        member.reason == CONVERGED or member.n_epochs == task.last_epoch
        for member, task in zip(members, tasks, strict=True)
    )


def train_members(recipe, tasks, n_workers, callbacks):
    """The members of all tasks, in their order; those without an epoch are left out if others have some.

    After Ctrl-C they end after their epoch, and what there is of the members is kept; if nothing is,
    KeyboardInterrupt goes on.
    """
    stop, clock = threading.Event(), recipe.networks[0].engine.clock
    progress = progress_of(recipe.verbose, sum(task.last_epoch for task in tasks))
    first = callbacks.add_members(len(tasks))

    def trained_member(number):
        max_time = (recipe.deadline - clock()) / math.ceil((len(tasks) - number) / n_workers)
        if max_time < 0 < number:  # the first one is what there is, whatever it costs
            return None
        own = progress.of_network(number + 1, len(tasks))
        rest = callbacks.of_member(first + number), max_time, own
        fit = MemberFit(recipe, tasks[number], stop, *rest)
        member = fit.run()
        if fit.asked_to_stop:
            stop.set()
        return member

    members, errors = side_by_side(trained_member, len(tasks), n_workers, stop)
    progress.close()
    trained = [member for member in members if member is not None]
    trained = [member for member in trained if member.n_epochs > 0] or trained[:1]
    only_interrupted = all(isinstance(error, KeyboardInterrupt) for error in errors)
    if errors and not (only_interrupted and trained):
        raise first_error(errors)
    if errors:
        for member in trained:
            member.reason = INTERRUPTED
    return trained
