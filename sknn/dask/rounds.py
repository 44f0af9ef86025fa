"""Local SGD with an outer optimizer: replicas train apart, and are brought together after each round."""

import math
import time
from dataclasses import dataclass

import numpy as np

from sknn.dask.tasks import Replica, Visit, average, literal, train
from sknn.estimators.trainers import schedule_of
from sknn.training.history import CONVERGED, MAX_ITER, TIME
from sknn.training.loop import Ending
from sknn.training.progress import Lines

#: samples of a replica's mini-batch at the least, where that of the estimator is divided among many
SMALLEST_BATCH = 16


class OuterNesterov:
    """Nesterov's momentum on averaged weight differences.

    With the weights w of the last round and the mean w' of the replicas, the difference Δ = w' - w is
    the negative outer gradient::

        v ← momentum v + Δ
        w ← w + rate (Δ + momentum v)

    Running statistics of batch normalization are no weights: they are averaged.

    Parameters
    ----------
    weights : list of ndarray
        As ``get_weights`` gives them.
    n_trained : int
        How many of them are trained; the others are running statistics.
    rate, momentum : float
    """

    def __init__(self, weights, n_trained, rate, momentum):
        # float64: a step is small beside the weights
        self.weights = [array.astype(np.float64) for array in weights]
        self.velocities = [np.zeros_like(array) for array in self.weights[:n_trained]]
        self.rate, self.momentum = rate, momentum

    def step(self, mean):
        """Moves the weights, given the mean of the replicas."""
        for number, velocity in enumerate(self.velocities):
            difference = mean[number] - self.weights[number]
            velocity *= self.momentum
            velocity += difference
            self.weights[number] += self.rate * (difference + self.momentum * velocity)
        n_trained = len(self.velocities)
        self.weights[n_trained:] = [array.astype(np.float64) for array in mean[n_trained:]]


@dataclass(frozen=True)
class Plan:
    """Who trains on what: partitions, divided among replicas, and rounds."""

    lengths: tuple[int, ...]
    n_replicas: int
    rounds_per_epoch: int
    n_epochs: int
    batch_size: int
    seed: int
    shuffle: bool

    def visits(self, replica, epoch, round_):
        """(number of a partition, Visit) of one replica in one round.

        A replica's samples of an epoch are its partitions one after the other, in another order each
        time. A round takes its part of these.
        """
        own = np.array_split(np.arange(len(self.lengths)), self.n_replicas)[replica]
        if self.shuffle:
            own = np.random.default_rng((self.seed, epoch, replica)).permutation(own)
        total = sum(self.lengths[p] for p in own)
        start, stop = (total * k // self.rounds_per_epoch for k in (round_, round_ + 1))
        passed = 0
        for p in own.tolist():
            first, last = max(start - passed, 0), min(stop - passed, self.lengths[p])
            if first < last:
                yield p, self._visit(p, epoch, first, last, passed + first, total)
            passed += self.lengths[p]

    def _visit(self, partition, epoch, first, last, before, total):
        key = (self.seed, epoch, partition)
        n_epochs = max(1, round(self.n_epochs * total / (last - first)))
        progress = (epoch + before / total) / self.n_epochs
        return Visit(
            first,
            last,
            key if self.shuffle else None,
            int(np.random.SeedSequence((*key, first)).generate_state(1)[0] >> 1),
            self.batch_size,
            min(round(progress * n_epochs), n_epochs - 1),
            n_epochs,
        )


class Rounds:
    """A run of training: epochs of rounds, until it is planned to end or nothing improves.

    Parameters
    ----------
    client : distributed.Client
    net : NetworkEstimator
        Initialized.
    partitions : list of Partition
    plan : Plan
    outer : OuterNesterov

    Attributes
    ----------
    loss_curve : list of float
        Mean loss over the samples of each epoch.
    """

    def __init__(self, client, net, partitions, plan, outer):
        self.client, self.net, self.partitions = client, net, partitions
        self.plan, self.outer = plan, outer
        self.started, self.n_samples = time.monotonic(), sum(plan.lengths)
        self.template = client.submit(literal, net, pure=False)
        self.schedule = schedule_of(net.learning_rate, net)
        self.learning_rate = net.learning_rate_init
        self.moments = [], 0
        self.loss_curve, self.best, self.no_improvement = [], math.inf, 0

    def run(self):
        """Trains, and returns the Ending."""
        for epoch in range(self.plan.n_epochs):
            means = [self._round(epoch, number) for number in range(self.plan.rounds_per_epoch)]
            n_samples = sum(mean.n_samples for mean in means)
            self._close_epoch(sum(mean.loss for mean in means) / n_samples)
            if self._has_converged():
                return self._ending(CONVERGED)
            if self._is_late():
                return self._ending(TIME)
        return self._ending(MAX_ITER)

    def _round(self, epoch, number):
        """One round: all replicas train at the same time, and the weights make an outer step."""
        seen = self.n_samples * epoch
        weights = [array.astype(self.net._fitted_dtype()) for array in self.outer.weights]
        replica = Replica(weights, self.learning_rate, seen, *self.moments)
        start = self.client.submit(literal, replica, pure=False)
        ends = [self._replica(start, r, epoch, number) for r in range(self.plan.n_replicas)]
        mean = self.client.submit(average, ends, pure=False).result()
        self.outer.step(mean.weights)
        self.learning_rate, self.moments = mean.learning_rate, (mean.slots, mean.steps)
        return mean

    def _replica(self, start, replica, epoch, number):
        """The future of a replica: tasks in a row, each where its partition lies."""
        now = start
        for p, visit in self.plan.visits(replica, epoch, number):
            part = self.partitions[p]
            data = part.X, part.y, part.sample_weight
            now = self.client.submit(train, self.template, now, *data, visit, pure=False)
        return now

    def _close_epoch(self, loss):
        self.loss_curve.append(loss)
        if not math.isfinite(loss):
            raise ValueError(
                f"The loss became {loss} in epoch {len(self.loss_curve)}: training diverged. Lower "
                "learning_rate_init or outer_learning_rate, set clip_norm, or scale the input."
            )
        if self.net.verbose:
            Lines().epoch(len(self.loss_curve), loss, None)
        self.no_improvement = self.no_improvement + 1 if loss > self.best - self.net.tol else 0
        self.best = min(self.best, loss)

    def _has_converged(self):
        """Whether nothing has improved for long, and the learning rate cannot be lowered."""
        if self.no_improvement <= self.net.n_iter_no_change:
            return False
        rate = self.schedule.on_plateau(self.learning_rate)
        if rate is None:
            return True
        self.learning_rate, self.no_improvement = rate, 0
        return False

    def _is_late(self):
        limit = self.net.max_time
        return limit is not None and time.monotonic() - self.started > limit

    def _ending(self, reason):
        return Ending(reason, len(self.loss_curve), self.loss_curve)
