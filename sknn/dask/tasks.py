"""What workers do: functions of their arguments alone, so that another worker can do it again.

A worker that is lost takes results with it. The scheduler then runs their tasks elsewhere, and the same arguments
give the same bits.
"""

import copy
from dataclasses import dataclass, field

import numpy as np

from sknn._extra import import_extra
from sknn.inputs.dataset import Given, some_of
from sknn.optimizers import solver_of
from sknn.training.history import OptimizerState


@dataclass
class Replica:
    """A network during a round: where its weights are by now, and what it has seen."""

    #: as ``get_weights`` gives them
    weights: list
    learning_rate: float
    #: samples that all replicas had seen when the round began, for schedules that count them
    seen: int
    #: the optimizer's moments, as OptimizerState has them, and its steps
    slots: list = field(default_factory=list)
    steps: int = 0
    #: of this round: number of samples, and their losses added up
    n_samples: int = 0
    loss: float = 0.0


@dataclass(frozen=True)
class Visit:
    """Some samples of a partition for a replica to train on, and when in the training that is."""

    #: the samples are those from `start` to `stop` in the order that `order` draws; None: all, as they lie
    start: int
    stop: int
    order: tuple[int, ...] | None
    seed: int
    batch_size: int
    #: the visit is epoch `epoch` of `n_epochs` of its length
    epoch: int
    n_epochs: int


def initialized(net, X, y, classes):
    """The network, built and with its first weights."""
    return net._fit(Given(X, y), train=False, incremental=True, classes=classes)


def literal(value):
    """A value as a task, which the scheduler can repeat where a scattered value would be lost."""
    return value


def train(template, replica, X, y, sample_weight, visit):
    """The Replica after one epoch over the samples of a visit.

    Parameters
    ----------
    template : NetworkEstimator
        Initialized; what the rounds do not change.
    replica : Replica
    X, y, sample_weight : a partition
        The last may be None.
    visit : Visit
    """
    net = _loaded(template, replica, visit)
    given = [X, y] if sample_weight is None else [X, y, sample_weight]
    if visit.order is not None or visit.stop - visit.start < len(X):
        samples = _samples(len(X), visit)
        given = [some_of(part, samples) for part in given]
    net.partial_fit(*given)
    optimizer, n = net._optimizer, len(given[0])
    return Replica(
        net.get_weights(),
        optimizer.learning_rate,
        replica.seen,
        optimizer.slots,
        optimizer.steps,
        replica.n_samples + n,
        replica.loss + n * net.loss_,
    )


def average(replicas):
    """The mean of replicas by their numbers of samples."""
    n_samples = sum(replica.n_samples for replica in replicas)
    parts = [replica.n_samples / n_samples for replica in replicas]

    def mean(lists):
        """The mean over the replicas of each array in their lists."""
        groups = zip(*lists, strict=True)
        return [sum(p * a for p, a in zip(parts, group, strict=True)) for group in groups]

    slots = [
        tuple(mean(lists) for lists in zip(*slot, strict=True))
        for slot in zip(*(replica.slots for replica in replicas), strict=True)
    ]
    return Replica(
        mean(replica.weights for replica in replicas),
        replicas[0].learning_rate,
        replicas[0].seen,
        slots,
        max(replica.steps for replica in replicas),
        n_samples,
        sum(replica.loss for replica in replicas),
    )


def _samples(n, visit):
    """Numbers of the samples of a visit, sorted: the order within is the shuffling's business."""
    if visit.order is None:
        return np.arange(visit.start, visit.stop)
    drawn = np.random.default_rng(visit.order).permutation(n)
    return np.sort(drawn[visit.start : visit.stop])


def _loaded(template, replica, visit):
    """A copy of the template with the weights and the optimizer's state of a replica."""
    net = copy.copy(template)
    solver = solver_of(net.solver, net) if isinstance(net.solver, str) else net.solver
    net.set_params(
        max_iter=visit.n_epochs,
        batch_size=min(visit.batch_size, visit.stop - visit.start),
        n_threads=_threads(net.n_threads),
        # for the whole of training to decide, not for an epoch of it
        n_iter_no_change=np.inf,
        max_time=None,
        verbose=False,
    )
    net.set_weights(replica.weights)
    zeros = [list(map(np.zeros_like, arrays)) for arrays in (net.coefs_, net.intercepts_)]
    net._optimizer = OptimizerState(
        net.learning_rate_init,
        replica.learning_rate,
        steps=replica.steps,
        epochs=visit.epoch,
        seed=visit.seed,
        kind=solver.kind,
        slots=replica.slots or [(*zeros,)] * solver.n_slots,
    )
    net.t_ = replica.seen
    return net


def _threads(n_threads):
    """OpenMP threads of a task: those that its worker has for tasks, unless the estimator says."""
    if n_threads is not None:
        return n_threads
    distributed = import_extra("distributed", "Distributed", "dask")
    return distributed.get_worker().state.nthreads
