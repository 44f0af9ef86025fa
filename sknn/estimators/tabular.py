"""Tables with default settings: the estimators of raw tables and their parameters."""

from math import inf
from numbers import Real

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval

from sknn.estimators._classifier import CLASSES, CLASSIFIER, CLASSIFIER_CONSTRAINTS
from sknn.estimators._efforts import EFFORTS_FOR_CLASSES, EFFORTS_FOR_NUMBERS
from sknn.estimators._parameters import documented
from sknn.estimators._regressor import LOSS, REGRESSOR_CONSTRAINTS
from sknn.estimators._snapshot import on_snapshot
from sknn.estimators._tabular_parameters import TABLE_FIT, TABULAR_CONSTRAINTS, TEXTS, describe
from sknn.estimators._tabular_targets import TabularLabels, TabularNumbers

SAMPLES = """X : data frame or array-like of shape (n, n_features)
            Samples, with the columns that fit had."""

CALIBRATE = """calibrate : bool, default={calibrate}
        Whether logits are divided by the temperature that gives held-out samples the least log-loss."""

REGRESSOR = """quantile : float or sequence of float, default={quantile}
        Which quantile the loss "quantile" estimates, in (0, 1); of several, each is an output.
    delta : float, default={delta}
        Residual at which the loss "huber" turns from a parabola into a line, in units of y."""


@documented(
    **TEXTS,
    efforts=describe(EFFORTS_FOR_CLASSES),
    score="the negative log-loss at the best temperature",
    classifier=CLASSIFIER,
    calibrate_text=CALIBRATE,
    classes=CLASSES,
    auto_activation='"selu"',
    auto_rate="0.04",
    auto_embedding='"periodic"',
    auto_thresholds="8, together 800 at most",
    of_what="s of `predict_proba`",
)
class TabularClassifier(TabularLabels):
    """Classes from raw tables: an ensemble of networks whose defaults suit most tables.

    Numbers are scaled robustly and clipped smoothly, few categories become columns, many get learned
    vectors, missing values an indicator. The networks are RealMLP's: numeric embeddings, a scaling layer,
    NTK parametrisation, parametric activations, AdamW with waves of the learning rate. Every second one also
    sees which numbers exceed thresholds. Each holds out a fold and keeps its best epoch on it; probabilities are
    calibrated on these folds and averaged, with weights for both kinds of networks that are best there.

    Parameters
    ----------
    {effort_text}
    {table}
    {network}
    {ensemble}
    {training}
    {classifier}
    {calibrate_text}
    {rest}

    Attributes
    ----------
    {classes}
    {fitted}
    temperature_ : float
        What logits are divided by.

    See Also
    --------
    TabularRegressor : The same for numbers.
    MLPClassifier : A single network on scaled numbers.

    References
    ----------
    D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default: strong pre-tuned MLPs and boosted
    trees on tabular data, NeurIPS 2024 (arXiv 2407.04491). C. Guo et al., On calibration of modern neural
    networks, ICML 2017 (arXiv 1706.04599). Members on folds, their temperature, and thresholds are not RealMLP's.

    Examples
    --------
    >>> import numpy as np
    >>> from sknn import TabularClassifier
    >>> X = np.array([["red", 1.0], ["red", 2.5], ["blue", None], ["blue", 0.5]] * 25, dtype=object)
    >>> y = ["yes", "yes", "no", "no"] * 25
    >>> net = TabularClassifier(effort="fast", random_state=0).fit(X, y)
    >>> net.predict([["blue", 0.5], ["red", 1.0]])
    array(['no', 'yes'], dtype='<U3')
    """

    _efforts = EFFORTS_FOR_CLASSES
    _activation = "selu"
    _learning_rate = 0.04
    _bends_from = inf
    _n_thresholds = 8
    _parameter_constraints = {
        **TABULAR_CONSTRAINTS,
        **CLASSIFIER_CONSTRAINTS,
        "calibrate": ["boolean"],
    }

    def __init__(
        self,
        effort="balanced",
        *,
        categorical_features="from_dtype",
        smooth_clip=True,
        hidden_layer_sizes="auto",
        activation="auto",
        numeric_embedding="auto",
        n_thresholds="auto",
        category_embedding=8,
        scaling_layer=True,
        parametrization="ntk",
        parametric_activation=True,
        data_driven_init=True,
        n_estimators="auto",
        validation="cv",
        refit=False,
        max_iter="auto",
        batch_size="auto",
        learning_rate="coslog",
        learning_rate_init="auto",
        beta_2=0.95,
        weight_decay=0.02,
        dropout=0.15,
        anneal_regularization=True,
        class_weight=None,
        label_smoothing=0.1,
        calibrate=True,
        scoring=None,
        store_oof_predictions=False,
        max_time=None,
        n_threads=None,
        random_state=None,
        verbose=False,
        dtype="float32",
    ):
        self._store(locals())

    @_fit_context(prefer_skip_nested_validation=True)
    @documented(fit=TABLE_FIT, target="Class labels, or a matrix of labels.")
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the networks.

        Parameters
        ----------
        {fit}
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))


@documented(
    **TEXTS,
    efforts=describe(EFFORTS_FOR_NUMBERS),
    score="R², or for other losses than the squared one the negative loss",
    loss_text=LOSS,
    regressor=REGRESSOR,
    auto_activation='"mish"',
    auto_rate="0.2",
    auto_embedding='"piecewise_linear" from 500 samples on, else "periodic"',
    auto_thresholds="0",
    of_what="",
)
class TabularRegressor(TabularNumbers):
    """Numbers from raw tables: an ensemble of networks whose defaults suit most tables.

    The table is read and the networks are as in :class:`TabularClassifier`, but that from 500
    samples on numbers enter as lines with bends at quantiles instead of waves. Targets are standardised
    (those of "poisson" and "gamma" divided by their mean), and predictions, which are the mean of the
    members', stay within the range of the training targets.

    Parameters
    ----------
    {effort_text}
    {loss_text}
    {table}
    {network}
    {ensemble}
    {training}
    {regressor}
    {rest}

    Attributes
    ----------
    {fitted}

    See Also
    --------
    TabularClassifier : The same for classes.
    MLPRegressor : A single network on scaled numbers.

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

    _efforts = EFFORTS_FOR_NUMBERS
    _activation = "mish"
    _learning_rate = 0.2
    _bends_from = 500
    _n_thresholds = 0
    _parameter_constraints = {
        **TABULAR_CONSTRAINTS,
        **REGRESSOR_CONSTRAINTS,
        "quantile": [Interval(Real, 0, 1, closed="neither"), "array-like"],
    }

    def __init__(
        self,
        effort="balanced",
        *,
        loss="squared_error",
        categorical_features="from_dtype",
        smooth_clip=True,
        hidden_layer_sizes="auto",
        activation="auto",
        numeric_embedding="auto",
        n_thresholds="auto",
        category_embedding=8,
        scaling_layer=True,
        parametrization="ntk",
        parametric_activation=True,
        data_driven_init=True,
        n_estimators="auto",
        validation="cv",
        refit=False,
        max_iter="auto",
        batch_size="auto",
        learning_rate="coslog",
        learning_rate_init="auto",
        beta_2=0.95,
        weight_decay=0.02,
        dropout=0.15,
        anneal_regularization=True,
        quantile=0.5,
        delta=1.0,
        scoring=None,
        store_oof_predictions=False,
        max_time=None,
        n_threads=None,
        random_state=None,
        verbose=False,
        dtype="float32",
    ):
        self._store(locals())

    @_fit_context(prefer_skip_nested_validation=True)
    @documented(fit=TABLE_FIT, target="Numbers.")
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the networks.

        Parameters
        ----------
        {fit}
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    @on_snapshot
    @documented(samples=SAMPLES)
    def predict(self, X, return_std=False):
        """Predict numbers.

        Parameters
        ----------
        {samples}
        return_std : bool, default=False
            Whether to return the standard deviation over the members, too.

        Returns
        -------
        y : ndarray of shape (n,) or (n, n_outputs)
            Predictions; with several quantiles one column for each, in which a row's values are sorted so that
            they do not cross (Chernozhukov, Fernández-Val & Galichon, Econometrica 78, 2010).
        y_std : ndarray of the same shape
            Only with `return_std`: how much the members disagree, not how much y varies.
        """
        values = self._member_outputs(X)
        mean = self._as_predictions(self._predicted(values))
        if not return_std:
            return mean
        spread = np.clip(self._numbers(values), *self._range).std(axis=0)
        return mean, self._as_predictions(spread)
