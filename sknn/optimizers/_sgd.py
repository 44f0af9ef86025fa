"""Stochastic gradient descent."""

from sknn._ranges import FRACTION
from sknn.optimizers._optimizer import Optimizer


class SGD(Optimizer):
    """Stochastic gradient descent, plain, with momentum or with Nesterov's momentum.

    ``v ← μ v − η g`` and ``w ← w + v``; with Nesterov's momentum ``w ← w + μ v − η g``.
    Without momentum, μ = 0, both are gradient descent: ``w ← w − η g``.

    Parameters
    ----------
    momentum : float, default=0.9
        Momentum μ, in [0, 1].
    nesterov : bool, default=True
        Whether to use Nesterov's momentum.

    See Also
    --------
    Adam : Steps that do not depend on the size of the gradient.
    Muon : Steps along orthogonalized momentum.

    Notes
    -----
    The solver "momentum" is ``SGD(momentum, nesterov=False)`` and "nesterov" ``SGD(momentum)``; "sgd" takes
    the estimator's `nesterovs_momentum`, as in scikit-learn. All three take the estimator's `momentum`. The
    estimator's `batch_size` sets the number of samples per gradient: n is full-batch gradient descent, 1 is
    one step per sample.

    The velocity includes the learning rate, as in scikit-learn and Keras, but not in PyTorch
    (``v ← μ v + g``, ``w ← w − η v``). The two are equal while η is constant. With a moving average,
    ``v ← μ v + (1 − μ) g``, steps would be smaller by the factor 1 − μ.

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

    def __init__(self, momentum: float = 0.9, nesterov: bool = True) -> None:
        self.momentum = momentum
        self.nesterov = nesterov

    def coefficients(self):
        return self.momentum, float(self.nesterov)
