"""Classifiers of tabular data: labels in, labels and probabilities out."""

from typing import Any, Self

from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from sknn import _types as types
from sknn._state import on_snapshot
from sknn.ensemble.outputs import CalibratedLabels
from sknn.estimators.classifier import log_probabilities, with_tags_of_labels
from sknn.estimators.decorators import fit_context, partial_fit_context
from sknn.estimators.tabular import TabularEstimator
from sknn.inputs.dataset import Given
from sknn.inputs.dense import check_sparse
from sknn.targets.labels import learn_labels


class EnsembleClassifier(ClassifierMixin, TabularEstimator):
    """Base of the classifier of tabular data: an ensemble whose probabilities are averaged."""

    classes_: types.ArrayOr
    temperature_: float

    _numeric_targets = False

    # ---- fit -----------------------------------------------------------------------------------

    @fit_context
    def fit(
        self,
        X: types.Samples,
        y: types.Target,
        sample_weight: types.Weights = None,
        *,
        groups: ArrayLike | None = None,
        X_val: types.Samples = None,
        y_val: types.Target = None,
        sample_weight_val: types.Weights = None,
    ) -> Self:
        """Fit the networks.

        Parameters
        ----------
        X : data frame, pyarrow.Table or array-like of shape (n, n_features)
            Training samples with numerical and categorical features, strings and booleans among them;
            missing values are None, NaN or what the data frame has for them. Read column by column, never changed.
        y : array-like of shape (n,) or (n, n_outputs)
            Class labels, or a matrix of labels.
        sample_weight : array-like of shape (n,), default=None
            Weights of the samples; a weight of 2 is the sample twice, 0 is no sample.
        groups : array-like of shape (n,), default=None
            Samples of one group, of a patient say, are never on both sides of a split, with `validation`
            "cv" and "holdout"; a splitter is given it as `groups`.
        X_val : data frame or array-like, default=None
            Validation samples, for all members in place of the folds.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Their targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        given = Given(X, y, sample_weight, groups)
        return self._fit(given, Given(X_val, y_val, sample_weight_val))

    @partial_fit_context
    def partial_fit(
        self,
        X: types.Samples,
        y: types.Target,
        sample_weight: types.Weights = None,
        classes: Any = None,
    ) -> Self:
        """Train every member for one pass over these samples: a batch of a stream, or new data after `fit`.

        The first call learns from its samples what fit learns from all: quantiles, categories and missing values of
        the features, target statistics, the scale of the target, and how many members there are. So make its batch
        large and representative; what the parameters say about these counts in this call only. Categories that come
        later are unknown, as they are in `predict`. After `fit`, training continues from its members: with their
        encoding and weights in the mean, and their temperature.

        There is no validation fold: all samples are trained on, and the last weights are kept. `scoring`, `calibrate`
        and `refit` are for fit alone. The learning rate "auto" falls with the square root of the number of samples
        that a member has seen, in fit too. A schedule that plans its end takes `max_iter` for the number of calls;
        where that is "auto", it is constant, and regularization is annealed with such a plan only. An error or
        Ctrl-C leaves the estimator as it was before the call. ``feature_importances_`` and ``oof_predictions_`` of
        fit are removed.

        Parameters
        ----------
        X : data frame, pyarrow.Table or array-like of shape (n, n_features)
            Training samples in any of the forms that fit takes.
        y : array-like of shape (n,) or (n, n_outputs)
            Class labels; a batch may lack some.
        sample_weight : array-like of shape (n,), default=None
            Weights of the samples; a weight of 2 is the sample twice, 0 is no sample.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come; needed in the first call. For several columns of classes a
            list of arrays.

        Returns
        -------
        self : object
            The fitted estimator.

        Examples
        --------
        >>> import numpy as np
        >>> from sknn import TabularClassifier
        >>> from sknn.streams import prefetch
        >>> X = np.random.RandomState(0).normal(size=(4000, 5))
        >>> y = np.where(X[:, 0] * X[:, 1] > 0, "same", "different")
        >>> net = TabularClassifier("fast", random_state=0)
        >>> for part in prefetch(slice(start, start + 500) for start in range(0, 4000, 500)):
        ...     net = net.partial_fit(X[part], y[part], classes=["different", "same"])
        >>> net.score(X, y) > 0.8
        True
        """
        return self._partial_fit(Given(X, y, sample_weight), classes)

    # ---- targets -------------------------------------------------------------------------------

    def _learn_targets(self, y, first=True, incremental=False, classes=None):
        known = None if first else self._targets()
        options = {"class_weight": self.class_weight, "smoothing": self.label_smoothing}
        labels, y = learn_labels(y, known, classes, incremental, **options)
        return CalibratedLabels(**vars(labels)), y

    def _targets(self):
        learned = self._target_kind, self.classes_, self._sparse_targets
        return CalibratedLabels(
            *learned, self.class_weight, self.label_smoothing, self.temperature_
        )

    # ---- prediction ----------------------------------------------------------------------------

    @on_snapshot
    def predict(self, X: types.Samples) -> types.ArrayOr:
        """Predict class labels.

        Parameters
        ----------
        X : data frame or array-like of shape (n, n_features)
            Samples, with the features that fit had.

        Returns
        -------
        y : ndarray of shape (n,) or (n, n_outputs)
            Class labels; a CSR matrix where fit was given a sparse matrix of labels.
        """
        rows = self._encoded(X)[1]
        return self._targets().decode(self._ensemble().combined(rows))

    @on_snapshot
    def predict_proba(self, X: types.Samples) -> types.ArrayOr:
        """Predict probabilities of the classes.

        Parameters
        ----------
        X : data frame or array-like of shape (n, n_features)
            Samples, with the features that fit had.

        Returns
        -------
        P : ndarray of float64 of shape (n, n_classes), or list of them
            Probabilities in the order of ``classes_``; one array per column of classes where there are
            several.
        """
        rows = self._encoded(X)[1]
        return self._targets().probabilities(self._ensemble().predicted(rows))

    def predict_log_proba(self, X: types.Samples) -> types.ArrayOr:
        """Predict logarithms of the probabilities.

        Parameters
        ----------
        X : data frame or array-like of shape (n, n_features)
            Samples, with the features that fit had.

        Returns
        -------
        L : ndarray of shape (n, n_classes), or list of them
            ``log(predict_proba(X))``.
        """
        return log_probabilities(self.predict_proba(X))

    @on_snapshot
    def decision_function(self, X: types.Samples) -> types.ArrayOr:
        """Compute the logits of the mean probabilities.

        Parameters
        ----------
        X : data frame or array-like of shape (n, n_features)
            Samples, with the features that fit had.

        Returns
        -------
        Z : ndarray of float64 of shape (n,) for two classes, else (n, n_outputs); or list of them
            Logits; for two classes that of the second. Those of two classes and of several labels are
            bounded by ±30 for each member, before 1 − p has no digits left.
        """
        rows = self._encoded(X)[1]
        return self._targets().decisions(self._ensemble().combined(rows))

    @on_snapshot
    def score(
        self, X: types.Samples, y: types.Target, sample_weight: types.Weights = None
    ) -> float:
        """Compute the accuracy; for several labels or columns the fraction of samples right throughout.

        Parameters
        ----------
        X : data frame or array-like of shape (n, n_features)
            Samples, with the features that fit had.
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
        check_sparse(y, "y")
        return self._targets().accuracy(y, self.predict(X), sample_weight)

    def __sklearn_tags__(self):
        return with_tags_of_labels(super().__sklearn_tags__())
