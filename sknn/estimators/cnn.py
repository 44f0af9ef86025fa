"""The convolutional network: which layers its parameters mean, and its two estimators."""

import numpy as np

from sknn.composition import NestedLayers
from sknn.estimators import _data
from sknn.estimators._classifier import (
    CLASSES,
    CLASSIFIER,
    CLASSIFIER_CONSTRAINTS,
    NetworkClassifier,
)
from sknn.estimators._cnn_layers import given_layers, plain_layers
from sknn.estimators._cnn_parameters import CNN_CONSTRAINTS, TEXTS
from sknn.estimators._image_network import ImageNetwork
from sknn.estimators._parameters import documented
from sknn.estimators._regressor import LOSS, REGRESSOR, REGRESSOR_CONSTRAINTS, NetworkRegressor
from sknn.estimators._sweep import Sweeping


class CNN(NestedLayers, ImageNetwork):
    """Which layers the parameters of a convolutional network mean, and what its batch norms learn."""

    _fitted_arrays = (*ImageNetwork._fitted_arrays, "batch_means_", "batch_variances_")

    def _architecture(self):
        """(hidden layers, activation of those that name none)."""
        if self.layers is None:
            return plain_layers(self.image_shape_, self), self.activation
        return given_layers(self.layers), self.activation

    def _start_weights(self, network, first, random_state):
        super()._start_weights(network, first, random_state)
        if first:
            shapes = network.statistics_shapes
            self.batch_means_ = [np.zeros(shape, network.dtype) for shape in shapes]
            self.batch_variances_ = [np.ones(shape, network.dtype) for shape in shapes]

    def _statistics(self, network):
        fitted = self.batch_means_, self.batch_variances_
        return tuple(_data.cast(arrays, network.dtype) for arrays in fitted)


@documented(
    **TEXTS,
    score="the accuracy",
    classifier=CLASSIFIER,
    classes=CLASSES,
)
class CNNClassifier(Sweeping, CNN, NetworkClassifier):
    """Convolutional network that classifies images.

    X is an array of images (n, h, w) or (n, h, w, c), or of flat rows with `image_shape`. Without
    `layers` the network is a few convolutions, each followed by max pooling, and dense layers behind
    them.

    Parameters
    ----------
    {architecture}
    {image_input}
    {training}
    {beyond}
    {classifier}

    Attributes
    ----------
    {classes}
    {attributes}

    See Also
    --------
    CNNRegressor : The same for numbers.
    MLPClassifier : For tables.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from sknn import CNNClassifier
    >>> digits = load_digits()
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     digits.images, digits.target, random_state=0
    ... )
    >>> net = CNNClassifier(random_state=0).fit(X_train, y_train)  # doctest: +SKIP
    >>> net.score(X_test, y_test) > 0.98  # doctest: +SKIP
    True
    """

    _parameter_constraints = {**CNN_CONSTRAINTS, **CLASSIFIER_CONSTRAINTS}

    def __init__(
        self,
        layers=None,
        *,
        conv_layer_sizes=(32, 64),
        kernel_size=3,
        pool_size=2,
        padding="same",
        batch_norm=False,
        hidden_layer_sizes=(128,),
        dropout=0.0,
        activation="relu",
        image_shape=None,
        channels_first=False,
        standardize=True,
        augmentation=None,
        test_time_augmentation=False,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="one_cycle",
        learning_rate_init=0.003,
        power_t=0.5,
        max_iter="auto",
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        scoring=None,
        clip_norm=None,
        warmup=0.0,
        dtype="float32",
        n_threads=None,
        max_time=None,
        class_weight=None,
        label_smoothing=0.0,
    ):
        self._store(locals())


@documented(**TEXTS, score="R²", loss_text=LOSS, regressor=REGRESSOR)
class CNNRegressor(CNN, NetworkRegressor):
    """Convolutional network that predicts numbers from images.

    X is an array of images (n, h, w) or (n, h, w, c), or of flat rows with `image_shape`. Without
    `layers` the network is a few convolutions, each followed by max pooling, and dense layers behind
    them.

    Parameters
    ----------
    {architecture}
    {image_input}
    {training}
    {beyond}
    {loss_text}
    {regressor}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    CNNClassifier : The same for classes.
    MLPRegressor : For tables.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sknn import CNNRegressor
    >>> images = load_digits().images
    >>> net = CNNRegressor(random_state=0).fit(images, images.mean(axis=(1, 2)))  # doctest: +SKIP
    """

    _parameter_constraints = {**CNN_CONSTRAINTS, **REGRESSOR_CONSTRAINTS}

    def __init__(
        self,
        layers=None,
        *,
        conv_layer_sizes=(32, 64),
        kernel_size=3,
        pool_size=2,
        padding="same",
        batch_norm=False,
        hidden_layer_sizes=(128,),
        dropout=0.0,
        activation="relu",
        image_shape=None,
        channels_first=False,
        standardize=True,
        augmentation=None,
        test_time_augmentation=False,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="one_cycle",
        learning_rate_init=0.003,
        power_t=0.5,
        max_iter="auto",
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        scoring=None,
        clip_norm=None,
        warmup=0.0,
        dtype="float32",
        n_threads=None,
        max_time=None,
        loss="squared_error",
        quantile=0.5,
        delta=1.0,
    ):
        self._store(locals())
