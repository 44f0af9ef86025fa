"""The multilayer perceptron that classifies."""

from collections.abc import Sequence

from sknn._types import ActivationName, Auto, Seed, Sizes, TrainingDtype
from sknn.estimators.classifier import NetworkClassifier
from sknn.estimators.constraints import CLASSIFIER, MLP
from sknn.estimators.families import MLPFamily
from sknn.estimators.parameters import ClassWeight, LearningRate, Scoring, Solver


class MLPClassifier(NetworkClassifier):
    """Multilayer perceptron classifier: a superset of scikit-learn's.

    It minimizes the cross-entropy: of a softmax for several classes, of a logistic function for two
    classes or several labels, of one softmax per column for several columns of classes. Every
    parameter and attribute of :class:`sklearn.neural_network.MLPClassifier` is here with its
    default and its meaning; the user guide lists the differences.

    Parameters
    ----------
    hidden_layer_sizes : int, tuple of int or str, default=(100,)
        Units of each hidden layer. An int is one layer; ``"256x3"`` is three layers of 256, so that
        a search may vary a plain string; ``()`` is no hidden layer: a linear model.
    activation : str or sequence of str, default="relu"
        Function of the hidden layers, or one name for each of them: "identity", "logistic", "tanh",
        "relu", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "silu", "mish" or "softplus".
    solver : {"adam", "adamw", "nadam", "sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "muon", "lbfgs"} or Optimizer, default="adam"
        What minimizes the loss, see :mod:`sknn.optimizers`. An instance such as
        ``Adam(beta_1=0.8)`` carries its own parameters, searched as ``solver__beta_1``; a name
        takes those below that mention it. "lbfgs" (SciPy's, on the full batch and in double
        precision inside) suits small data.
    alpha : float, default=0.0001
        Strength of the L2 penalty ``alpha / 2 · ‖W‖² / n`` on the weights, n being the (weighted)
        number of samples of the batch, as in scikit-learn.
    batch_size : int or "auto", default="auto"
        Samples of a mini-batch; "auto" is ``min(200, n)``.
    learning_rate : {"constant", "invscaling", "adaptive", "cosine", "one_cycle", "coslog", "flat_cosine"} or Schedule, default="constant"
        Schedule of the learning rate, for every stochastic solver; see :mod:`sknn.schedules`.
    learning_rate_init : float, default=0.001
        Learning rate before the schedule changes it. The default suits "adam", "adamw", "nadam",
        "rmsprop" and "muon"; "adagrad", "sgd", "momentum" and "nesterov" need 0.01 to 0.1,
        "adadelta" needs 1.
    power_t : float, default=0.5
        Exponent of "invscaling".
    max_iter : int, default=200
        Maximum number of epochs (for "lbfgs": of iterations).
    shuffle : bool, default=True
        Whether every epoch visits the samples in another order.
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
    momentum : float, default=0.9
        Momentum of "sgd", "momentum" and "nesterov", in [0, 1].
    nesterovs_momentum : bool, default=True
        Whether the momentum of "sgd" is Nesterov's. That of "nesterov" always is, that of
        "momentum" never.
    early_stopping : bool or "auto", default=False
        Whether to stop when the validation score no longer improves, and keep the best weights.
        "auto", the choice to recommend, does so if and only if `X_val` is given to fit. True
        without `X_val` splits off `validation_fraction` of the training data.
    validation_fraction : float, default=0.1
        Fraction of the training data that becomes the validation set, in [0, 1).
    beta_1, beta_2 : float, default=0.9 and 0.999
        Decay rates of the moments of "adam", "adamw" and "nadam", and of what "muon" leaves to
        Adam, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the division of these optimizers finite.
    n_iter_no_change : int, default=10
        Patience: epochs without change after which training stops; ``np.inf`` for never.
    max_fun : int, default=15000
        Maximum number of evaluations of the loss by "lbfgs".
    dropout : float or sequence of float, default=0.0
        Probability with which each unit of the hidden layers is zero in training; or one number for
        the input and one for each hidden layer. Every sample of every epoch has masks of its own.
        Not for "lbfgs", nor are `clip_norm` and `warmup`: it minimizes one fixed function.
    scoring : str, callable or None, default=None
        Scorer of the validation data, as in :func:`sklearn.metrics.check_scoring`; "loss" is the
        negative validation loss; None is the accuracy. Sample and class weights are used in all of
        them.
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
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weights of the classes, for imbalanced data: they are multiplied with the sample weights.
        Classes that a dict does not name have weight 1. It may name classes that y lacks if it
        names all that y has. Several columns of classes take a list of dict. "balanced" gives all
        classes the same sum of sample weights, in `partial_fit` those of the batch.
    label_smoothing : float, default=0.0
        Fraction s of the target that is spread over all K classes: ``(1 − s) onehot + s / K``, in
        [0, 1).

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of them
        Class labels; for several columns of classes a list.
    coefs_ : list of ndarray
        Weights of each layer that has some, (n_in, n_out).
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

    See Also
    --------
    MLPRegressor : The same for continuous targets.
    TabularClassifier : For tabular data with categorical features and missing values.
    CNNClassifier : For images.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sknn import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> net = make_pipeline(StandardScaler(), MLPClassifier(learning_rate_init=0.01, random_state=0))
    >>> net.fit(X, y).score(X, y) > 0.95
    True
    """

    _family = MLPFamily()
    _parameter_constraints = {**MLP, **CLASSIFIER}

    def __init__(
        self,
        hidden_layer_sizes: Sizes = (100,),
        activation: ActivationName | Sequence[ActivationName] = "relu",
        *,
        solver: Solver = "adam",
        alpha: float = 0.0001,
        batch_size: int | Auto = "auto",
        learning_rate: LearningRate = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Seed = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool | Auto = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: float | Sequence[float] = 0.0,
        scoring: Scoring = None,
        clip_norm: float | None = None,
        warmup: float = 0.0,
        dtype: TrainingDtype | None = "float32",
        n_threads: int | None = None,
        max_time: float | None = None,
        class_weight: ClassWeight = None,
        label_smoothing: float = 0.0,
    ) -> None:
        self._store(locals())
