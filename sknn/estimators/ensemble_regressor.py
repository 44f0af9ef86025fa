"""Regressors of tabular data: continuous targets in, predictions in their units out."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.metrics import d2_pinball_score

from sknn import _types as types
from sknn._state import on_snapshot
from sknn.ensemble.outputs import StandardizedRegression, quantiles_of
from sknn.estimators.decorators import fit_context, partial_fit_context
from sknn.estimators.tabular import TabularEstimator
from sknn.inputs.dataset import Given
from sknn.targets.regression import one_column


class EnsembleRegressor(RegressorMixin, TabularEstimator):
    """Base of the regressor of tabular data: an ensemble whose predictions are averaged."""

    _numeric_targets = True

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
            Continuous targets.
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
        self, X: types.Samples, y: types.Target, sample_weight: types.Weights = None
    ) -> Self:
        """Train every member for one pass over these samples: a batch of a stream, or new data after `fit`.

        The first call learns from its samples what fit learns from all: quantiles, categories and missing values of
        the features, target statistics, the scale of the target, and how many members there are. So make its batch
        large and representative; what the parameters say about these counts in this call only. Categories that come
        later are unknown, as they are in `predict`. After `fit`, training continues from its members: with their
        encoding and weights in the mean.

        There is no validation fold: all samples are trained on, and the last weights are kept. `scoring`
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
            Continuous targets. Predictions stay within the range of those of all calls.
        sample_weight : array-like of shape (n,), default=None
            Weights of the samples; a weight of 2 is the sample twice, 0 is no sample.

        Returns
        -------
        self : object
            The fitted estimator.

        Examples
        --------
        >>> import numpy as np
        >>> from sknn import TabularRegressor
        >>> from sknn.streams import prefetch
        >>> X = np.random.RandomState(0).uniform(-2, 2, (8000, 2))
        >>> y = np.sin(X).sum(axis=1)
        >>> net = TabularRegressor("fast", random_state=0)
        >>> for part in prefetch(slice(start, start + 500) for start in range(0, 8000, 500)):
        ...     net = net.partial_fit(X[part], y[part])
        >>> net.score(X, y) > 0.9
        True
        """
        return self._partial_fit(Given(X, y, sample_weight))

    # ---- targets -------------------------------------------------------------------------------

    def _learn_targets(self, y, first=True, incremental=False, classes=None):
        y = one_column(y)
        n_outputs = 1 if y.ndim == 1 else y.shape[1]
        quantiles = quantiles_of(self.loss, self.quantile)
        if quantiles is not None:
            if y.ndim > 1:
                raise ValueError("several quantiles need a single column of y.")
            n_outputs = len(quantiles)
        if not first and n_outputs != self.n_outputs_:
            raise ValueError(
                f"y has {n_outputs} outputs, the model was fitted with {self.n_outputs_}."
            )
        new = StandardizedRegression(self.loss, n_outputs, self.quantile, self.delta)
        targets = new if first else self._targets()
        return targets, targets.check(y)

    def _targets(self):
        return StandardizedRegression(
            self.loss, self.n_outputs_, self.quantile, self.delta, self._standard, self._range
        )

    # ---- prediction ----------------------------------------------------------------------------

    @on_snapshot
    def predict(self, X: types.Samples, return_std: bool = False) -> types.ArrayOr:
        """Predict continuous targets.

        Parameters
        ----------
        X : data frame or array-like of shape (n, n_features)
            Samples, with the features that fit had.
        return_std : bool, default=False
            Whether to return the standard deviation over the members, too.

        Returns
        -------
        y : ndarray of shape (n,) or (n, n_outputs)
            Predictions; with several quantiles one column for each, in which the values of a sample are
            sorted so that they do not cross (Chernozhukov, Fernández-Val & Galichon, Econometrica 78,
            2010).
        y_std : ndarray of the same shape
            Only with `return_std`: how much the members disagree, not how much y varies.
        """
        rows = self._encoded(X)[1]
        ensemble, targets = self._ensemble(), self._targets()
        values = ensemble.outputs(rows)
        mean = targets.as_predictions(targets.predicted(values, ensemble.weights))
        if not return_std:
            return mean
        return mean, targets.as_predictions(targets.transformed(values).std(axis=0))

    @on_snapshot
    def score(
        self, X: types.Samples, y: types.Target, sample_weight: types.Weights = None
    ) -> float:
        """Compute R²; for several quantiles the mean of their D².

        Parameters
        ----------
        X : data frame or array-like of shape (n, n_features)
            Samples, with the features that fit had.
        y : array-like of shape (n,) or (n, n_outputs)
            Continuous targets.
        sample_weight : array-like of shape (n,), default=None
            Weights of the samples.

        Returns
        -------
        score : float
            At most 1; of several quantiles see :func:`sklearn.metrics.d2_pinball_score`.
        """
        quantiles = quantiles_of(self.loss, self.quantile)
        if quantiles is None:
            return super().score(X, y, sample_weight)
        columns = np.reshape(self.predict(X), (-1, len(quantiles))).T
        scores = [
            d2_pinball_score(y, column, alpha=quantile, sample_weight=sample_weight)
            for quantile, column in zip(quantiles, columns, strict=True)
        ]
        return float(np.mean(scores))
