"""Steps over the sizes of a weight's earlier gradients."""

from sknn._ranges import BELOW_ONE, FRACTION, NOT_NEGATIVE, POSITIVE
from sknn.optimizers._optimizer import Optimizer


class Adagrad(Optimizer):
    """Steps that shrink with all squared gradients so far, for each weight by itself.

    ``s ← s + g²`` and ``w ← w − η g / (√(s₀ + s) + ε)``.

    Parameters
    ----------
    epsilon : float, default=1e-10
        Keeps the division finite: ε, > 0.
    initial_accumulator_value : float, default=0.0
        First value s₀ of the sum, >= 0; it shortens the first steps.

    See Also
    --------
    RMSprop : Forgets old gradients.

    Notes
    -----
    The defaults and the place of ε are PyTorch's. Keras divides by ``√(s₀ + s + ε)`` with s₀ = 0.1. The
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

    def __init__(self, epsilon=1e-10, initial_accumulator_value=0.0):
        self.epsilon = epsilon
        self.initial_accumulator_value = initial_accumulator_value

    def coefficients(self):
        return self.epsilon, self.initial_accumulator_value


class Adadelta(Optimizer):
    """Steps as large as the recent ones, by the recent gradients: no unit is left in the rate.

    ``s ← ρ s + (1 − ρ) g²``, ``δ = √(d + ε) / √(s + ε) · g``, ``d ← ρ d + (1 − ρ) δ²`` and
    ``w ← w − η δ``.

    Parameters
    ----------
    rho : float, default=0.9
        Decay ρ of both averages, in [0, 1).
    epsilon : float, default=1e-6
        Square of the first steps: ε, > 0.

    See Also
    --------
    RMSprop : With a learning rate in the usual sense.

    Notes
    -----
    This is PyTorch's and Keras's (with rho=0.95, epsilon=1e-7), step for step. The paper has η = 1, and
    so should you: ``learning_rate_init=1.0``.

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

    def __init__(self, rho=0.9, epsilon=1e-6):
        self.rho = rho
        self.epsilon = epsilon

    def coefficients(self):
        return self.rho, self.epsilon


class RMSprop(Optimizer):
    """Gradients over the root of the mean of their recent squares.

    ``s ← ρ s + (1 − ρ) g²`` and ``w ← w − η g / (√s + ε)``; with momentum
    ``v ← μ v + g / (√s + ε)`` and ``w ← w − η v``.

    Parameters
    ----------
    rho : float, default=0.99
        Decay ρ of the mean, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the division finite: ε, > 0.
    momentum : float, default=0.0
        Momentum μ, in [0, 1].

    See Also
    --------
    Adagrad : Remembers all gradients.
    Adam : With momentum and bias correction.

    Notes
    -----
    The defaults and the places of ε and η are PyTorch's, where ρ is called alpha. Keras divides by
    ``√(s + ε)``, has ρ = 0.9 and keeps η inside of v. The usual learning rate is 0.001 to 0.01.

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

    def __init__(self, rho=0.99, epsilon=1e-8, momentum=0.0):
        self.rho = rho
        self.epsilon = epsilon
        self.momentum = momentum

    @property
    def n_slots(self):
        """The mean of squares, and the velocity if there is one."""
        return 1 + (self.momentum > 0)

    def coefficients(self):
        return self.rho, self.epsilon, self.momentum
