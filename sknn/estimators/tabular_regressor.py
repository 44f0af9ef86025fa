"""The regressor of tabular data."""

from numbers import Real

from numpy.typing import ArrayLike
from sklearn.utils._param_validation import Interval

from sknn import _types as types
from sknn.ensemble.effort import EFFORTS_REGRESSION
from sknn.estimators import parameters
from sknn.estimators.constraints import REGRESSOR, TABULAR
from sknn.estimators.ensemble_regressor import EnsembleRegressor


class TabularRegressor(EnsembleRegressor):
    """Regressor for tabular data: an ensemble of networks with defaults that suit most data sets.

    X is encoded as in :class:`TabularClassifier`, and the networks are those, but narrow ones of two
    kinds: with a piecewise-linear embedding of numerical features (a periodic one below 500 samples),
    and with high frequencies. Targets are standardized (those of "poisson" and "gamma" divided by
    their mean). Predictions are the mean of the members', with the weights of the kinds that have the
    least squared error on validation folds (equal ones for other losses), and stay within the range of
    the training targets.

    Parameters
    ----------
    effort : {"fast", "balanced", "best"}, default="balanced"
        How much computation a fit may take, where the other parameters say "auto":
        "fast": 1 network of 2 × 128 units (12 to 128 epochs);
        "balanced": 4 to 6 networks of 3 × 128 units (64 to 384 epochs), of two kinds in turn;
        "best": 12 to 16 networks of 3 × 128 units (64 to 384 epochs), of two kinds in turn.
        Fewer epochs beyond 25,000 samples.
    loss : {"squared_error", "absolute_error", "huber", "poisson", "gamma", "quantile"}, default="squared_error"
        What is minimized. "squared_error", "poisson" and "gamma" are half of the squared error and
        half of the deviances; "poisson" (y >= 0) and "gamma" (y > 0) predict the exponential of the
        network's output.
    categorical_features : array-like or "from_dtype" or None, default="from_dtype"
        Which features are categorical: a mask, numbers or names of columns; None is none of them.
        "from_dtype" are those of strings (bytes, members of an Enum), and in a data frame those of
        categories and booleans, too. A warning names categorical features most of whose values are
        numbers.
    monotonic_cst : array-like of int of shape (n_features,), dict of str or None, default=None
        Monotonic constraints of numerical features, in their order or by name: no output ever falls as
        the feature rises (1), or ever rises (−1); 0 is no constraint. A classifier needs two classes; its
        output is the probability of the second. See :ref:`tabular-monotonic`.
    smooth_clip : bool, default=True
        Whether scaled numerical features are clipped smoothly to (−3, 3).
    hidden_layer_sizes : int, tuple of int, str or "auto", default="auto"
        Units of each hidden layer, as for the MLP; "auto" follows `effort`.
    activation : str, default="auto"
        Function of the hidden layers; "auto" is "mish". With `monotonic_cst` it is "selu".
    numeric_embedding : {"auto", "periodic", "piecewise_linear"} or None, default="auto"
        Embedding of the numerical features, which enter the network beside themselves: three
        mixtures of 16 frequencies each (:class:`sknn.layers.PeriodicEmbedding`), three
        piecewise-linear functions with breakpoints at their quantiles
        (:class:`sknn.layers.PiecewiseLinearEmbedding`), or None. "auto" is "piecewise_linear" from
        500 samples on, else "periodic"; the other kind of members has periodic ones, with frequencies
        ten times as high.
    n_thresholds : int or "auto", default="auto"
        One kind of members has binary threshold features that say whether a numerical feature exceeds
        a threshold: at most so many for each feature, at the splits of a decision tree of that feature
        alone. Needs two members. 0 is none, "auto" is 0,
        with the effort "fast" 0.15.
    category_embedding : int, default=8
        Length of the learned vector of a category, for categorical features with more than 8
        categories.
    target_statistics : bool, default=True
        Whether a feature of more than 32 categories, which have fewer than 200 samples each in the mean, has
        the smoothed means of the targets of each category in place of learned vectors, which would learn
        these samples by heart. A training sample is given means of other samples. Features that would need
        more than 8 columns, as with many classes, keep their vectors.
    scaling_layer : bool, default=True
        Whether a learned factor for each input comes first (:class:`sknn.layers.Scale`).
    parametrization : {"ntk", "standard"}, default="ntk"
        Parametrization of the dense layers (:class:`sknn.layers.Dense`); "standard" ones begin with
        Glorot's weights and learn with 1/16 of the rate.
    parametric_activation : bool, default=True
        Whether each unit learns how much of the activation it takes
        (:class:`sknn.layers.ParametricActivation`).
    data_driven_init : bool, default=True
        Whether initial weights are scaled so that units have variance 1 on the training data, and
        biases put the breakpoints of the units within the data range.
    n_members : int or "auto", default="auto"
        Number of ensemble members, networks whose outputs are averaged; "auto" follows `effort`.
        They are trained side by side, one thread each.
    validation : {"cv", "holdout"}, splitter, list of splits, or array-like of shape (n_val,), default="cv"
        What the members are validated on after each epoch; those of different kinds share a fold.
        "cv": as many folds as there are members of a kind, at least 10 (5 below 500 samples); copies share
        one, if they are a quarter of the samples. "holdout": one fold for all members. A splitter, or a list of
        (training, validation) samples: its last splits; for samples ordered in time a ``TimeSeriesSplit``.
        An array: numbers of the validation samples of all members, or a bool for each sample.
    refit : bool, default=False
        Whether each member is trained once more, on all samples, for as many epochs as were best
        for it. Not where validation data are given or training was stopped early.
    max_iter : int or "auto", default="auto"
        Largest number of epochs; the weights of the best one are kept. "auto" is a budget of
        computation that follows `effort`.
    batch_size : int or "auto", default="auto"
        Samples of a mini-batch; "auto" is 64 up to 1,024 samples, 128 up to 8,192, 256 up to
        100,000, then 512.
    learning_rate : str or Schedule, default="auto"
        Schedule of the learning rate; see :mod:`sknn.schedules`. "auto" is five cycles, with the effort "fast" four,
        of growing length (:class:`sknn.schedules.CosLog`): after the third, and each later one, a
        member stops if the cycle had no epoch better than all before. Not "adaptive".
    learning_rate_init : float or "auto", default="auto"
        Learning rate of AdamW before the schedule changes it; "auto" is 0.2. It is that of
        NTK-parametrized layers, 0.1 times that for biases, embeddings and activations, 6 times for
        the scaling layer.
    beta_2 : float, default=0.95
        Decay rate of AdamW's second moment, in [0, 1).
    weight_decay : float, default=0.02
        Decoupled weight decay of AdamW.
    dropout : float or "auto", default="auto"
        Probability with which each hidden unit is zero in training; "auto" is 0,
        with the effort "fast" 0.15.
    anneal_regularization : bool, default=True
        Whether weight decay and dropout are annealed to zero along a cosine in the second half of
        training.
    quantile : float or sequence of float, default=0.5
        Quantile that the loss "quantile" estimates, in (0, 1); of several, each is an output.
    delta : float, default=1.0
        Residual at which the loss "huber" changes from quadratic to linear, in units of y.
    scoring : str, callable or None, default=None
        Scorer of the validation fold that finds the best epoch, as in
        :func:`sklearn.metrics.check_scoring`; "loss" is the negative loss; None is R², or for other
        losses than the squared one the negative loss. Sample and class weights are used in all of
        them. Ties are broken by the loss.
    store_oof_predictions : bool, default=False
        Whether to keep ``oof_predictions_``; as many members of each kind as folds cover every
        sample.
    max_time : float or None, default=None
        Seconds from the beginning of fit after which training stops, with a warning, and keeps the
        best weights so far, as it does on Ctrl-C. A refit takes what is left of them, or does not
        take place. If there is little time for many features, threshold features are left out.
    n_threads : int or None, default=None
        Members that are trained at once, each on one thread; threads of prediction. None means what
        it means in scikit-learn.
    random_state : int, RandomState or None, default=None
        Seed of folds, initial weights, shuffling and dropout. The same seed gives the same bits for
        any number of threads, on the same instruction set.
    verbose : bool or int, default=False
        1: a bar (the extra ``sknn[progress]``) of a fit over two seconds. 2, or without tqdm: lines.
    dtype : {"float32", "float64", "mixed_bfloat16"}, default="float32"
        Precision of the networks; X is read in float64 in any case. "mixed_bfloat16" is float32, but
        training rounds the factors of dense layers to bfloat16: faster on processors with AVX512_BF16,
        slower on others, with the same results.

    Attributes
    ----------
    estimators_ : list of Member
        The ensemble members: ``coefs``, ``intercepts``, ``loss_curve``, ``best_epoch``, ``kind`` (0
        for the first that `effort` names), ``weight`` in the mean, and more.
    best_epochs_ : list of int
        The best epoch of each member, from 1 on.
    validation_scores_ : list of list of float
        Score on the validation fold after each epoch, for each member.
    n_iter_ : int
        Epochs of the longest training.
    oof_predictions_ : ndarray
        With `store_oof_predictions`: for each training sample the out-of-fold prediction, by the
        member whose validation fold holds it (the mean where there are several), NaN where there is
        none.
    feature_importances_ : ndarray of shape (n_features,)
        By how much the loss of validation samples rises when the values of a feature are shuffled
        among them, mean over the members; not below 0, and together 1. All 0 where `max_time` is
        too short to look.
    is_categorical_ : ndarray of bool (n_features,)
        Which features were taken as categorical.
    n_outputs_ : int
        Number of outputs.
    n_features_in_ : int
        Number of features seen in fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where X had names that are all strings.

    See Also
    --------
    TabularClassifier : The same for classes.
    MLPRegressor : A single network on scaled numerical features.

    References
    ----------
    D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default: strong pre-tuned MLPs and boosted
    trees on tabular data, NeurIPS 2024 (arXiv 2407.04491). Y. Gorishniy, I. Rubachev & A. Babenko, On
    embeddings for numerical features in tabular deep learning, NeurIPS 2022 (arXiv 2203.05556).

    Examples
    --------
    >>> import numpy as np
    >>> from sknn import TabularRegressor
    >>> X = np.linspace(-3, 3, 300).reshape(-1, 1)
    >>> net = TabularRegressor(effort="fast", random_state=0).fit(X, np.sin(X).ravel())
    >>> net.score(X, np.sin(X)) > 0.98
    True
    """

    _efforts = EFFORTS_REGRESSION
    _auto_activation = "mish"
    _auto_learning_rate = 0.2
    _auto_thresholds = 0
    _rate_falls_from = 500
    _parameter_constraints = {
        **TABULAR,
        **REGRESSOR,
        "quantile": [Interval(Real, 0, 1, closed="neither"), "array-like"],
    }

    def __init__(
        self,
        effort: parameters.EffortName = "balanced",
        *,
        loss: parameters.RegressionLoss = "squared_error",
        categorical_features: ArrayLike | None = "from_dtype",
        monotonic_cst: ArrayLike | dict[str, int] | None = None,
        smooth_clip: bool = True,
        hidden_layer_sizes: types.Sizes = "auto",
        activation: types.ActivationName | types.Auto = "auto",
        numeric_embedding: parameters.NumericEmbedding = "auto",
        n_thresholds: int | types.Auto = "auto",
        category_embedding: int = 8,
        target_statistics: bool = True,
        scaling_layer: bool = True,
        parametrization: types.Parametrization = "ntk",
        parametric_activation: bool = True,
        data_driven_init: bool = True,
        n_members: int | types.Auto = "auto",
        validation: parameters.Folds = "cv",
        refit: bool = False,
        max_iter: int | types.Auto = "auto",
        batch_size: int | types.Auto = "auto",
        learning_rate: parameters.LearningRate | types.Auto = "auto",
        learning_rate_init: float | types.Auto = "auto",
        beta_2: float = 0.95,
        weight_decay: float = 0.02,
        dropout: float | types.Auto = "auto",
        anneal_regularization: bool = True,
        quantile: float = 0.5,
        delta: float = 1.0,
        scoring: parameters.Scoring = None,
        store_oof_predictions: bool = False,
        max_time: float | None = None,
        n_threads: int | None = None,
        random_state: types.Seed = None,
        verbose: bool | int = False,
        dtype: types.TrainingDtype = "float32",
    ) -> None:
        self._store(locals())
