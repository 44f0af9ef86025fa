"""Looking inside a fitted network: its summary, its weights."""

from dataclasses import astuple, dataclass

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sknn.estimators._snapshot import atomic_fit, on_snapshot
from sknn.network import Network


@dataclass(frozen=True)
class Summary:
    """Layers of a network, one row each; printed as a table.

    Parameters
    ----------
    rows : list
        For each layer its name, output shape, number of parameters and FLOPs for one row of input.
        ``pandas.DataFrame(summary.rows)`` makes a table of them.
    input_shape : tuple
        Shape of the input.
    """

    rows: list
    input_shape: tuple

    @property
    def n_parameters(self):
        """Number of parameters of all layers."""
        return sum(astuple(row)[2] for row in self.rows)

    @property
    def flops(self):
        """Floating-point operations of all layers for one row of input, forward."""
        return sum(astuple(row)[3] for row in self.rows)

    def __str__(self):
        head = ("", "layer", "output shape", "parameters", "FLOPs per row")
        body = [("0", "input", _shape(self.input_shape), "0", "0")]
        for i, row in enumerate(self.rows, start=1):
            name, shape, n_parameters, flops = astuple(row)
            body.append((str(i), name, _shape(shape), f"{n_parameters:,}", f"{flops:,}"))
        total = ("", "total", "", f"{self.n_parameters:,}", f"{self.flops:,}")
        table = [head, *body, total]
        widths = [max(len(line[k]) for line in table) for k in range(5)]
        lines = [
            "  ".join(
                text.ljust(width) if k in (1, 2) else text.rjust(width)
                for k, (text, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in table
        ]
        rule = "-" * (sum(widths) + 8)
        return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def _shape(shape):
    return " x ".join(str(n) for n in np.atleast_1d(shape))


class Inspection:
    """Summary and weights of an estimator with ``coefs_``."""

    @on_snapshot
    def summary(self):
        """The layers of the fitted network: shapes, parameters and FLOPs.

        Returns
        -------
        summary : Summary
            Prints as a table; ``summary.rows`` holds its rows, ``summary.n_parameters`` and
            ``summary.flops`` the totals.
        """
        check_is_fitted(self)
        network, _ = self._program(False, self._fitted_dtype())
        return Summary(network.summary(), self._end_of(network, 0)[1])

    @on_snapshot
    def get_weights(self):
        """Get copies of all fitted arrays in one list.

        Returns
        -------
        weights : list of ndarray
            ``coefs_``, then ``intercepts_``, for a CNN then the running means and variances of
            batch normalization. Lists of estimators of the same architecture may be averaged array by array.
        """
        check_is_fitted(self)
        return [np.array(array) for name in self._fitted_arrays for array in getattr(self, name)]

    def set_weights(self, weights):
        """Replace all fitted arrays.

        Parameters
        ----------
        weights : list of array-like
            As ``get_weights`` returns them.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If an array is missing, has another shape, or holds NaN or infinity; the message names its layer.
        """
        with atomic_fit(self) as working_copy:
            working_copy._replace_arrays(weights)
        return self

    def _replace_arrays(self, weights):
        """Sets all fitted arrays, checked."""
        current = self.get_weights()
        names = [(name, i) for name in self._fitted_arrays for i in range(len(getattr(self, name)))]
        if len(weights) != len(current):
            counts = ", ".join(f"{len(getattr(self, name))} {name}" for name in self._fitted_arrays)
            raise ValueError(
                f"weights has {len(weights)} arrays, the network {len(current)}: {counts}."
            )
        new = []
        for number, (name, old) in enumerate(zip(names, current, strict=True)):
            try:
                new.append(_checked_array(weights[number], old))
            except ValueError as error:
                where = f"weights[{number}], {name[0]}[{name[1]}] of {self._layer_of(*name)}"
                raise ValueError(f"{where}, {error}.") from None
        arrays = iter(new)
        for name in self._fitted_arrays:
            setattr(self, name, [next(arrays) for _ in getattr(self, name)])

    def _layer_of(self, name, index):
        """The layer to which one of the fitted arrays belongs, in words."""
        network, _ = self._program(False, self._fitted_dtype())
        for number in range(len(network.layers)):
            part = Network(network.layers[: number + 1], network.input_shape, network.dtype)
            arrays = part.statistics_shapes if name.startswith("batch") else part.coef_shapes
            if len(arrays) > index:
                break
        return f"layer {number + 1}, {network.layers[number]!r}"


def _checked_array(values, old):
    """An array for the place of another, or an error that says what is wrong with it."""
    try:
        with np.errstate(over="ignore"):
            array = np.array(values, old.dtype)
    except (TypeError, ValueError):
        raise ValueError("is no array of numbers") from None
    if array.shape != old.shape:
        raise ValueError(f"has the shape {array.shape}, the network has {old.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"has NaN, infinity or values too large for {old.dtype}")
    return array
