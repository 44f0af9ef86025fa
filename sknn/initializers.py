"""Initial weights: functions of (shape, activation, random_state) that give (weights, biases)."""

import numpy as np


def glorot_uniform(shape, activation, random_state):
    """Draw weights and biases as scikit-learn's MLP draws them.

    U(-b, b) with ``b = sqrt(6 / (n_in + n_out))`` (Glorot & Bengio 2010), 2 in place of 6 for the
    logistic function; the biases are drawn from the same interval.

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights, (n_in, n_out).
    activation : str
        Name of the activation that follows.
    random_state : RandomState
        Source of the random numbers.

    Returns
    -------
    weights : ndarray of float64 of shape `shape`
        Uniform in [-b, b).
    biases : ndarray of float64 of shape (shape[-1],)
        Uniform in [-b, b).
    """
    bound = np.sqrt((2.0 if activation == "logistic" else 6.0) / sum(shape))
    return random_state.uniform(-bound, bound, shape), random_state.uniform(
        -bound, bound, shape[-1]
    )


def he_uniform(shape, activation, random_state):
    """Draw weights from U(-b, b) with ``b = sqrt(6 / n_in)`` (He et al. 2015, arXiv 1502.01852).

    The factor keeps the variance of what a rectifier passes on; 3 in place of 6 for the functions that
    pass both signs (identity, tanh, logistic).

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights; the last axis is that of the outputs.
    activation : str
        Name of the activation that follows.
    random_state : RandomState
        Source of the random numbers.

    Returns
    -------
    weights : ndarray of float64 of shape `shape`
        Uniform in [-b, b).
    biases : ndarray of float64 of shape (shape[-1],)
        Zeros.
    """
    linear = activation in {"identity", "tanh", "logistic"}
    bound = np.sqrt((3.0 if linear else 6.0) / np.prod(shape[:-1]))
    return random_state.uniform(-bound, bound, shape), np.zeros(shape[-1])


def norm(shape, activation, random_state):
    """Give ones and zeros: what is normalized stays as it is.

    Parameters
    ----------
    shape : tuple of int
        Shape of the factors.
    activation : str
        Name of the activation that follows; it does not matter here.
    random_state : RandomState
        Source of random numbers, of which none are drawn.

    Returns
    -------
    weights : ndarray of float64 of shape `shape`
        Ones.
    biases : ndarray of float64 of shape (shape[-1],)
        Zeros.
    """
    return np.ones(shape), np.zeros(shape[-1])


def constant(shape, activation, random_state, *, value):
    """Give the same value throughout, and zeros.

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights.
    activation : str
        Name of the activation that follows; it does not matter here.
    random_state : RandomState
        Source of random numbers, of which none are drawn.
    value : float
        Value of every weight.

    Returns
    -------
    weights : ndarray of float64 of shape `shape`
        The value, throughout.
    biases : ndarray of float64 of shape (shape[-1],)
        Zeros.
    """
    return np.full(shape, value), np.zeros(shape[-1])


def normal(shape, activation, random_state):
    """Draw weights from N(0, 1).

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights.
    activation : str
        Name of the activation that follows; it does not matter here.
    random_state : RandomState
        Source of the random numbers.

    Returns
    -------
    weights : ndarray of float64 of shape `shape`
        Normal, of variance 1.
    biases : ndarray of float64 of shape (shape[-1],)
        Zeros.
    """
    return random_state.standard_normal(shape), np.zeros(shape[-1])


def ntk(shape, activation, random_state):
    """Draw weights from N(0, 1) / sqrt(n_in).

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights, (n_in, n_out).
    activation : str
        Name of the activation that follows; it does not matter here.
    random_state : RandomState
        Source of the random numbers.

    Returns
    -------
    weights : ndarray of float64 of shape `shape`
        Normal, of variance 1 / n_in.
    biases : ndarray of float64 of shape (shape[-1],)
        Zeros.
    """
    return random_state.standard_normal(shape) / np.sqrt(shape[0]), np.zeros(shape[-1])


def periodic(shape, activation, random_state, *, n_frequencies, n_outputs, sigma):
    """Draw the weights of a periodic embedding.

    Frequencies are N(0, sigma²), phases U(-π, π), the mixture and its biases U(-b, b) with
    ``b = 1 / sqrt(K)``.

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights, (2 K + K J + J, d).
    activation : str
        Name of the activation that follows; it does not matter here.
    random_state : RandomState
        Source of the random numbers.
    n_frequencies : int
        Frequencies K of each column.
    n_outputs : int
        Outputs J of each column.
    sigma : float
        Standard deviation of the frequencies.

    Returns
    -------
    weights : ndarray of float64 of shape `shape`
        Frequencies, phases and mixture, one after the other.
    biases : ndarray of float64 of shape (shape[-1],)
        Zeros.
    """
    bound = 1 / np.sqrt(n_frequencies)
    features = shape[-1]
    frequencies = sigma * random_state.standard_normal((n_frequencies, features))
    phases = random_state.uniform(-np.pi, np.pi, (n_frequencies, features))
    mixture = random_state.uniform(-bound, bound, ((n_frequencies + 1) * n_outputs, features))
    return np.concatenate([frequencies, phases, mixture]), np.zeros(features)


def piecewise(shape, activation, random_state, *, n_bins, n_outputs):
    """Draw the weights of a piecewise linear embedding.

    The mixture is U(-b, b) with ``b = sqrt(6 / (T + J))``, as Glorot has it; its constants are zero.

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights, (T J + J, d).
    activation : str
        Name of the activation that follows; it does not matter here.
    random_state : RandomState
        Source of the random numbers.
    n_bins : int
        Bins T of each column.
    n_outputs : int
        Outputs J of each column.

    Returns
    -------
    weights : ndarray of float64 of shape `shape`
        Mixture and constants, one after the other.
    biases : ndarray of float64 of shape (shape[-1],)
        Zeros.
    """
    mixture = np.zeros(shape)
    bound = np.sqrt(6 / (n_bins + n_outputs))
    mixture[:-n_outputs] = random_state.uniform(-bound, bound, mixture[:-n_outputs].shape)
    return mixture, np.zeros(shape[-1])


def dirac(shape, activation, random_state):
    """Draw weights like `he_uniform`, but let the first filters pass one channel each as it is.

    The network then begins as a shallow one (Zagoruyko & Komodakis 2017, arXiv 1706.00388).

    Parameters
    ----------
    shape : tuple of int
        Shape of the kernels, (kh, kw, c_in, c_out).
    activation : str
        Name of the activation that follows.
    random_state : RandomState
        Source of the random numbers.

    Returns
    -------
    weights : ndarray of float64 of shape `shape`
        The identity for the first min(c_in, c_out) filters, uniform for the others.
    biases : ndarray of float64 of shape (shape[-1],)
        Zeros.
    """
    W, b = he_uniform(shape, activation, random_state)
    for channel in range(min(shape[2:])):
        W[..., channel] = 0
        W[shape[0] // 2, shape[1] // 2, channel, channel] = 1
    return W, b


def whitening(patches, n_filters, epsilon=5e-4):
    """Compute filters that make patches uncorrelated with variance 1.

    They are eigenvectors of the patches' covariance, and their negatives.

    Parameters
    ----------
    patches : ndarray of shape (n, kh, kw, c)
        Patches of the training images.
    n_filters : int
        Number of filters. Half of them are eigenvectors v / sqrt(λ + epsilon), the largest λ first.
    epsilon : float, default=5e-4
        Added to the eigenvalues, so that noise is not blown up.

    Returns
    -------
    W : ndarray of float64 of shape (kh, kw, c, n_filters)
        The filters.

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
