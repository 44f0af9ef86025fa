"""Continuous targets: what users pass as y, what a loss takes, and predictions in units of y."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import r2_score
from sklearn.utils import assert_all_finite, column_or_1d

from sknn._warnings import warn
from sknn.losses import Loss

LOSSES = ("squared_error", "absolute_error", "huber", "poisson", "gamma", "quantile")

#: y is far from unit scale if |mean| or std > FAR_TARGET, std < 1 / FAR_TARGET, or |mean| > FAR_TARGET * std
FAR_TARGET = 1e3


@dataclass
class Regression:
    """One or several columns of continuous targets.

    Parameters
    ----------
    loss_name : str
        One of `LOSSES`.
    n_outputs : int
    quantile, delta : float
        Of the losses "quantile" and "huber".
    """

    loss_name: str
    n_outputs: int
    quantile: Any = 0.5
    delta: float = 1.0

    @property
    def attributes(self):
        """The fitted attributes of an estimator that hold what was learned."""
        return {"n_outputs_": self.n_outputs}

    @property
    def group_sizes(self):
        return (self.n_outputs,)

    @property
    def loss(self):
        option = {"huber": self.delta, "quantile": self.quantile}.get(self.loss_name, 0.0)
        return Loss(self.loss_name, (self.n_outputs,), option)

    def check(self, y):
        assert_all_finite(y, input_name="y")  # None among objects has become NaN
        n_outputs = 1 if y.ndim == 1 else y.shape[1]
        if n_outputs != self.n_outputs:
            raise ValueError(
                f"y has {n_outputs} outputs, the model was fitted with {self.n_outputs}."
            )
        return y.astype(np.float64, copy=False)  # moments of float16 overflow

    def hint(self, y):
        """Warn where y is far from the first outputs of a network, which are of the size of 1."""
        if self.loss.link == "identity":
            hint_at_scale(y)

    def encode(self, y, dtype):
        return encode_regression(y, self.loss_name, dtype)

    def weighted(self, y, sample_weight):
        return sample_weight

    def strata(self, y):
        return None

    def score(self, logits, y, sample_weight):
        logits = logits.astype(np.float64)  # its squares must not overflow
        values = np.exp(logits) if self.loss.link == "exp" else logits
        if not np.isfinite(values).all():
            return np.nan
        return r2_score(y, values, sample_weight=sample_weight)


def one_column(y):
    """y, one-dimensional where it has a single column."""
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y


def encode_regression(y, loss, dtype):
    """y as (n, n_outputs) of the network's dtype; what it must be is asked before it is rounded."""
    if loss == "poisson" and y.min() < 0:
        raise ValueError(f"loss='poisson' needs y >= 0; the smallest value is {y.min()}.")
    if loss == "gamma" and y.min() <= 0:
        raise ValueError(f"loss='gamma' needs y > 0; the smallest value is {y.min()}.")
    values = np.ascontiguousarray(y.reshape(len(y), -1), dtype=dtype)
    if loss == "gamma" and not values.all():
        raise ValueError(
            f"loss='gamma' needs y > 0; the smallest value {y.min()} is 0 in {values.dtype}. Use other "
            "units of y, or dtype='float64'."
        )
    return values


def hint_at_scale(y):
    """Warn about regression targets that a network's first outputs, of the size of 1, are far from."""
    columns = y.reshape(len(y), -1)
    with np.errstate(over="ignore", invalid="ignore"):
        means, deviations = np.abs(columns.mean(axis=0)), columns.std(axis=0)
    # the deviation of equal numbers is not quite 0
    varied = columns.min(axis=0) < columns.max(axis=0)
    far = (means > FAR_TARGET) | (deviations > FAR_TARGET) | varied & (deviations < 1 / FAR_TARGET)
    far |= varied & (means > FAR_TARGET * deviations)
    if far.any():
        k = int(far.argmax())
        warn(
            f"y has the mean {columns[:, k].mean():.3g} and the standard deviation {deviations[k]:.3g}; "
            "networks learn targets near mean 0 and deviation 1 well, and others slowly or not at all. "
            "Put TransformedTargetRegressor(..., transformer=StandardScaler()) around it."
        )
