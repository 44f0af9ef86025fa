"""Parameters of the estimators of tables: their ranges, and their documentation once."""

from numbers import Integral

from sklearn.metrics import get_scorer_names
from sklearn.utils._param_validation import Interval, StrOptions

from sknn._ranges import (
    BELOW_ONE,
    COUNT,
    MAX_COUNT,
    MAX_LAYERS,
    NOT_NEGATIVE,
    POSITIVE,
    WIDTH,
)
from sknn.estimators import _architecture
from sknn.estimators._efforts import EFFORTS_FOR_CLASSES
from sknn.estimators._parameters import CONSTRAINTS, SIZES

AUTO = StrOptions({"auto"})

TABULAR_CONSTRAINTS = {
    "effort": [StrOptions(set(EFFORTS_FOR_CLASSES))],
    "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
    "hidden_layer_sizes": SIZES,
    "activation": [StrOptions(set(_architecture.ACTIVATIONS) | {"auto"})],
    "smooth_clip": ["boolean"],
    "numeric_embedding": [StrOptions({"auto", "periodic", "piecewise_linear"}), None],
    "n_thresholds": [AUTO, Interval(Integral, 0, MAX_COUNT, closed="both")],
    "category_embedding": WIDTH,
    "scaling_layer": ["boolean"],
    "parametrization": [StrOptions({"ntk", "standard"})],
    "parametric_activation": ["boolean"],
    "data_driven_init": ["boolean"],
    "n_estimators": [AUTO, Interval(Integral, 1, MAX_LAYERS, closed="both")],
    "validation": [StrOptions({"cv", "holdout"})],
    "refit": ["boolean"],
    "max_iter": [AUTO, *COUNT],
    "batch_size": [AUTO, *COUNT],
    "learning_rate": CONSTRAINTS["learning_rate"],
    "learning_rate_init": [AUTO, *POSITIVE],
    "beta_2": CONSTRAINTS["beta_2"],
    "weight_decay": NOT_NEGATIVE,
    "dropout": BELOW_ONE,
    "anneal_regularization": ["boolean"],
    "scoring": [StrOptions({"loss", *get_scorer_names()}), callable, None],
    "store_oof_predictions": ["boolean"],
    **{
        name: CONSTRAINTS[name]
        for name in ("random_state", "verbose", "max_time", "n_threads", "dtype")
    },
}

TABLE = """categorical_features : array-like or "from_dtype" or None, default={categorical_features}
        Which columns hold categories: a mask, numbers or names of columns; None is none of them.
        "from_dtype" are those of strings (bytes, members of an Enum), and in a data frame those of categories
        and booleans, too. A warning names those whose values are numbers but for some.
    smooth_clip : bool, default={smooth_clip}
        Whether scaled numbers are clipped smoothly to (−3, 3)."""

NETWORK = """hidden_layer_sizes : int, tuple of int, str or "auto", default={hidden_layer_sizes}
        Units of each hidden layer, as for the MLP; "auto" follows `effort`.
    activation : str, default={activation}
        Function of the hidden layers; "auto" is {auto_activation}.
    numeric_embedding : {"auto", "periodic", "piecewise_linear"} or None, default={numeric_embedding}
        What numbers enter the network as: beside themselves three mixtures of 16 waves of them each
        (:class:`sknn.layers.PeriodicEmbedding`), or three lines with bends at their quantiles
        (:class:`sknn.layers.PiecewiseLinearEmbedding`), or None: themselves alone. "auto" is {auto_embedding}.
    n_thresholds : int or "auto", default={n_thresholds}
        Every second network has columns that say whether a number exceeds a threshold, at most so many of each
        number: the splits of a decision tree of that column alone. Needs two members. 0 is none, "auto" is
        {auto_thresholds}.
    category_embedding : int, default={category_embedding}
        Length of the learned vector of a category, in columns of more than 8 of them.
    scaling_layer : bool, default={scaling_layer}
        Whether a learned factor for each input comes first (:class:`sknn.layers.Scale`).
    parametrization : {"ntk", "standard"}, default={parametrization}
        Of the dense layers (:class:`sknn.layers.Dense`); "standard" ones begin with Glorot's weights and
        learn with 1/16 of the rate.
    parametric_activation : bool, default={parametric_activation}
        Whether each unit learns how much of the activation it takes
        (:class:`sknn.layers.ParametricActivation`).
    data_driven_init : bool, default={data_driven_init}
        Whether initial weights are scaled so that units have variance 1 on the training data, and biases
        put the kinks of the units among them."""

ENSEMBLE = """n_estimators : int or "auto", default={n_estimators}
        Networks whose outputs are averaged; "auto" follows `effort`. They are trained side by side, one
        thread each.
    validation : {"cv", "holdout"}, default={validation}
        Whether each member holds out a fold of its own, or all the same one and differ in their seeds only.
        There are `n_estimators` folds, at least 10 (5 below 500 samples); with thresholds two members share one.
    refit : bool, default={refit}
        Whether each member is trained once more, on everything, for as many epochs as were best for it.
        Not where validation data are given or training was stopped early."""

TRAINING = """max_iter : int or "auto", default={max_iter}
        Epochs, all of which are run; the weights of the best one are kept. "auto" is a budget of
        computation that follows `effort`.
    batch_size : int or "auto", default={batch_size}
        Samples of a mini-batch; "auto" is 64 up to 1024 samples, 128 up to 8192, 256 up to 100,000, then
        512.
    learning_rate : str or Schedule, default={learning_rate}
        How the learning rate changes; see :mod:`sknn.schedules`. "coslog" are four waves of growing length. Not
        "adaptive", which waits for progress to stop: all epochs are run.
    learning_rate_init : float or "auto", default={learning_rate_init}
        The learning rate of AdamW before the schedule changes it; "auto" is {auto_rate}. It is that of
        NTK-parametrised layers, 0.1 times that for biases, embeddings and activations, 6 times for the
        scaling layer.
    beta_2 : float, default={beta_2}
        Decay of AdamW's second moment, in [0, 1).
    weight_decay : float, default={weight_decay}
        Decoupled weight decay of AdamW.
    dropout : float, default={dropout}
        Probability with which each hidden unit is zero in training.
    anneal_regularization : bool, default={anneal_regularization}
        Whether weight decay and dropout fade to zero along a cosine in the second half of training."""

REST = """scoring : str, callable or None, default={scoring}
        Scorer of the held-out samples that finds the best epoch, as in
        :func:`sklearn.metrics.check_scoring`; "loss" is the negative loss; None is {score}. Weights of
        samples and of classes weigh in all of them. Of equal epochs the one with the smallest loss is best.
    store_oof_predictions : bool, default={store_oof_predictions}
        Whether to keep ``oof_predictions_``; as many members as folds hold out every sample, with
        thresholds twice as many.
    max_time : float or None, default={max_time}
        Seconds from the beginning of fit after which training stops, with a warning, and keeps the best
        weights so far, as it does on Ctrl-C. A refit takes what is left of them, or does not take place.
        If there is little time for many columns, thresholds are left out.
    n_threads : int or None, default={n_threads}
        Members that are trained at once, each on one thread; threads of prediction. None means what it
        means in scikit-learn.
    random_state : int, RandomState or None, default={random_state}
        Seed of folds, weights, shuffles and dropout. The same seed gives the same bits for any number of
        threads, on the same instruction set.
    verbose : bool or int, default={verbose}
        Whether to print a line for each epoch.
    dtype : {"float32", "float64"}, default={dtype}
        Precision of the networks; tables are read in float64 in any case."""

EFFORT = """effort : {"fast", "balanced", "best"}, default={effort}
        How much a fit may cost, where the other parameters say "auto":
        {efforts}"""

FITTED = """estimators_ : list of Member
        The trained networks: ``coefs``, ``intercepts``, ``loss_curve``, ``best_epoch``, ``kind`` (1 with steps
        at thresholds, else 0), ``weight`` in the mean, and more.
    best_epochs_ : list of int
        The best epoch of each member, from 1 on.
    validation_scores_ : list of list of float
        Score on the held-out samples after each epoch, for each member.
    n_iter_ : int
        Epochs of the longest training.
    oof_predictions_ : ndarray
        With ``store_oof_predictions``: for each training sample the prediction{of_what} of the member that held it
        out (the mean where several did), NaN where none did.
    feature_importances_ : ndarray of shape (n_features,)
        By how much the loss for held-out samples rises when the values of a column are shuffled among
        them, mean over the members; not below 0, and together 1. All 0 where `max_time` is too short to look.
    is_categorical_ : ndarray of bool (n_features,)
        Which columns were taken as categories.
    n_outputs_ : int
        Number of outputs.
    n_features_in_ : int
        Number of columns seen in fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where X had names that are all strings."""

TABLE_FIT = """X : data frame, pyarrow.Table or array-like of shape (n, n_features)
            Training samples: numbers, categories, strings, booleans; missing values are None, NaN or what the
            data frame has for them. Read column by column, never changed.
        y : array-like of shape (n,) or (n, n_outputs)
            {target}
        sample_weight : array-like of shape (n,), default=None
            Weights of the samples; 0 is no sample.
        X_val : data frame or array-like, default=None
            Validation samples. With them nothing else is held out.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Their targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.

        Returns
        -------
        self : object
            The fitted estimator."""


def describe(efforts):
    """A table of budgets in words."""
    lines = []
    for name, e in efforts.items():
        members, epochs = (
            f"{low} to {high}" if low < high else f"{low}" for low, high in (e.members, e.epochs)
        )
        lines.append(
            f'"{name}": {members} networks of {e.n_layers} × {e.units} units, {epochs} epochs'
        )
    return ";\n        ".join(lines) + "."


TEXTS = {
    "table": TABLE,
    "network": NETWORK,
    "ensemble": ENSEMBLE,
    "training": TRAINING,
    "rest": REST,
    "effort_text": EFFORT,
    "fitted": FITTED,
}
