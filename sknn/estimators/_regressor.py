"""What every regressor does with its targets; which network it is, the subclass says."""

from numbers import Real

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import r2_score
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if

from sknn.estimators import _targets
from sknn.estimators._base import BaseNetwork
from sknn.estimators._hints import hint_at_scale
from sknn.estimators._monte_carlo import DRAWS, MC_SAMPLES
from sknn.estimators._parameters import FIT, SAMPLES, documented, partial_fit_context
from sknn.estimators._snapshot import on_snapshot
from sknn.losses import Loss

LOSSES = ("squared_error", "absolute_error", "huber", "poisson", "gamma", "quantile")


REGRESSOR_CONSTRAINTS = {
    "loss": [StrOptions(set(LOSSES))],
    "quantile": [Interval(Real, 0, 1, closed="neither")],
    "delta": [Interval(Real, 0, None, closed="neither")],
}

LOSS = """loss : {"squared_error", "absolute_error", "huber", "poisson", "gamma", "quantile"}, \
default={loss}
        What is minimised. "squared_error", "poisson" and "gamma" are half of the squared error and half of
        the deviances; "poisson" (y >= 0) and "gamma" (y > 0) predict the exponential of the network's
        output."""

REGRESSOR = """quantile : float, default={quantile}
        Which quantile the loss "quantile" estimates, in (0, 1).
    delta : float, default={delta}
        Residual at which the loss "huber" turns from a parabola into a line, in units of y."""


class NumericTargets(RegressorMixin):
    """Numbers as targets."""

    _numeric_targets = True

    # ---- fit -----------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    @documented(fit=FIT, target="Numbers.", classes="")
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the network.

        Parameters
        ----------
        {fit}
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    def _learn_targets(self, y, first, incremental, classes):
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if not first:
            return self._check_targets(y)
        self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]
        return self._check_targets(y)

    def _check_targets(self, y):
        assert_all_finite(y, input_name="y")  # None among objects has become NaN
        n_outputs = 1 if y.ndim == 1 else y.shape[1]
        if n_outputs != self.n_outputs_:
            raise ValueError(
                f"y has {n_outputs} outputs, the model was fitted with {self.n_outputs_}."
            )
        return y.astype(np.float64, copy=False)  # moments of float16 overflow

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
        values = np.exp(logits) if self.loss in {"poisson", "gamma"} else logits
        if not np.isfinite(values).all():
            return np.nan
        return r2_score(y, values, sample_weight=sample_weight)


class NetworkRegressor(NumericTargets, BaseNetwork):
    """Base of the regressors that are one network."""

    @available_if(lambda self: self._check_solver())
    @partial_fit_context
    @documented(fit=FIT, target="Numbers.", classes="")
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

    def _hint(self, y):
        if self._loss().link == "identity":
            hint_at_scale(y, stacklevel=6)

    # ---- prediction ----------------------------------------------------------------------------

    @on_snapshot
    @documented(samples=SAMPLES, draws=DRAWS)
    def predict(self, X, return_std=False, mc_samples=None):
        """Predict numbers.

        Parameters
        ----------
        {samples}
        return_std : bool, default=False
            Whether to return the standard deviation over the draws of Monte-Carlo dropout, too.
        mc_samples : int or None, default=None
            {draws} The predictions are the means over them. None drops nothing, or
            with `return_std` takes 100 draws.

        Returns
        -------
        y : ndarray of shape (n,) or (n, n_outputs)
            Predictions in float64, in which a target scaler around the network can undo what it did; with
            ``dtype=None`` in the network's precision, as in scikit-learn.
        std : ndarray of the same shape
            Standard deviations in the units of y, with `return_std`: how far the thinned networks differ. The noise
            of y itself is not in them.

        Raises
        ------
        ValueError
            Where `return_std` or `mc_samples` is given and the network has no dropout.
        """
        if mc_samples is None and not return_std:
            return self._as_predictions(self._outputs(X, link=True))
        draws = MC_SAMPLES if mc_samples is None else mc_samples
        mean, std = self._moments_over_draws(X, draws, least=2 if return_std else 1)
        mean, std = self._as_predictions(mean), self._as_predictions(std)
        return (mean, std) if return_std else mean

    def _as_predictions(self, values):
        dtype = np.float64 if self.dtype is not None else self._fitted_dtype()
        values = values.astype(dtype, copy=False)
        return values.ravel() if values.shape[1] == 1 else values
