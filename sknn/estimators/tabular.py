"""What both estimators of tabular data share: an ensemble that is fitted, asked and explained."""

from abc import ABCMeta, abstractmethod

from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from sknn._state import atomic_fit, on_snapshot
from sknn._types import Array, Samples
from sknn.ensemble.attribution import feature_gradients, integrated_gradients
from sknn.ensemble.effort import Effort
from sknn.ensemble.fitted import FittedEnsemble
from sknn.ensemble.members import Member
from sknn.ensemble.outputs import CalibratedLabels, StandardizedRegression
from sknn.estimators.base import Estimator
from sknn.estimators.tabular_fitting import TabularFit
from sknn.estimators.tabular_passes import TabularPass
from sknn.inputs.table import TableInput
from sknn.inputs.table.columns import TableColumns
from sknn.network.summary import Summary


class TabularEstimator(Estimator, metaclass=ABCMeta):
    """Base of the estimators of tabular data; the subclass knows its targets, and what "auto" means."""

    #: whether y is numerical, to be validated as such
    _numeric_targets: bool
    estimators_: list[Member]
    best_epochs_: list[int]
    validation_scores_: list[list[float]]
    oof_predictions_: Array
    feature_importances_: Array
    is_categorical_: Array

    _efforts: dict[str, Effort]
    _auto_activation: str
    _auto_learning_rate: float
    _auto_thresholds: int
    #: samples seen, at which the learning rate of partial_fit has fallen by the factor 1 / √2
    _rate_falls_from: int

    @abstractmethod
    def _learn_targets(self, y, first=True, incremental=False, classes=None):
        """(targets, validated y), learned in a first fit, or else checked against those of the last fit."""

    @abstractmethod
    def _targets(self) -> CalibratedLabels | StandardizedRegression:
        """The fitted targets."""

    def _fit(self, given, validation):
        """Fits, or leaves the estimator exactly as it was."""
        with atomic_fit(self) as working_copy:
            TabularFit(working_copy, self).run(given, validation)
        return self

    def _partial_fit(self, given, classes=None):
        """Trains for one pass, or leaves the estimator exactly as it was."""
        with atomic_fit(self) as working_copy:
            TabularPass(working_copy, self, classes).run(given)
        return self

    # ---- what fit has learned ------------------------------------------------------------------

    def _fitted_dtype(self):
        """Precision of the members, whatever the parameter says by now."""
        return self.estimators_[0].coefs[0].dtype

    def _encoded(self, X):
        """(the features of X, encoded samples)"""
        check_is_fitted(self)
        self._validate_changed(("n_threads",))
        X = TableInput(self._encoder).validate(self, X)
        columns = TableColumns(X)
        return columns, self._encoder.encode(columns, self._fitted_dtype())

    def _ensemble(self):
        """The members with their weights."""
        dtype, targets = self._fitted_dtype(), self._targets()
        cache = vars(self).get("_programs", {})
        programs = cache.get(dtype.char)
        if programs is None:
            networks = [one.network(self._encoder, dtype) for one in self._architectures]
            programs = [(network, network.program(targets.loss)) for network in networks]
            cache[dtype.char] = programs  # all at once, for other threads
        return FittedEnsemble(self.estimators_, programs, targets, self.n_threads)

    @on_snapshot
    def _summaries(self):
        found = []
        for kind, (network, _) in enumerate(self._ensemble().programs):
            summary = Summary(network.summary(), network.input_shape)
            n_members = sum(member.kind == kind for member in self.estimators_)
            networks = "1 network" if n_members == 1 else f"{n_members} networks"
            n_layers, n_parameters = len(summary.rows), summary.n_parameters
            heading = f"{networks} of {n_parameters:,} parameters in {n_layers} layers"
            found.append((heading, summary))
        return found

    # ---- explanations --------------------------------------------------------------------------

    @on_snapshot
    def input_gradients(self, X: Samples, output: int | None = None) -> Array:
        """Compute the gradients of an output with respect to the numerical features.

        Parameters
        ----------
        X : data frame or array-like of shape (n, n_features)
            Samples.
        output : int or None, default=None
            Which output: for a regressor the column of y, for a classifier the number of the class
            (of the label, where there are several), whose logit is meant as `decision_function` has it.
            None is the only one, and for two classes the second; for more it must be given.

        Returns
        -------
        gradients : ndarray of shape (n, n_features)
            ∂ output / ∂ x in units of y (or logits) per unit of the feature. NaN for categorical
            features; 0 where a value is missing or a feature was constant in fit. The bounds that
            predictions are clipped to are left out.
        """
        columns, rows = self._encoded(X)
        encoded = self._ensemble().gradients(rows, self._which_output(output))
        return feature_gradients(self._encoder, columns, encoded)

    @on_snapshot
    def integrated_gradients(
        self, X: Samples, output: int | None = None, n_steps: int = 32
    ) -> Array:
        """Attribute the difference between an output and that of an average sample to the features.

        From the medians of the numerical features and the middle of the one-hot columns a straight line
        leads to the encoded sample; along it gradients are integrated. Categories with learned vectors are
        exchanged before, one feature after the other.

        Parameters
        ----------
        X : data frame or array-like of shape (n, n_features)
            Samples.
        output : int or None, default=None
            As for `input_gradients`.
        n_steps : int, default=32
            Points of the line, midpoints of equal parts, >= 1.

        Returns
        -------
        attributions : ndarray of shape (n, n_features)
            In units of the output. Their sum over the features is the output less that of the average
            sample, but for the error of the integral.

        References
        ----------
        M. Sundararajan, A. Taly & Q. Yan, Axiomatic attribution for deep networks, ICML 2017.
        """
        if n_steps < 1:
            raise ValueError(f"n_steps={n_steps!r} must be an integer >= 1.")
        _, rows = self._encoded(X)
        which = self._which_output(output)
        return integrated_gradients(self._ensemble(), self._encoder, rows, which, n_steps)

    def _which_output(self, output):
        """Number of the network's output that is meant."""
        two_classes = self.n_outputs_ == 1 and is_classifier(self)
        known = [1] if two_classes else list(range(self.n_outputs_))
        if output is None and len(known) == 1:
            return 0
        if output not in known:
            raise ValueError(f"output={output!r} must be one of {known}.")
        return known.index(output)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
