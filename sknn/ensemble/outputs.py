"""What an ensemble does with targets and with the outputs of its members."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.metrics import r2_score

from sknn.ensemble.calibration import (
    calibrated_loss,
    fractions_by_likelihood,
    fractions_by_squares,
    right_probabilities,
    temperature,
)
from sknn.losses import Loss
from sknn.targets.labels import Labels
from sknn.targets.regression import Regression, encode_regression


def mean_of_members(values, weights):
    """Mean over the members, each with its weight; of a single one's values they themselves."""
    if weights is None or len(values) == 1:
        return values.mean(axis=0)
    weights = np.reshape(weights, (-1, *[1] * (values.ndim - 1)))
    return (values * weights).sum(axis=0) / weights.sum()  # np.average takes longer than a network


def weigh(members, of_members, fractions_by):
    """Sets the weights of members, where those of several kinds have the same validation fold.

    Parameters
    ----------
    members : list of Member
    of_members : callable
        (members of one kind and fold) -> values (n, n_targets) of the fold's samples
    fractions_by : callable
        (values (n_kinds, n, n_targets), samples (n,)) -> fraction of each kind
    """
    kinds = sorted({member.kind for member in members})
    if len(kinds) == 1:
        return
    values, samples = [], []
    for fold in {id(member.held_out): member.held_out for member in members}.values():
        there = [member for member in members if member.held_out is fold]
        parts = [[member for member in there if member.kind == kind] for kind in kinds]
        if all(parts):
            values.append(np.stack([of_members(part) for part in parts]))
            samples.append(fold)
    if not samples:
        return
    fractions = fractions_by(np.concatenate(values, axis=1), np.concatenate(samples))
    for kind, fraction in zip(kinds, fractions, strict=True):
        same = [member for member in members if member.kind == kind]
        for member in same:
            member.weight = float(fraction) / len(same)


@dataclass
class CalibratedLabels(Labels):
    """Labels whose logits are divided by a temperature.

    Outputs of the members are arrays (n_members, n, n_outputs) of logits.
    """

    temperature: float = 1.0

    @property
    def attributes(self):
        return super().attributes | {"temperature_": self.temperature}

    @property
    def validation_loss(self):
        """The loss that epochs are compared by: without label smoothing."""
        return self.plain_loss

    def fitted_to(self, y):
        """The same, with what training targets say about their scale; here nothing."""
        return replace(self, temperature=1.0)

    def widened_to(self, y):
        """The same, with what further training targets say about their range; here nothing."""
        return self

    # ---- the best epoch ------------------------------------------------------------------------

    def scorer(self, y, weights):
        """(logits, member) -> the score that ``scoring=None`` means: log-loss at the best temperature.

        What label smoothing does to the size of logits does not count.
        """
        targets, loss = self.encode(y, np.float64), self.validation_loss
        return lambda logits, member: -calibrated_loss(loss, logits, targets, weights)

    def calibrated(self, members, data, calibrate):
        """The same with the temperature of out-of-fold outputs; sets the weights of the members."""
        if members[0].held_out is None:
            return self
        found = self
        if calibrate:
            logits, targets, weights = self._out_of_fold(members, data)
            found = replace(
                self, temperature=temperature(self.validation_loss, logits, targets, weights)
            )
        weigh(
            members,
            lambda same: found._right(same, data),
            lambda right, samples: fractions_by_likelihood(right, data.weights_of(samples)),
        )
        return found

    def _right(self, members, data):
        """Probabilities of what is true for the samples that these members were validated on."""
        y = data.y[members[0].held_out]
        p = self.transformed(np.stack([member.logits for member in members])).mean(axis=0)
        return right_probabilities(self.validation_loss, p, self.encode(y, np.float64))

    def _out_of_fold(self, members, data):
        """Logits, encoded targets and weights of the out-of-fold samples of some members."""
        held_out = np.concatenate([member.held_out for member in members])
        logits = np.concatenate([member.logits for member in members])
        weights = None if data.weights is None else data.weights[held_out]
        return logits, self.encode(data.y[held_out], np.float64), weights

    # ---- predictions ---------------------------------------------------------------------------

    def transformed(self, values):
        """Probabilities by each member, after the temperature."""
        logits = values.astype(np.float64) / self.temperature
        flat, loss = logits.reshape(-1, logits.shape[-1]), self.validation_loss
        flat = loss.predict(np.clip(flat, -30, 30) if loss.kind == "binary" else flat)
        return flat.reshape(logits.shape)

    def predicted(self, values, weights=None):
        """Mean probabilities."""
        return mean_of_members(self.transformed(values), weights)

    def combined(self, values, weights):
        """The logits of mean probabilities: log-odds, for a softmax logarithms."""
        p = np.clip(self.predicted(values, weights), 1e-30, None)
        return np.log(p) - np.log1p(-p) if self.validation_loss.kind == "binary" else np.log(p)

    def as_predictions(self, values):
        """What predict_proba returns."""
        return self.probabilities(values)

    def output_gradients(self, values, which, weights):
        """Gradients of the logit of a mean probability with respect to the logits of every member."""
        p = self.transformed(values)
        one = p[..., which]
        mean = mean_of_members(one, weights)
        gradients = np.zeros_like(p)
        if self.validation_loss.kind == "binary":
            gradients[..., which] = one * (1 - one) / (mean * (1 - mean))
        else:
            sizes = self.group_sizes
            group = np.repeat(np.arange(len(sizes)), sizes)
            same = group == group[which]
            gradients[..., same] = -p[..., same] * (one / mean)[..., None]
            gradients[..., which] += one / mean
        return gradients * (np.array(weights) / self.temperature)[:, None, None]


@dataclass
class StandardizedRegression(Regression):
    """Continuous targets, standardized for the networks.

    Outputs of the members are arrays (n_members, n, n_outputs) of the networks' outputs.

    Parameters
    ----------
    standard : (center, scale) of ndarray of shape (n_outputs,), or None before fit
    range : (low, high) of ndarray of shape (n_outputs,), or None before fit
        Of the training targets, which predictions stay within.
    """

    standard: Any = field(default=None)
    range: Any = field(default=None)

    @property
    def attributes(self):
        return super().attributes | {"_standard": self.standard, "_range": self.range}

    @property
    def quantiles(self):
        """Several of them, or None."""
        return quantiles_of(self.loss_name, self.quantile)

    @property
    def loss(self):
        option: Any = 0.0
        if self.loss_name == "huber":
            option = self.delta if self.standard is None else self.delta / self.standard[1][0]
        elif self.loss_name == "quantile":
            option = self.quantiles or self.quantile
        return Loss(self.loss_name, (self.n_outputs,), option)

    @property
    def validation_loss(self):
        """The loss that epochs are compared by."""
        return self.loss

    def check(self, y):
        y = y.astype(np.float64)
        return y if self.quantiles is not None and y.ndim == 1 else super().check(y)

    def fitted_to(self, y):
        """The same, with the range and the scale of training targets."""
        columns = self._columns(y)
        center, scale = columns.mean(axis=0), columns.std(axis=0)
        if self.loss_name in {"poisson", "gamma"}:
            center, scale = np.zeros_like(center), columns.mean(axis=0)
        elif self.loss_name == "huber":  # whose delta is in units of y
            scale = np.full_like(scale, scale.mean())
        return replace(
            self,
            standard=(center, np.where(scale > 0, scale, 1.0)),
            range=(columns.min(axis=0), columns.max(axis=0)),
        )

    def widened_to(self, y):
        """The same scale, with a range that holds these training targets, too."""
        columns, (low, high) = self._columns(y), self.range
        wider = np.minimum(low, columns.min(axis=0)), np.maximum(high, columns.max(axis=0))
        return replace(self, range=wider)

    def _columns(self, y):
        """(n, n_outputs): several quantiles have the same target."""
        return np.broadcast_to(y.reshape(len(y), -1), (len(y), self.n_outputs))

    def encode(self, y, dtype):
        center, scale = self.standard
        return encode_regression((self._columns(y) - center) / scale, self.loss_name, dtype)

    # ---- the best epoch ------------------------------------------------------------------------

    def scorer(self, y, weights):
        """(logits, member) -> the score that ``scoring=None`` means: R², or the negative loss."""
        if self.loss_name != "squared_error":
            return None
        return lambda logits, member: self.score(logits, y, weights)

    def score(self, logits, y, sample_weight):
        return float(r2_score(y, self.predicted(logits[None]), sample_weight=sample_weight))

    def calibrated(self, members, data, calibrate):
        """The same; sets the weights of the members."""
        if members[0].held_out is not None and self.loss_name == "squared_error":
            weigh(
                members,
                lambda same: self._errors(same, data),
                lambda errors, samples: fractions_by_squares(errors, data.weights_of(samples)),
            )
        return self

    def _errors(self, members, data):
        """Errors of the samples that these members were validated on, in standard deviations."""
        y = data.y[members[0].held_out]
        mean = self.predicted(np.stack([member.logits for member in members]))
        return (mean - self._columns(y)) / self.standard[1]

    # ---- predictions ---------------------------------------------------------------------------

    def in_units(self, values):
        """Outputs of networks in units of y."""
        center, scale = self.standard
        return self.loss.predict(np.asarray(values, np.float64)) * scale + center

    def transformed(self, values):
        """Predictions by each member, within the range of the training targets."""
        return np.clip(self.in_units(values), *self.range)

    def predicted(self, values, weights=None):
        """Mean of the members; quantiles do not cross."""
        mean = mean_of_members(self.transformed(values), weights)
        if self.quantiles is None:
            return mean
        return np.sort(mean, axis=1)[:, np.argsort(np.argsort(self.quantiles))]

    def combined(self, values, weights):
        """Mean of the members, wherever it lies."""
        return mean_of_members(self.in_units(values), weights)

    def as_predictions(self, values):
        """What predict returns."""
        return values.ravel() if values.shape[1] == 1 else values

    def output_gradients(self, values, which, weights):
        """Gradients of the mean with respect to the outputs of every member."""
        gradients = np.zeros_like(values)
        of_link = np.exp(values[..., which]) if self.loss.link == "exp" else 1.0
        gradients[..., which] = of_link * self.standard[1][which]
        return gradients * np.array(weights)[:, None, None]


def quantiles_of(loss_name, quantile):
    """Several quantiles as a tuple, or None."""
    if loss_name != "quantile" or np.ndim(quantile) == 0:
        return None
    quantiles = tuple(float(q) for q in quantile)
    if not quantiles or not all(0 < q < 1 for q in quantiles):
        raise ValueError(f"quantile={quantile!r} must hold numbers in (0, 1).")
    return quantiles
