"""One pass over new samples by every member of an ensemble: a call of partial_fit.

Members begin with initial weights, or continue from where they are with the state of their optimizers. There is
nothing to validate on: all samples are trained on, and the last weights are kept.
"""

import copy
import threading
from dataclasses import replace

import numpy as np

from sknn.ensemble.members import Member
from sknn.ensemble.side_by_side import first_error, side_by_side
from sknn.ensemble.trainers import initial_weights, trainer_of
from sknn.network.weights import cast
from sknn.training.history import DIVERGED, INTERRUPTED, History, OptimizerState, Options
from sknn.training.loop import FitLoop, Stochastic
from sknn.training.progress import progress_of


class MemberPass:
    """Trains one member for one pass.

    Parameters
    ----------
    recipe : Recipe
    task : Task
        Its epochs are the passes that the schedules are made for.
    before : Member or None
        Which is left as it is; None begins with initial weights.
    callbacks : EpochCallbacks
    progress : Progress
    """

    def __init__(self, recipe, task, before, callbacks, progress):
        self.recipe, self.task = recipe, task
        self.callbacks, self.progress = callbacks, progress
        self.before = self._initial() if before is None else before
        self.network = recipe.networks[task.kind]
        self.state = self._state()

    def run(self):
        """The Member after the pass."""
        loop = self._loop()
        loop.run()
        if loop.reason == INTERRUPTED:
            raise KeyboardInterrupt
        member = self._member(loop, loop.result(self.network.dtype))
        self.callbacks.end(lambda: self.recipe.fitted(member))
        return member

    def _initial(self):
        """A Member that has seen nothing."""
        task = self.task
        random_state = np.random.RandomState(task.seed)
        coefs, intercepts = initial_weights(self.recipe, task, random_state)
        return Member(task.kind, coefs, intercepts, n_epochs=0, best_epoch=0, loss_curve=[])

    def _state(self):
        """The state of the optimizer; where it is new, or `learning_rate_init` is, with the rate of now."""
        recipe, before = self.recipe, self.before
        previous, initial = before.optimizer, recipe.learning_rate
        if previous is not None and not previous.belongs_to(recipe.optimizer):
            previous = None
        if previous is not None and previous.initial_rate == initial:
            return copy.copy(previous)
        rate = recipe.schedule.after_epoch(initial, initial, before.samples_seen)
        if previous is not None:
            return replace(previous, initial_rate=initial, learning_rate=rate)
        return OptimizerState(initial, rate, seed=self.task.seed, kind=recipe.optimizer.kind)

    def _loop(self):
        """The FitLoop, ready to run."""
        recipe, before, dtype = self.recipe, self.before, self.network.dtype
        weights = cast(before.coefs, dtype), cast(before.intercepts, dtype)
        trainer = trainer_of(recipe, self.task, weights, self.state.seed)
        for number, slot in enumerate(self.state.slots):
            trainer.load_slot(number, *[cast(arrays, dtype) for arrays in slot])
        options = Options(
            max_iter=self.task.epochs,
            tol=0.0,
            n_iter_no_change=np.inf,
            shuffle=True,
            progress=self.progress,
            single_epoch=True,
            decay=recipe.annealing,
            dropout=recipe.annealing,
        )
        return FitLoop(
            self.network,
            trainer,
            Stochastic(recipe.schedule, self.state),
            options,
            History(samples_seen=before.samples_seen, loss_curve=list(before.loss_curve)),
            callbacks=self.callbacks,
            fitted=self._fitted,
        )

    def _fitted(self, loop):
        """Attributes of an estimator with this member alone, for callbacks; they come before the next rate."""
        member, recipe = self._member(loop, loop.weights()), self.recipe
        state = member.optimizer
        rates = state.learning_rate, state.initial_rate
        state.learning_rate = recipe.schedule.after_epoch(*rates, member.samples_seen)
        return recipe.fitted(member)

    def _member(self, loop, weights):
        """A Member with these weights; its predecessor's where training has diverged."""
        history, before = loop.history, self.before
        slots = [] if loop.reason == DIVERGED else loop.moments()
        n_epochs = before.n_epochs + history.n_iter
        return Member(
            before.kind,
            weights.coefs,
            weights.intercepts,
            n_epochs=n_epochs,
            best_epoch=before.best_epoch if loop.keeps_best else n_epochs,
            loss_curve=list(history.loss_curve),
            reason=loop.reason,
            weight=before.weight,
            samples_seen=history.samples_seen,
            optimizer=replace(self.state, slots=slots),
        )


def pass_members(recipe, tasks, before, n_workers, callbacks):
    """The members after one pass, in their order: all of them, or the error that kept one from it.

    Parameters
    ----------
    recipe : Recipe
    tasks : list of Task
    before : list of Member or None
    n_workers : int
    callbacks : MemberCallbacks
    """
    progress = progress_of(recipe.verbose, len(tasks))

    def passed_member(number):
        own = progress.of_network(number + 1, len(tasks))
        rest = callbacks.of_member(number), own
        return MemberPass(recipe, tasks[number], before[number], *rest).run()

    members, errors = side_by_side(passed_member, len(tasks), n_workers, threading.Event())
    progress.close()
    if errors:
        raise first_error(errors)
    return members
