"""What each member of an ensemble is trained on: folds, seeds, epochs, and its share of the time."""

import math
import warnings
from dataclasses import replace

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold

from sknn import engine
from sknn._ranges import MAX_COUNT
from sknn.estimators._members import Samples, Task
from sknn.estimators._table import TableColumns

#: with fewer samples than this there is nothing to hold out
FEWEST_TO_HOLD_OUT = 10
#: below so many samples a tenth of them is too few to find the best epoch, and a fifth is held out
FEW = 500
MIN_FOLDS_OF_FEW, MIN_FOLDS = 5, 10


def _of_kinds(samples, networks):
    """Samples as each of the networks takes them."""
    return [samples.narrowed(network.engine, network.n_features) for network in networks]


class MemberTasks:
    """The tasks that an estimator of tables gives to its members."""

    def _samples(self, X, y, weights):
        """Encoded samples as the engine takes them."""
        dtype = np.dtype(self.dtype)
        rows = self._encoder.encode(TableColumns(X), dtype)
        weights = None if weights is None else weights.astype(dtype)
        return Samples(rows, engine.load(dtype.name).Rows(rows), self._encode(y, dtype), weights)

    def _plan(self, effort, n_samples, n_estimators):
        """(members, epochs) of a fit, of networks of all kinds in turn."""
        one_epoch = n_samples * np.mean(
            [network.multiply_adds for network in self._networks(self.dtype)]
        )
        n_estimators, epochs = effort.plan(one_epoch, n_estimators)
        if self.max_iter != "auto":
            epochs = min(int(self.max_iter), MAX_COUNT)
        return int(n_estimators), epochs

    def _tasks(self, data, samples, validation, networks, plan, random_state):
        """What each member is trained on: all but a fold, or all where validation data are given.

        Members are of the networks' kinds in turn, and one of each kind holds out the same fold.
        """
        n_estimators, epochs = plan
        seeds = random_state.randint(np.iinfo(np.int32).max, size=n_estimators)
        training = self._samples(data.X, data.y, data.weights)
        kinds = _of_kinds(training, networks)
        if validation is not None:
            holdout = self._samples(validation.X, validation.y, validation.weights)
            part = samples, None, _of_kinds(holdout, networks), self._scorer(validation)
            parts = [part] * n_estimators
        elif len(samples) < FEWEST_TO_HOLD_OUT:
            parts = [(samples, None, [None] * len(networks), None)] * n_estimators
        else:
            n_groups = math.ceil(n_estimators / len(networks))
            y = data.y[samples]
            folds = self._folds(y, n_groups, random_state)
            self._warn_of_small_folds(y, folds)
            parts = [
                self._part(training, data, samples[inside], samples[outside], networks)
                for inside, outside in folds
            ]
        tasks = []
        for number, seed in enumerate(seeds):
            group, kind = divmod(number, len(networks))
            inside, held_out, holdouts, score = parts[group]
            task = Task(
                kind=kind,
                training=kinds[kind],
                samples=inside,
                holdout=holdouts[kind],
                held_out=held_out,
                score=score,
                seed=int(seed),
                epochs=epochs,
                last_epoch=epochs,
            )
            tasks.append(task)
        return tasks

    def _part(self, training, data, inside, outside, networks):
        """(training samples, held-out ones, these for each kind, their score) of a group of members."""
        holdout = training.take(networks[0].engine, outside)
        return inside, outside, _of_kinds(holdout, networks), self._scorer(data.take(outside))

    def _folds(self, y, n_groups, random_state):
        """(training, held-out) samples of each group of members: folds of one partition."""
        n_folds = max(MIN_FOLDS if len(y) >= FEW else MIN_FOLDS_OF_FEW, n_groups)
        if n_folds > len(y):
            raise ValueError(
                f"n_estimators={self.n_estimators} asks for {n_folds} folds, but there are {len(y)} samples."
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
        return folds[:1] * n_groups if self.validation == "holdout" else folds[:n_groups]

    def _warn_of_small_folds(self, y, folds):
        """One warning where the samples that a member holds out say little about its epochs."""
        for _, outside in folds:
            few = self._too_few_to_validate(y, outside)
            if few:
                warnings.warn(
                    f"A fold of {len(y)} samples leaves a member {few} to validate on: scores of so few "
                    "say little about its best epoch. Fit with more samples, or pass X_val and y_val.",
                    stacklevel=7,
                )
                return

    def _stratify(self, y):
        """What the folds are stratified by; None for nothing."""
        return None

    def _tasks_of_refit(self, tasks, samples, members):
        """The same members on all samples, each for as many epochs as were best for it.

        Not for their mean: the rate comes in waves, and best epochs are those where it is low.
        """
        return [
            replace(
                task,
                samples=samples,
                holdout=None,
                held_out=None,
                last_epoch=member.best_epoch,
            )
            for task, member in zip(tasks, members, strict=True)
        ]
