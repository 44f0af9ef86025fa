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


INITIALIZERS = {"glorot": glorot_uniform, "he": he_uniform, "norm": norm}
