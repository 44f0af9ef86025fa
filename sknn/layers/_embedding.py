"""Embeddings of the columns of a table."""

from functools import partial

from sknn._ranges import NOT_NEGATIVE, POSITIVE, WIDTH
from sknn.initializers import periodic
from sknn.layers._layer import Layer, check_size
from sknn.layers._shapes import counts, row
from sknn.plan import Geometry


class PeriodicEmbedding(Layer):
    """Each number x with J mixtures of K waves of it (PBLD).

    ``v_j = c_j + Σ_k m_kj cos(2π f_k x + b_k)``, with weights of its own for each of d columns. The output (d +
    d J,) holds x, then v_1 of all columns, then v_2 and so on. The weights (2 K + K J + J, d) are the rows of f, of
    b, of m (k slow, j fast) and of c.

    Parameters
    ----------
    n_frequencies : int, default=16
        K, the waves of a column.
    n_outputs : int, default=3
        J, the values that join x.
    sigma : float, default=0.1
        Standard deviation of the initial frequencies, > 0; large ones let the network bend more from the
        beginning. Inputs should be of about unit size.
    lr_multiplier : float, default=1.0
        Factor of the learning rate for all weights of the layer, >= 0; RealMLP takes 0.1.

    See Also
    --------
    PiecewiseLinearEmbedding : Piecewise linear functions in place of cosines.
    CategoryEmbedding : Vectors for categorical features.

    References
    ----------
    Y. Gorishniy, I. Rubachev & A. Babenko, On embeddings for numerical features in tabular deep learning, NeurIPS
    2022 (arXiv 2203.05556). The phases and x itself beside the mixtures: D. Holzmüller, L. Grinsztajn & I.
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

    def __init__(self, n_frequencies=16, n_outputs=3, sigma=0.1, lr_multiplier=1.0):
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
    """A vector for each category: ``y = W_i[code]`` for every column i, one after the other.

    Codes are whole numbers from 0 to K_i − 1; any other number, -1 say, is a missing or unknown category and
    gives zeros. The tables W_i (K_i, dim) begin as N(0, 1) and get ``dW_i[code] = Σ dy`` over the rows. No gradient
    flows to the codes.

    Parameters
    ----------
    cardinalities : sequence of int
        K_i, the categories of each column.
    dim : int, default=8
        Length of a vector.
    lr_multiplier : float, default=1.0
        Factor of the learning rate for the tables, >= 0.

    See Also
    --------
    PeriodicEmbedding : Embedding of numerical features.
    Columns : Different layers for different columns.

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

    def __init__(self, cardinalities, dim=8, lr_multiplier=1.0):
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
