"""Base class of the optimizers."""

from sknn._ranges import ParametersInRange


class Optimizer(ParametersInRange):
    """Base of the optimizers, which are described in Python and executed by the engine.

    A subclass defines `kind`, its name in the engine, `n_slots` and `coefficients`.

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
    #: λ of ``w ← w − η λ w`` before each step, for the weights that `alpha` penalizes
    weight_decay = 0.0

    def validate(self):
        """Raise InvalidParameterError for a parameter out of its range."""
        self._validate_params()

    @property
    def n_slots(self) -> int:
        """Number of arrays of state, each as large as the weights."""
        raise TypeError(f"{type(self).__name__} does not say its arrays of state")

    def coefficients(self):
        """Get the coefficients of the engine's update.

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
