"""What all optimizers share, and the ranges of their parameters."""

from numbers import Real

from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, validate_parameter_constraints

DECAY = [Interval(Real, 0, 1, closed="left")]
MOMENTUM = [Interval(Real, 0, 1, closed="both")]
NOT_NEGATIVE = [Interval(Real, 0, None, closed="left")]
POSITIVE = [Interval(Real, 0, None, closed="neither")]


class Optimizer(BaseEstimator):
    """What all optimizers share: they are described here and executed by the engine."""

    #: name in the engine
    kind: str
    #: λ of ``w ← w − η λ w``, which comes before the step, for the weights that `alpha` penalises
    weight_decay = 0.0
    _parameter_constraints: dict = {}

    def validate(self):
        """Raise InvalidParameterError for a parameter out of its range."""
        validate_parameter_constraints(
            self._parameter_constraints, self.get_params(deep=False), type(self).__name__
        )

    @property
    def n_slots(self) -> int:
        """Arrays of state beside the weights."""
        raise TypeError(f"{type(self).__name__} does not say its arrays of state")

    def coefficients(self):
        """The numbers the engine's update takes, in its order."""
        raise TypeError(f"{type(self).__name__} does not say its coefficients")

    def lower(self, engine):
        """What the engine's Trainer takes."""
        kind = engine.OPTIMIZERS[self.kind]
        return kind, self.n_slots, self.coefficients(), self.weight_decay
