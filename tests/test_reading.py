"""The best path through the probabilities of columns, against all paths there are."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from sknn.teaching.decoding import best_path


def every_path(n_columns, min_distance):
    """All sequences of columns that are far enough apart, the empty one too."""
    for m in range(n_columns + 1):
        for path in combinations(range(n_columns), m):
            if all(b - a >= min_distance for a, b in pairwise(path)):
                yield path


def gains_of(P, blank):
    """What the best symbol of each column is worth."""
    if blank is None:
        return np.log(P / (1 - P)).max(axis=1)
    symbols = np.delete(P, blank, axis=1)
    return np.log(symbols / P[:, [blank]]).max(axis=1)


@pytest.mark.parametrize("blank", [None, 0, -1])
@pytest.mark.parametrize("min_distance", [1, 2, 3, 9])
def test_no_path_is_better(blank, min_distance):
    rng = np.random.default_rng(0)
    for n_columns in (1, 2, 5, 7) * 3:
        P = rng.dirichlet(np.ones(4), n_columns)
        gains = gains_of(P, blank)
        paths = list(every_path(n_columns, min_distance))
        for n_symbols in (None, *range(max(map(len, paths)) + 1)):
            fitting = [path for path in paths if n_symbols in (None, len(path))]
            wanted = max(fitting, key=lambda path, gains=gains: gains[list(path)].sum())
            columns, symbols = best_path(
                P, blank=blank, min_distance=min_distance, n_symbols=n_symbols
            )
            assert tuple(columns) == wanted
            allowed = P[columns].copy()
            if blank is not None:
                allowed[:, blank] = -1
            np.testing.assert_array_equal(symbols, allowed.argmax(axis=1))


def test_neighbours_that_see_the_same_symbol_count_once():
    P = np.full((6, 3), 0.05)
    P[:, 2] = 0.9
    P[1:3, 0], P[1:3, 2] = (0.6, 0.8), (0.35, 0.15)
    P[5] = 0.0, 1.0, 0.0  # certain: the logarithm of a zero is no obstacle
    columns, symbols = best_path(P, blank=2, min_distance=2)
    assert (columns.tolist(), symbols.tolist()) == ([2, 5], [0, 1])


def test_nothing_is_found_where_nothing_is():
    columns, symbols = best_path(np.tile([0.1, 0.1, 0.8], (4, 1)), blank=2)
    assert columns.shape == symbols.shape == (0,)
    assert columns.dtype.kind == symbols.dtype.kind == "i"


EVEN = [[0.5, 0.5]] * 4


@pytest.mark.parametrize(
    ("probabilities", "parameters", "message"),
    [
        (EVEN, {"min_distance": 0}, "min_distance=0 must be an integer >= 1"),
        (EVEN, {"min_distance": 2.0}, "min_distance=2.0 must be an integer"),
        (EVEN, {"n_symbols": -1}, "n_symbols=-1 must be an integer >= 0"),
        (EVEN, {"n_symbols": True}, "n_symbols=True must be an integer"),
        (EVEN, {"n_symbols": 3, "min_distance": 2}, "n_symbols=3 .* 4 columns; 2 do"),
        (EVEN, {"blank": 2}, "blank=2 must be an integer from -2 to 1"),
        ([[1.0]], {"blank": 0}, "blank=0 is the only class"),
        ([0.5, 0.5], {}, r"shape \(2,\)"),
        (np.empty((0, 2)), {}, r"shape \(0, 2\)"),
        ([[0.5, 1.5]], {}, "found values from 0.5 to 1.5"),
        ([[0.5, np.nan]], {}, "found values from nan"),
    ],
)
def test_wrong_parameters(probabilities, parameters, message):
    with pytest.raises(ValueError, match=message):
        best_path(probabilities, **parameters)
