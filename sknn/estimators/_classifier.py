"""What every classifier does with labels; which network it is, the subclass says."""

from numbers import Real

import numpy as np
import scipy.sparse as sp
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.metrics import accuracy_score
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sknn.estimators import _data, _targets
from sknn.estimators._base import BaseNetwork
from sknn.estimators._monte_carlo import DRAWS
from sknn.estimators._parameters import FIT, SAMPLES, documented, partial_fit_context
from sknn.estimators._snapshot import on_snapshot
from sknn.losses import Loss

CLASSIFIER_CONSTRAINTS = {
    "class_weight": [dict, list, StrOptions({"balanced"}), None],
    "label_smoothing": [Interval(Real, 0, 1, closed="left")],
}

CLASSIFIER = """class_weight : dict, list of dict, "balanced" or None, default={class_weight}
        Weights of the classes: the same as sample weights, with which they are multiplied. Classes that a
        dict does not name have 1. It may name classes that y lacks if it names all that y has. Several
        columns take a list of dict. "balanced" gives all classes the same sum of sample weights, in
        `partial_fit` those of the batch.
    label_smoothing : float, default={label_smoothing}
        Share s of the target that is spread over all K classes: ``(1 − s) onehot + s / K``, in [0, 1)."""

CLASSES = """classes_ : ndarray of shape (n_classes,), or list of them
        Class labels; for several columns of classes a list."""


class LabelTargets(ClassifierMixin):
    """Labels, probabilities and what is learned from them.

    A classifier minimises the cross-entropy: of a softmax for several classes, of a logistic function
    for two classes or several labels, of one softmax per column for several columns of classes.
    """

    _numeric_targets = False

    # ---- fit -----------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    @documented(fit=FIT, target="Class labels, or a matrix of labels.", classes="")
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the network.

        Parameters
        ----------
        {fit}
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    def _learn_targets(self, y, first, incremental, classes):
        sparse = sp.issparse(y)
        kind, y = _targets.kind_of_labels(y)
        if first or "classes_" not in vars(self):
            if incremental:
                found = self._classes_for_ever(kind, y, classes)
                kind = _targets.kind_of_classes(kind, found)
            else:
                found = _targets.find_classes(kind, y)
            self.classes_, self._target_kind, self._sparse_targets = found, kind, sparse
        elif incremental:
            self._check_same_for_ever(classes)
        elif not _targets.same_classes(_targets.find_classes(kind, y), self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to "
                f"fit. Previously got {self.classes_}, `y` has {_targets.find_classes(kind, y)}"
            )
        _targets.check_known(self._target_kind, self.classes_, y)
        return y

    def _classes_for_ever(self, kind, y, classes):
        """The first call of partial_fit says which classes there will be."""
        if classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if kind == "multilabel-indicator" and not _targets.is_list_of_classes(classes):
            return np.arange(y.shape[1])
        return _targets.unique_classes(classes)

    def _check_same_for_ever(self, classes):
        known = self.classes_
        if classes is not None and not _targets.same_classes(
            _targets.unique_classes(classes), known
        ):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {known!r}"
            )

    def _check_targets(self, y):
        _, y = _targets.kind_of_labels(y)
        _targets.check_known(self._target_kind, self.classes_, y)
        return y

    def _encode(self, y, dtype):
        return _targets.encode(self._target_kind, self.classes_, y, dtype)

    def _loss(self) -> Loss:
        return _targets.classification_loss(self._target_kind, self.classes_, self.label_smoothing)

    @property
    def _group_sizes(self):
        return _targets.group_sizes(self._target_kind, self.classes_)

    def _class_weighted(self, y, sample_weight):
        if self.class_weight is None:
            return sample_weight
        columns = _targets.columns(self._target_kind, self.classes_, y)
        weights = _targets.class_weights_of_samples(self.class_weight, columns, sample_weight)
        return weights if sample_weight is None else weights * sample_weight

    def _stratify(self, y):
        if self._target_kind == "binary" and len(self.classes_) == 2:
            return y == self.classes_[1]
        return np.searchsorted(self.classes_, y) if self._target_kind == "multiclass" else None

    def _score_outputs(self, logits, y, sample_weight):
        labels = _targets.decode(self._target_kind, self.classes_, logits)
        if self._target_kind == "multiclass-multioutput":
            return np.average((labels == y).all(axis=1), weights=sample_weight)
        return accuracy_score(y, labels, sample_weight=sample_weight)

    # ---- prediction ----------------------------------------------------------------------------

    @on_snapshot
    @documented(samples=SAMPLES)
    def predict(self, X):
        """Predict class labels.

        Parameters
        ----------
        {samples}

        Returns
        -------
        y : ndarray of shape (n,) or (n, n_outputs)
            Class labels; a CSR matrix where fit was given a sparse matrix of labels.
        """
        logits = self._outputs(X)
        labels = _targets.decode(self._target_kind, self.classes_, logits)
        return sp.csr_matrix(labels) if self._sparse_targets else labels

    @on_snapshot
    @documented(samples=SAMPLES)
    def predict_proba(self, X):
        """Predict probabilities of the classes.

        Parameters
        ----------
        {samples}

        Returns
        -------
        P : ndarray of float64 of shape (n, n_classes), or list of them
            Probabilities in the order of ``classes_``; one array per column of classes where there are
            several.
        """
        return self._as_probabilities(self._outputs(X, link=True))

    def _as_probabilities(self, values):
        return _targets.probabilities(self._target_kind, self.classes_, values)

    @documented(samples=SAMPLES)
    def predict_log_proba(self, X):
        """Predict logarithms of the probabilities.

        Parameters
        ----------
        {samples}

        Returns
        -------
        L : ndarray of shape (n, n_classes), or list of them
            ``log(predict_proba(X))``.
        """
        values = self.predict_proba(X)
        with np.errstate(divide="ignore"):  # a probability may be too small for its dtype
            return [np.log(v) for v in values] if isinstance(values, list) else np.log(values)

    @on_snapshot
    @documented(samples=SAMPLES)
    def decision_function(self, X):
        """The logits: what the link turns into probabilities.

        Parameters
        ----------
        {samples}

        Returns
        -------
        Z : ndarray of float64 of shape (n,) for two classes, else (n, n_outputs); or list of them
            Logits in float64; for two classes that of the second. Those of a logistic
            function are bounded by ±30, before 1 − p has no digits left.
        """
        logits = self._outputs(X).astype(np.float64, copy=False)
        if self._target_kind == "binary":
            return logits.ravel()
        if self._target_kind == "multiclass-multioutput":
            return [np.ascontiguousarray(z) for z in _targets.split(self.classes_, logits)]
        return logits

    @on_snapshot
    @documented(samples=SAMPLES)
    def score(self, X, y, sample_weight=None):
        """Mean accuracy; for several labels or columns the share of rows that are right throughout.

        Parameters
        ----------
        {samples}
        y : array-like of shape (n,) or (n, n_outputs)
            True labels.
        sample_weight : array-like of shape (n,), default=None
            Weights of the samples.

        Returns
        -------
        score : float
            Accuracy.
        """
        check_is_fitted(self)
        _data.check_sparse(y, "y")
        if self._target_kind == "multiclass-multioutput":
            right = (self.predict(X) == np.asarray(y)).all(axis=1)
            return float(np.average(right, weights=sample_weight))
        return super().score(X, y, sample_weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output = True
        return tags


class NetworkClassifier(LabelTargets, BaseNetwork):
    """Base of the classifiers that are one network."""

    @available_if(lambda self: self._check_solver())
    @partial_fit_context
    @documented(
        fit=FIT,
        target="Class labels.",
        classes="""
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come; needed in the first call. For several columns of classes a
            list of arrays.""",
    )
    def partial_fit(
        self,
        X,
        y,
        sample_weight=None,
        classes=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Go on training with one epoch over these data.

        Parameters
        ----------
        {fit}
        """
        validation = (X_val, y_val, sample_weight_val)
        return self._fit(X, y, sample_weight, validation, incremental=True, classes=classes)

    @on_snapshot
    @documented(samples=SAMPLES, draws=DRAWS)
    def predict_proba(self, X, mc_samples=None):
        """Predict probabilities of the classes.

        Parameters
        ----------
        {samples}
        mc_samples : int or None, default=None
            {draws} The probabilities are the means over them. None drops nothing.

        Returns
        -------
        P : ndarray of float64 of shape (n, n_classes), or list of them
            Probabilities in the order of ``classes_``; one array per column of classes where there are
            several.

        Raises
        ------
        ValueError
            Where `mc_samples` is given and the network has no dropout.
        """
        if mc_samples is None:
            values = self._outputs(X, link=True)
        else:
            values, _ = self._moments_over_draws(X, mc_samples)
        return self._as_probabilities(values)
