"""What the parameter ``effort`` of the estimators of tables means: a table of budgets."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How much is spent on a fit where the parameters say "auto"."""

    units: int
    n_layers: int
    n_members: int
    #: multiply-adds of all members together; epochs follow from them, within bounds
    multiply_adds: float
    min_epochs: int
    max_epochs: int
    #: whether members are trained anew on all samples, for as many epochs as were best
    refit: bool

    def epochs(self, n_samples, network_multiply_adds, n_members):
        """Epochs of a member with that many samples."""
        one_epoch = n_samples * network_multiply_adds * n_members
        return int(min(max(self.multiply_adds / one_epoch, self.min_epochs), self.max_epochs))


EFFORTS = {
    "fast": Effort(128, 2, 1, 2e10, 16, 128, refit=False),
    "balanced": Effort(256, 3, 4, 2e11, 32, 256, refit=False),
    "best": Effort(256, 3, 8, 8e12, 128, 256, refit=True),
}

#: samples up to which a mini-batch has that many
BATCH_SIZES = ((1024, 64), (8192, 128), (100_000, 256))
LARGEST_BATCH = 512


def batch_size(n_samples):
    """What ``batch_size="auto"`` means: small sets need more steps than large batches give them."""
    return next((size for limit, size in BATCH_SIZES if n_samples <= limit), LARGEST_BATCH)
