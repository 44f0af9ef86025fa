"""Initial weights."""

import numpy as np


def glorot_uniform(shapes, activations, random_state, dtype):
    """Weights and biases drawn as scikit-learn's MLP draws them, in its order.

    Layer by layer U(-b, b) with ``b = sqrt(6 / (n_in + n_out))`` (Glorot & Bengio 2010), 2 in place
    of 6 for the logistic function; the biases are drawn from the same interval.

    Parameters
    ----------
    shapes : list of (n_in, n_out)
    activations : list of str
        Of each layer; that of the last hidden layer serves for the output layer too.
    random_state : RandomState
    dtype : dtype

    Returns
    -------
    coefs, intercepts : lists of ndarray, (n_in, n_out) and (n_out,)
    """
    coefs, intercepts = [], []
    for (n_in, n_out), activation in zip(shapes, activations, strict=True):
        bound = np.sqrt((2.0 if activation == "logistic" else 6.0) / (n_in + n_out))
        coefs.append(random_state.uniform(-bound, bound, (n_in, n_out)).astype(dtype, copy=False))
        intercepts.append(random_state.uniform(-bound, bound, n_out).astype(dtype, copy=False))
    return coefs, intercepts
