"""Parameters that every multilayer perceptron has: their ranges, and their documentation once."""

from numbers import Integral, Real

import numpy as np
from sklearn.metrics import get_scorer_names
from sklearn.utils._param_validation import Interval, Options, StrOptions

from sknn.estimators._architecture import ACTIVATIONS
from sknn.optimizers import Optimizer
from sknn.schedules import SCHEDULES, Schedule

CONSTRAINTS = {
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left"), str],
    "activation": [StrOptions(set(ACTIVATIONS)), "array-like"],
    "solver": [StrOptions({"lbfgs", "sgd", "adam"}), Optimizer],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "learning_rate": [StrOptions(set(SCHEDULES)), Schedule],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean", StrOptions({"auto"})],
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "beta_1": [Interval(Real, 0, 1, closed="left")],
    "beta_2": [Interval(Real, 0, 1, closed="left")],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
    "max_fun": [Interval(Integral, 1, None, closed="left")],
    "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
    "scoring": [StrOptions({"loss", *get_scorer_names()}), callable, None],
    "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
    "warmup": [Interval(Real, 0, 1, closed="both")],
    "dtype": [StrOptions({"float32", "float64"}), None],
    "n_threads": [
        Interval(Integral, 1, None, closed="left"),
        Interval(Integral, None, -1, closed="right"),
        None,
    ],
    "max_time": [Interval(Real, 0, None, closed="neither"), None],
}

ARCHITECTURE = """hidden_layer_sizes : int, tuple of int or str, default=(100,)
        Units of each hidden layer. An int is one layer; ``"256x3"`` is three layers of 256, so that a
        search may vary a plain string; ``()`` is no hidden layer: a linear model.
    activation : str or sequence of str, default="relu"
        Function of the hidden layers, or one name for each of them: "identity", "logistic", "tanh",
        "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish" or "softplus"."""

TRAINING = """solver : {"adam", "sgd", "lbfgs"} or Optimizer, default="adam"
        What minimises the loss. An instance such as ``Adam(beta_1=0.8)`` carries its own parameters,
        searched as ``solver__beta_1``; a name takes those below. "lbfgs" (SciPy's, on the full batch
        and in double precision inside) suits small data.
    alpha : float, default=0.0001
        Strength of the L2 penalty ``alpha / 2 · ‖W‖² / n`` on the weights, n being the (weighted)
        number of samples of the batch, as in scikit-learn.
    batch_size : int or "auto", default="auto"
        Samples of a mini-batch; "auto" is ``min(200, n)``.
    learning_rate : {"constant", "invscaling", "adaptive", "cosine", "one_cycle"} or Schedule, \
default="constant"
        How the learning rate changes, for every stochastic solver; see :mod:`sknn.schedules`.
    learning_rate_init : float, default=0.001
        The learning rate before the schedule changes it.
    power_t : float, default=0.5
        Exponent of "invscaling".
    max_iter : int, default=200
        Most epochs (for "lbfgs": iterations).
    shuffle : bool, default=True
        Whether every epoch visits the samples in an order of its own.
    random_state : int, RandomState or None, default=None
        Seed of weights, split, shuffles and dropout. The same seed gives the same bits for any number
        of threads, on the same instruction set.
    tol : float, default=1e-4
        Epochs that do not improve the loss (the score, with early stopping) by this count as without
        change. For "lbfgs" the largest gradient element at which to stop.
    verbose : bool or int, default=False
        Whether to print a line for each epoch.
    warm_start : bool, default=False
        Whether fit goes on from the weights of the last fit.
    momentum : float, default=0.9
        Momentum of "sgd", in [0, 1].
    nesterovs_momentum : bool, default=True
        Whether that momentum is Nesterov's.
    early_stopping : bool or "auto", default=False
        Whether to stop when the validation score no longer improves, and keep the best weights. "auto",
        the choice to recommend, does so if and only if X_val is given to fit. True without X_val
        splits off `validation_fraction` of the training data.
    validation_fraction : float, default=0.1
        Share of the training data that validates, in [0, 1).
    beta_1, beta_2 : float, default=0.9 and 0.999
        Decays of the moments of "adam", in [0, 1).
    epsilon : float, default=1e-8
        Keeps the division of "adam" finite.
    n_iter_no_change : int, default=10
        Epochs without change after which training stops; ``np.inf`` for never.
    max_fun : int, default=15000
        Most evaluations of the loss by "lbfgs"."""

BEYOND = """dropout : float or sequence of float, default=0.0
        Probability with which each unit of the hidden layers is zero in training; or one number for the
        input and one for each hidden layer. Every sample of every epoch has masks
        of its own. Not for "lbfgs", nor are `clip_norm` and `warmup`: it minimises one fixed function.
    scoring : str, callable or None, default=None
        Scorer of the validation data, as in :func:`sklearn.metrics.check_scoring`; "loss" is the
        negative validation loss; None is {score}.
    clip_norm : float or None, default=None
        Largest norm of the gradient of all parameters together; a longer one is scaled down to it.
    warmup : float, default=0.0
        Share of `max_iter` during which the learning rate rises linearly from 0, with any schedule.
    dtype : {{"float32", "float64"}} or None, default="float32"
        Precision of the network. None follows X as scikit-learn does (float32 stays, all else becomes
        float64).
    n_threads : int or None, default=None
        OpenMP threads. None means what it means in scikit-learn: OMP_NUM_THREADS, the limits of
        threadpoolctl and joblib, or else every physical core; small work runs on one thread.
    max_time : float or None, default=None
        Seconds after which training stops, with a warning, and keeps the best weights so far."""

ATTRIBUTES = """coefs_ : list of ndarray of shape (n_in, n_out)
        Weights of each layer.
    intercepts_ : list of ndarray of shape (n_out,)
        Biases of each layer.
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
        Their names, where X had names that are all strings."""

FIT = """X : {{array-like, sparse matrix}} of shape (n, n_features)
            Training samples. float32 and float64 arrays in C order and CSR matrices, memory-mapped or
            read-only ones too, are used without a copy.
        y : array-like of shape (n,) or (n, n_outputs)
            {target}
        sample_weight : array-like of shape (n,), default=None
            Weights of the samples; a weight of 2 is the sample twice, 0 is no sample.{classes}
        X_val : {{array-like, sparse matrix}} of shape (n_val, n_features), default=None
            Validation samples. In a Pipeline they are transformed like X with
            ``Pipeline(..., transform_input=["X_val"])``.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Their targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.

        Returns
        -------
        self : object
            The fitted estimator."""


def documented(**parts):
    """Decorator that fills ``{name}`` in a docstring with a text shared by several of them."""

    def fill(thing):
        if thing.__doc__:  # absent under python -OO
            for name, text in parts.items():
                thing.__doc__ = thing.__doc__.replace("{" + name + "}", text)
        return thing

    return fill
