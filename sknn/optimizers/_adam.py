"""Adam and its variants."""

from sknn._ranges import BELOW_ONE, NOT_NEGATIVE, POSITIVE
from sknn.optimizers._optimizer import Optimizer


class Adam(Optimizer):
    """Adam, adaptive moment estimation.

    ``m ← β₁ m + (1 − β₁) g``, ``v ← β₂ v + (1 − β₂) g²``,
    ``w ← w − η √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε)``.

    Parameters
    ----------
    beta_1 : float, default=0.9
        Decay of the first moment, in [0, 1).
    beta_2 : float, default=0.999
        Decay of the second moment, in [0, 1).
    epsilon : float, default=1e-8
        Added to the denominator, > 0.

    See Also
    --------
    AdamW : Adam with decoupled weight decay.
    NAdam : Adam with Nesterov's momentum.

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
    _parameter_constraints = {"beta_1": BELOW_ONE, "beta_2": BELOW_ONE, "epsilon": POSITIVE}

    def __init__(self, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8) -> None:
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def coefficients(self):
        return self.beta_1, self.beta_2, self.epsilon


class AdamW(Adam):
    """Adam with decoupled weight decay.

    ``w ← w − η λ w``, then a step of Adam, ``w ← w − η m̂ / (√v̂ + ε)`` with the moments of
    :class:`Adam`, ``m̂ = m / (1 − β₁ᵗ)`` and ``v̂ = v / (1 − β₂ᵗ)``.

    Parameters
    ----------
    beta_1 : float, default=0.9
        Decay of the first moment, in [0, 1).
    beta_2 : float, default=0.999
        Decay of the second moment, in [0, 1).
    epsilon : float, default=1e-8
        Added to the denominator, > 0.
    weight_decay : float, default=0.01
        Decoupled weight decay λ, >= 0. It applies to kernels and matrices, not to biases and the scales of
        normalization layers.

    See Also
    --------
    Adam : Without decoupled weight decay.
    Muon : Orthogonalized steps for matrices, AdamW for other weights.

    Notes
    -----
    This is PyTorch's step, including ε; Keras adds ε to √v as :class:`Adam` does. The estimator's `alpha`
    is the L2 penalty, as with other optimizers, and not λ: set ``alpha=0`` to use weight decay alone. The
    decay follows the schedule of η.

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

    def __init__(
        self,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
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
        Added to the denominator, > 0.
    momentum_decay : float, default=0.004
        Rate ψ at which the momentum rises from β₁ / 2 to β₁, >= 0.

    See Also
    --------
    Adam : With classical momentum.

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

    def __init__(
        self,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        momentum_decay: float = 4e-3,
    ) -> None:
        super().__init__(beta_1, beta_2, epsilon)
        self.momentum_decay = momentum_decay

    def coefficients(self):
        return *super().coefficients(), self.momentum_decay
