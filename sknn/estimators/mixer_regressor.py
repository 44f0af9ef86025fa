"""The MLP-Mixer for continuous targets."""

from collections.abc import Sequence

from sknn._types import ActivationName, Auto, Pair, Seed, TrainingDtype
from sknn.augmentation import Augmentation
from sknn.estimators.constraints import MIXER, REGRESSOR
from sknn.estimators.families import MixerFamily
from sknn.estimators.parameters import LearningRate, RegressionLoss, Scoring, Solver
from sknn.estimators.regressor import NetworkRegressor


class MLPMixerRegressor(NetworkRegressor):
    """MLP-Mixer that predicts continuous targets from images, a network of dense layers only.

    An image is cut into patches, each described by `hidden_dim` channels: a token. Blocks of two
    MLPs mix tokens and channels, as :class:`MLPMixerClassifier` says, and the mean of all tokens
    goes to a linear output layer. X is an array of images (n, h, w) or (n, h, w, c), or of flat
    samples with `image_shape`.

    Parameters
    ----------
    patch_size : int, (int, int) or "auto", default="auto"
        Height and width of a patch, clipped to the image. "auto" is the smallest square, of 2 x 2
        or more, of which at most 8 stand side by side. Where patches do not divide the image, zeros
        (of the standardized image) surround it.
    n_blocks : int, default=4
        Number of blocks, each of which mixes tokens and channels; 0 is a linear model of the mean
        patch.
    hidden_dim : int, default=64
        Channels of a token: values by which the network describes a patch.
    tokens_mlp_dim : int, default=64
        Hidden units of the MLPs that mix tokens.
    channels_mlp_dim : int, default=128
        Hidden units of the MLPs that mix channels.
    dropout : float, default=0.0
        Probability with which each hidden unit of the MLPs is zero in training. Every sample of
        every epoch has masks of its own.
    activation : str, default="gelu"
        Function of the hidden units of the MLPs: "identity", "logistic", "tanh", "relu",
        "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "silu", "mish" or "softplus".
    image_shape : (h, w) or (h, w, c) or None, default=None
        Shape of the images where the samples of X are flat, as they are in a Pipeline after a
        scaler. None takes it from X; flat samples are then signals of 1 x n_features values.
    channels_first : bool, default=False
        Whether images are (n, c, h, w), or flat samples ordered that way; `image_shape` is always
        (h, w, c).
    standardize : bool, default=True
        Whether each channel enters the network with mean 0 and variance 1 over the training
        samples, and their weights, of the first fit. uint8 images stay uint8 in memory either way;
        False takes their values as they are, 0 to 255.
    augmentation : Augmentation or None, default=None
        Random changes of the training images, :class:`sknn.augmentation.Augmentation`; its
        parameters are searched as ``augmentation__shift``.
    test_time_augmentation : bool, default=False
        Whether predictions average the logits of an image (half of the weight) and of its shifts by
        one pixel up and left and down and right (a quarter each), mirrored ones too where
        `augmentation` flips. Three or six times the work.
    solver : {"adam", "adamw", "nadam", "sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "muon", "lbfgs"} or Optimizer, default="adam"
        What minimizes the loss, see :mod:`sknn.optimizers`. A name takes the optimizer's defaults;
        an instance such as ``Adam(beta_1=0.8)`` carries its own parameters, searched as
        ``solver__beta_1``. "lbfgs" (SciPy's, on the full batch and in double precision inside)
        suits small data and minimizes one fixed function: without dropout, batch normalization,
        `augmentation`, `clip_norm` and `warmup`.
    alpha : float, default=0.0001
        Strength of the L2 penalty ``alpha / 2 · ‖W‖² / n`` on the weights, n being the (weighted)
        number of samples of the batch, as in scikit-learn.
    batch_size : int or "auto", default="auto"
        Samples of a mini-batch; "auto" is ``min(64, n)``.
    learning_rate : {"constant", "invscaling", "adaptive", "cosine", "one_cycle", "coslog", "flat_cosine"} or Schedule, default="one_cycle"
        Schedule of the learning rate, for every stochastic solver; see :mod:`sknn.schedules`. An
        instance such as ``InverseScaling(power_t=0.3)`` carries its own parameters.
    learning_rate_init : float, default=0.003
        Learning rate before the schedule changes it. The default suits "adam", "adamw", "nadam",
        "rmsprop" and "muon"; "adagrad", "sgd", "momentum" and "nesterov" need 0.01 to 0.1,
        "adadelta" needs 1.
    max_iter : int or "auto", default="auto"
        Maximum number of epochs (for "lbfgs": of iterations). "auto" is 100 epochs for up to 1,000
        samples, 40 for up to 10,000, 10 for up to 30,000 and 5 for more, and 200 iterations.
        `partial_fit` then has no end to plan for, and schedules that need one are constant.
    random_state : int, RandomState or None, default=None
        Seed of initial weights, validation split, shuffling and dropout. The same seed gives the
        same bits for any number of threads, on the same instruction set.
    tol : float, default=0.0001
        Minimum improvement of the loss (of the score, with early stopping): epochs that improve it
        by less count as without change. For "lbfgs" the largest gradient element at which to stop.
    verbose : bool or int, default=False
        1: a bar (the extra ``sknn[progress]``) of a fit over two seconds. 2, or without tqdm: lines.
    warm_start : bool, default=False
        Whether fit continues training from the weights of the last fit.
    early_stopping : bool or "auto", default=False
        Whether to stop when the validation score no longer improves, and keep the best weights.
        "auto", the choice to recommend, does so if and only if `X_val` is given to fit. True
        without `X_val` splits off `validation_fraction` of the training data.
    validation_fraction : float, default=0.1
        Fraction of the training data that becomes the validation set, in [0, 1).
    n_iter_no_change : int, default=10
        Patience: epochs without change after which training stops; ``np.inf`` for never.
    scoring : str, callable or None, default=None
        Scorer of the validation data, as in :func:`sklearn.metrics.check_scoring`; "loss" is the
        negative validation loss; None is R². Sample and class weights are used in all of them.
    clip_norm : float or None, default=None
        Maximum norm of the gradient of all parameters together; a longer gradient is scaled down to
        it.
    warmup : float, default=0.0
        Fraction of `max_iter` during which the learning rate rises linearly from 0, with any
        schedule.
    dtype : {"float32", "float64", "mixed_bfloat16"} or None, default="float32"
        Precision of the network. None follows X as scikit-learn does (float32 stays, all else
        becomes float64). "mixed_bfloat16" is float32, but training rounds the factors of dense
        layers and convolutions to bfloat16: faster on processors with AVX512_BF16, slower on
        others, with the same results. Needs a stochastic solver.
    n_threads : int or None, default=None
        OpenMP threads. None means what it means in scikit-learn: OMP_NUM_THREADS, the limits of
        threadpoolctl and joblib, or else every physical core; small work runs on one thread.
    max_time : float or None, default=None
        Seconds from the beginning of fit after which training stops, with a warning, and keeps the
        best weights so far.
    loss : {"squared_error", "absolute_error", "huber", "poisson", "gamma", "quantile"}, default="squared_error"
        What is minimized. "squared_error", "poisson" and "gamma" are half of the squared error and
        half of the deviances; "poisson" (y >= 0) and "gamma" (y > 0) predict the exponential of the
        network's output.
    quantile : float, default=0.5
        Quantile that the loss "quantile" estimates, in (0, 1).
    delta : float, default=1.0
        Residual at which the loss "huber" changes from quadratic to linear, in units of y.

    Attributes
    ----------
    coefs_ : list of ndarray
        Weights of each layer that has some: (kh, kw, c_in / groups, c_out) of a convolution, (n_in,
        n_out) of a dense layer, (c,) of a normalization.
    intercepts_ : list of ndarray of shape (n_out,)
        Biases of each of these layers.
    loss_ : float
        Loss of the last epoch.
    loss_curve_ : list of float
        Loss of each epoch.
    best_loss_ : float or None
        Smallest of these; None with early stopping.
    validation_scores_ : list of float or None
        Score on the validation data after each epoch, None where there are none.
    validation_loss_curve_ : list of float or None
        Loss on them.
    best_validation_score_ : float or None
        Largest of the scores.
    n_iter_ : int
        Epochs of the last fit.
    t_ : int
        Training samples seen since the first fit, with repetition.
    n_layers_ : int
        Number of layers, input and output counted.
    n_outputs_ : int
        Number of outputs.
    out_activation_ : str
        The link: "softmax", "logistic", "identity" or "exp".
    n_features_in_ : int
        Number of features seen in fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where X had names that are all strings.
    image_shape_ : tuple (h, w, c)
        Shape of the images of fit.
    channel_means_, channel_scales_ : ndarray of shape (c,)
        Each channel enters the network as ``(value - mean) / scale``.

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
    >>> from sklearn.preprocessing import scale
    >>> from sknn import MLPMixerRegressor
    >>> images = load_digits().images[:500]
    >>> brightness = scale(images.mean(axis=(1, 2)))
    >>> net = MLPMixerRegressor(n_blocks=1, max_iter=10, random_state=0).fit(images, brightness)
    >>> net.score(images, brightness) > 0.5
    True
    """

    _family = MixerFamily()
    _parameter_constraints = {**MIXER, **REGRESSOR}

    def __init__(
        self,
        patch_size: Pair | Auto = "auto",
        *,
        n_blocks: int = 4,
        hidden_dim: int = 64,
        tokens_mlp_dim: int = 64,
        channels_mlp_dim: int = 128,
        dropout: float = 0.0,
        activation: ActivationName = "gelu",
        image_shape: Sequence[int] | None = None,
        channels_first: bool = False,
        standardize: bool = True,
        augmentation: Augmentation | None = None,
        test_time_augmentation: bool = False,
        solver: Solver = "adam",
        alpha: float = 0.0001,
        batch_size: int | Auto = "auto",
        learning_rate: LearningRate = "one_cycle",
        learning_rate_init: float = 0.003,
        max_iter: int | Auto = "auto",
        random_state: Seed = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        early_stopping: bool | Auto = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: float = 10,
        scoring: Scoring = None,
        clip_norm: float | None = None,
        warmup: float = 0.0,
        dtype: TrainingDtype | None = "float32",
        n_threads: int | None = None,
        max_time: float | None = None,
        loss: RegressionLoss = "squared_error",
        quantile: float = 0.5,
        delta: float = 1.0,
    ) -> None:
        self._store(locals())
