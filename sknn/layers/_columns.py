"""Parallel layers on groups of columns."""

from collections.abc import Sequence

from sknn.layers._layer import Layer
from sknn.layers._nested import NestedLayers
from sknn.layers._shapes import counts, of_layers, row
from sknn.plan import Geometry


class Columns(NestedLayers):
    """Parallel layers on groups of columns; their outputs are concatenated.

    The columns are split into consecutive groups, one for each layer.

    Parameters
    ----------
    layers : list of layers or None
        One layer per group; None passes the columns through.
    widths : sequence of int
        Number of columns of each group, in order. The sum is the number of columns.

    See Also
    --------
    CategoryEmbedding : Vectors for categorical features.
    PeriodicEmbedding : Embedding of numerical features.

    Examples
    --------
    Three numerical features, four columns that are passed through, and two categorical features as codes:

    >>> from sknn.layers import CategoryEmbedding, Columns, PeriodicEmbedding
    >>> parts = [PeriodicEmbedding(), None, CategoryEmbedding([12, 300])]
    >>> Columns(parts, [3, 4, 2]).output_shape((9,))
    (32,)
    """

    _parameter_constraints = {"layers": [list, tuple], "widths": ["array-like"]}

    def __init__(self, layers: Sequence[Layer | None], widths: Sequence[int]) -> None:
        self.layers = layers
        self.widths = widths

    def _parts(self, input_shape):
        """(layer, first column, n_in, n_out) of each group."""
        n_in, first, parts = row(input_shape, type(self).__name__), 0, []
        widths = counts(self.widths, "widths")
        layers = of_layers(self.layers, or_none=True)
        if len(layers) != len(widths) or sum(widths) != n_in:
            raise ValueError(
                f"{len(layers)} layers on parts of widths={list(widths)} do not fit on a row of {n_in}."
            )
        for layer, width in zip(layers, widths, strict=True):
            shape = (width,) if layer is None else layer.output_shape((width,))
            parts.append((layer, first, width, row(shape, "the sum of columns")))
            first += width
        return parts

    def _shape(self, input_shape):
        return (sum(n_out for *_, n_out in self._parts(input_shape)),)

    def lower(self, plan, source):
        target, to = plan.new_buffer(self.output_shape(plan.shapes[source])), 0
        parts = self._parts(plan.shapes[source])
        for layer, first, width, n_out in parts:
            part = source
            if layer is not None:
                part = plan.new_buffer((width,), gradient=plan.has_gradient(source))
                plan.add("copy", source, part, geometry=Geometry.of_columns(width, width, first))
                part, first = layer.lower(plan, part), 0
            plan.add("copy", part, target, geometry=Geometry.of_columns(n_out, n_out, first, to))
            to += n_out
        return target
