"""What the parameter ``effort`` of the estimators of tabular data means: kinds of members, and a budget."""

import math
from dataclasses import dataclass, replace

#: samples from which on the work grows with their square root
MANY_SAMPLES = 25_000


@dataclass(frozen=True)
class Kind:
    """One kind of members: what their parameters mean where the estimator's say "auto"."""

    units: int
    n_layers: int
    dropout: float
    #: at least and at most
    epochs: tuple[int, int]
    #: of numerical features; the frequencies of a periodic one have the standard deviation `sigma`
    embedding: str = "periodic"
    sigma: float = 0.1
    thresholds: bool = False


@dataclass(frozen=True)
class Effort:
    """How much is spent on a fit where the parameters say "auto"."""

    #: members are of these in turn
    kinds: tuple[Kind, ...]
    #: at least and at most
    members: tuple[int, int]
    #: multiply-adds of a forward pass over all samples, all epochs and members together
    multiply_adds: float
    #: of the learning rate
    cycles: int = 4

    def of_samples(self, n_samples):
        """The same for a number of samples: with many, an epoch has more steps, and fewer of them will do."""
        scale = math.sqrt(min(1.0, MANY_SAMPLES / n_samples))
        kinds = (replace(kind, epochs=_scaled(kind.epochs, scale)) for kind in self.kinds)
        return replace(self, kinds=tuple(kinds))

    def n_members(self, kinds, one_epoch):
        """As many members as the budget buys with the fewest epochs; of each kind the same number.

        Parameters
        ----------
        kinds : list of Kind
        one_epoch : list of float
            Multiply-adds that a network of each kind takes for all samples once.
        """
        pairs = zip(kinds, one_epoch, strict=True)
        least = sum(kind.epochs[0] * work for kind, work in pairs) / len(kinds)
        n_members = _within(self.members, self.multiply_adds / least)
        return n_members - n_members % len(kinds) if n_members > len(kinds) else n_members

    def epochs(self, kinds, one_epoch, n_members):
        """Epochs of a member of each kind, for the same fraction of the budget."""
        fraction = self.multiply_adds / n_members
        pairs = zip(kinds, one_epoch, strict=True)
        return [_within(kind.epochs, fraction / work) for kind, work in pairs]


def _within(bounds, value):
    low, high = bounds
    return int(min(max(value, low), high))


def _scaled(bounds, scale):
    return tuple(math.ceil(scale * bound) for bound in bounds)


def _both(kind):
    """A kind without and with threshold features."""
    return kind, replace(kind, thresholds=True)


_small = Kind(128, 2, 0.15, (12, 64))
_wide = Kind(256, 3, 0.15, (32, 64))

#: classifiers overfit after few epochs, and gain from members
EFFORTS_CLASSIFICATION = {
    "fast": Effort(_both(_small), (1, 2), 7e9),
    "balanced": Effort(_both(_wide), (4, 8), 1.3e11),
    "best": Effort(_both(replace(_wide, epochs=(96, 128))), (8, 16), 6e12),
}

_lines = Kind(128, 3, 0.0, (64, 384), embedding="piecewise_linear")
#: for functions that vary fast
_waves = Kind(128, 3, 0.0, (64, 384), sigma=1.0)

#: regressors gain from epochs, from no dropout, and from members of different kinds
EFFORTS_REGRESSION = {
    "fast": Effort(_both(replace(_lines, n_layers=2, dropout=0.15, epochs=(12, 128))), (1, 1), 8e9),
    "balanced": Effort((*_both(_lines), _waves), (4, 6), 3.9e11, cycles=5),
    "best": Effort((*_both(_lines), _waves), (12, 16), 6e12, cycles=5),
}

#: samples from which on an embedding is piecewise linear where a kind says so; of fewer it is periodic
PIECEWISE_LINEAR_FROM = 500

#: samples up to which a mini-batch has that many
BATCH_SIZES = ((1024, 64), (8192, 128), (100_000, 256))
LARGEST_BATCH = 512


def batch_size(n_samples):
    """What ``batch_size="auto"`` means: small sets need more steps than large batches give them."""
    return next((size for limit, size in BATCH_SIZES if n_samples <= limit), LARGEST_BATCH)
