"""What an estimator's parameters say about its network, checked and spelled out."""

import re
from numbers import Integral, Real

import numpy as np

from sknn._ranges import MAX_LAYERS, MAX_WIDTH
from sknn.layers._layer import ACTIVATIONS


def parse_hidden_layer_sizes(value, name="hidden_layer_sizes"):
    """A tuple of ints from an int, a sequence or a string such as "256x3"."""
    if isinstance(value, str):
        match = re.fullmatch(r"([0-9]+)(?:x([0-9]+))?", value)
        if match is None:
            raise ValueError(
                f"{name}={value!r} is not understood; write '256x3' for three layers of "
                "256 units, or use a tuple such as (256, 128)."
            )
        width, depth = int(match[1]), int(match[2] or 1)
        if depth > MAX_LAYERS:
            raise ValueError(f"{name}={value!r} is {depth} layers, more than {MAX_LAYERS}.")
        sizes = (width,) * depth
    elif np.iterable(value):
        sizes = tuple(value)
    else:
        sizes = (value,)
    if not all(isinstance(size, Integral) and not isinstance(size, bool) for size in sizes):
        raise ValueError(f"{name} must be integers, got {list(sizes)}.")
    if any(size <= 0 for size in sizes):
        raise ValueError(f"{name} must be > 0, got {list(sizes)}.")
    if any(int(size) > MAX_WIDTH for size in sizes):
        raise ValueError(f"{name} must be <= {MAX_WIDTH}, got {list(sizes)}.")
    return tuple(int(size) for size in sizes)


def parse_activations(value, n_hidden):
    """One name for each hidden layer, from one name or a sequence of them."""
    one = isinstance(value, str) or not np.iterable(value)
    names = (value,) * n_hidden if one else tuple(value)
    if len(names) != n_hidden:
        raise ValueError(
            f"activation={value!r} names {len(names)} functions for {n_hidden} hidden layers; give one "
            "name, or one for each hidden layer."
        )
    for name in names:
        if not isinstance(name, str) or name not in ACTIVATIONS:
            raise ValueError(f"activation {name!r} is none of {', '.join(ACTIVATIONS)}.")
    return names


def parse_dropout(value, n_hidden):
    """Rates of the input and of each hidden layer, from a number or a sequence."""
    if isinstance(value, Real):
        rates = (0.0, *(value,) * n_hidden)
    else:
        rates = tuple(value) if np.iterable(value) else (value,)
        if len(rates) != n_hidden + 1:
            raise ValueError(
                f"dropout={value!r} has {len(rates)} rates; give one number for all hidden layers, or "
                f"{n_hidden + 1}: the input's first, then one for each of {n_hidden} hidden layers."
            )
    for rate in rates:
        if not isinstance(rate, Real) or isinstance(rate, bool) or not 0 <= float(rate) < 1:
            raise ValueError(f"dropout rates must be in [0, 1), got {rate!r} in dropout={value!r}.")
    return tuple(float(rate) for rate in rates)
