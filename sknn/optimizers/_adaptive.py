"""Optimizers that scale steps by earlier gradients."""

from sknn._ranges import BELOW_ONE, FRACTION, NOT_NEGATIVE, POSITIVE
from sknn.optimizers._optimizer import Optimizer


class Adagrad(Optimizer):
    """Adagrad: steps scaled by the sum of all squared gradients.

    ``s ← s + g²`` and ``w ← w − η g / (√(s₀ + s) + ε)``.

    Parameters
    ----------
    epsilon : float, default=1e-10
        Added to the denominator: ε, > 0.
    initial_accumulator_value : float, default=0.0
        Initial value s₀ of the sum, >= 0; it makes the first steps smaller.

    See Also
    --------
    RMSprop : Moving average instead of a sum.

    Notes
    -----
    The defaults and the position of ε are PyTorch's. Keras divides by ``√(s₀ + s + ε)`` with s₀ = 0.1. The
    usual learning rate is 0.01.

    References
    ----------
    J. Duchi, E. Hazan & Y. Singer, Adaptive subgradient methods for online learning and stochastic
    optimization, JMLR 12, 2011.

    Examples
    --------
    >>> from sknn.optimizers import Adagrad
    >>> Adagrad(initial_accumulator_value=0.1)
    Adagrad(initial_accumulator_value=0.1)
    """

    kind = "adagrad"
    n_slots = 1
    _parameter_constraints = {"epsilon": POSITIVE, "initial_accumulator_value": NOT_NEGATIVE}

    def __init__(self, epsilon: float = 1e-10, initial_accumulator_value: float = 0.0) -> None:
        self.epsilon = epsilon
        self.initial_accumulator_value = initial_accumulator_value

    def coefficients(self):
        return self.epsilon, self.initial_accumulator_value


class Adadelta(Optimizer):
    """Adadelta: steps scaled by recent steps and recent gradients, which makes the learning rate dimensionless.

    ``s ← ρ s + (1 − ρ) g²``, ``δ = √(d + ε) / √(s + ε) · g``, ``d ← ρ d + (1 − ρ) δ²`` and
    ``w ← w − η δ``.

    Parameters
    ----------
    rho : float, default=0.9
        Decay ρ of both averages, in [0, 1).
    epsilon : float, default=1e-6
        Determines the first steps: ε, > 0.

    See Also
    --------
    RMSprop : With a learning rate in the usual sense.

    Notes
    -----
    The steps equal PyTorch's, and Keras's with rho=0.95 and epsilon=1e-7. The paper uses η = 1: set
    ``learning_rate_init=1.0``.

    References
    ----------
    M. Zeiler, ADADELTA: an adaptive learning rate method, 2012 (arXiv 1212.5701).

    Examples
    --------
    >>> from sknn.optimizers import Adadelta
    >>> Adadelta(rho=0.95)
    Adadelta(rho=0.95)
    """

    kind = "adadelta"
    n_slots = 2
    _parameter_constraints = {"rho": BELOW_ONE, "epsilon": POSITIVE}

    def __init__(self, rho: float = 0.9, epsilon: float = 1e-6) -> None:
        self.rho = rho
        self.epsilon = epsilon

    def coefficients(self):
        return self.rho, self.epsilon


class RMSprop(Optimizer):
    """RMSprop: gradients divided by the root of a moving average of their squares.

    ``s ← ρ s + (1 − ρ) g²`` and ``w ← w − η g / (√s + ε)``; with momentum
    ``v ← μ v + g / (√s + ε)`` and ``w ← w − η v``.

    Parameters
    ----------
    rho : float, default=0.99
        Decay ρ of the mean, in [0, 1).
    epsilon : float, default=1e-8
        Added to the denominator: ε, > 0.
    momentum : float, default=0.0
        Momentum μ, in [0, 1].

    See Also
    --------
    Adagrad : Sum instead of a moving average.
    Adam : With momentum and bias correction.

    Notes
    -----
    The defaults and the positions of ε and η are PyTorch's, where ρ is called alpha. Keras divides by
    ``√(s + ε)``, has ρ = 0.9 and includes η in v. The usual learning rate is 0.001 to 0.01.

    References
    ----------
    T. Tieleman & G. Hinton, Lecture 6.5: RMSProp, Neural networks for machine learning, 2012.

    Examples
    --------
    >>> from sknn.optimizers import RMSprop
    >>> RMSprop(rho=0.9)
    RMSprop(rho=0.9)
    """

    kind = "rmsprop"
    _parameter_constraints = {"rho": BELOW_ONE, "epsilon": POSITIVE, "momentum": FRACTION}

    def __init__(self, rho: float = 0.99, epsilon: float = 1e-8, momentum: float = 0.0) -> None:
        self.rho = rho
        self.epsilon = epsilon
        self.momentum = momentum

    @property
    def n_slots(self):
        """Arrays of state: the mean of squares, and the velocity if there is one."""
        return 1 + (self.momentum > 0)

    def coefficients(self):
        return self.rho, self.epsilon, self.momentum
