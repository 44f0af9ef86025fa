"""What is learned about one feature of tabular data, numerical or categorical."""

from numbers import Number
from typing import Any, NamedTuple

import numpy as np

from sknn.inputs.table.statistics import target_statistics
from sknn.layers._piecewise import quantile_edges, quantiles

#: up to this many categories become columns of their own
ONE_HOT = 8
QUARTILES = (0.25, 0.5, 0.75)


class Parts(NamedTuple):
    """Something for each part that a feature has of an encoded sample.

    The second are one-hot columns and indicators of missing values.
    """

    numbers: Any
    indicators: Any
    codes: Any
    thresholds: Any


def clipped(z):
    """The smooth clip to (−3, 3)."""
    return z / np.hypot(1.0, z / 3)


def scaled(values, unit, center, scale, clip):
    """Scaled values, 0 where they are missing; of one feature, or of many with arrays of their scales."""
    z = (values / unit - center) * scale
    if clip:
        z = clipped(z)
    return z if np.isfinite(z).all() else np.nan_to_num(z, copy=False)


def beside_thresholds(values, thresholds, below, above):
    """Threshold features: what stands for a value below its threshold or above it; 0 where it is missing."""
    features = np.where(values > thresholds, above, below)
    missing = np.isnan(values)
    return np.where(missing, 0.0, features) if missing.any() else features


class NumericalFeature:
    """Robust scale and smooth clip of a numerical feature: ``z = (x − median) / IQR``, ``z / √(1 + (z / 3)²)``.

    Where the quartiles coincide, as where most values are 0, half of the median distance of the other
    values from the median stands in for IQR. Missing values become the median.
    The result lies in (−3, 3), so heavy tails and values of 1e30 do no harm; with ``clip=False`` it is z. With
    `n_bins` there are `edges` of bins that hold about as many known values each, of what `encode` gives.
    After `split` there are `thresholds`, too.
    """

    def __init__(self, values, n_bins=None, clip=True):
        self.clip, self.thresholds = clip, np.empty(0)
        self.below = self.above = self.thresholds  # see `split`
        known = values[~np.isnan(values)]
        self.is_empty = len(known) == 0
        self.is_constant = self.is_empty or known.min() == known.max()
        self.has_missing = 0 < len(known) < len(values)
        if self.is_constant:
            return
        self.unit = np.abs(known).max()  # first: ranges of 1e308 must not overflow
        low, self.center, high = quantiles(known / self.unit, QUARTILES)
        width = high - low
        if width == 0:
            distances = np.abs(known / self.unit - self.center)
            width = np.median(distances[distances > 0]) / 2
        self.scale = 1 / width if np.isfinite(1 / width) else 0.0
        if n_bins is not None:
            self.edges = quantile_edges(self.encode(known), n_bins)

    @property
    def widths(self):
        """Columns of each of the `Parts`."""
        n_numbers = 0 if self.is_constant else 1
        return Parts(n_numbers, int(self.has_missing), 0, len(self.thresholds))

    def encode(self, values):
        """Scaled values, clipped to (−3, 3), 0 where they are missing."""
        return scaled(values, self.unit, self.center, self.scale, self.clip)

    def indicators(self, values):
        """Whether values are missing, (n, 1); (n, 0) where fit saw no missing values."""
        n_columns = int(self.has_missing)
        return np.isnan(values).astype(np.float64)[:, None][:, :n_columns]

    def slope(self, values):
        """Derivative of `encode`."""
        z = (values / self.unit - self.center) * self.scale
        slope = self.scale / self.unit / (np.hypot(1.0, z / 3) ** 3 if self.clip else 1.0)
        return np.where(np.isnan(z), 0.0, slope)

    def split(self, values, thresholds):
        """Sets the thresholds, and the scaled values of a threshold feature below and above each."""
        self.thresholds = thresholds
        known = values[~np.isnan(values)]
        share = (known[:, None] > thresholds).mean(axis=0)
        median, width = share > 0.5, np.where(np.abs(share - 0.5) < 0.25, 1.0, 0.5)
        zero_and_one = (np.array([[0], [1]]) - median) / width
        self.below, self.above = clipped(zero_and_one) if self.clip else zero_and_one

    def above_thresholds(self, values):
        """Whether values exceed each threshold, (n, n_thresholds)."""
        return beside_thresholds(values[:, None], self.thresholds, self.below, self.above)


class CategoricalFeature:
    """The categories of one column, in order; others and missing ones have the code −1.

    After `learn_statistics` there are `means` of the targets for each category and for −1, and `numbers`: how
    each of their columns is scaled.
    """

    means: np.ndarray | None = None
    numbers: tuple = ()

    def __init__(self, codes, values):
        counts = np.bincount(codes[codes >= 0], minlength=len(values))
        present = np.flatnonzero(counts)
        self.kinds = _kinds_of(values[i] for i in present)
        self.are_mostly_numbers = mostly_numbers([values[i] for i in present], counts[present])
        if len(present) > ONE_HOT:  # nothing can be learned about what was seen once
            present = np.flatnonzero(counts > 1)
        self.values = _in_order(values[i] for i in present)
        self.places = {value: place for place, value in enumerate(self.values)}
        self.has_missing = bool((codes < 0).any())

    @property
    def widths(self):
        """Columns of each of the `Parts`."""
        n_thresholds = sum(len(one.thresholds) for one in self.numbers)
        return Parts(len(self.numbers), self._n_indicators, int(self.embedded), n_thresholds)

    @property
    def _n_indicators(self):
        constant = not self.values or (len(self.values) == 1 and not self.has_missing)
        if len(self.values) > ONE_HOT or constant:
            return 0
        return 1 if len(self.values) == 2 else len(self.values)

    @property
    def embedded(self):
        """Whether there are too many for columns of their own, and they have no statistics."""
        return len(self.values) > ONE_HOT and self.means is None

    def learn_statistics(self, codes, known, n_bins, clip):
        """Learns target statistics in place of an embedding; returns those that the training samples take."""
        means, of_others = target_statistics(codes, len(self.values), known)
        numbers = [NumericalFeature(column, n_bins, clip) for column in of_others.T]
        varying = np.array([not one.is_constant for one in numbers], bool)
        self.numbers = tuple(one for one in numbers if not one.is_constant)
        self.means = means[:, varying]
        return of_others[:, varying]

    def encoded_statistics(self, statistics):
        """(scaled statistics, threshold features of these), (n, n_columns) each."""
        pairs = list(zip(self.numbers, statistics.T, strict=True))
        none = np.empty((len(statistics), 0))
        numbers = [one.encode(values)[:, None] for one, values in pairs]
        thresholds = [one.above_thresholds(v) for one, v in pairs if len(one.thresholds)]
        return np.hstack([none, *numbers]), np.hstack([none, *thresholds])

    def codes(self, codes, values, name):
        """Positions in `values`, −1 for what is not there; raises where nothing could ever be there."""
        present = np.flatnonzero(np.bincount(codes[codes >= 0]))
        found = _kinds_of(values[i] for i in present)
        if self.kinds and found and not self.kinds.keys() & found.keys():
            kind, value = next(iter(found.items()))
            before, known = next(iter(self.kinds.items()))
            raise ValueError(
                f"Column {name} holds {kind}, such as {value!r}, but held {before}, such as {known!r}, in "
                "fit."
            )
        known = np.array([*(self.places.get(value, -1) for value in values), -1], np.intp)
        return known[codes]

    def indicators(self, codes):
        """Columns of 0 and 1; for two categories one of −1 and 1, 0 for neither; none where there are too many."""
        if self._n_indicators == 0:
            return np.empty((len(codes), 0))
        if len(self.values) == 2:
            return np.where(codes < 0, 0.0, 2.0 * codes - 1.0)[:, None]
        return (codes[:, None] == np.arange(len(self.values))).astype(np.float64)


def _kinds_of(values):
    """One of the values of each kind, by its name; numbers are of one kind whatever their types."""
    kinds = {}
    for value in values:
        name = "numbers" if isinstance(value, Number) else type(value).__name__
        kinds.setdefault("strings" if name == "str" else name, value)
    return kinds


def _in_order(values):
    """Values of each type in their order, or in that of their names where they have none."""
    values = list(values)
    try:
        return sorted(values, key=lambda value: (type(value).__name__, value))
    except TypeError:
        return sorted(values, key=lambda value: (type(value).__name__, str(value)))


def mostly_numbers(values, counts):
    """Whether most values are numbers, strings or not, and yet no codes: not all values are integers."""
    n_numbers, are_codes = 0, True
    for value, count in zip(values, counts, strict=True):
        try:
            number = float(value)
        except (TypeError, ValueError):
            are_codes = False
        else:
            n_numbers += count
            are_codes &= np.isnan(number) or number.is_integer()
    return bool(not are_codes and 2 * n_numbers > counts.sum())
