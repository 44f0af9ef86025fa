"""What all optimizers share."""

from sklearn.base import BaseEstimator


class Optimizer(BaseEstimator):
    """What all optimizers share: they are described here and executed by the engine."""

    #: name in the engine
    kind: str
    #: λ of ``w ← w − η λ w``, which comes before the step, for the weights that `alpha` penalises
    weight_decay = 0.0
    _parameter_constraints: dict = {}

    def validate(self):
        """Raise InvalidParameterError for a parameter out of its range."""
        self._validate_params()

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
