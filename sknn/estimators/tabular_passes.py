"""One call of partial_fit of an estimator of tabular data."""

import copy

import numpy as np
from sklearn.utils import check_random_state

from sknn import engine
from sknn._ranges import MAX_COUNT
from sknn._state import as_if_fitted, learned
from sknn._warnings import warn
from sknn.ensemble.passes import pass_members
from sknn.ensemble.tasks import tasks_of_passes
from sknn.estimators.tabular_design import TabularDesign, schedule_of
from sknn.estimators.tabular_fitting import take_members
from sknn.schedules import Constant, FlatCosine, Schedule
from sknn.training.callbacks import MemberCallbacks
from sknn.training.loop import warn_unfinished

#: samples of a first call from which quantiles and categories can be learned
FEWEST_TO_LEARN = 100


class Endless(Schedule):
    """What ``learning_rate="auto"`` is in partial_fit: ``η = η₀ / √(1 + t / t₀)`` after t samples.

    A stream begins with the rate of fit, and the noise of its steps is averaged more and more. The many samples of
    a fit count, too: its weights are annealed, and the full rate would spoil them.

    Parameters
    ----------
    begins : int
        The t₀.
    """

    def __init__(self, begins):
        self.begins = begins

    def after_epoch(self, rate, initial_rate, samples_seen):
        return float(initial_rate / np.sqrt(1 + samples_seen / self.begins))


class TabularPass:
    """Input, targets, networks, a pass of every member, and what is left on the estimator.

    Parameters
    ----------
    net : TabularEstimator
        A working copy, which is fitted.
    owner : TabularEstimator
        The estimator that the user has, whose callbacks are told.
    classes : array-like or None, default=None
        What partial_fit was told.
    """

    def __init__(self, net, owner, classes=None):
        self.net, self.owner, self.classes = net, owner, classes
        self.first = not net.__sklearn_is_fitted__()
        self.design = TabularDesign(net, new=self.first)

    def run(self, given):
        """Trains the working copy.

        Parameters
        ----------
        given : Given
            Training data of the user.
        """
        net, design = self.net, self.design
        self._refuse_what_only_fit_does()
        data = design.training_data(given, incremental=True, classes=self.classes)
        samples = data.counting
        n_threads = engine.effective_threads(net.n_threads)
        if self.first:
            rows = self._learn(data, samples, n_threads)
        else:
            rows = self._continue(data, samples)
        for name in ("feature_importances_", "oof_predictions_"):
            vars(net).pop(name, None)  # of an earlier fit
        n_workers = min(n_threads, len(self.before))
        recipe = self._recipe(len(samples), max(n_threads // n_workers, 1))
        callbacks = MemberCallbacks(self.owner, data, net, len(self.before), 1)
        tasks = self._tasks(rows, data, samples, recipe.optimizer)
        self._publish(pass_members(recipe, tasks, self.before, n_workers, callbacks))
        callbacks.end()

    def _refuse_what_only_fit_does(self):
        """Raises for parameters that ask for what a pass over some of the samples cannot give."""
        net, validation = self.net, self.net.validation
        if self.first and not (isinstance(validation, str) and validation == "cv"):
            raise ValueError(
                f"partial_fit does not support validation={validation!r}: it trains on all samples."
            )
        if net.store_oof_predictions:
            raise ValueError("partial_fit does not support store_oof_predictions=True")
        if net.max_time is not None:
            raise ValueError(
                f"partial_fit does not support max_time={net.max_time!r}: every member sees all samples of a "
                "call. Pass fewer of them."
            )

    # ---- where the pass begins -----------------------------------------------------------------

    def _learn(self, data, samples, n_threads):
        """Learns the encoding and plans the members; returns the encoded samples."""
        design = self.design
        if len(samples) < FEWEST_TO_LEARN:
            warn(
                f"The first call of partial_fit has {len(samples)} samples to learn quantiles, categories and "
                "the scale of the features from. Make its batch large and representative."
            )
        design.remember(design.targets.fitted_to(data.y[samples]))
        design.learn_input(data, samples)
        plan = design.plan(data, samples, n_threads)
        self.networks, self.before = plan.networks, [None] * plan.n_members
        self.kinds = [number % len(plan.networks) for number in range(plan.n_members)]
        return design.input.encoded_training(data.X, design.dtype)

    def _continue(self, data, samples):
        """Takes the members and the encoding of the last call; returns the encoded samples."""
        design, net = self.design, self.net
        design.remember(design.targets.widened_to(data.y[samples]))
        self.networks, self.before = design.fitted_networks(), net.estimators_
        self.kinds = [member.kind for member in net.estimators_]
        return design.input.encoded(data.X, design.dtype)

    # ---- members -------------------------------------------------------------------------------

    def _recipe(self, n_samples, n_threads):
        """How every member is trained."""
        net = self.net
        self.n_passes = 1 if net.max_iter == "auto" else min(int(net.max_iter), MAX_COUNT)
        schedule = schedule_of(net, Endless(net._rate_falls_from))
        # without a schedule, and a number of calls that it is made for, there is no end to anneal to
        endless = net.max_iter == "auto" or not schedule.per_step
        return self.design.recipe(
            self.networks,
            Constant() if endless and schedule.per_step else schedule,
            self._fitted_so_far,
            n_samples,
            n_threads=n_threads,
            annealing=FlatCosine() if net.anneal_regularization and not endless else None,
        )

    def _tasks(self, rows, data, samples, optimizer):
        """What each member is trained on; seeds are drawn for those that have no state of their own."""
        training = self.design.encoded(rows, data, self.networks[0].engine)
        states = [member and member.optimizer for member in self.before]
        seeds = [0] * len(states)
        if not all(state and state.belongs_to(optimizer) for state in states):
            random_state = check_random_state(self.net.random_state)
            seeds = random_state.randint(np.iinfo(np.int32).max, size=len(states))
        return tasks_of_passes(self.networks, training, samples, self.kinds, seeds, self.n_passes)

    # ---- what is left --------------------------------------------------------------------------

    def _publish(self, members):
        """Sets the fitted attributes."""
        if self.first:
            for member in members:
                member.weight = 1 / len(members)
        take_members(self.net, members)
        warn_unfinished([member.ending() for member in members])

    def _fitted_so_far(self, member):
        """Attributes of an estimator with this member alone."""
        fitted = as_if_fitted(self.net, {"estimators_": []})
        take_members(fitted, [copy.deepcopy(member)])
        return learned(fitted)
