"""Embeddings of numerical and categorical features."""

from collections.abc import Sequence
from functools import partial

from sknn._ranges import NOT_NEGATIVE, POSITIVE, WIDTH
from sknn.initializers import periodic
from sknn.layers._layer import Layer, check_size
from sknn.layers._shapes import counts, row
from sknn.plan import Geometry


class PeriodicEmbedding(Layer):
    """Periodic embedding of numerical features (PBLD).

    Each feature x becomes x and J outputs ``v_j = c_j + Σ_k m_kj cos(2π f_k x + b_k)``, with separate weights for
    each of d features. The output (d + d J,) holds x, then v_1 of all features, then v_2 and so on. The rows of the
    weights (2 K + K J + J, d) are f, b, m (index k slow, j fast) and c.

    Parameters
    ----------
    n_frequencies : int, default=16
        Number of frequencies K per feature.
    n_outputs : int, default=3
        Number of outputs J per feature, beside x.
    sigma : float, default=0.1
        Standard deviation of the initial frequencies, > 0. Larger values allow functions that vary faster. Inputs
        should have about unit scale.
    lr_multiplier : float, default=1.0
        Learning-rate multiplier of all weights, >= 0. RealMLP uses 0.1.

    See Also
    --------
    PiecewiseLinearEmbedding : Piecewise linear functions instead of cosines.
    CategoryEmbedding : Embedding of categorical features.

    References
    ----------
    Y. Gorishniy, I. Rubachev & A. Babenko, On embeddings for numerical features in tabular deep learning, NeurIPS
    2022 (arXiv 2203.05556). The phases and x itself in the output: D. Holzmüller, L. Grinsztajn & I.
    Steinwart, NeurIPS 2024 (arXiv 2407.04491).

    Examples
    --------
    >>> from sknn.layers import PeriodicEmbedding
    >>> PeriodicEmbedding().output_shape((5,))
    (20,)
    """

    _parameter_constraints = {
        "n_frequencies": WIDTH,
        "n_outputs": WIDTH,
        "sigma": POSITIVE,
        "lr_multiplier": NOT_NEGATIVE,
    }

    def __init__(
        self,
        n_frequencies: int = 16,
        n_outputs: int = 3,
        sigma: float = 0.1,
        lr_multiplier: float = 1.0,
    ) -> None:
        self.n_frequencies = n_frequencies
        self.n_outputs = n_outputs
        self.sigma = sigma
        self.lr_multiplier = lr_multiplier

    def _shape(self, input_shape):
        n_in = row(input_shape, type(self).__name__)
        K, J = int(self.n_frequencies), int(self.n_outputs)
        check_size(f"n_frequencies={K}, n_outputs={J}: weights", (2 * K + K * J + J, n_in))
        return (n_in * (1 + J),)

    def lower(self, plan, source):
        (n_in,), (n_out,) = plan.shapes[source], self.output_shape(plan.shapes[source])
        K, J = int(self.n_frequencies), int(self.n_outputs)
        parameter = plan.new_parameter(
            source,
            (2 * K + K * J + J, n_in),
            rule=partial(periodic, n_frequencies=K, n_outputs=J, sigma=float(self.sigma)),
            biased=False,
            rate_factor=float(self.lr_multiplier),
            decay_factor=float(self.lr_multiplier),
        )
        target = plan.new_buffer((n_out,))
        geometry = Geometry.of_columns(n_in, n_out)
        plan.add(
            "periodic", source, target, parameter=parameter, n_frequencies=K, geometry=geometry
        )
        return target


class CategoryEmbedding(Layer):
    """Embedding of categorical features: ``y = W_i[code]`` for each feature i, concatenated.

    Codes are integers from 0 to K_i − 1. Any other number, such as -1, is a missing or unknown category and gives
    zeros. The weights W_i (K_i, dim) begin as N(0, 1); their gradients are ``dW_i[code] = Σ dy`` over the samples.
    The codes have no gradient.

    Parameters
    ----------
    cardinalities : sequence of int
        Number of categories K_i of each feature.
    dim : int, default=8
        Dimension of the embedding.
    lr_multiplier : float, default=1.0
        Learning-rate multiplier of the weights, >= 0.

    See Also
    --------
    PeriodicEmbedding : Embedding of numerical features.
    Columns : Different layers for groups of columns.

    References
    ----------
    C. Guo & F. Berkhahn, Entity embeddings of categorical variables, 2016 (arXiv 1604.06737).

    Examples
    --------
    >>> from sknn.layers import CategoryEmbedding
    >>> CategoryEmbedding([12, 300]).output_shape((2,))
    (16,)
    """

    _parameter_constraints = {
        "cardinalities": ["array-like"],
        "dim": WIDTH,
        "lr_multiplier": NOT_NEGATIVE,
    }

    def __init__(
        self, cardinalities: Sequence[int], dim: int = 8, lr_multiplier: float = 1.0
    ) -> None:
        self.cardinalities = cardinalities
        self.dim = dim
        self.lr_multiplier = lr_multiplier

    def _shape(self, input_shape):
        n_in, dim = row(input_shape, type(self).__name__), int(self.dim)
        cardinalities = counts(self.cardinalities, "cardinalities")
        if len(cardinalities) != n_in:
            raise ValueError(f"{len(cardinalities)} cardinalities for a row of {n_in} codes.")
        for n in cardinalities:
            check_size(f"dim={dim}: vectors", (n, dim))
        return (n_in * dim,)

    def lower(self, plan, source):
        target = plan.new_buffer(self.output_shape(plan.shapes[source]))
        dim, rate = int(self.dim), float(self.lr_multiplier)
        for i, n in enumerate(counts(self.cardinalities, "cardinalities")):
            parameter = plan.new_parameter(
                source, (n, dim), rule="normal", biased=False, rate_factor=rate, decay_factor=rate
            )
            geometry = Geometry.of_columns(1, dim, i, i * dim)
            plan.add("embedding", source, target, parameter=parameter, geometry=geometry)
        return target
