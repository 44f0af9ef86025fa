"""What each member of an ensemble is trained on: folds, seeds, epochs."""

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from sknn.ensemble.folds import folds
from sknn.ensemble.members import Chosen, Encoded, Held, Task

#: with fewer samples than this there is nothing to validate on, unless the user says what
FEWEST_TO_VALIDATE = 10


@dataclass(frozen=True)
class Plan:
    """How an ensemble is trained: its members, their kinds in turn, and their folds.

    Parameters
    ----------
    networks : list of Network
        Of each kind of members.
    n_members : int
    epochs : list of int
        Of a member of each kind.
    validation : the parameter of the estimator
    """

    networks: list
    n_members: int
    epochs: list[int]
    validation: Any

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
            (Dataset, numbers of samples) -> score, see :class:`Held`
        random_state : RandomState
        """
        seeds = random_state.randint(np.iinfo(np.int32).max, size=self.n_members)
        kinds = of_kinds(training, self.networks)
        n_groups = math.ceil(self.n_members / len(self.networks))
        few = isinstance(self.validation, str) and len(samples) < FEWEST_TO_VALIDATE
        validated = validation is not None or not few
        if validation is None and validated:
            groups = folds(self.validation, n_groups, data, kinds[0], targets, random_state)
        else:
            groups = [(samples, None)] * n_groups

        def held(kind, outside):
            compiled, known, samples = self.networks[kind].engine, data, kinds[kind]
            if outside is None:
                known, samples = validation[0], of_kinds(validation[1], [self.networks[kind]])[0]
                outside = np.arange(len(samples))
            return Held(Chosen(samples, compiled, outside), scorer(known, outside))

        tasks = []
        for number, seed in enumerate(seeds):
            group, kind = divmod(number, len(self.networks))
            inside, outside = groups[group]
            task = Task(
                kind=kind,
                training=kinds[kind],
                samples=inside,
                validation=partial(held, kind, outside) if validated else None,
                held_out=outside,
                seed=int(seed),
                epochs=self.epochs[kind],
                last_epoch=self.epochs[kind],
            )
            tasks.append(task)
        return tasks


def of_kinds(samples, networks):
    """Encoded samples as each of the networks takes them; networks of the same width share them."""
    compiled = networks[0].engine
    widths = {network.n_features for network in networks}
    of_width = {width: samples.narrowed(compiled, width) for width in widths}
    return [of_width[network.n_features] for network in networks]


def encoded(rows, n_numbers, data, targets, dtype, engine):
    """Encoded samples as the engine takes them."""
    weights = data.weights
    weights = None if weights is None else weights.astype(dtype)
    encoded = targets.encode(data.y, dtype)
    return Encoded(rows, engine.Rows(rows), encoded, weights, n_numbers)


def tasks_of_refit(tasks, samples, members):
    """The same members on all samples, each for as many epochs as were best for it.

    Not for their mean: the learning rate comes in cycles, and best epochs are those where it is low.
    """
    return [
        replace(task, samples=samples, validation=None, held_out=None, last_epoch=member.best_epoch)
        for task, member in zip(tasks, members, strict=True)
    ]


def tasks_of_passes(networks, training, samples, kinds, seeds, n_passes):
    """The members of these kinds on all samples, with schedules for so many passes; see `Plan.tasks`."""
    trained = of_kinds(training, networks)
    return [
        Task(
            kind=kind,
            training=trained[kind],
            samples=samples,
            validation=None,
            held_out=None,
            seed=int(seed),
            epochs=n_passes,
            last_epoch=n_passes,
        )
        for kind, seed in zip(kinds, seeds, strict=True)
    ]
