"""What a network has learned: weights, biases, running statistics."""

from dataclasses import dataclass, field

import numpy as np


def cast(arrays, dtype):
    """Arrays as the engine takes them; what fits is not copied."""
    return aligned([np.ascontiguousarray(array, dtype) for array in arrays])


def aligned(arrays):
    """Arrays at addresses that are multiples of their item size; what fits is not copied.

    A pickle whose buffers travel apart (dask, protocol 5) leaves arrays wherever these buffers are cut.
    """
    return [array if array.flags.aligned else array.copy() for array in arrays]


@dataclass
class Weights:
    """The arrays of a network, one of each kind for every layer that has some.

    Parameters
    ----------
    coefs, intercepts : list of ndarray
    means, variances : list of ndarray
        Running statistics of batch normalization.
    """

    coefs: list
    intercepts: list
    means: list = field(default_factory=list)
    variances: list = field(default_factory=list)

    @property
    def statistics(self):
        """(means, variances) as the engine takes them; None where no layer has any."""
        return (self.means, self.variances) if self.means else None

    def cast(self, dtype):
        """The same as the engine takes them; what fits is not copied."""
        lists = (self.coefs, self.intercepts, self.means, self.variances)
        return Weights(*(cast(arrays, dtype) for arrays in lists))

    def rounded(self, dtype):
        """The same in another precision, which may turn values into infinity."""
        with np.errstate(over="ignore"):
            return self.cast(dtype)

    @property
    def are_finite(self):
        """Whether no array holds NaN or infinity."""
        lists = (self.coefs, self.intercepts, self.means, self.variances)
        return all(np.isfinite(array).all() for arrays in lists for array in arrays)


def replaced(arrays, weights, network):
    """New arrays in the place of fitted ones, checked.

    Parameters
    ----------
    arrays : dict
        Names and lists of the fitted arrays.
    weights : list of array-like
        One for each of them, in order.
    network : Network
        Knows the layer to which each belongs.

    Returns
    -------
    arrays : dict
        Like `arrays`, with copies of `weights`.
    """
    names = [(name, index) for name, found in arrays.items() for index in range(len(found))]
    if len(weights) != len(names):
        counts = ", ".join(f"{len(found)} {name}" for name, found in arrays.items())
        raise ValueError(f"weights has {len(weights)} arrays, the network {len(names)}: {counts}.")
    new = {name: list(found) for name, found in arrays.items()}
    for number, (name, index) in enumerate(names):
        try:
            new[name][index] = _checked(weights[number], np.asarray(arrays[name][index]))
        except ValueError as error:
            layer = network.layer_of(index, statistics=name.startswith("batch"))
            where = f"weights[{number}], {name}[{index}] of {layer}"
            raise ValueError(f"{where}, {error}.") from None
    return new


def _checked(values, old):
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
