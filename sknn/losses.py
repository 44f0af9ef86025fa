"""Losses. A loss takes the network's outputs (logits); its link function maps them to predictions.

The formulas are in ``engine/loss.pxi`` and in the user guide.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, softmax

LINKS = {"softmax": "softmax", "binary": "logistic", "poisson": "exp", "gamma": "exp"}


@dataclass(frozen=True)
class Loss:
    """A loss with its options.

    Parameters
    ----------
    kind : {"softmax", "binary", "squared_error", "absolute_error", "huber", "poisson", "gamma", "quantile"}
    group_sizes : tuple of int
        Number of classes of each softmax; for other losses a single number, that of the outputs.
    option : float, or for the quantile loss optionally one per output
        Label smoothing, delta of the Huber loss, or the quantile.
    """

    kind: str
    group_sizes: tuple[int, ...]
    option: float | tuple[float, ...] = 0.0

    @property
    def n_outputs(self):
        """Number of outputs."""
        return sum(self.group_sizes)

    @property
    def link(self):
        """Name of the link function, scikit-learn's ``out_activation_``."""
        return LINKS.get(self.kind, "identity")

    @classmethod
    def with_link(cls, link, group_sizes):
        """Make a loss with a given link, for prediction only."""
        kinds = {name: kind for kind, name in LINKS.items()}
        return cls(kinds.get(link, "squared_error"), tuple(group_sizes))

    @property
    def value_scale(self):
        """Factor of the reported loss: regression losses are means over the outputs.

        The Poisson and gamma losses are sums, as in scikit-learn.
        """
        summed = self.kind in {"softmax", "binary", "poisson", "gamma"}
        return 1.0 if summed else 1.0 / self.n_outputs

    def predict(self, logits):
        """Apply the link to logits (n, n_outputs); the engine does this in ``forward``."""
        if self.link == "softmax":
            ends = np.cumsum(self.group_sizes)[:-1]
            groups = np.split(np.asarray(logits, np.float64), ends, axis=1)
            return np.concatenate([softmax(group, axis=1) for group in groups], axis=1)
        if self.link == "logistic":
            return expit(np.asarray(logits, np.float64))
        return np.exp(logits, dtype=np.float64) if self.link == "exp" else logits

    def lower(self, engine, mean_gradient=False):
        """Describe the loss for the engine's Program."""
        gradient_scale = self.value_scale if mean_gradient else 1.0
        kind = engine.LOSSES[self.kind]
        return kind, self.group_sizes, self.option, self.value_scale, gradient_scale
