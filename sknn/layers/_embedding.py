"""Embeddings of the columns of a table."""

from functools import partial
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator

from sknn.initializers import periodic
from sknn.layers._shapes import check_count, check_rate, columns_geometry, row


class PeriodicEmbedding(BaseEstimator):
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
    rate : float, default=1.0
        Factor of the learning rate for all weights of the layer, >= 0; RealMLP takes 0.1.

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

    def __init__(self, n_frequencies=16, n_outputs=3, sigma=0.1, rate=1.0):
        self.n_frequencies = n_frequencies
        self.n_outputs = n_outputs
        self.sigma = sigma
        self.rate = rate

    def output_shape(self, input_shape):
        """(d + d J,)."""
        for name in ("n_frequencies", "n_outputs"):
            check_count(getattr(self, name), name)
        return (row(input_shape, type(self).__name__) * (1 + self.n_outputs),)

    def lower(self, plan, source):
        """Add this layer's op to a plan; returns the buffer of its output."""
        (n_in,), (n_out,) = plan.shapes[source], self.output_shape(plan.shapes[source])
        if not isinstance(self.sigma, Real) or not 0 < float(self.sigma) < np.inf:
            raise ValueError(f"sigma={self.sigma!r} must be a finite number > 0.")
        check_rate(self.rate)
        K, J = self.n_frequencies, self.n_outputs
        parameter = plan.new_parameter(
            source,
            (2 * K + K * J + J, n_in),
            rule=partial(periodic, n_frequencies=K, n_outputs=J, sigma=self.sigma),
            biased=False,
            rate_factor=self.rate,
            decay_factor=self.rate,
        )
        target = plan.new_buffer((n_out,))
        geometry = columns_geometry(n_in, n_out)
        plan.add("periodic", source, target, parameter=parameter, code=K, geometry=geometry)
        return target


class CategoryEmbedding(BaseEstimator):
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
    rate : float, default=1.0
        Factor of the learning rate for the tables, >= 0.

    References
    ----------
    C. Guo & F. Berkhahn, Entity embeddings of categorical variables, 2016 (arXiv 1604.06737).

    Examples
    --------
    >>> from sknn.layers import CategoryEmbedding
    >>> CategoryEmbedding([12, 300]).output_shape((2,))
    (16,)
    """

    def __init__(self, cardinalities, dim=8, rate=1.0):
        self.cardinalities = cardinalities
        self.dim = dim
        self.rate = rate

    def output_shape(self, input_shape):
        """(columns · dim,)."""
        n_in = row(input_shape, type(self).__name__)
        for number in self.cardinalities:
            check_count(number, "a number of cardinalities")
        check_count(self.dim, "dim")
        if len(self.cardinalities) != n_in:
            raise ValueError(f"{len(self.cardinalities)} cardinalities for a row of {n_in} codes.")
        return (n_in * self.dim,)

    def lower(self, plan, source):
        """Add an op for each column to a plan; returns the buffer of the output."""
        target = plan.new_buffer(self.output_shape(plan.shapes[source]))
        check_rate(self.rate)
        for i, n in enumerate(self.cardinalities):
            parameter = plan.new_parameter(
                source,
                (n, self.dim),
                rule="normal",
                biased=False,
                rate_factor=self.rate,
                decay_factor=self.rate,
            )
            geometry = columns_geometry(1, self.dim, i, i * self.dim)
            plan.add("embedding", source, target, parameter=parameter, geometry=geometry)
        return target
