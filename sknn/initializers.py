"""Initializers: functions of (shape, activation, random_state) that return (weights, biases)."""

import numpy as np


def glorot_uniform(shape, activation, random_state):
    """Draw weights and biases as scikit-learn's MLP draws them.

    U(-b, b) with ``b = sqrt(6 / (n_in + n_out))`` (Glorot & Bengio 2010), or 2 instead of 6 for the
    logistic function. Biases have the same distribution.

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

    The factor preserves the variance after a rectifier. It is 3 instead of 6 for activations that pass both
    signs (identity, tanh, logistic).

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
    """Return ones and zeros, the identity of a normalization layer.

    Parameters
    ----------
    shape : tuple of int
        Shape of the factors.
    activation : str
        Name of the activation that follows; not used.
    random_state : RandomState
        Source of random numbers; not used.

    Returns
    -------
    weights : ndarray of float64 of shape `shape`
        Ones.
    biases : ndarray of float64 of shape (shape[-1],)
        Zeros.
    """
    return np.ones(shape), np.zeros(shape[-1])


def constant(shape, activation, random_state, *, value):
    """Return constant weights and zero biases.

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights.
    activation : str
        Name of the activation that follows; not used.
    random_state : RandomState
        Source of random numbers; not used.
    value : float
        Value of every weight.

    Returns
    -------
    weights : ndarray of float64 of shape `shape`
        Filled with `value`.
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
        Name of the activation that follows; not used.
    random_state : RandomState
        Source of the random numbers.

    Returns
    -------
    weights : ndarray of float64 of shape `shape`
        Normal with variance 1.
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
        Name of the activation that follows; not used.
    random_state : RandomState
        Source of the random numbers.

    Returns
    -------
    weights : ndarray of float64 of shape `shape`
        Normal with variance 1 / n_in.
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
        Name of the activation that follows; not used.
    random_state : RandomState
        Source of the random numbers.
    n_frequencies : int
        Frequencies K per feature.
    n_outputs : int
        Outputs J per feature.
    sigma : float
        Standard deviation of the frequencies.

    Returns
    -------
    weights : ndarray of float64 of shape `shape`
        Frequencies, phases and mixture, concatenated.
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

    The mixture is U(-b, b) with Glorot's ``b = sqrt(6 / (T + J))``; its constants are zero.

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights, (T J + J, d).
    activation : str
        Name of the activation that follows; not used.
    random_state : RandomState
        Source of the random numbers.
    n_bins : int
        Bins T per feature.
    n_outputs : int
        Outputs J per feature.

    Returns
    -------
    weights : ndarray of float64 of shape `shape`
        Mixture and constants, concatenated.
    biases : ndarray of float64 of shape (shape[-1],)
        Zeros.
    """
    mixture = np.zeros(shape)
    bound = np.sqrt(6 / (n_bins + n_outputs))
    mixture[:-n_outputs] = random_state.uniform(-bound, bound, mixture[:-n_outputs].shape)
    return mixture, np.zeros(shape[-1])


def dirac(shape, activation, random_state):
    """Draw weights like `he_uniform`, but the first filters pass one channel each through.

    The network then begins like a shallow one (Zagoruyko & Komodakis 2017, arXiv 1706.00388).

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
    """Compute whitening filters, which decorrelate patches and scale them to variance 1.

    They are scaled eigenvectors of the covariance of the patches, and their negatives.

    Parameters
    ----------
    patches : ndarray of shape (n, kh, kw, c)
        Patches of the training images.
    n_filters : int
        Number of filters. Half of them are eigenvectors v / sqrt(λ + epsilon), in order of decreasing λ.
    epsilon : float, default=5e-4
        Added to the eigenvalues, to limit the amplification of noise.

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


# whitening filters need data; until then the layer is initialized by `he_uniform`
INITIALIZERS = {
    "glorot": glorot_uniform,
    "he": he_uniform,
    "dirac": dirac,
    "whitening": he_uniform,
    "norm": norm,
    "normal": normal,
    "ntk": ntk,
}
