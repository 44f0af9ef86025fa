"""Parameters that every estimator has: their ranges, and their documentation once."""

import inspect
from numbers import Integral, Real

import numpy as np
from sklearn import get_config
from sklearn.base import _fit_context
from sklearn.metrics import get_scorer_names
from sklearn.utils._param_validation import (
    Interval,
    InvalidParameterError,
    Options,
    StrOptions,
    validate_parameter_constraints,
)

from sknn._ranges import (
    BELOW_ONE,
    COUNT,
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
)
from sknn.optimizers import SOLVERS, Optimizer
from sknn.schedules import SCHEDULES, Schedule

SIZES = ["array-like", *COUNT, str]

CONSTRAINTS = {
    "solver": [StrOptions({"lbfgs", *SOLVERS}), Optimizer],
    "alpha": NOT_NEGATIVE,
    "batch_size": [StrOptions({"auto"}), *COUNT],
    "learning_rate": [StrOptions(set(SCHEDULES)), Schedule],
    "learning_rate_init": POSITIVE,
    "power_t": NOT_NEGATIVE,
    "max_iter": COUNT,
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": NOT_NEGATIVE,
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": FRACTION,
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean", StrOptions({"auto"})],
    "validation_fraction": BELOW_ONE,
    "beta_1": BELOW_ONE,
    "beta_2": BELOW_ONE,
    "epsilon": POSITIVE,
    "n_iter_no_change": [*COUNT, Options(Real, {np.inf})],
    "max_fun": COUNT,
    "dropout": [*BELOW_ONE, "array-like"],
    "scoring": [StrOptions({"loss", *get_scorer_names()}), callable, None],
    "clip_norm": [*POSITIVE, None],
    "warmup": FRACTION,
    "dtype": [StrOptions({"float32", "float64"}), None],
    "n_threads": [*COUNT, Interval(Integral, None, -1, closed="right"), None],
    "max_time": [Interval(Real, 0, None, closed="neither"), None],
}

TRAINING = """solver : {"adam", "adamw", "nadam", "sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", \
"muon", "lbfgs"} or Optimizer, default={solver}
        What minimises the loss, see :mod:`sknn.optimizers`. An instance such as ``Adam(beta_1=0.8)``
        carries its own parameters, searched as ``solver__beta_1``; a name takes those below that name
        it. "lbfgs" (SciPy's, on the full batch and in double precision inside) suits small data.
    alpha : float, default={alpha}
        Strength of the L2 penalty ``alpha / 2 · ‖W‖² / n`` on the weights, n being the (weighted)
        number of samples of the batch, as in scikit-learn.
    batch_size : int or "auto", default={batch_size}
        Samples of a mini-batch; "auto" is ``min({auto_batch_size}, n)``.
    learning_rate : {"constant", "invscaling", "adaptive", "cosine", "one_cycle", "coslog", "flat_cosine"} \
or Schedule, default={learning_rate}
        How the learning rate changes, for every stochastic solver; see :mod:`sknn.schedules`.
    learning_rate_init : float, default={learning_rate_init}
        The learning rate before the schedule changes it. The default is one for "adam", "adamw",
        "nadam", "rmsprop" and "muon"; "adagrad", "sgd" and its kin want 0.01 to 0.1, "adadelta" wants 1.
    power_t : float, default={power_t}
        Exponent of "invscaling".
    max_iter : {max_iter_type}, default={max_iter}
        Most epochs (for "lbfgs": iterations).{max_iter_auto}
    shuffle : bool, default={shuffle}
        Whether every epoch visits the samples in an order of its own.
    random_state : int, RandomState or None, default={random_state}
        Seed of weights, split, shuffles and dropout. The same seed gives the same bits for any number
        of threads, on the same instruction set.
    tol : float, default={tol}
        Epochs that do not improve the loss (the score, with early stopping) by this count as without
        change. For "lbfgs" the largest gradient element at which to stop.
    verbose : bool or int, default={verbose}
        Whether to print a line for each epoch.
    warm_start : bool, default={warm_start}
        Whether fit goes on from the weights of the last fit.
    momentum : float, default={momentum}
        Momentum of "sgd", "momentum" and "nesterov", in [0, 1].
    nesterovs_momentum : bool, default={nesterovs_momentum}
        Whether that of "sgd" is Nesterov's, as that of "nesterov" is, or classical, as that of
        "momentum".
    early_stopping : bool or "auto", default={early_stopping}
        Whether to stop when the validation score no longer improves, and keep the best weights. "auto",
        the choice to recommend, does so if and only if X_val is given to fit. True without X_val
        splits off `validation_fraction` of the training data.
    validation_fraction : float, default={validation_fraction}
        Share of the training data that validates, in [0, 1).
    beta_1, beta_2 : float, default={beta_1} and {beta_2}
        Decays of the moments of "adam", "adamw" and "nadam", and of what "muon" leaves to Adam, in [0, 1).
    epsilon : float, default={epsilon}
        Keeps the division of these finite.
    n_iter_no_change : int, default={n_iter_no_change}
        Epochs without change after which training stops; ``np.inf`` for never.
    max_fun : int, default={max_fun}
        Most evaluations of the loss by "lbfgs"."""

BEYOND = """scoring : str, callable or None, default={scoring}
        Scorer of the validation data, as in :func:`sklearn.metrics.check_scoring`; "loss" is the
        negative validation loss; None is {score}. Weights of samples and of classes weigh in all of them.
    clip_norm : float or None, default={clip_norm}
        Largest norm of the gradient of all parameters together; a longer one is scaled down to it.
    warmup : float, default={warmup}
        Share of `max_iter` during which the learning rate rises linearly from 0, with any schedule.
    dtype : {"float32", "float64"} or None, default={dtype}
        Precision of the network. None follows X as scikit-learn does (float32 stays, all else becomes
        float64).
    n_threads : int or None, default={n_threads}
        OpenMP threads. None means what it means in scikit-learn: OMP_NUM_THREADS, the limits of
        threadpoolctl and joblib, or else every physical core; small work runs on one thread.
    max_time : float or None, default={max_time}
        Seconds from the beginning of fit after which training stops, with a warning, and keeps the best
        weights so far."""

ATTRIBUTES = """coefs_ : list of ndarray
        Weights of each layer that has some{coef_shapes}.
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
        Their names, where X had names that are all strings."""

FIT = """X : array-like, sparse matrix or images
            Training samples: rows (n, n_features), and for a CNN images too. float32 and float64 arrays
            in C order, CSR matrices and a CNN's uint8 images, memory-mapped or read-only ones too, are
            used without a copy.
        y : array-like of shape (n,) or (n, n_outputs)
            {target}
        sample_weight : array-like of shape (n,), default=None
            Weights of the samples; a weight of 2 is the sample twice, 0 is no sample.{classes}
        X_val : array-like, sparse matrix or images, default=None
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

SAMPLES = """X : array-like, sparse matrix or images
            Samples in any of the forms that fit takes."""


class ValidatedParameters:
    """Parameters of an estimator: validated once, and again where they have changed."""

    def _validate_params(self):
        self._validate_changed(self._parameter_constraints)

    def _validate_changed(self, names):
        """Validate these parameters, but for those that are the same objects as when they were valid."""
        # a fit makes room for them: one that fails, and a prediction, add no attribute
        valid = vars(self).get("_valid_parameters", {})
        changed = {
            name: value
            for name in names
            if (value := getattr(self, name)) is not valid.get(name, self)
        }
        if not changed or get_config()["skip_parameter_validation"]:
            return
        constraints = {name: self._parameter_constraints[name] for name in changed}
        try:
            validate_parameter_constraints(constraints, changed, type(self).__name__)
        except InvalidParameterError as error:
            rate = changed.get("learning_rate")
            if "'learning_rate'" not in str(error) or not isinstance(rate, Real):
                raise
            raise InvalidParameterError(
                f"{error} learning_rate is a schedule; the number is learning_rate_init={rate!r}."
            ) from None
        valid.update(changed)


def partial_fit_context(partial_fit):
    """Decorator: scikit-learn's context of a fit, which validates in every call.

    A method of the name "partial_fit" it validates only before the first fit.
    """
    partial_fit.__name__ = "fit"
    in_context = _fit_context(prefer_skip_nested_validation=True)(partial_fit)
    in_context.__name__ = "partial_fit"
    return in_context


def documented(**parts):
    """Decorator that fills ``{name}`` in a docstring: a text shared by several, or a default.

    On a class the name of a parameter stands for its default, as the signature has it.
    """

    def fill(thing):
        if not thing.__doc__:  # absent under python -OO
            return thing
        texts = dict(parts)
        if inspect.isclass(thing):
            parameters = inspect.signature(thing).parameters.values()
            texts |= {p.name: repr(p.default).replace("'", '"') for p in parameters}
        for name, text in texts.items():
            thing.__doc__ = thing.__doc__.replace("{" + name + "}", text)
        return thing

    return fill
