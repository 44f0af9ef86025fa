"""Piecewise linear embedding of numerical features."""

from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils._param_validation import validate_params
from sklearn.utils.validation import check_array

from sknn._ranges import NOT_NEGATIVE, WIDTH
from sknn.initializers import piecewise
from sknn.layers._layer import Layer, check_size
from sknn.layers._shapes import row
from sknn.plan import Geometry

#: minimum width of a bin, and in `from_quantiles` minimum fraction of the range of a feature
MIN_WIDTH, MIN_FRACTION = 1e-30, 1e-5


class PiecewiseLinearEmbedding(Layer):
    """Piecewise linear embedding of numerical features.

    The T + 1 edges b of a feature x define T components ``e_t = (x − b_t) / (b_{t+1} − b_t)``, clipped to [0, 1]
    except below the first edge and above the last. Each feature becomes x and J outputs
    ``v_j = c_j + Σ_t m_tj e_t``: piecewise linear functions with breakpoints at the inner edges. The output
    (d + d J,) holds x, then v_1 of all d features, then v_2 and so on. The rows of the weights (T J + J, d) are m
    (index t slow, j fast) and c. The edges are not trained.

    Parameters
    ----------
    edges : array-like of shape (T + 1, d)
        Edges of the T >= 1 bins, ascending in each column.
    n_outputs : int, default=3
        Number of outputs J per feature, beside x.
    lr_multiplier : float, default=1.0
        Learning-rate multiplier of all weights, >= 0.

    See Also
    --------
    PeriodicEmbedding : Cosines instead of piecewise linear functions.

    References
    ----------
    Y. Gorishniy, I. Rubachev & A. Babenko, On embeddings for numerical features in tabular deep learning, NeurIPS
    2022 (arXiv 2203.05556): their "Q-L". Here with few outputs and x itself, instead of tens of outputs without x.

    Examples
    --------
    >>> import numpy as np
    >>> from sknn.layers import PiecewiseLinearEmbedding
    >>> X = np.random.default_rng(0).standard_normal((100, 5))
    >>> PiecewiseLinearEmbedding.from_quantiles(X, n_bins=8).output_shape((5,))
    (20,)
    """

    _parameter_constraints = {
        "edges": ["array-like"],
        "n_outputs": WIDTH,
        "lr_multiplier": NOT_NEGATIVE,
    }

    def __init__(self, edges: ArrayLike, n_outputs: int = 3, lr_multiplier: float = 1.0) -> None:
        self.edges = edges
        self.n_outputs = n_outputs
        self.lr_multiplier = lr_multiplier

    @classmethod
    @validate_params({"n_bins": WIDTH}, prefer_skip_nested_validation=True)
    def from_quantiles(cls, X, n_bins=16, **options):
        """Make a layer whose bins hold about equal numbers of samples.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Samples; NaN is ignored.
        n_bins : int, default=16
            Number of bins T. If a column has at most T + 1 distinct values, these are the edges. If quantiles
            coincide, the widest bins are halved until there are T.
        **options
            `n_outputs` and `lr_multiplier`.

        Returns
        -------
        layer : PiecewiseLinearEmbedding
        """
        X = check_array(X, dtype=np.float64, ensure_all_finite="allow-nan", input_name="X")
        columns = [quantile_edges(column, int(n_bins)) for column in X.T]
        return cls(np.stack(columns, axis=1), **options)

    def _checked_edges(self):
        try:
            edges = np.asarray(self.edges, float)
        except (TypeError, ValueError):
            raise ValueError(f"edges must be an array of numbers, got {self.edges!r}.") from None
        if edges.ndim != 2 or len(edges) < 2:
            raise ValueError(
                f"edges must have the shape (T + 1, d), at least two for each column, got {edges.shape}."
            )
        if not (np.isfinite(edges).all() and (np.diff(edges, axis=0) > MIN_WIDTH).all()):
            raise ValueError(
                f"edges must be finite and rise by more than {MIN_WIDTH:g} in each column; use "
                "from_quantiles to make them."
            )
        return edges

    def _shape(self, input_shape):
        n_in, edges = row(input_shape, type(self).__name__), self._checked_edges()
        T, J, n_columns = len(edges) - 1, int(self.n_outputs), edges.shape[1]
        if n_columns != n_in:
            raise ValueError(f"edges of {n_columns} columns for a row of {n_in}.")
        check_size(f"n_outputs={J}: weights", (T * J + J, n_in))
        return (n_in * (1 + J),)

    def lower(self, plan, source):
        (n_in,), (n_out,) = plan.shapes[source], self.output_shape(plan.shapes[source])
        edges, rate = self._checked_edges(), float(self.lr_multiplier)
        T, J = len(edges) - 1, int(self.n_outputs)
        parameter = plan.new_parameter(
            source,
            (T * J + J, n_in),
            rule=partial(piecewise, n_bins=T, n_outputs=J),
            biased=False,
            rate_factor=rate,
            decay_factor=rate,
        )
        target = plan.new_buffer((n_out,))
        table = plan.new_table(np.concatenate([edges[:-1], 1 / np.diff(edges, axis=0)]))
        geometry = Geometry.of_columns(n_in, n_out)
        plan.add("piecewise", source, target, parameter=parameter, table=table, geometry=geometry)
        return target


def quantile_edges(values, n_bins):
    """Compute the T + 1 edges of one column, see `from_quantiles`."""
    ordered = np.sort(values[~np.isnan(values)])
    distinct = _distinct(ordered)
    if len(distinct) == 0 or distinct[0] == distinct[-1]:
        center = distinct[0] if len(distinct) else 0.0
        return center + max(abs(center), 1.0) * np.linspace(-0.5, 0.5, n_bins + 1)
    if len(distinct) > n_bins + 1:
        distinct = _distinct(quantiles(ordered, np.linspace(0, 1, n_bins + 1)))
    least = MIN_FRACTION * (distinct[-1] - distinct[0])
    edges = [distinct[0]]
    for edge in distinct[1:]:
        if edge - edges[-1] > least:
            edges.append(edge)
    while len(edges) <= n_bins:
        widest = int(np.argmax(np.diff(edges)))
        edges.insert(widest + 1, (edges[widest] + edges[widest + 1]) / 2)
    return np.array(edges)


def quantiles(values, q):
    """Compute ``np.quantile(values, q)`` up to rounding; five times as fast for few values."""
    positions = (len(values) - 1) * np.asarray(q)
    below = positions.astype(np.intp)
    above = np.minimum(below + 1, len(values) - 1)
    ordered = np.partition(values, np.concatenate([below, above]))
    low, high, fraction = ordered[below], ordered[above], positions - below
    step = high - low
    return np.where(fraction < 0.5, low + step * fraction, high - step * (1 - fraction))


def _distinct(ordered):
    """The distinct values of an ascending array."""
    return ordered[np.append(True, ordered[1:] > ordered[:-1])[: len(ordered)]]
