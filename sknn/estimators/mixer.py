"""The MLP-Mixer: which layers its parameters mean, and its two estimators."""

from numbers import Integral

from sklearn.utils._param_validation import Interval, StrOptions

from sknn._ranges import BELOW_ONE, MAX_LAYERS, WIDTH
from sknn.estimators._classifier import (
    CLASSES,
    CLASSIFIER,
    CLASSIFIER_CONSTRAINTS,
    NetworkClassifier,
)
from sknn.estimators._image_network import ImageNetwork
from sknn.estimators._image_parameters import IMAGE_CONSTRAINTS, IMAGE_TEXTS
from sknn.estimators._mixer_layers import AUTO_PATCHES, mixer_layers
from sknn.estimators._parameters import documented
from sknn.estimators._regressor import LOSS, REGRESSOR, REGRESSOR_CONSTRAINTS, NetworkRegressor
from sknn.layers._layer import PAIR

MIXER_CONSTRAINTS = {
    **IMAGE_CONSTRAINTS,
    "patch_size": [*PAIR, StrOptions({"auto"})],
    "n_blocks": [Interval(Integral, 0, MAX_LAYERS, closed="both")],
    "hidden_dim": WIDTH,
    "tokens_mlp_dim": WIDTH,
    "channels_mlp_dim": WIDTH,
    "dropout": BELOW_ONE,
}

ARCHITECTURE = """patch_size : int, (int, int) or "auto", default={patch_size}
        Rows and columns of a patch, clipped to the image. "auto" is the smallest square, of 2 x 2
        or more, of which at most {auto_patches} stand side by side. Where patches do not divide the image, zeros (of the
        standardised image) surround it.
    n_blocks : int, default={n_blocks}
        How many times tokens and channels are mixed; 0 for a linear model of the patches' mean.
    hidden_dim : int, default={hidden_dim}
        Channels of a token: numbers by which the network describes a patch.
    tokens_mlp_dim : int, default={tokens_mlp_dim}
        Hidden units of the MLPs that mix tokens.
    channels_mlp_dim : int, default={channels_mlp_dim}
        Hidden units of the MLPs that mix channels.
    dropout : float, default={dropout}
        Probability with which each of these hidden units is zero in training. Every sample of every
        epoch has masks of its own. Not for "lbfgs", nor are `clip_norm`, `warmup` and `augmentation`.
    activation : str, default={activation}
        Function of these hidden units: "identity", "logistic", "tanh", "relu", "leaky_relu", "elu",
        "selu", "gelu", "gelu_tanh", "silu", "mish" or "softplus"."""

TEXTS = {
    "architecture": ARCHITECTURE,
    "auto_patches": str(AUTO_PATCHES),
    **IMAGE_TEXTS,
}


class MLPMixer(ImageNetwork):
    """Which layers the parameters of an MLP-Mixer mean."""

    _double_flops = 3e8

    def _architecture(self):
        """(hidden layers, activation of those that name none)."""
        return mixer_layers(self.image_shape_, self), self.activation


@documented(
    **TEXTS,
    score="the accuracy",
    classifier=CLASSIFIER,
    classes=CLASSES,
)
class MLPMixerClassifier(MLPMixer, NetworkClassifier):
    """MLP-Mixer that classifies images, a network of dense layers only.

    An image is cut into patches, each described by `hidden_dim` channels: a token. Each block has two
    MLPs with one hidden layer. The first goes over all tokens, the same for each channel, the second
    over all channels, the same for each token; each sees its input normalised, and its output is added
    to what came in. The mean of all tokens goes to a linear output layer. X is an array of images
    (n, h, w) or (n, h, w, c), or of flat rows with `image_shape`.

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
    MLPMixerRegressor : The same for numbers.
    CNNClassifier : Convolutions, the better choice for most images.

    Notes
    -----
    With U the tokens (n_tokens, hidden_dim) of an image, f the activation and LN layer normalisation::

        V = U + W2ᵀ f(W1ᵀ LN(U) + b1)             mixes tokens
        U = V + f(LN(V) W3 + b3) W4 + b4          mixes channels

    as in the paper but for the initial weights, which are those of a CNN, the output layer's, which do
    not begin as zeros, and a b2, which adds the same number to all channels of a token: all norms behind
    take it out again.

    References
    ----------
    I. Tolstikhin et al., MLP-Mixer: an all-MLP architecture for vision, NeurIPS 2021
    (arXiv 2105.01601).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from sknn import MLPMixerClassifier
    >>> digits = load_digits()
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     digits.images, digits.target, random_state=0
    ... )
    >>> net = MLPMixerClassifier(random_state=0).fit(X_train, y_train)  # doctest: +SKIP
    >>> net.score(X_test, y_test) > 0.97  # doctest: +SKIP
    True
    """

    _parameter_constraints = {**MIXER_CONSTRAINTS, **CLASSIFIER_CONSTRAINTS}

    def __init__(
        self,
        patch_size="auto",
        *,
        n_blocks=4,
        hidden_dim=64,
        tokens_mlp_dim=64,
        channels_mlp_dim=128,
        dropout=0.0,
        activation="gelu",
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
class MLPMixerRegressor(MLPMixer, NetworkRegressor):
    """MLP-Mixer that predicts numbers from images, a network of dense layers only.

    An image is cut into patches, each described by `hidden_dim` channels: a token. Blocks of two MLPs
    mix tokens and channels, as :class:`MLPMixerClassifier` says, and the mean of all tokens goes to a
    linear output layer. X is an array of images (n, h, w) or (n, h, w, c), or of flat rows with
    `image_shape`.

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
    MLPMixerClassifier : The same for classes.
    CNNRegressor : Convolutions, the better choice for most images.

    References
    ----------
    I. Tolstikhin et al., MLP-Mixer: an all-MLP architecture for vision, NeurIPS 2021
    (arXiv 2105.01601).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sknn import MLPMixerRegressor
    >>> images = load_digits().images
    >>> net = MLPMixerRegressor(random_state=0).fit(images, images.mean(axis=(1, 2)))  # doctest: +SKIP
    """

    _parameter_constraints = {**MIXER_CONSTRAINTS, **REGRESSOR_CONSTRAINTS}

    def __init__(
        self,
        patch_size="auto",
        *,
        n_blocks=4,
        hidden_dim=64,
        tokens_mlp_dim=64,
        channels_mlp_dim=128,
        dropout=0.0,
        activation="gelu",
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
