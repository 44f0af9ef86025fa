"""Ranges of parameters, of the estimators and of what describes a network and its training for them."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, validate_parameter_constraints

#: units, channels or categories of one layer
MAX_WIDTH = 2**24
#: values or weights of one layer, epochs of a fit: the engine counts in 32 bits
MAX_COUNT = 2**31 - 1
#: layers of one network, members of an ensemble
MAX_LAYERS = 10_000
#: networks may compute in this precision
MAX_FLOAT = float(np.finfo(np.float32).max)

#: what only bounds something: as large as it likes
COUNT = [Interval(Integral, 1, None, closed="left")]
WIDTH = [Interval(Integral, 1, MAX_WIDTH, closed="both")]
POSITIVE = [Interval(Real, 0, MAX_FLOAT, closed="right")]
NOT_NEGATIVE = [Interval(Real, 0, MAX_FLOAT, closed="both")]
BELOW_ONE = [Interval(Real, 0, 1, closed="left")]
#: numbers of units: one, several, or "256x3"
SIZES = ["array-like", *COUNT, str]
FRACTION = [Interval(Real, 0, 1, closed="both")]


class ParametersInRange(BaseEstimator):
    """Base of layers, optimizers, schedules and augmentation: they validate what they have stored."""

    _parameter_constraints: dict = {}

    def _validate_params(self):
        """Raise InvalidParameterError for a parameter out of its range.

        BaseEstimator's looks at `get_params`, which does not show what a subclass fixes.
        """
        values = {name: getattr(self, name) for name in self._parameter_constraints}
        validate_parameter_constraints(self._parameter_constraints, values, type(self).__name__)
