"""Regressors of one network: continuous targets in, predictions in their units out."""

from typing import Self

import numpy as np
from sklearn.base import RegressorMixin

from sknn._state import on_snapshot
from sknn._types import ArrayOr, Samples, Target, Weights
from sknn.estimators.decorators import available_if, fit_context, partial_fit_context
from sknn.estimators.network import NetworkEstimator, is_stochastic
from sknn.estimators.prediction import NetworkPrediction
from sknn.inputs.dataset import Given
from sknn.targets.regression import Regression, one_column

#: draws of Monte-Carlo dropout where a standard deviation is wanted and their number is not said
MC_SAMPLES = 100


class NetworkRegressor(RegressorMixin, NetworkEstimator):
    """Base of the regressors of one network."""

    _numeric_targets = True

    def _learn_targets(self, y, first, incremental, classes):
        y = one_column(y)
        if first:
            n_outputs = 1 if y.ndim == 1 else y.shape[1]
        else:
            n_outputs = self.n_outputs_
        targets = Regression(self.loss, n_outputs, self.quantile, self.delta)
        return targets, targets.check(y)

    def _targets(self):
        return Regression(self.loss, self.n_outputs_, self.quantile, self.delta)

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
            Continuous targets.
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
            Continuous targets.
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
        return self._fit(given, Given(X_val, y_val, sample_weight_val), incremental=True)

    # ---- prediction ----------------------------------------------------------------------------

    @on_snapshot
    def predict(
        self, X: Samples, return_std: bool = False, mc_samples: int | None = None
    ) -> ArrayOr:
        """Predict continuous targets.

        Parameters
        ----------
        X : array-like, sparse matrix or images
            Samples in any of the forms that fit takes.
        return_std : bool, default=False
            Whether to return the standard deviation over the draws of Monte-Carlo dropout, too.
        mc_samples : int or None, default=None
            Draws of Monte-Carlo dropout: so many thinned networks predict, each with masks of its own
            that are the same for all samples. The predictions are the means over them. None drops
            nothing, or with `return_std` takes 100 draws.

        Returns
        -------
        y : ndarray of shape (n,) or (n, n_outputs)
            Predictions in float64, in which a target scaler around the network can undo what it did; with
            ``dtype=None`` in the network's precision, as in scikit-learn.
        std : ndarray of the same shape
            Standard deviations in the units of y, with `return_std`: how far the thinned networks
            differ. The noise of y itself is not in them.

        Raises
        ------
        ValueError
            Where `return_std` or `mc_samples` is given and the network has no dropout.
        """
        prediction = NetworkPrediction(self)
        if mc_samples is None and not return_std:
            return self._as_predictions(prediction.outputs(X, link=True))
        draws = MC_SAMPLES if mc_samples is None else mc_samples
        moments = prediction.moments(X, draws, least=2 if return_std else 1)
        mean, std = (self._as_predictions(values) for values in moments)
        return (mean, std) if return_std else mean

    def _as_predictions(self, values):
        dtype = np.float64 if self.dtype is not None else self._fitted_dtype()
        values = values.astype(dtype, copy=False)
        return values.ravel() if values.shape[1] == 1 else values
