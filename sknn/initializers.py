"""Initial weights: functions of (shape, activation, random_state) that give (weights, biases)."""

import numpy as np


def glorot_uniform(shape, activation, random_state):
    """Weights and biases drawn as scikit-learn's MLP draws them.

    U(-b, b) with ``b = sqrt(6 / (n_in + n_out))`` (Glorot & Bengio 2010), 2 in place of 6 for the
    logistic function; the biases are drawn from the same interval.

    Parameters
    ----------
    shape : (n_in, n_out)
    activation : str
    random_state : RandomState

    Returns
    -------
    W, b : ndarray of float64, (n_in, n_out) and (n_out,)
    """
    bound = np.sqrt((2.0 if activation == "logistic" else 6.0) / sum(shape))
    return random_state.uniform(-bound, bound, shape), random_state.uniform(
        -bound, bound, shape[-1]
    )


def he_uniform(shape, activation, random_state):
    """Weights U(-b, b) with ``b = sqrt(6 / n_in)`` (He et al. 2015, arXiv 1502.01852); biases of zero.

    The factor keeps the variance of what a rectifier passes on; 3 in place of 6 for the functions that
    pass both signs (identity, tanh, logistic).
    """
    linear = activation in {"identity", "tanh", "logistic"}
    bound = np.sqrt((3.0 if linear else 6.0) / np.prod(shape[:-1]))
    return random_state.uniform(-bound, bound, shape), np.zeros(shape[-1])


def norm(shape, activation, random_state):
    """Ones and zeros: what is normalised stays as it is."""
    return np.ones(shape), np.zeros(shape[-1])


def constant(shape, activation, random_state, *, value):
    """The same value throughout, and zeros."""
    return np.full(shape, value), np.zeros(shape[-1])


def normal(shape, activation, random_state):
    """Weights N(0, 1), biases of zero."""
    return random_state.standard_normal(shape), np.zeros(shape[-1])


def ntk(shape, activation, random_state):
    """Weights N(0, 1) / sqrt(n_in), biases of zero."""
    return random_state.standard_normal(shape) / np.sqrt(shape[0]), np.zeros(shape[-1])


def periodic(shape, activation, random_state, *, n_frequencies, n_outputs, sigma):
    """Of a periodic embedding with K = `n_frequencies` and J = `n_outputs`.

    Frequencies N(0, sigma²), phases U(-π, π), the mixture and its biases U(-b, b) with ``b = 1 / sqrt(K)``.
    """
    bound = 1 / np.sqrt(n_frequencies)
    features = shape[-1]
    frequencies = sigma * random_state.standard_normal((n_frequencies, features))
    phases = random_state.uniform(-np.pi, np.pi, (n_frequencies, features))
    mixture = random_state.uniform(-bound, bound, ((n_frequencies + 1) * n_outputs, features))
    return np.concatenate([frequencies, phases, mixture]), np.zeros(features)


def piecewise(shape, activation, random_state, *, n_bins, n_outputs):
    """Of a piecewise linear embedding: the mixture as Glorot has it, U(-b, b) with ``b = sqrt(6 / (T + J))``, and zeros."""
    mixture = np.zeros(shape)
    bound = np.sqrt(6 / (n_bins + n_outputs))
    mixture[:-n_outputs] = random_state.uniform(-bound, bound, mixture[:-n_outputs].shape)
    return mixture, np.zeros(shape[-1])


def dirac(shape, activation, random_state):
    """As `he_uniform`, but the first filters pass one channel of the input each, as it is.

    The network then begins as a shallow one (Zagoruyko & Komodakis 2017, arXiv 1706.00388).
    """
    W, b = he_uniform(shape, activation, random_state)
    for channel in range(min(shape[2:])):
        W[..., channel] = 0
        W[shape[0] // 2, shape[1] // 2, channel, channel] = 1
    return W, b


def whitening(patches, n_filters, epsilon=5e-4):
    """Filters that make patches uncorrelated with variance 1: eigenvectors of their covariance, and their negatives.

    Parameters
    ----------
    patches : ndarray (n, kh, kw, c)
    n_filters : int
        Half of them are eigenvectors v / sqrt(λ + epsilon), the largest λ first.

    Returns
    -------
    W : ndarray of float64, (kh, kw, c, n_filters)

    References
    ----------
    K. Jordan, arXiv 2404.00498.
    """
    flat = patches.reshape(len(patches), -1).astype(np.float64)
    values, vectors = np.linalg.eigh(np.einsum("ni,nj->ij", flat, flat) / len(flat))
    half = (vectors / np.sqrt(np.maximum(values, 0) + epsilon))[:, ::-1][:, : n_filters // 2]
    return np.hstack([half, -half]).reshape(*patches.shape[1:], n_filters)


# whitening needs data: until it has seen them, a layer is drawn like any other
INITIALIZERS = {
    "glorot": glorot_uniform,
    "he": he_uniform,
    "dirac": dirac,
    "whitening": he_uniform,
    "norm": norm,
    "normal": normal,
    "ntk": ntk,
}
