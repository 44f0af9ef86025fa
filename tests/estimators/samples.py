"""Small data and small networks for the tests of this folder."""

import numpy as np
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.preprocessing import scale

from sknn import (
    CNNClassifier,
    CNNRegressor,
    MLPClassifier,
    MLPMixerClassifier,
    MLPMixerRegressor,
    MLPRegressor,
    TabularClassifier,
    TabularRegressor,
)
from sknn.presets import ConvNet

X, Y = load_iris(return_X_y=True)
X = scale(X)
N, WIDTH = X.shape
X_NUMBERS, NUMBERS = load_diabetes(return_X_y=True)
NUMBERS = scale(NUMBERS)
#: three labels that may all hold, and three columns of classes
LABELS = (X[:, :3] > 0).astype(int)
COLUMNS = np.column_stack([Y, (Y + 1) % 3, X[:, 0] > 0])
TARGETS = {
    "binary": Y > 0,
    "multiclass": Y,
    "multilabel": LABELS,
    "columns": COLUMNS,
    "strings": np.array(["setosa", "versicolor", "virginica"])[Y],
}

SMALL = {"hidden_layer_sizes": 8, "max_iter": 5, "random_state": 0, "learning_rate_init": 0.01}


def classifier(**parameters):
    """A small classifier that trains for five epochs."""
    return MLPClassifier(**{**SMALL, **parameters})


def regressor(**parameters):
    """A small regressor that trains for five epochs."""
    return MLPRegressor(**{**SMALL, **parameters})


def weights_of(estimator):
    """All weights and biases in one vector."""
    return np.concatenate([a.ravel() for a in estimator.coefs_ + estimator.intercepts_])


def same_bits(a, b):
    """Whether two estimators have the same weights, bit for bit."""
    return np.array_equal(weights_of(a), weights_of(b))


#: 60 images of 8 x 8 pixels, six of each class
IMAGES, DIGITS = load_digits(return_X_y=True)
IMAGES, DIGITS = IMAGES[:60].reshape(-1, 8, 8), DIGITS[:60]
SMALL_CONVNET = {"filters": (4,), "hidden_layer_sizes": (8,)}
SMALL_CNN = {"layers": ConvNet(**SMALL_CONVNET), "max_iter": 3, "random_state": 0}


def convolutional(make, **parameters):
    """A CNN whose parameters are those of a ConvNet too, unless `layers` are given."""
    names = ConvNet().get_params().keys() & parameters.keys()
    plain = {name: parameters.pop(name) for name in names}
    parameters = {**SMALL_CNN, "layers": ConvNet(**{**SMALL_CONVNET, **plain}), **parameters}
    return make(**parameters)


def cnn(**parameters):
    """A small CNN that trains for three epochs."""
    return convolutional(CNNClassifier, **parameters)


def cnn_regressor(**parameters):
    """A small CNN for numbers that trains for three epochs."""
    return convolutional(CNNRegressor, **parameters)


SMALL_MIXER = {
    "patch_size": 3,
    "n_blocks": 1,
    "hidden_dim": 6,
    "tokens_mlp_dim": 5,
    "channels_mlp_dim": 7,
    "max_iter": 3,
    "random_state": 0,
}


def mixer(**parameters):
    """A small MLP-Mixer that trains for three epochs."""
    return MLPMixerClassifier(**{**SMALL_MIXER, **parameters})


def mixer_regressor(**parameters):
    """A small MLP-Mixer for numbers that trains for three epochs."""
    return MLPMixerRegressor(**{**SMALL_MIXER, **parameters})


SMALL_TABULAR = {"hidden_layer_sizes": 8, "max_iter": 4, "n_members": 2, "random_state": 0}


def tabular(**parameters):
    """A small ensemble for tables whose two members train for four epochs."""
    return TabularClassifier(**{**SMALL_TABULAR, **parameters})


def tabular_regressor(**parameters):
    """A small ensemble for tables and numbers whose two members train for four epochs."""
    return TabularRegressor(**{**SMALL_TABULAR, **parameters})


def outputs_of(net, X):
    """Outputs of every member of an ensemble, as their networks give them."""
    return net._ensemble().outputs(net._encoded(X)[1])
