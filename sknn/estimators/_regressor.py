"""MLPRegressor."""

from numbers import Real

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if

from sknn.estimators import _targets
from sknn.estimators._parameters import (
    ARCHITECTURE,
    ATTRIBUTES,
    BEYOND,
    CONSTRAINTS,
    FIT,
    TRAINING,
    documented,
)
from sknn.estimators.mlp import BaseMLP
from sknn.losses import Loss

LOSSES = ("squared_error", "absolute_error", "huber", "poisson", "quantile")


@documented(
    architecture=ARCHITECTURE,
    training=TRAINING,
    beyond=BEYOND.format(score="R²"),
    attributes=ATTRIBUTES,
)
class MLPRegressor(RegressorMixin, BaseMLP):
    """Multilayer perceptron regressor: scikit-learn's, and more.

    Every parameter and attribute of :class:`sklearn.neural_network.MLPRegressor` is here with its
    default and its meaning; the differences stand in the user guide.

    Parameters
    ----------
    loss : {"squared_error", "absolute_error", "huber", "poisson", "quantile"}, \
default="squared_error"
        What is minimised. "squared_error" and "poisson" are half of the squared error and half of the
        Poisson deviance; "poisson" predicts the exponential of the network's output and needs y >= 0.
    {architecture}
    {training}
    {beyond}
    quantile : float, default=0.5
        Which quantile the loss "quantile" estimates, in (0, 1).
    delta : float, default=1.0
        Residual at which the loss "huber" turns from a parabola into a line, in units of y.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    MLPClassifier : The same for classes.

    Examples
    --------
    >>> import numpy as np
    >>> from sknn import MLPRegressor
    >>> X = np.linspace(-3, 3, 300).reshape(-1, 1)
    >>> net = MLPRegressor(hidden_layer_sizes=30, activation="tanh", solver="lbfgs", random_state=0)
    >>> net.fit(X, np.sin(X).ravel()).score(X, np.sin(X)) > 0.999
    True
    """

    _parameter_constraints = {
        **CONSTRAINTS,
        "loss": [StrOptions(set(LOSSES))],
        "quantile": [Interval(Real, 0, 1, closed="neither")],
        "delta": [Interval(Real, 0, None, closed="neither")],
    }
    _numeric_targets = True

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
        shared = {k: v for k, v in locals().items() if k in CONSTRAINTS}
        super().__init__(**shared)
        self.loss = loss
        self.quantile = quantile
        self.delta = delta

    # ---- fit -----------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    @documented(fit=FIT.format(target="Numbers.", classes=""))
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the network.

        Parameters
        ----------
        {fit}
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    @available_if(lambda self: self._check_solver())
    @_fit_context(prefer_skip_nested_validation=True)
    @documented(fit=FIT.format(target="Numbers.", classes=""))
    def partial_fit(
        self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None
    ):
        """Go on training with one epoch over these data.

        Parameters
        ----------
        {fit}
        """
        validation = (X_val, y_val, sample_weight_val)
        return self._fit(X, y, sample_weight, validation, incremental=True)

    def _learn_targets(self, y, first, incremental, classes):
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if not first:
            return self._check_targets(y)
        self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]
        return y

    def _check_targets(self, y):
        n_outputs = 1 if y.ndim == 1 else y.shape[1]
        if n_outputs != self.n_outputs_:
            raise ValueError(
                f"y has {n_outputs} outputs, the model was fitted with {self.n_outputs_}."
            )
        return y

    def _encode(self, y, dtype):
        return _targets.encode_regression(y, self.loss, dtype)

    def _loss(self) -> Loss:
        option = {"huber": self.delta, "quantile": self.quantile}.get(self.loss, 0.0)
        return Loss(self.loss, (self.n_outputs_,), option)

    @property
    def _group_sizes(self):
        return (self.n_outputs_,)

    def _score_outputs(self, logits, y, sample_weight):
        logits = logits.astype(np.float64)  # its squares must not overflow
        values = np.exp(logits) if self.loss == "poisson" else logits
        if not np.isfinite(values).all():
            return np.nan
        return r2_score(y, values, sample_weight=sample_weight)

    # ---- prediction ----------------------------------------------------------------------------

    def predict(self, X):
        """Predict numbers.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Samples.

        Returns
        -------
        y : ndarray of shape (n,) or (n, n_outputs)
            Predictions, in the network's dtype.
        """
        values = self._outputs(X, link=True)
        return values.ravel() if values.shape[1] == 1 else values
