"""Sequence decoding: which columns of a line hold symbols, and which ones."""

from numbers import Integral

import numpy as np

#: what a probability of 0 counts as
TINY = np.finfo(np.float64).tiny


def best_path(probabilities, *, blank=None, min_distance=1, n_symbols=None):
    """The most probable sequence of symbols along a line, where no two stand closer than `min_distance`.

    A symbol k in column t is worth the logarithm of its odds against an empty column,

    ``g(t) = max_k log p(t, k) − log p(t, blank)``,

    and without a `blank` class ``max_k log p(t, k) − log(1 − p(t, k))``, its odds against all others.
    Among all sequences of columns that are `min_distance` or more apart, dynamic programming finds
    the one with the largest sum. With G(m, t) for the best m symbols in columns up to t,

    ``G(m, t) = max(G(m, t − 1), G(m − 1, t − min_distance) + g(t))``.

    This is the best path through the graph that LeCun et al. (1998, sections IV and VII) interpret the
    output of a space displacement network by, without a grammar: each arc is a column that is empty or has a symbol.

    Parameters
    ----------
    probabilities : array-like of shape (n_columns, n_classes)
        Those of each class in each column, such as ``windows.probabilities[0, 0]``.
    blank : int or None, default=None
        Number of the class that means no symbol, if there is one; negative counts from the end.
    min_distance : int, default=1
        Least number of columns from one symbol to the next, >= 1.
    n_symbols : int or None, default=None
        How many symbols to find; None for the number whose sum is the largest, which may be zero.

    Returns
    -------
    columns : ndarray of int of shape (n_symbols,)
        Where they stand, from left to right.
    symbols : ndarray of int of shape (n_symbols,)
        Their classes, as numbers of the last axis of `probabilities`.

    Raises
    ------
    ValueError
        For probabilities outside of [0, 1], for another parameter out of its range, and where
        `n_symbols` do not find room.

    References
    ----------
    Y. LeCun et al., Gradient-based learning applied to document recognition, Proc. IEEE 86 (1998).

    Examples
    --------
    Five columns, classes "a", "b" and, last, nothing:

    >>> from sknn.teaching.decoding import best_path
    >>> P = [[0.1, 0.1, 0.8], [0.7, 0.1, 0.2], [0.6, 0.1, 0.3], [0.1, 0.1, 0.8], [0.1, 0.8, 0.1]]
    >>> best_path(P, blank=-1, min_distance=2)
    (array([1, 4]), array([0, 1]))
    """
    P = _checked(probabilities)
    n_columns, n_classes = P.shape
    _check_integer("min_distance", min_distance, 1, None)
    most = -(-n_columns // min_distance)
    if n_symbols is not None:
        _check_integer("n_symbols", n_symbols, 0, None)
        if n_symbols > most:
            raise ValueError(
                f"n_symbols={n_symbols} symbols that are min_distance={min_distance} columns apart do not "
                f"fit in {n_columns} columns; {most} do."
            )
    if blank is not None:
        _check_integer("blank", blank, -n_classes, n_classes - 1)
        if n_classes == 1:
            raise ValueError(f"blank={blank} is the only class; there is no symbol to read.")
    symbols, gains = _best_symbols(P, blank)
    columns = _best_columns(gains, min_distance, most, n_symbols)
    return columns, symbols[columns]


def _best_symbols(P, blank):
    """(the best symbol, what it is worth) of each column."""
    if blank is None:
        odds = np.log(np.maximum(P, TINY)) - np.log(np.maximum(1 - P, TINY))
    else:
        odds = np.log(np.maximum(P, TINY)) - np.log(np.maximum(P[:, [blank]], TINY))
        odds[:, blank] = -np.inf
    return odds.argmax(axis=1), odds.max(axis=1)


def _best_columns(gains, min_distance, most, n_symbols):
    """Columns of the largest sum: of `n_symbols`, or of any number up to `most`."""
    n_columns = len(gains)
    best = np.zeros(n_columns + 1)  # G(m, t), t counted from 1; G(m, 0) holds no column
    totals, last = [0.0], []
    for _ in range(most if n_symbols is None else n_symbols):
        ends = np.full(n_columns + 1, -np.inf)  # the sum where the last symbol stands in column t
        before = np.maximum(np.arange(n_columns) + 1 - min_distance, 0)
        ends[1:] = gains + best[before]
        best = np.maximum.accumulate(ends)
        last.append(ends)
        totals.append(best[-1])
    at, columns = n_columns, []
    for ends in last[: int(np.argmax(totals)) if n_symbols is None else n_symbols][::-1]:
        column = int(np.argmax(ends[: at + 1])) - 1
        columns.append(column)
        at = max(column + 1 - min_distance, 0)
    return np.array(columns[::-1], dtype=np.intp)


def _checked(probabilities):
    P = np.asarray(probabilities, dtype=np.float64)
    if P.ndim != 2 or 0 in P.shape:
        raise ValueError(
            f"probabilities have the shape {P.shape}; one line has (n_columns, n_classes)."
        )
    if not ((P >= 0) & (P <= 1)).all():
        raise ValueError(
            f"probabilities must be in [0, 1], found values from {P.min()} to {P.max()}."
        )
    return P


def _check_integer(name, value, least, most):
    integer = isinstance(value, Integral) and not isinstance(value, bool)
    if not integer or value < least or (most is not None and value > most):
        limits = f">= {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name}={value!r} must be an integer {limits}.")
