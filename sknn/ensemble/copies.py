"""Samples that stand in a table more than once, as after oversampling.

A member that is validated on copies of what it learned is rewarded for its memory: its best epoch comes late, and
its probabilities are too sure. So all copies of a sample are on one side of every fold. A few copies are the
data's own, though, and new data will hold such, too: there memory is of use, and folds are as for other samples.
"""

import numpy as np

#: of the samples, up to which copies are the data's own
FEW_COPIES = 0.25
#: values that some numerical feature has for each distinct sample; features of fewer values are equal by chance
LEAST_VALUES = 0.1
#: distinct samples; of fewer, folds would be left without some
FEWEST_DISTINCT = 50
PRIME = np.uint64(0x100000001B3)


def distinct(rows, n_numbers):
    """(number of the first copy of each distinct sample, which of these each sample is).

    Where equal samples are few, or equal by chance, each sample is distinct.

    Parameters
    ----------
    rows : ndarray of shape (n, width)
        Encoded samples, numerical features first.
    n_numbers : int
        Of numerical features.
    """
    _, first, copy_of = np.unique(_hashes(rows), return_index=True, return_inverse=True)
    few = len(first) > (1 - FEW_COPIES) * len(rows) or len(first) < FEWEST_DISTINCT
    if few or _equal_by_chance(rows[:, :n_numbers], len(first)):
        return np.arange(len(rows)), np.arange(len(rows))
    # in the order of the samples, so that folds do not depend on the hashes
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return first[order], place[copy_of]


def _equal_by_chance(numbers, n_distinct):
    """Whether all numerical features have so few values that different samples may be equal."""
    return not any(len(np.unique(column)) >= LEAST_VALUES * n_distinct for column in numbers.T)


def _hashes(rows):
    """64 bits of each row, in which different rows are hardly ever equal (FNV-1a, a value at a time)."""
    values = rows.view(f"u{rows.itemsize}")
    hashes = np.full(len(rows), 0xCBF29CE484222325, np.uint64)
    for j in range(values.shape[1]):
        hashes = (hashes ^ values[:, j]) * PRIME
    return hashes
