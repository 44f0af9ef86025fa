"""Tables with default settings: the estimators of raw tables and their parameters."""

from numbers import Integral, Real

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.base import _fit_context
from sklearn.metrics import get_scorer_names, r2_score
from sklearn.utils._param_validation import Interval, StrOptions

from sknn.estimators import _architecture
from sknn.estimators._classifier import CLASSIFIER_CONSTRAINTS, LabelTargets
from sknn.estimators._efforts import EFFORTS
from sknn.estimators._parameters import CONSTRAINTS, SIZES
from sknn.estimators._regressor import REGRESSOR_CONSTRAINTS, NumericTargets
from sknn.estimators._tabular import BaseTabular
from sknn.losses import Loss

AUTO = StrOptions({"auto"})

TABULAR_CONSTRAINTS = {
    "effort": [StrOptions(set(EFFORTS))],
    "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
    "hidden_layer_sizes": SIZES,
    "activation": [StrOptions(set(_architecture.ACTIVATIONS) | {"auto"})],
    "numeric_embedding": [StrOptions({"periodic"}), None],
    "category_embedding": [Interval(Integral, 1, None, closed="left")],
    "scaling_layer": ["boolean"],
    "data_driven_init": ["boolean"],
    "n_members": [AUTO, Interval(Integral, 1, None, closed="left")],
    "max_iter": [AUTO, Interval(Integral, 1, None, closed="left")],
    "batch_size": [AUTO, Interval(Integral, 1, None, closed="left")],
    "learning_rate_init": [AUTO, Interval(Real, 0, None, closed="neither")],
    "weight_decay": [Interval(Real, 0, None, closed="left")],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "refit": [AUTO, "boolean"],
    "scoring": [StrOptions({"loss", *get_scorer_names()}), callable, None],
    **{
        name: CONSTRAINTS[name]
        for name in ("random_state", "verbose", "max_time", "n_threads", "dtype")
    },
}


class TabularClassifier(LabelTargets, BaseTabular):
    """An ensemble of networks for classes of raw tables."""

    _activation = "selu"
    _learning_rate = 0.04
    _parameter_constraints = {
        **TABULAR_CONSTRAINTS,
        **CLASSIFIER_CONSTRAINTS,
        "calibrate": ["boolean"],
    }

    def __init__(
        self,
        effort="balanced",
        *,
        categorical_features="from_dtype",
        hidden_layer_sizes="auto",
        activation="auto",
        numeric_embedding="periodic",
        category_embedding=8,
        scaling_layer=True,
        data_driven_init=True,
        n_members="auto",
        max_iter="auto",
        batch_size="auto",
        learning_rate_init="auto",
        weight_decay=0.02,
        dropout=0.15,
        label_smoothing=0.1,
        class_weight=None,
        scoring=None,
        refit="auto",
        calibrate=True,
        max_time=None,
        n_threads=None,
        random_state=None,
        verbose=False,
        dtype="float32",
    ):
        self._store(locals())

    def _validation_loss(self):
        return Loss(self._loss().kind, self._loss().group_sizes)

    def _finish(self, members, data):
        """Learns the temperature from the outputs for held-out samples."""
        self.temperature_ = 1.0
        if not self.calibrate or members[0].held_out is None:
            return
        logits = np.concatenate([member.logits for member in members]).astype(np.float64)
        held_out = np.concatenate([member.held_out for member in members])
        targets = self._encode(data.y[held_out], np.float64)
        weights = np.ones(len(held_out)) if data.weights is None else data.weights[held_out]
        self.temperature_ = temperature(self._validation_loss(), logits, targets, weights)

    def _outputs(self, X, *, link=False):
        """Mean logits over the temperature, or probabilities of them."""
        logits = self._member_outputs(X).mean(axis=0) / getattr(self, "temperature_", 1.0)
        loss = self._validation_loss()
        if loss.kind == "binary":
            logits = np.clip(logits, -30, 30)
        return loss.predict(logits) if link else logits.astype(self.dtype)


def temperature(loss, logits, targets, weights):
    """What to divide logits by for the least log-loss; a weak prior holds it near 1 for few samples."""
    weights = weights / weights.mean()

    def log_loss(log_temperature):
        p = loss.predict(logits / np.exp(log_temperature))
        p = np.clip(p, 1e-12, 1 - 1e-12)
        if loss.kind == "binary":
            losses = -(targets * np.log(p) + (1 - targets) * np.log(1 - p)).sum(axis=1)
        else:
            starts = np.cumsum([0, *loss.group_sizes[:-1]])
            losses = -np.log(np.take_along_axis(p, targets + starts, axis=1)).sum(axis=1)
        return weights @ losses + 2 * log_temperature**2

    return float(np.exp(minimize_scalar(log_loss, bounds=(-2, 2), method="bounded").x))


class TabularRegressor(NumericTargets, BaseTabular):
    """An ensemble of networks for numbers from raw tables."""

    _activation = "mish"
    _learning_rate = 0.2
    _parameter_constraints = {**TABULAR_CONSTRAINTS, **REGRESSOR_CONSTRAINTS}

    def __init__(
        self,
        effort="balanced",
        *,
        loss="squared_error",
        categorical_features="from_dtype",
        hidden_layer_sizes="auto",
        activation="auto",
        numeric_embedding="periodic",
        category_embedding=8,
        scaling_layer=True,
        data_driven_init=True,
        n_members="auto",
        max_iter="auto",
        batch_size="auto",
        learning_rate_init="auto",
        weight_decay=0.02,
        dropout=0.15,
        quantile=0.5,
        delta=1.0,
        scoring=None,
        refit="auto",
        max_time=None,
        n_threads=None,
        random_state=None,
        verbose=False,
        dtype="float32",
    ):
        self._store(locals())

    def _learn_targets(self, y, first, incremental, classes):
        y = super()._learn_targets(y, True, False, None).astype(np.float64)
        columns = y.reshape(len(y), -1)
        self._range = columns.min(axis=0), columns.max(axis=0)
        center, scale = columns.mean(axis=0), columns.std(axis=0)
        if self.loss == "poisson":
            center, scale = np.zeros_like(center), columns.mean(axis=0)
        elif self.loss == "huber":  # whose delta is in units of y
            scale = np.full_like(scale, scale.mean())
        self._standard = center, np.where(scale > 0, scale, 1.0)
        return y

    def _encode(self, y, dtype):
        center, scale = self._standard
        return super()._encode((y.reshape(len(y), -1) - center) / scale, dtype)

    def _loss(self):
        loss = super()._loss()
        if self.loss == "huber":
            return Loss(loss.kind, loss.group_sizes, self.delta / self._standard[1][0])
        return loss

    def _validation_loss(self):
        return self._loss()

    def _default_scoring(self):
        return None if self.loss == "squared_error" else "loss"

    def _score_outputs(self, logits, y, sample_weight):
        return r2_score(y, self._numbers(logits), sample_weight=sample_weight)

    def _numbers(self, outputs):
        """Predictions from a network's outputs: as y was, within the range of the training data."""
        center, scale = self._standard
        values = self._loss().predict(np.asarray(outputs, np.float64))
        return np.clip(values * scale + center, *self._range)

    def _outputs(self, X, *, link=True):
        return self._numbers(self._member_outputs(X)).mean(axis=0)

    def predict(self, X, return_std=False):
        """Predict numbers.

        Parameters
        ----------
        X : array-like or data frame (n, n_features)
        return_std : bool, default=False
            Whether to return the standard deviation over the members, too.

        Returns
        -------
        y : ndarray of shape (n,) or (n, n_outputs)
            Predictions.
        y_std : ndarray of the same shape
            Only with `return_std`.
        """
        values = self._numbers(self._member_outputs(X))
        shape = (-1,) if values.shape[2] == 1 else values.shape[1:]
        mean = values.mean(axis=0).reshape(shape)
        return (mean, values.std(axis=0).reshape(shape)) if return_std else mean
