"""Digits as dask collections, and small networks for them."""

import numpy as np
from sklearn.datasets import load_diabetes, load_digits
from sklearn.preprocessing import scale

from sknn import CNNClassifier, MLPClassifier
from sknn.layers import BatchNorm, Conv2D, Flatten

X, Y = load_digits(return_X_y=True)
ORDER = np.random.default_rng(0).permutation(len(X))
X, Y = (X[ORDER] / 16).astype(np.float32), Y[ORDER]
N_TRAIN = 1200
X_TEST, Y_TEST = X[N_TRAIN:], Y[N_TRAIN:]
X, Y = X[:N_TRAIN], Y[:N_TRAIN]
IMAGES = X.reshape(-1, 8, 8)
NUMBERS_X, NUMBERS = map(scale, load_diabetes(return_X_y=True))


def mlp(**parameters):
    """A classifier of a hidden layer."""
    small = {"hidden_layer_sizes": 32, "max_iter": 3, "random_state": 0}
    return MLPClassifier(**{**small, "learning_rate_init": 0.01, **parameters})


def cnn(**parameters):
    """A classifier of images, with running statistics."""
    layers = [Conv2D(4, 3), BatchNorm(), Flatten()]
    return CNNClassifier(**{"layers": layers, "max_iter": 2, "random_state": 0, **parameters})


def same_bits(a, b):
    """Whether two fitted estimators have the same weights."""
    pairs = zip(a.estimator_.get_weights(), b.estimator_.get_weights(), strict=True)
    return all(np.array_equal(x, y) for x, y in pairs)
