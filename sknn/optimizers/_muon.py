"""Muon."""

from numbers import Integral

from sklearn.utils._param_validation import Interval

from sknn._ranges import BELOW_ONE
from sknn.optimizers._adam import AdamW


class Muon(AdamW):
    """Muon: steps along the orthogonalized momentum of weight matrices.

    For the kernels of convolutions and the matrices of dense layers but the last, with gradient G
    (n_in, n_out): ``M ← μ M + (1 − μ) G``, ``X = (μ M + (1 − μ) G) / ‖…‖``, then `n_iterations` times
    ``X ← X (3.4445 − 4.775 XᵀX + 2.0315 (XᵀX)²)``, after which all singular values are about 1, and
    ``W ← W − η λ W − 0.2 η √(max(n_in, n_out)) X``. A kernel's matrix is (kh kw c_in, c_out). All other weights
    take steps of :class:`AdamW`: biases, normalization layers, embeddings, depthwise kernels, the output layer.

    Parameters
    ----------
    momentum : float, default=0.95
        Momentum μ of the matrices, in [0, 1).
    n_iterations : int, default=5
        Number of Newton-Schulz iterations, 1 to 100. Three suffice for short training.
    beta_1 : float, default=0.9
        Decay of Adam's first moment, in [0, 1).
    beta_2 : float, default=0.999
        Decay of Adam's second moment, in [0, 1).
    epsilon : float, default=1e-8
        Added to Adam's denominator, > 0.
    weight_decay : float, default=0.01
        Decoupled weight decay λ of all kernels and matrices, >= 0.

    See Also
    --------
    AdamW : The steps of all other weights.

    Notes
    -----
    The factor 0.2 √(max(n_in, n_out)) gives steps the size of Adam's, so that learning rates for :class:`AdamW`
    can be used (J. Liu et al.). It is PyTorch's ``adjust_lr_fn="match_rms_adamw"``. PyTorch iterates in bfloat16,
    sknn in the network's precision.

    An iteration of a matrix takes at least 2 n_in n_out min(n_in, n_out) multiply-adds, for any batch size. With
    small batches and wide layers this is most of the time of a step; batches of about 500 are better.

    References
    ----------
    K. Jordan et al., Muon: an optimizer for hidden layers in neural networks, 2024
    (https://kellerjordan.github.io/posts/muon). J. Liu et al., Muon is scalable for LLM training, 2025
    (arXiv 2502.16982).

    Examples
    --------
    >>> from sknn.optimizers import Muon
    >>> Muon(momentum=0.9)
    Muon(momentum=0.9)
    """

    kind = "muon"
    _parameter_constraints = {
        **AdamW._parameter_constraints,
        "momentum": BELOW_ONE,
        "n_iterations": [Interval(Integral, 1, 100, closed="both")],
    }

    def __init__(
        self,
        momentum: float = 0.95,
        n_iterations: int = 5,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(beta_1, beta_2, epsilon, weight_decay)
        self.momentum = momentum
        self.n_iterations = n_iterations

    def coefficients(self):
        return *super().coefficients(), self.momentum, float(self.n_iterations)
