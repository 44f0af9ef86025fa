"""How y enters and predictions leave: class labels, and continuous targets."""

from typing import Any, Protocol

import numpy as np

from sknn.losses import Loss


class Targets(Protocol):
    """What training asks of targets, whatever they are."""

    @property
    def loss(self) -> Loss:
        """What training minimizes."""

    @property
    def group_sizes(self) -> tuple[int, ...]:
        """Classes of each softmax, or the number of outputs."""

    @property
    def n_outputs(self) -> int:
        """Outputs of the network."""

    @property
    def attributes(self) -> dict:
        """The fitted attributes of an estimator that hold what was learned."""

    def check(self, y: Any) -> np.ndarray:
        """Validated y as ``encode`` takes it; raises where it does not fit to y of fit."""

    def hint(self, y: np.ndarray) -> None:
        """Warn where validated training targets most likely want another form."""

    def encode(self, y: np.ndarray, dtype: Any) -> np.ndarray:
        """Targets as the loss takes them."""

    def weighted(self, y: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray | None:
        """Sample weights times those of the classes."""

    def strata(self, y: np.ndarray) -> np.ndarray | None:
        """Numbers of classes that a split keeps the proportions of; None for none."""

    def score(self, logits: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None) -> float:
        """The score of the estimator's own kind, from the network's outputs."""
