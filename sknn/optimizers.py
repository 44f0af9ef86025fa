"""Optimizers: how a gradient becomes a step. One class each; the update itself is one function in
``engine/optimizer.pxi``.

An instance may be given to an estimator in place of a name, ``MLPClassifier(solver=Adam(beta_1=0.8))``,
and its parameters are then searched as ``solver__beta_1``.
"""

from numbers import Real

from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, validate_parameter_constraints


class Optimizer(BaseEstimator):
    """What all optimizers share: they are described here and executed by the engine."""

    #: name in the engine
    kind: str
    #: arrays of state beside the weights
    n_slots: int
    _parameter_constraints: dict = {}

    def validate(self):
        """Raise InvalidParameterError for a parameter out of its range."""
        validate_parameter_constraints(
            self._parameter_constraints, self.get_params(deep=False), type(self).__name__
        )

    def coefficients(self):
        """The numbers the engine's update takes, in its order."""
        raise TypeError(f"{type(self).__name__} does not say its coefficients")

    def lower(self, engine):
        """What the engine's Trainer takes."""
        return engine.OPTIMIZERS[self.kind], self.n_slots, self.coefficients()


class SGD(Optimizer):
    """Stochastic gradient descent with momentum.

    ``v ← μ v − η g`` and ``w ← w + v``; with Nesterov's momentum ``w ← w + μ v − η g``.

    Parameters
    ----------
    momentum : float, default=0.9
        μ, in [0, 1].
    nesterov : bool, default=True
        Whether to look ahead along the velocity.

    Notes
    -----
    The learning rate η is inside the velocity, as in scikit-learn and Keras; PyTorch keeps it outside
    (``v ← μ v + g``, ``w ← w − η v``). The two are the same while η is constant.

    References
    ----------
    I. Sutskever et al., On the importance of initialization and momentum in deep learning, ICML 2013.

    Examples
    --------
    >>> from sknn.optimizers import SGD
    >>> SGD(momentum=0.8)
    SGD(momentum=0.8)
    """

    kind = "sgd"
    n_slots = 1
    _parameter_constraints = {
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterov": ["boolean"],
    }

    def __init__(self, momentum=0.9, nesterov=True):
        self.momentum = momentum
        self.nesterov = nesterov

    def coefficients(self):
        """Momentum, and whether it is Nesterov's."""
        return self.momentum, float(self.nesterov)


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
    _parameter_constraints = {
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def coefficients(self):
        """β₁, β₂ and ε."""
        return self.beta_1, self.beta_2, self.epsilon
