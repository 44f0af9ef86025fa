"""Losses: what training minimises. A loss takes the network's outputs (logits) and owns the link that
turns them into predictions; the formulas stand in ``engine/loss.pxi`` beside the code and in the user
guide.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, softmax

LINKS = {"softmax": "softmax", "binary": "logistic", "poisson": "exp", "gamma": "exp"}


@dataclass(frozen=True)
class Loss:
    """A loss of the engine with its options.

    Parameters
    ----------
    kind : {"softmax", "binary", "squared_error", "absolute_error", "huber", "poisson", "gamma", "quantile"}
    group_sizes : tuple of int
        Classes of each softmax; for the other losses the number of outputs, alone.
    option : float, or for the quantile one for each output
        Label smoothing, huber's delta or the quantile.
    """

    kind: str
    group_sizes: tuple[int, ...]
    option: float | tuple[float, ...] = 0.0

    @property
    def n_outputs(self):
        """Width of the logits."""
        return sum(self.group_sizes)

    @property
    def link(self):
        """Name of the function from logits to predictions, scikit-learn's ``out_activation_``."""
        return LINKS.get(self.kind, "identity")

    @classmethod
    def with_link(cls, link, group_sizes):
        """A loss with a given link: all that prediction needs of it."""
        kinds = {name: kind for kind, name in LINKS.items()}
        return cls(kinds.get(link, "squared_error"), tuple(group_sizes))

    @property
    def value_scale(self):
        """Factor of the reported loss: regression losses are means over the outputs.

        As in scikit-learn the Poisson loss is a sum over them, and so is gamma's.
        """
        summed = self.kind in {"softmax", "binary", "poisson", "gamma"}
        return 1.0 if summed else 1.0 / self.n_outputs

    def predict(self, logits):
        """The link of logits (n, n_outputs) outside of the engine, which applies it in ``forward``."""
        if self.link == "softmax":
            ends = np.cumsum(self.group_sizes)[:-1]
            groups = np.split(np.asarray(logits, np.float64), ends, axis=1)
            return np.concatenate([softmax(group, axis=1) for group in groups], axis=1)
        if self.link == "logistic":
            return expit(np.asarray(logits, np.float64))
        return np.exp(logits, dtype=np.float64) if self.link == "exp" else logits

    def lower(self, engine, mean_gradient=False):
        """What the engine's Program takes."""
        gradient_scale = self.value_scale if mean_gradient else 1.0
        kind = engine.LOSSES[self.kind]
        return kind, self.group_sizes, self.option, self.value_scale, gradient_scale
