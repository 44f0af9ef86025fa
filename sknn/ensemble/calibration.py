"""What out-of-fold outputs say about an ensemble: a temperature, and the fractions of kinds of members."""

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import logsumexp, softmax

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


#: how much holds the fractions together
PRIOR = 3


def fractions_by_likelihood(right, weights):
    """Fractions of mixed probabilities with the least log-loss.

    They maximize ``Σ_i log(Σ_k w_k p_ki) + 3 Σ_k log w_k``, of which the latter holds them together for few
    samples.

    Parameters
    ----------
    right : ndarray (n_kinds, n, n_targets)
        Probabilities of what is true.
    weights : ndarray (n,) or None
        Of the samples.
    """
    right, weights = _flat(right, weights)

    def loss(fractions):
        mixed = (fractions[:, None] * right).sum(axis=0)
        return -(weights * np.log(np.maximum(mixed, 1e-300))).sum()

    return _best_fractions(loss, len(right))


def _flat(values, weights):
    """Values of all targets (n_kinds, n · n_targets), and weights that are 1 in the mean."""
    n_kinds, n, n_targets = values.shape
    weights = np.ones(n) if weights is None else weights / weights.mean()
    return values.reshape(n_kinds, -1), np.repeat(weights, n_targets)


def fractions_by_squares(errors, weights):
    """Fractions of averaged predictions with the least squared error.

    They maximize ``−n/2 log(wᵀ C w) + 3 Σ_k log w_k`` with ``C = E Eᵀ / n``: the likelihood of normal errors of
    unknown variance, with the same prior.

    Parameters
    ----------
    errors : ndarray (n_kinds, n, n_targets)
    weights : ndarray (n,) or None
        Of the samples.
    """
    errors, weights = _flat(errors, weights)
    # sums without BLAS, whose bits depend on its number of threads
    squares = np.einsum("in,jn,n->ij", errors, errors, weights) / len(weights)
    squares /= max(squares.diagonal().max(), np.finfo(float).tiny)

    def loss(fractions):
        error = np.einsum("i,ij,j", fractions, squares, fractions)
        return len(weights) / 2 * np.log(max(error, np.finfo(float).eps))

    return _best_fractions(loss, len(errors))


def _best_fractions(loss, n_kinds):
    """Fractions that sum to 1 with the least loss(fractions) − 3 Σ_k log w_k."""

    def penalized(z):
        log_fractions = z - logsumexp(z)
        return loss(np.exp(log_fractions)) - PRIOR * log_fractions.sum()

    return softmax(minimize(penalized, np.zeros(n_kinds)).x)
