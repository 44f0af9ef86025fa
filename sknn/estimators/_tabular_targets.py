"""What the estimators of tables do with targets and outputs: labels, temperatures, standardised numbers."""

from itertools import pairwise

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from sklearn.metrics import d2_pinball_score, r2_score

from sknn.estimators import _targets
from sknn.estimators._classifier import LabelTargets
from sknn.estimators._regressor import NumericTargets
from sknn.estimators._snapshot import on_snapshot
from sknn.estimators._tabular import BaseTabular
from sknn.losses import Loss

#: at which epochs are compared
TEMPERATURES = np.exp(np.linspace(-1.6, 1.6, 17))


class TabularLabels(LabelTargets, BaseTabular):
    """Labels, and the temperature of their logits."""

    def _learn_scale(self, y):
        self.temperature_ = 1.0  # until there are out-of-fold outputs to learn it from

    def _default_scorer(self, data):
        targets = self._encode(data.y, np.float64)
        loss = self._validation_loss()
        return lambda logits, run: -calibrated_loss(loss, logits, targets, data.weights)

    def _validation_loss(self):
        return _targets.classification_loss(self._target_kind, self.classes_, 0.0)

    def _finish(self, members, data):
        """Learns the temperature and the weights of members from their outputs for held-out samples."""
        if members[0].held_out is None:
            return
        if self.calibrate:
            logits, targets, weights = self._held_out(members, data)
            self.temperature_ = temperature(self._validation_loss(), logits, targets, weights)
        pairs = [
            (a, b) for a, b in pairwise(members) if a.held_out is b.held_out and a.kind < b.kind
        ]
        if pairs:
            self._weigh(members, pairs, data)

    def _weigh(self, members, pairs, data):
        """Weights of both kinds of members, from pairs of them that held out the same samples."""
        plain, with_steps = zip(*pairs, strict=True)
        weights = self._held_out(plain, data)[-1]
        share = share_of_second(self._right(plain, data), self._right(with_steps, data), weights)
        n_second = sum(member.kind for member in members)
        for member in members:
            member.weight = (
                share / n_second if member.kind else (1 - share) / (len(members) - n_second)
            )

    def _right(self, members, data):
        """The probability that members gave to what is true of their held-out samples."""
        logits, targets, _ = self._held_out(members, data)
        p = self._probabilities(logits[None])[0]
        return right_probabilities(self._validation_loss(), p, targets)

    def _held_out(self, members, data):
        """Logits, encoded targets and weights of the samples that some members held out."""
        held_out = np.concatenate([member.held_out for member in members])
        logits = np.concatenate([member.logits for member in members])
        weights = None if data.weights is None else data.weights[held_out]
        return logits, self._encode(data.y[held_out], np.float64), weights

    def _probabilities(self, values):
        """Outputs of the link of every member, after the temperature."""
        logits = values.astype(np.float64) / self.temperature_
        flat = logits.reshape(-1, logits.shape[-1])
        loss = self._validation_loss()
        flat = loss.predict(np.clip(flat, -30, 30) if loss.kind == "binary" else flat)
        return flat.reshape(logits.shape)

    def _predicted(self, values):
        """Mean probabilities."""
        return self._mean(self._probabilities(values))

    def _combined(self, values):
        """The logits of mean probabilities: log-odds, for a softmax logarithms."""
        p = np.clip(self._predicted(values), 1e-30, None)
        return np.log(p) - np.log1p(-p) if self._validation_loss().kind == "binary" else np.log(p)

    def _as_predictions(self, values):
        return self._as_probabilities(values)

    def _output_slopes(self, values, which):
        """Of the logit of a mean probability along the logits of every member."""
        p = self._probabilities(values)
        one = p[..., which]
        mean = self._mean(one)
        slopes = np.zeros_like(p)
        if self._validation_loss().kind == "binary":
            slopes[..., which] = one * (1 - one) / (mean * (1 - mean))
        else:
            sizes = self._group_sizes
            group = np.repeat(np.arange(len(sizes)), sizes)
            same = group == group[which]
            slopes[..., same] = -p[..., same] * (one / mean)[..., None]
            slopes[..., which] += one / mean
        weights = np.array([member.weight for member in self.estimators_])
        return slopes * (weights / self.temperature_)[:, None, None]

    def _outputs(self, X, *, link=False):
        values = self._member_outputs(X)
        return self._predicted(values) if link else self._combined(values)


def losses_at(loss, logits, targets, weights, temperatures):
    """Sums of log-loss at each of some temperatures; a weak prior holds them near 1 for few samples."""
    z = logits.astype(np.float64) / np.reshape(temperatures, (-1, 1, 1))
    if loss.kind == "binary":
        losses = (np.logaddexp(0, z) - targets * z).sum(axis=2)
    else:
        losses, starts = 0.0, np.cumsum([0, *loss.group_sizes])
        for start, end, column in zip(starts[:-1], starts[1:], targets.T, strict=True):
            part = z[..., start:end]
            right = np.take_along_axis(part, column[None, :, None].astype(np.intp), axis=2)
            losses = losses + logsumexp(part, axis=2) - right[..., 0]
    if weights is not None:
        losses = losses * (weights / weights.mean())
    return losses.sum(axis=1) + 2 * np.log(temperatures) ** 2


def calibrated_loss(loss, logits, targets, weights):
    """The mean log-loss at the best temperature: what smoothing does to the size of logits does not count."""
    return losses_at(loss, logits, targets, weights, TEMPERATURES).min() / len(logits)


def temperature(loss, logits, targets, weights):
    """What to divide logits by for the least log-loss."""

    def sum_at(log_temperature):
        return losses_at(loss, logits, targets, weights, np.exp([log_temperature]))[0]

    return float(np.exp(minimize_scalar(sum_at, bounds=(-2, 2), method="bounded").x))


def right_probabilities(loss, probabilities, targets):
    """The probability of what is true, (n, n_targets)."""
    if loss.kind == "binary":
        return np.where(targets > 0, probabilities, 1 - probabilities)
    starts = np.cumsum([0, *loss.group_sizes[:-1]])
    return np.take_along_axis(probabilities, (targets + starts).astype(np.intp), axis=1)


def share_of_second(first, second, weights):
    """How much of the second of two probabilities of what is true to mix to the first, for the least log-loss.

    It is the w that maximises Σ log((1 − w) p + w q) + 3 log(w (1 − w)), of which the latter holds it near ½ for
    few samples.
    """
    weights = 1.0 if weights is None else (weights / weights.mean())[:, None]

    def loss(w):
        mixed = np.maximum((1 - w) * first + w * second, 1e-300)
        return -(weights * np.log(mixed)).sum() - 3 * np.log(w * (1 - w))

    return float(minimize_scalar(loss, bounds=(0, 1), method="bounded").x)


class TabularNumbers(NumericTargets, BaseTabular):
    """Numbers, standardised for the networks."""

    # ---- targets -------------------------------------------------------------------------------

    def _learn_targets(self, y, first, incremental, classes):
        y = super()._learn_targets(y, True, False, None).astype(np.float64)
        if self._quantiles is not None:
            if y.ndim > 1:
                raise ValueError("several quantiles need a single column of y.")
            self.n_outputs_ = len(self._quantiles)
        return y

    @property
    def _quantiles(self):
        """Several of them, or None."""
        if self.loss != "quantile" or np.ndim(self.quantile) == 0:
            return None
        quantiles = tuple(float(q) for q in self.quantile)
        if not quantiles or not all(0 < q < 1 for q in quantiles):
            raise ValueError(f"quantile={self.quantile!r} must hold numbers in (0, 1).")
        return quantiles

    def _check_targets(self, y):
        y = y.astype(np.float64)
        return y if self._quantiles is not None and y.ndim == 1 else super()._check_targets(y)

    def _learn_scale(self, y):
        """Learns what is done to targets before the networks see them, from those that count."""
        columns = self._columns(y)
        self._range = columns.min(axis=0), columns.max(axis=0)
        center, scale = columns.mean(axis=0), columns.std(axis=0)
        if self.loss in {"poisson", "gamma"}:
            center, scale = np.zeros_like(center), columns.mean(axis=0)
        elif self.loss == "huber":  # whose delta is in units of y
            scale = np.full_like(scale, scale.mean())
        self._standard = center, np.where(scale > 0, scale, 1.0)

    def _columns(self, y):
        """(n, n_outputs): several quantiles have the same target."""
        return np.broadcast_to(y.reshape(len(y), -1), (len(y), self.n_outputs_))

    def _encode(self, y, dtype):
        center, scale = self._standard
        return _targets.encode_regression((self._columns(y) - center) / scale, self.loss, dtype)

    def _loss(self):
        option = 0.0
        if self.loss == "huber":
            option = self.delta / self._standard[1][0] if "_standard" in vars(self) else self.delta
        elif self.loss == "quantile":
            option = self._quantiles or self.quantile
        return Loss(self.loss, (self.n_outputs_,), option)

    def _validation_loss(self):
        return self._loss()

    def _default_scoring(self):
        return None if self.loss == "squared_error" else "loss"

    def _score_outputs(self, logits, y, sample_weight):
        return r2_score(y, self._predicted(logits[None]), sample_weight=sample_weight)

    # ---- outputs -------------------------------------------------------------------------------

    def _numbers(self, values):
        """Outputs of networks in units of y."""
        center, scale = self._standard
        return self._loss().predict(np.asarray(values, np.float64)) * scale + center

    def _combined(self, values):
        """Mean of the members, wherever it lies."""
        return self._mean(self._numbers(values))

    def _predicted(self, values):
        """Mean of the members, each within the range of the training targets; quantiles do not cross."""
        mean = self._mean(np.clip(self._numbers(values), *self._range))
        if self._quantiles is None:
            return mean
        return np.sort(mean, axis=1)[:, np.argsort(np.argsort(self._quantiles))]

    def _as_predictions(self, values):
        return values.ravel() if values.shape[1] == 1 else values

    @on_snapshot
    def score(self, X, y, sample_weight=None):
        """R²; for several quantiles the mean of their D².

        Parameters
        ----------
        X : data frame or array-like of shape (n, n_features)
            Samples.
        y : array-like of shape (n,) or (n, n_outputs)
            Numbers.
        sample_weight : array-like of shape (n,), default=None
            Weights of the samples.

        Returns
        -------
        score : float
            At most 1; of several quantiles see :func:`sklearn.metrics.d2_pinball_score`.
        """
        if self._quantiles is None:
            return super().score(X, y, sample_weight)
        columns = self._columns(self.predict(X)).T
        scores = [
            d2_pinball_score(y, column, alpha=quantile, sample_weight=sample_weight)
            for quantile, column in zip(self._quantiles, columns, strict=True)
        ]
        return float(np.mean(scores))

    def _output_slopes(self, values, which):
        """Of the mean along the outputs of every member."""
        slopes = np.zeros_like(values)
        slope = np.exp(values[..., which]) if self._loss().link == "exp" else 1.0
        slopes[..., which] = slope * self._standard[1][which]
        weights = np.array([member.weight for member in self.estimators_])
        return slopes * weights[:, None, None]

    def _outputs(self, X, *, link=True):
        return self._predicted(self._member_outputs(X))
