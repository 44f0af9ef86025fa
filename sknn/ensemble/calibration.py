"""Calibration of a classifier by its out-of-fold outputs: a temperature, and the weights of members."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

#: at which epochs are compared
TEMPERATURES = np.exp(np.linspace(-1.6, 1.6, 17))


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

    It is the w that maximizes Σ log((1 − w) p + w q) + 3 log(w (1 − w)), of which the latter holds it near ½ for
    few samples.
    """
    weights = 1.0 if weights is None else (weights / weights.mean())[:, None]

    def loss(w):
        mixed = np.maximum((1 - w) * first + w * second, 1e-300)
        return -(weights * np.log(mixed)).sum() - 3 * np.log(w * (1 - w))

    return float(minimize_scalar(loss, bounds=(0, 1), method="bounded").x)
