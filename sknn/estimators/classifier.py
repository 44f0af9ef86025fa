"""Classifiers of one network: labels in, labels and probabilities out."""

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from sknn._state import on_snapshot
from sknn._types import ArrayOr, Samples, Target, Weights
from sknn.estimators.decorators import available_if, fit_context, partial_fit_context
from sknn.estimators.network import NetworkEstimator, is_stochastic
from sknn.estimators.prediction import NetworkPrediction
from sknn.inputs.dataset import Given
from sknn.inputs.dense import check_sparse
from sknn.targets.labels import Labels, learn_labels


class NetworkClassifier(ClassifierMixin, NetworkEstimator):
    """Base of the classifiers of one network.

    It minimizes the cross-entropy: of a softmax for several classes, of a logistic function for two
    classes or several labels, of one softmax per column for several columns of classes.
    """

    classes_: ArrayOr

    _numeric_targets = False

    def _learn_targets(self, y, first, incremental, classes):
        known = None if first or "classes_" not in vars(self) else self._targets()
        options = {"class_weight": self.class_weight, "smoothing": self.label_smoothing}
        return learn_labels(y, known, classes, incremental, **options)

    def _targets(self):
        return Labels(
            self._target_kind,
            self.classes_,
            self._sparse_targets,
            self.class_weight,
            self.label_smoothing,
        )

    # ---- fit -----------------------------------------------------------------------------------

    @fit_context
    def fit(
        self,
        X: Samples,
        y: Target,
        sample_weight: Weights = None,
        *,
        X_val: Samples = None,
        y_val: Target = None,
        sample_weight_val: Weights = None,
    ) -> Self:
        """Fit the network.

        Parameters
        ----------
        X : array-like, sparse matrix or images
            Training samples: (n, n_features), and for a network on images (n, h, w) or (n, h, w, c) too.
            float32 and float64 arrays in C order, CSR matrices (of an MLP) and uint8 images,
            memory-mapped or read-only ones too, are used without a copy.
        y : array-like of shape (n,) or (n, n_outputs)
            Class labels, or a matrix of labels.
        sample_weight : array-like of shape (n,), default=None
            Weights of the samples; a weight of 2 is the sample twice, 0 is no sample.
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
            The fitted estimator.
        """
        given = Given(X, y, sample_weight)
        return self._fit(given, Given(X_val, y_val, sample_weight_val))

    @available_if(is_stochastic)
    @partial_fit_context
    def partial_fit(
        self,
        X: Samples,
        y: Target,
        sample_weight: Weights = None,
        classes: Any = None,
        *,
        X_val: Samples = None,
        y_val: Target = None,
        sample_weight_val: Weights = None,
    ) -> Self:
        """Continue training with one epoch over these data.

        Parameters
        ----------
        X : array-like, sparse matrix or images
            Training samples: (n, n_features), and for a network on images (n, h, w) or (n, h, w, c) too.
            float32 and float64 arrays in C order, CSR matrices (of an MLP) and uint8 images,
            memory-mapped or read-only ones too, are used without a copy.
        y : array-like of shape (n,) or (n, n_outputs)
            Class labels.
        sample_weight : array-like of shape (n,), default=None
            Weights of the samples; a weight of 2 is the sample twice, 0 is no sample.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come; needed in the first call. For several columns of classes a
            list of arrays.
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
            The fitted estimator.
        """
        validation = Given(X_val, y_val, sample_weight_val)
        given = Given(X, y, sample_weight)
        return self._fit(given, validation, incremental=True, classes=classes)

    # ---- prediction ----------------------------------------------------------------------------

    @on_snapshot
    def predict(self, X: Samples) -> ArrayOr:
        """Predict class labels.

        Parameters
        ----------
        X : array-like, sparse matrix or images
            Samples in any of the forms that fit takes.

        Returns
        -------
        y : ndarray of shape (n,) or (n, n_outputs)
            Class labels; a CSR matrix where fit was given a sparse matrix of labels.
        """
        prediction = NetworkPrediction(self)
        return prediction.targets.decode(prediction.outputs(X))

    @on_snapshot
    def predict_proba(self, X: Samples, mc_samples: int | None = None) -> ArrayOr:
        """Predict probabilities of the classes.

        Parameters
        ----------
        X : array-like, sparse matrix or images
            Samples in any of the forms that fit takes.
        mc_samples : int or None, default=None
            Draws of Monte-Carlo dropout: so many thinned networks predict, each with masks of its own
            that are the same for all samples. The probabilities are the means over them. None drops
            nothing.

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
        prediction = NetworkPrediction(self)
        if mc_samples is None:
            values = prediction.outputs(X, link=True)
        else:
            values, _ = prediction.moments(X, mc_samples)
        return prediction.targets.probabilities(values)

    def predict_log_proba(self, X: Samples) -> ArrayOr:
        """Predict logarithms of the probabilities.

        Parameters
        ----------
        X : array-like, sparse matrix or images
            Samples in any of the forms that fit takes.

        Returns
        -------
        L : ndarray of shape (n, n_classes), or list of them
            ``log(predict_proba(X))``.
        """
        return log_probabilities(self.predict_proba(X))

    @on_snapshot
    def decision_function(self, X: Samples) -> ArrayOr:
        """Compute the logits: what the link turns into probabilities.

        Parameters
        ----------
        X : array-like, sparse matrix or images
            Samples in any of the forms that fit takes.

        Returns
        -------
        Z : ndarray of float64 of shape (n,) for two classes, else (n, n_outputs); or list of them
            Logits; for two classes that of the second.
        """
        prediction = NetworkPrediction(self)
        return prediction.targets.decisions(prediction.outputs(X))

    @on_snapshot
    def score(self, X: Samples, y: Target, sample_weight: Weights = None) -> float:
        """Compute the accuracy; for several labels or columns the fraction of samples right throughout.

        Parameters
        ----------
        X : array-like, sparse matrix or images
            Samples in any of the forms that fit takes.
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


def log_probabilities(values):
    """Logarithms of what predict_proba gives."""
    with np.errstate(divide="ignore"):  # a probability may be too small for its dtype
        return [np.log(v) for v in values] if isinstance(values, list) else np.log(values)


def with_tags_of_labels(tags):
    """Tags of a classifier that takes several labels, and several columns of them."""
    tags.classifier_tags.multi_label = True
    tags.target_tags.multi_output = True
    return tags
