"""Optimizers: how a gradient becomes a step. One class each; the update itself is one function in
``engine/optimizer.pxi``.

An instance may be given to an estimator in place of a name, ``MLPClassifier(solver=Adam(beta_1=0.8))``,
and its parameters are then searched as ``solver__beta_1``. The table `SOLVERS` at the end says what
each name means.

In the formulas g is the gradient, w a weight, η the learning rate of the step and t its number, from 1
on; all is elementwise, and what is not w begins at zero.
"""

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


class SGD(Optimizer):
    """Stochastic gradient descent, plain or with momentum, classical or Nesterov's.

    ``v ← μ v − η g`` and ``w ← w + v``; with Nesterov's momentum ``w ← w + μ v − η g``.
    Without momentum, μ = 0, both are gradient descent: ``w ← w − η g``.

    Parameters
    ----------
    momentum : float, default=0.9
        μ, in [0, 1].
    nesterov : bool, default=True
        Whether to look ahead along the velocity.

    Notes
    -----
    The names: "momentum" is ``SGD(momentum, nesterov=False)``, "nesterov" ``SGD(momentum)``, and "sgd"
    leaves the choice to the estimator's `nesterovs_momentum`, as in scikit-learn; all three take the
    estimator's `momentum`. How many samples a gradient sees is the estimator's `batch_size`: n is
    (full-batch) gradient descent, 1 a step for each sample.

    The learning rate is inside the velocity, as in scikit-learn and Keras; PyTorch keeps it outside
    (``v ← μ v + g``, ``w ← w − η v``). The two are the same while η is constant. With an average
    instead, ``v ← μ v + (1 − μ) g``, a step is 1 / (1 − μ) times shorter.

    References
    ----------
    B. Polyak, Some methods of speeding up the convergence of iteration methods, 1964.
    Y. Nesterov, A method of solving a convex programming problem with convergence rate O(1/k²), 1983.
    I. Sutskever et al., On the importance of initialization and momentum in deep learning, ICML 2013.

    Examples
    --------
    >>> from sknn.optimizers import SGD
    >>> SGD(momentum=0.8)
    SGD(momentum=0.8)
    """

    kind = "sgd"
    n_slots = 1
    _parameter_constraints = {"momentum": MOMENTUM, "nesterov": ["boolean"]}

    def __init__(self, momentum=0.9, nesterov=True):
        self.momentum = momentum
        self.nesterov = nesterov

    def coefficients(self):
        """Momentum, and whether it is Nesterov's."""
        return self.momentum, float(self.nesterov)


class Adagrad(Optimizer):
    """Steps that shrink with all squared gradients so far, for each weight by itself.

    ``s ← s + g²`` and ``w ← w − η g / (√(s₀ + s) + ε)``.

    Parameters
    ----------
    epsilon : float, default=1e-10
        ε, keeps the division finite, > 0.
    initial_accumulator_value : float, default=0.0
        s₀, shortens the first steps, >= 0.

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
        """ε and s₀."""
        return self.epsilon, self.initial_accumulator_value


class Adadelta(Optimizer):
    """Steps as large as the recent ones, by the recent gradients: no unit is left in the rate.

    ``s ← ρ s + (1 − ρ) g²``, ``δ = √(d + ε) / √(s + ε) · g``, ``d ← ρ d + (1 − ρ) δ²`` and
    ``w ← w − η δ``.

    Parameters
    ----------
    rho : float, default=0.9
        ρ, decay of both averages, in [0, 1).
    epsilon : float, default=1e-6
        ε, the square of the first steps, > 0.

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
    _parameter_constraints = {"rho": DECAY, "epsilon": POSITIVE}

    def __init__(self, rho=0.9, epsilon=1e-6):
        self.rho = rho
        self.epsilon = epsilon

    def coefficients(self):
        """ρ and ε."""
        return self.rho, self.epsilon


class RMSprop(Optimizer):
    """Gradients over the root of the mean of their recent squares.

    ``s ← ρ s + (1 − ρ) g²`` and ``w ← w − η g / (√s + ε)``; with momentum
    ``v ← μ v + g / (√s + ε)`` and ``w ← w − η v``.

    Parameters
    ----------
    rho : float, default=0.99
        ρ, decay of the mean, in [0, 1).
    epsilon : float, default=1e-8
        ε, keeps the division finite, > 0.
    momentum : float, default=0.0
        μ, in [0, 1].

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
    _parameter_constraints = {"rho": DECAY, "epsilon": POSITIVE, "momentum": MOMENTUM}

    def __init__(self, rho=0.99, epsilon=1e-8, momentum=0.0):
        self.rho = rho
        self.epsilon = epsilon
        self.momentum = momentum

    @property
    def n_slots(self):
        """The mean of squares, and the velocity if there is one."""
        return 1 + (self.momentum > 0)

    def coefficients(self):
        """ρ, ε and μ."""
        return self.rho, self.epsilon, self.momentum


class Adam(Optimizer):
    """Adaptive moments.

    ``m ← β₁ m + (1 − β₁) g``, ``v ← β₂ v + (1 − β₂) g²``,
    ``w ← w − η √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε)``.

    Parameters
    ----------
    beta_1 : float, default=0.9
        Decay of the first moment, in [0, 1).
    beta_2 : float, default=0.999
        Decay of the second moment, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the division finite, > 0.

    Notes
    -----
    This is the efficient form at the end of section 2 of the paper, as in scikit-learn and Keras: ε is
    added to √v, not to the corrected √(v / (1 − β₂ᵗ)) as in PyTorch. With the same ε the two differ
    where √v is not much larger than ε.

    References
    ----------
    D. Kingma & J. Ba, Adam: a method for stochastic optimization, ICLR 2015 (arXiv 1412.6980).

    Examples
    --------
    >>> from sknn.optimizers import Adam
    >>> Adam(beta_2=0.99)
    Adam(beta_2=0.99)
    """

    kind = "adam"
    n_slots = 2
    _parameter_constraints = {"beta_1": DECAY, "beta_2": DECAY, "epsilon": POSITIVE}

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def coefficients(self):
        """β₁, β₂ and ε."""
        return self.beta_1, self.beta_2, self.epsilon


class AdamW(Adam):
    """Adam with weight decay that does not pass through the moments.

    ``w ← w − η λ w``, then a step of Adam, ``w ← w − η m̂ / (√v̂ + ε)`` with the moments of
    :class:`Adam`, ``m̂ = m / (1 − β₁ᵗ)`` and ``v̂ = v / (1 − β₂ᵗ)``.

    Parameters
    ----------
    beta_1 : float, default=0.9
        Decay of the first moment, in [0, 1).
    beta_2 : float, default=0.999
        Decay of the second moment, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the division finite, > 0.
    weight_decay : float, default=0.01
        λ, >= 0. Kernels and matrices decay; biases and the factors of a normalisation do not.

    Notes
    -----
    This is PyTorch's step, ε included; Keras adds ε to √v as :class:`Adam` does. The estimator's `alpha`
    is the L2 penalty with this optimizer as with the others, and is no λ: set ``alpha=0`` for weight
    decay alone. The decay follows the schedule of η.

    References
    ----------
    I. Loshchilov & F. Hutter, Decoupled weight decay regularization, ICLR 2019 (arXiv 1711.05101).

    Examples
    --------
    >>> from sknn.optimizers import AdamW
    >>> AdamW(weight_decay=0.1)
    AdamW(weight_decay=0.1)
    """

    kind = "adamw"
    _parameter_constraints = {**Adam._parameter_constraints, "weight_decay": NOT_NEGATIVE}

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-8, weight_decay=0.01):
        super().__init__(beta_1, beta_2, epsilon)
        self.weight_decay = weight_decay


class NAdam(Adam):
    """Adam with Nesterov's momentum.

    ``w ← w − η (μₜ₊₁ m / (1 − μ₁ ⋯ μₜ₊₁) + (1 − μₜ) g / (1 − μ₁ ⋯ μₜ)) / (√v̂ + ε)`` with the moments of
    :class:`Adam`, ``v̂ = v / (1 − β₂ᵗ)`` and ``μₜ = β₁ (1 − 0.96^(t ψ) / 2)``.

    Parameters
    ----------
    beta_1 : float, default=0.9
        Decay of the first moment, in [0, 1).
    beta_2 : float, default=0.999
        Decay of the second moment, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the division finite, > 0.
    momentum_decay : float, default=0.004
        ψ, how fast the momentum rises from β₁ / 2 to β₁, >= 0.

    Notes
    -----
    This is PyTorch's step, and with ``momentum_decay=1.0`` Keras's. The usual learning rate is 0.002.

    References
    ----------
    T. Dozat, Incorporating Nesterov momentum into Adam, ICLR 2016 workshop.

    Examples
    --------
    >>> from sknn.optimizers import NAdam
    >>> NAdam(momentum_decay=1.0)
    NAdam(momentum_decay=1.0)
    """

    kind = "nadam"
    _parameter_constraints = {**Adam._parameter_constraints, "momentum_decay": NOT_NEGATIVE}

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-8, momentum_decay=4e-3):
        super().__init__(beta_1, beta_2, epsilon)
        self.momentum_decay = momentum_decay

    def coefficients(self):
        """β₁, β₂, ε and ψ."""
        return *super().coefficients(), self.momentum_decay


#: what a solver's name means, from the parameters of the estimator; all else is the class's default
SOLVERS = {
    "sgd": lambda net: SGD(net.momentum, net.nesterovs_momentum),
    "momentum": lambda net: SGD(net.momentum, nesterov=False),
    "nesterov": lambda net: SGD(net.momentum, nesterov=True),
    "adagrad": lambda net: Adagrad(),
    "adadelta": lambda net: Adadelta(),
    "rmsprop": lambda net: RMSprop(),
    "adam": lambda net: Adam(net.beta_1, net.beta_2, net.epsilon),
    "adamw": lambda net: AdamW(net.beta_1, net.beta_2, net.epsilon),
    "nadam": lambda net: NAdam(net.beta_1, net.beta_2, net.epsilon),
}
