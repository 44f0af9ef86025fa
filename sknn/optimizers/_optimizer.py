"""What all optimizers share."""

from sknn._ranges import ParametersInRange


class Optimizer(ParametersInRange):
    """Base of the optimizers: they are described in Python and executed by the engine.

    A subclass has `kind`, its name in the engine, and says its arrays of state and its coefficients.

    See Also
    --------
    SGD : Gradient descent with momentum.
    Adam : Adaptive moments.
    sknn.schedules.Schedule : Base of the learning-rate schedules.

    Examples
    --------
    >>> from sknn.optimizers import SGD, Optimizer
    >>> isinstance(SGD(), Optimizer)
    True
    """

    #: name in the engine
    kind: str
    #: λ of ``w ← w − η λ w``, which comes before the step, for the weights that `alpha` penalises
    weight_decay = 0.0

    def validate(self):
        """Raise InvalidParameterError for a parameter out of its range."""
        self._validate_params()

    @property
    def n_slots(self) -> int:
        """Number of arrays of state, each as large as the weights."""
        raise TypeError(f"{type(self).__name__} does not say its arrays of state")

    def coefficients(self):
        """Give the numbers that the engine's update takes.

        Returns
        -------
        coefficients : tuple of float
            In the order of the engine.
        """
        raise TypeError(f"{type(self).__name__} does not say its coefficients")

    def lower(self, engine):
        """Describe the optimizer for the engine's Trainer.

        Parameters
        ----------
        engine : module
            The compiled engine of an instruction set and a precision.

        Returns
        -------
        description : tuple
            Kind, number of arrays of state, coefficients and decoupled weight decay.
        """
        kind = engine.OPTIMIZERS[self.kind]
        return kind, self.n_slots, self.coefficients(), self.weight_decay
