"""What each member of an ensemble is trained on: folds, seeds, epochs, and its share of the time."""

import math
import warnings
from dataclasses import replace

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold

from sknn import engine
from sknn.estimators._members import Samples, Task
from sknn.estimators._table import TableColumns

#: with fewer samples than this there is nothing to hold out
FEWEST_TO_HOLD_OUT = 10
#: below so many samples a tenth of them is too few to find the best epoch, and a fifth is held out
FEW = 500
MIN_FOLDS_OF_FEW, MIN_FOLDS = 5, 10


class MemberTasks:
    """The tasks that an estimator of tables gives to its members."""

    def _samples(self, X, y, weights):
        """Encoded samples as the engine takes them."""
        dtype = np.dtype(self.dtype)
        rows = self._encoder.encode(TableColumns(X), dtype)
        weights = None if weights is None else weights.astype(dtype)
        return Samples(rows, engine.load(dtype.name).Rows(rows), self._encode(y, dtype), weights)

    def _tasks(self, data, samples, validation, effort, network, random_state):
        """What each member is trained on: all but a fold of its own, or all where validation data are given."""
        n_members, epochs = effort.plan(len(samples) * network.multiply_adds, self.n_members)
        if self.max_iter != "auto":
            epochs = self.max_iter
        training = self._samples(data.X, data.y, data.weights)
        seeds = random_state.randint(np.iinfo(np.int32).max, size=n_members)
        budget = self._time_of_member(n_members, 0.0)
        if validation is not None:
            holdout = self._samples(validation.X, validation.y, validation.weights)
            score = self._scorer(validation)
            parts = [(samples, holdout, None, score)] * n_members
        elif len(samples) < FEWEST_TO_HOLD_OUT:
            parts = [(samples, None, None, None)] * n_members
        else:
            parts = [
                self._part(training, data, samples[inside], samples[outside])
                for inside, outside in self._folds(data.y[samples], n_members, random_state)
            ]
        return [
            Task(training, inside, holdout, held_out, score, int(seed), epochs, epochs, budget)
            for (inside, holdout, held_out, score), seed in zip(parts, seeds, strict=True)
        ]

    def _part(self, training, data, inside, outside):
        holdout = training.take(engine.load(np.dtype(self.dtype).name), outside)
        return inside, holdout, outside, self._scorer(data.take(outside))

    def _folds(self, y, n_members, random_state):
        """(training, held-out) samples of each member: folds of one partition."""
        n_folds = max(MIN_FOLDS if len(y) >= FEW else MIN_FOLDS_OF_FEW, n_members)
        if n_folds > len(y):
            raise ValueError(
                f"n_members={n_members} asks for {n_folds} folds, but there are {len(y)} samples."
            )
        seed = random_state.randint(np.iinfo(np.int32).max)
        strata = self._stratify(y)
        if strata is None or np.bincount(strata.astype(int)).max() < n_folds:
            folds = KFold(n_folds, shuffle=True, random_state=seed).split(y)
        else:
            folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "The least populated class", UserWarning)
                folds = list(folds.split(y, strata))
        folds = list(folds)
        return folds[:1] * n_members if self.members == "seeds" else folds[:n_members]

    def _stratify(self, y):
        """What the folds are stratified by; None for nothing."""
        return None

    def _time_of_member(self, n_members, spent):
        """Seconds of a member, so that all of them end in time; None for no end."""
        if self.max_time is None:
            return None
        n_threads = engine.effective_threads(self.n_threads)
        rounds = math.ceil(n_members / min(n_threads, n_members))
        return max(self.max_time - spent, 0.0) / rounds

    def _wants_refit(self, effort):
        return effort.refit if self.refit == "auto" else self.refit

    def _tasks_of_refit(self, tasks, samples, members, random_state, spent):
        """All samples, for as many epochs as were best on average."""
        epochs = max(round(float(np.mean([member.best_epoch for member in members]))), 1)
        seeds = random_state.randint(np.iinfo(np.int32).max, size=len(tasks))
        budget = self._time_of_member(len(tasks), spent)
        return [
            replace(
                task,
                samples=samples,
                holdout=None,
                held_out=None,
                seed=int(seed),
                last_epoch=epochs,
                max_time=budget,
            )
            for task, seed in zip(tasks, seeds, strict=True)
        ]
