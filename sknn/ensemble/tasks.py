"""What each member of an ensemble is trained on: folds, seeds, epochs."""

import math
import warnings
from dataclasses import dataclass, replace

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold

from sknn._warnings import warn
from sknn.ensemble.members import Encoded, Task
from sknn.inputs.dataset import too_few_to_validate

#: with fewer samples than this there is nothing to validate on
FEWEST_TO_VALIDATE = 10
#: below so many samples a tenth of them is too few to find the best epoch, and a fifth validates
FEW = 500
MIN_FOLDS_OF_FEW, MIN_FOLDS = 5, 10


@dataclass(frozen=True)
class Plan:
    """How an ensemble is trained: its members, their kinds in turn, and their folds.

    Parameters
    ----------
    networks : list of Network
        Of each kind of members.
    n_members, epochs : int
    one_fold : bool
        Whether all members have the same validation fold.
    """

    networks: list
    n_members: int
    epochs: int
    one_fold: bool

    def tasks(self, training, data, samples, validation, targets, scorer, random_state):
        """What each member is trained on: all but a fold, or all where validation data are given.

        Members are of the networks' kinds in turn, and one of each kind has the same fold.

        Parameters
        ----------
        training : Encoded
        data : Dataset
            Not encoded.
        samples : ndarray of int
            Those that count.
        validation : (Dataset, Encoded) or None
            The user's.
        targets : Targets
        scorer : callable
            (Dataset) -> (logits, member) -> score, see :class:`Task`
        random_state : RandomState
        """
        seeds = random_state.randint(np.iinfo(np.int32).max, size=self.n_members)
        kinds = self._of_kinds(training)
        if validation is not None:
            part = samples, None, self._of_kinds(validation[1]), scorer(validation[0])
            parts = [part] * self.n_members
        elif len(samples) < FEWEST_TO_VALIDATE:
            parts = [(samples, None, [None] * len(self.networks), None)] * self.n_members
        else:
            folds = self._folds(targets, data.y[samples], random_state)
            _warn_of_small_folds(targets, data.y[samples], folds)
            parts = [
                self._part(training, data, samples[inside], samples[outside], scorer)
                for inside, outside in folds
            ]
        tasks = []
        for number, seed in enumerate(seeds):
            group, kind = divmod(number, len(self.networks))
            inside, held_out, validations, score = parts[group]
            task = Task(
                kind=kind,
                training=kinds[kind],
                samples=inside,
                validation=validations[kind],
                held_out=held_out,
                score=score,
                seed=int(seed),
                epochs=self.epochs,
                last_epoch=self.epochs,
            )
            tasks.append(task)
        return tasks

    def _of_kinds(self, samples):
        """Samples as each of the networks takes them."""
        return [samples.narrowed(network.engine, network.n_features) for network in self.networks]

    def _part(self, training, data, inside, outside, scorer):
        """(training samples, validation samples, these for each kind, their score) of a group."""
        validation = training.take(self.networks[0].engine, outside)
        return inside, outside, self._of_kinds(validation), scorer(data.take(outside))

    def _folds(self, targets, y, random_state):
        """(training, validation) samples of each group of members: folds of one partition."""
        n_groups = math.ceil(self.n_members / len(self.networks))
        n_folds = max(MIN_FOLDS if len(y) >= FEW else MIN_FOLDS_OF_FEW, n_groups)
        if n_folds > len(y):
            raise ValueError(
                f"n_members={self.n_members} asks for {n_folds} folds, but there are {len(y)} samples."
            )
        seed = random_state.randint(np.iinfo(np.int32).max)
        strata = targets.strata(y)
        if strata is None or np.bincount(strata.astype(int)).max() < n_folds:
            folds = list(KFold(n_folds, shuffle=True, random_state=seed).split(y))
        else:
            stratified = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "The least populated class", UserWarning)
                folds = list(stratified.split(y, strata))
        return folds[:1] * n_groups if self.one_fold else folds[:n_groups]


def _warn_of_small_folds(targets, y, folds):
    """One warning where the validation fold of a member says little about its epochs."""
    for _, outside in folds:
        few = too_few_to_validate(targets, y, outside)
        if few:
            warn(
                f"A fold of {len(y)} samples leaves a member {few} to validate on: scores of so few "
                "say little about its best epoch. Fit with more samples, or pass X_val and y_val."
            )
            return


def encoded(input_, data, targets, dtype, engine):
    """Encoded samples as the engine takes them."""
    rows, weights = input_.encoded(data.X, dtype), data.weights
    weights = None if weights is None else weights.astype(dtype)
    return Encoded(rows, engine.Rows(rows), targets.encode(data.y, dtype), weights)


def tasks_of_refit(tasks, samples, members):
    """The same members on all samples, each for as many epochs as were best for it.

    Not for their mean: the learning rate comes in cycles, and best epochs are those where it is low.
    """
    return [
        replace(task, samples=samples, validation=None, held_out=None, last_epoch=member.best_epoch)
        for task, member in zip(tasks, members, strict=True)
    ]
