"""Gradient descent, with momentum or without."""

from sknn._ranges import FRACTION
from sknn.optimizers._optimizer import Optimizer


class SGD(Optimizer):
    """Stochastic gradient descent, plain or with momentum, classical or Nesterov's.

    ``v ← μ v − η g`` and ``w ← w + v``; with Nesterov's momentum ``w ← w + μ v − η g``.
    Without momentum, μ = 0, both are gradient descent: ``w ← w − η g``.

    Parameters
    ----------
    momentum : float, default=0.9
        Momentum μ, in [0, 1].
    nesterov : bool, default=True
        Whether to look ahead along the velocity.

    See Also
    --------
    Adam : Steps that do not depend on the size of the gradient.
    Muon : Steps along orthogonal matrices.

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
    _parameter_constraints = {"momentum": FRACTION, "nesterov": ["boolean"]}

    def __init__(self, momentum=0.9, nesterov=True):
        self.momentum = momentum
        self.nesterov = nesterov

    def coefficients(self):
        return self.momentum, float(self.nesterov)
