"""The multilayer perceptron: which layers its parameters mean, and its two estimators."""

import numpy as np
import scipy.sparse as sp
from sklearn.utils._param_validation import StrOptions

from sknn.estimators import _architecture, _data
from sknn.estimators._base import BaseNetwork
from sknn.estimators._classifier import (
    CLASSES,
    CLASSIFIER,
    CLASSIFIER_CONSTRAINTS,
    NetworkClassifier,
)
from sknn.estimators._parameters import (
    ATTRIBUTES,
    BEYOND,
    CONSTRAINTS,
    SIZES,
    TRAINING,
    documented,
)
from sknn.estimators._regressor import LOSS, REGRESSOR, REGRESSOR_CONSTRAINTS, NetworkRegressor
from sknn.network import Network, multilayer_perceptron
from sknn.training import LBFGSObjective

MLP_CONSTRAINTS = {
    **CONSTRAINTS,
    "hidden_layer_sizes": SIZES,
    "activation": [StrOptions(set(_architecture.ACTIVATIONS)), "array-like"],
}

ARCHITECTURE = """hidden_layer_sizes : int, tuple of int or str, default={hidden_layer_sizes}
        Units of each hidden layer. An int is one layer; ``"256x3"`` is three layers of 256, so that a
        search may vary a plain string; ``()`` is no hidden layer: a linear model.
    activation : str or sequence of str, default={activation}
        Function of the hidden layers, or one name for each of them: "identity", "logistic", "tanh",
        "relu", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "silu", "mish" or "softplus"."""

DROPOUT = """dropout : float or sequence of float, default={dropout}
        Probability with which each unit of the hidden layers is zero in training; or one number for the
        input and one for each hidden layer. Every sample of every epoch has masks
        of its own. Not for "lbfgs", nor are `clip_norm` and `warmup`: it minimises one fixed function."""

TEXTS = {
    "architecture": ARCHITECTURE,
    "training": TRAINING,
    "dropout_text": DROPOUT,
    "beyond": BEYOND,
    "attributes": ATTRIBUTES,
    "coef_shapes": ", (n_in, n_out)",
    "auto_batch_size": "200",
    "max_iter_type": "int",
    "max_iter_auto": "",
}


class MLP(BaseNetwork):
    """Which layers the parameters of a multilayer perceptron mean."""

    _accept_sparse: str | bool = "csr"

    def _architecture(self):
        """(hidden sizes, activations, dropout)."""
        sizes = _architecture.parse_hidden_layer_sizes(self.hidden_layer_sizes)
        return (
            sizes,
            _architecture.parse_activations(self.activation, len(sizes)),
            _architecture.parse_dropout(self.dropout, len(sizes)),
        )

    def _network(self, dtype, sparse=False):
        sizes, activations, dropout = self._architecture_
        layers = multilayer_perceptron(sizes, self.n_outputs_, activations, dropout)
        return Network(layers, self.n_features_in_, dtype, sparse)

    def _end_of(self, network, number):
        # dense and dropout make a hidden layer; the dropout of the input comes before them
        return network.ends[2 * number]

    def _loss_grad_lbfgs(self, packed, X, y, sample_weight=None, *buffers):
        """Loss and gradient at packed weights, scikit-learn's private method of the same name.

        `y` is binarized as scikit-learn's LabelBinarizer does it; `buffers` are its work arrays, which
        the engine has no use for.
        """
        loss = self._loss()
        network = self._network(np.float64, sp.issparse(X))
        targets = np.ascontiguousarray(y, np.float64)
        if loss.kind == "softmax":
            targets = targets.argmax(axis=1, keepdims=True).astype(np.int32)
        trainer = network.engine.Trainer(
            network.program(loss, mean_gradient=True),
            self._rows(network, X),
            targets,
            _data.check_weights(sample_weight, X),
            np.arange(X.shape[0]),
            X.shape[0],
            None,
            alpha=self.alpha,
        )
        value, gradient = LBFGSObjective(trainer, network)(packed)
        return value, gradient


@documented(
    **TEXTS,
    score="the accuracy",
    classifier=CLASSIFIER,
    classes=CLASSES,
)
class MLPClassifier(MLP, NetworkClassifier):
    """Multilayer perceptron classifier: scikit-learn's, and more.

    It minimises the cross-entropy: of a softmax for several classes, of a logistic function for two
    classes or several labels, of one softmax per column for several columns of classes. Every parameter
    and attribute of :class:`sklearn.neural_network.MLPClassifier` is here with its default and its
    meaning; the differences stand in the user guide.

    Parameters
    ----------
    {architecture}
    {training}
    {dropout_text}
    {beyond}
    {classifier}

    Attributes
    ----------
    {classes}
    {attributes}

    See Also
    --------
    MLPRegressor : The same for numbers.
    CNNClassifier : For images.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import MinMaxScaler
    >>> from sknn import MLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> net = make_pipeline(MinMaxScaler(), MLPClassifier(max_iter=60, tol=0, random_state=0))
    >>> net.fit(X_train, y_train).score(X_test, y_test) > 0.95  # doctest: +SKIP
    True
    """

    _parameter_constraints = {**MLP_CONSTRAINTS, **CLASSIFIER_CONSTRAINTS}

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
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
        dropout=0.0,
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
class MLPRegressor(MLP, NetworkRegressor):
    """Multilayer perceptron regressor: scikit-learn's, and more.

    Every parameter and attribute of :class:`sklearn.neural_network.MLPRegressor` is here with its
    default and its meaning; the differences stand in the user guide.

    Parameters
    ----------
    {loss_text}
    {architecture}
    {training}
    {dropout_text}
    {beyond}
    {regressor}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    MLPClassifier : The same for classes.
    CNNRegressor : For images.

    Examples
    --------
    >>> import numpy as np
    >>> from sknn import MLPRegressor
    >>> X = np.linspace(-3, 3, 300).reshape(-1, 1)
    >>> net = MLPRegressor(hidden_layer_sizes=30, activation="tanh", solver="lbfgs", random_state=0)
    >>> net.fit(X, np.sin(X).ravel()).score(X, np.sin(X)) > 0.999
    True
    """

    _parameter_constraints = {**MLP_CONSTRAINTS, **REGRESSOR_CONSTRAINTS}

    def __init__(
        self,
        loss="squared_error",
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
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
        dropout=0.0,
        scoring=None,
        clip_norm=None,
        warmup=0.0,
        dtype="float32",
        n_threads=None,
        max_time=None,
        quantile=0.5,
        delta=1.0,
    ):
        self._store(locals())
