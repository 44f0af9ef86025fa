"""Target statistics: what the targets are, on average, where a feature has a category.

A learned embedding of a category that few samples have learns their targets by heart. Its smoothed mean says
as much about the category, and is a number like any other feature (Micci-Barreca 2001). What a training sample
is given is made of the targets of others, so that no sample is told its own.
"""

from dataclasses import dataclass

import numpy as np

#: a feature has statistics in place of an embedding where it has more categories than this, and these have fewer
#: samples than that, in the mean
MANY_CATEGORIES, FEW_SAMPLES = 32, 200
#: columns of statistics of one feature; where more are needed, as for many classes, there is an embedding
MOST_COLUMNS = 8
#: samples with the mean of all that are added to each category
SMOOTHING = 20
#: parts of the training samples; a sample's statistics are made of the others
N_PARTS = 5


@dataclass(frozen=True)
class KnownTargets:
    """The targets of the training samples.

    Parameters
    ----------
    values : ndarray of shape (n, n_columns)
        Numbers, or whether a sample is of a class.
    weights : ndarray of shape (n,)
        Their mean is 1, so that their scale does not matter.
    parts : ndarray of int (n,)
        From 0 to ``N_PARTS − 1``.
    """

    values: np.ndarray
    weights: np.ndarray
    parts: np.ndarray

    @classmethod
    def of(cls, targets, weights, groups, of_classes):
        """From encoded targets (n, n_targets), and numbers of what belongs together."""
        columns = _indicators(targets) if of_classes else targets
        weights = np.ones(len(targets)) if weights is None else weights.astype(np.float64)
        return cls(columns, weights / weights.mean(), groups % N_PARTS)


def _indicators(targets):
    """Columns of 0 and 1 for all classes of every output; one column for two classes."""
    columns = []
    for target in targets.T:
        classes = np.unique(target)
        columns += [target == one for one in (classes[1:] if len(classes) == 2 else classes)]
    return np.stack(columns, axis=1).astype(np.float64)


def target_statistics(codes, n_categories, known):
    """Smoothed means of the targets of each category: ``(Σ w y + 20 ȳ) / (Σ w + 20)``.

    Parameters
    ----------
    codes : ndarray of int (n,)
        Categories of the training samples; −1 for missing and rare ones, which count as one category.
    n_categories : int
    known : KnownTargets

    Returns
    -------
    means : ndarray of shape (n_categories + 1, n_columns)
        The last is that of −1.
    of_others : ndarray of shape (n, n_columns)
        For each training sample the mean of its category without the samples of its own part.
    """
    n = n_categories + 1
    place = codes % n + n * known.parts
    counts = np.bincount(place, known.weights, n * N_PARTS).reshape(N_PARTS, n)
    sums = np.stack(
        [np.bincount(place, known.weights * y, n * N_PARTS) for y in known.values.T], axis=1
    ).reshape(N_PARTS, n, -1)
    rest = zip(sums.sum(axis=0) - sums, counts.sum(axis=0) - counts, strict=True)
    of_others = np.concatenate([_smoothed(*part) for part in rest])[place]
    return _smoothed(sums.sum(axis=0), counts.sum(axis=0)), of_others


def _smoothed(sums, counts):
    overall = sums.sum(axis=0) / max(counts.sum(), np.finfo(np.float64).tiny)
    return (sums + SMOOTHING * overall) / (counts[:, None] + SMOOTHING)
