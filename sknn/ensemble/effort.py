"""What the parameter ``effort`` of the estimators of tabular data means: a table of budgets."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How much is spent on a fit where the parameters say "auto"."""

    units: int
    n_layers: int
    #: at least and at most
    members: tuple[int, int]
    epochs: tuple[int, int]
    #: multiply-adds of a forward pass over all samples, all epochs and members together
    multiply_adds: float

    def plan(self, one_epoch, n_members="auto"):
        """(members, epochs) for a network that takes that many multiply-adds for all samples once.

        The budget first buys members of the fewest epochs, then more epochs.
        """
        if n_members == "auto":
            n_members = _within(self.members, self.multiply_adds / (self.epochs[0] * one_epoch))
        return n_members, _within(self.epochs, self.multiply_adds / (n_members * one_epoch))


def _within(bounds, value):
    low, high = bounds
    return int(min(max(value, low), high))


#: classifiers overfit after few epochs, and gain from members; regressors gain from epochs
EFFORTS_CLASSIFICATION = {
    "fast": Effort(128, 2, (1, 2), (12, 64), 7e9),
    "balanced": Effort(256, 3, (4, 8), (32, 64), 1.3e11),
    "best": Effort(256, 3, (8, 16), (96, 128), 6e12),
}
EFFORTS_REGRESSION = {
    "fast": Effort(128, 2, (1, 1), (12, 128), 8e9),
    "balanced": Effort(256, 3, (4, 4), (32, 256), 1.3e11),
    "best": Effort(256, 3, (8, 16), (128, 256), 6e12),
}

#: samples up to which a mini-batch has that many
BATCH_SIZES = ((1024, 64), (8192, 128), (100_000, 256))
LARGEST_BATCH = 512


def batch_size(n_samples):
    """What ``batch_size="auto"`` means: small sets need more steps than large batches give them."""
    return next((size for limit, size in BATCH_SIZES if n_samples <= limit), LARGEST_BATCH)
