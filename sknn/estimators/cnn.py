"""The convolutional network: which layers its parameters mean, and its two estimators."""

from sknn.composition import NestedLayers
from sknn.estimators._classifier import (
    CLASSES,
    CLASSIFIER,
    CLASSIFIER_CONSTRAINTS,
    NetworkClassifier,
)
from sknn.estimators._cnn_layers import every_layer, given_layers, plain_layers
from sknn.estimators._cnn_parameters import AUTO_BATCH_SIZE, CNN_CONSTRAINTS, TEXTS, auto_epochs
from sknn.estimators._images import Images
from sknn.estimators._parameters import SAMPLES, documented
from sknn.estimators._regressor import LOSS, REGRESSOR, REGRESSOR_CONSTRAINTS, NetworkRegressor
from sknn.estimators._sweep import Sweeping
from sknn.layers import BatchNorm, Dense, Dropout, SpatialDropout
from sknn.losses import Loss
from sknn.network import Network


class CNN(NestedLayers, Images):
    """Which layers the parameters of a convolutional network mean."""

    _auto_batch_size = AUTO_BATCH_SIZE
    _double_flops = 1e8

    # ---- the network ---------------------------------------------------------------------------

    def _architecture(self):
        """(hidden layers, activation of those that name none)."""
        if self.layers is None:
            return plain_layers(self.image_shape_, self), self.activation
        return given_layers(self.layers), self.activation

    def _all_layers(self):
        """The fitted layers with the output layer."""
        return [*self._architecture_[0], Dense(self.n_outputs_, activation="identity")]

    def _network(self, dtype, sparse=False):
        activation = self._architecture_[1]
        return Network(self._all_layers(), self.image_shape_, dtype, sparse, activation)

    def _end_of(self, network, number):
        return network.ends[number - 1] if number else (0, self.image_shape_)

    def _epochs(self, n_samples):
        return auto_epochs(n_samples, self.solver) if self.max_iter == "auto" else self.max_iter

    def _training_input(self):
        if self.augmentation is None:
            return {}
        self.augmentation.validate(self.image_shape_)
        return {"augmentation": self.augmentation.lower(self.image_shape_)}

    def _refuse_what_needs_steps(self):
        super()._refuse_what_needs_steps()
        random = [
            layer
            for layer in every_layer(self._architecture_[0])
            if isinstance(layer, (Dropout, SpatialDropout, BatchNorm))
        ]
        if self.augmentation is not None or random:
            name = "augmentation" if self.augmentation is not None else repr(random[0])
            raise ValueError(
                f"{name} needs a stochastic solver such as 'adam': solver='lbfgs' minimises one fixed "
                "function."
            )

    # ---- prediction ----------------------------------------------------------------------------

    def _forward(self, X, link=False, layer=None):
        if not self.tta or layer is not None:
            return super()._forward(X, link, layer)
        all_finite = True

        def logits(rows):
            nonlocal all_finite
            values, finite = super(CNN, self)._forward(rows)
            all_finite = all_finite and finite
            return values

        values = self._average_of_views(X, logits)
        if link:
            values = Loss.with_link(self.out_activation_, self._group_sizes).predict(values)
        return values, all_finite

    @documented(samples=SAMPLES)
    def feature_maps(self, X, layer=1):
        """What a layer finds where in the images: its outputs as maps.

        Parameters
        ----------
        {samples}
        layer : int, default=1
            Which hidden layer, as in `transform`: 1 is the first, -1 the last, 0 the (standardised)
            input itself. ``summary()`` numbers them.

        Returns
        -------
        maps : ndarray of shape (n, h, w, c)
            One map of h x w values for each of c filters.
        """
        number = self._hidden_layer(layer)
        shape = self._shape_of_layer(number)
        if len(shape) != 3:
            raise ValueError(
                f"layer={layer} is {self._architecture_[0][number - 1]!r}, whose output of shape "
                f"{tuple(shape)} has no maps; use transform."
            )
        return self._outputs(X, layer=number).reshape(-1, *shape)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


@documented(
    **TEXTS,
    score="the accuracy, or with class_weight the loss",
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
        tta=False,
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
        tta=False,
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
