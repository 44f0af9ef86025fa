"""The encoding of tabular data: numerical and categorical features, missing values, threshold features.

`TableEncoder` learns how numerical features are scaled, which categories there are and where values are
missing. An encoded sample is ``[numerical | passed | codes | thresholds]``: the numerical features for an
embedding, one-hot columns and indicators of missing values as they are, codes of categories for a learned
embedding (−1 for none), and threshold features. Networks without threshold features take the sample without
its end.
"""

from concurrent.futures import ThreadPoolExecutor
from numbers import Number
from typing import NamedTuple

import numpy as np

from sknn.inputs.table.statistics import FEW_SAMPLES, MANY_CATEGORIES, target_statistics
from sknn.inputs.table.thresholds import find_thresholds
from sknn.layers._piecewise import quantile_edges, quantiles

#: up to this many categories become columns of their own
ONE_HOT = 8
QUARTILES = (0.25, 0.5, 0.75)
#: values of one-hot columns and of indicators
INDICATORS = np.array([-1.0, 0.0, 1.0])


class Parts(NamedTuple):
    """What one feature becomes: columns of each part of an encoded sample, (n, width) each."""

    numerical: np.ndarray
    #: one-hot columns and indicators, not yet scaled
    passed: np.ndarray
    codes: np.ndarray
    thresholds: np.ndarray


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

    def encode(self, values):
        """Scaled values, clipped to (−3, 3), 0 where they are missing."""
        return np.nan_to_num(self._clipped((values / self.unit - self.center) * self.scale))

    def _clipped(self, z):
        return z / np.hypot(1.0, z / 3) if self.clip else z

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
        self.below, self.above = self._clipped((np.array([[0], [1]]) - median) / width)

    def above_thresholds(self, values):
        """Whether values exceed each threshold, (n, n_thresholds); 0 where they are missing."""
        features = np.where(values[:, None] > self.thresholds, self.above, self.below)
        return np.where(np.isnan(values)[:, None], 0.0, features)


def scaled_indicators(counts, clip):
    """What −1, 0 and 1 become in columns that hold so many of them; NaN in constant ones.

    One-hot columns and indicators of missing values take the scaling of numbers, so that rare ones do not
    stand out. How often each value comes says all about such a column, and many share their counts.

    Parameters
    ----------
    counts : ndarray of int (n_columns, 3)

    Returns
    -------
    scaled : ndarray of float64 (3, n_columns)
    """
    distinct, which = np.unique(counts, axis=0, return_inverse=True)
    scaled = np.full(distinct.shape, np.nan)
    for row, n_each in zip(scaled, distinct, strict=True):
        column = NumericalFeature(np.repeat(INDICATORS, n_each), clip=clip)
        if not column.is_constant:
            row[:] = column.encode(INDICATORS)
    return scaled[which.ravel()].T


class CategoricalFeature:
    """The categories of one column, in order; others and missing ones have the code −1.

    After `learn_statistics` there are `means` of the targets for each category and for −1, and `numbers`: how
    each of their columns is scaled.
    """

    means: np.ndarray | None = None

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
    def embedded(self):
        """Whether there are too many for columns of their own, and they have no statistics."""
        return len(self.values) > ONE_HOT and self.means is None

    def learn_statistics(self, codes, known, n_bins, clip):
        """Learns target statistics in place of an embedding; returns those that the training samples take."""
        means, of_others = target_statistics(codes, len(self.values), known)
        numbers = [NumericalFeature(column, n_bins, clip) for column in of_others.T]
        varying = np.array([not one.is_constant for one in numbers], bool)
        self.numbers = [one for one in numbers if not one.is_constant]
        self.means = means[:, varying]
        return of_others[:, varying]

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
        constant = not self.values or (len(self.values) == 1 and not self.has_missing)
        if len(self.values) > ONE_HOT or constant:
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


def _side_by_side(none, columns):
    """Columns as an array; `none` where there are none."""
    return np.column_stack(columns) if columns else none


class TableEncoder:
    """What was learned about the columns of a table: how each becomes numbers.

    Parameters
    ----------
    columns : TableColumns
        Of the training samples.
    is_categorical : ndarray of bool (n_columns,)
    n_bins : int or None, default=None
        Into how many bins numbers are to be cut; None learns no edges.
    clip : bool, default=True
        Whether numbers are clipped smoothly.

    Attributes
    ----------
    n_numbers, n_passed, n_thresholds : int
        Width of the first two parts of an encoded row and of the last.
    cardinalities : list of int
        Number of categories of each column of the third part.
    groups : list of ndarray
        For each column of the table the columns of the encoded row that it became.
    """

    def __init__(self, columns, is_categorical, n_bins=None, clip=True):
        self.is_categorical = is_categorical
        self.learned = [
            CategoricalFeature(*columns.categories(i))
            if categorical
            else NumericalFeature(columns.numbers(i), n_bins, clip)
            for i, categorical in enumerate(is_categorical)
        ]
        self.n_bins, self.clip = n_bins, clip
        parts = self._raw_parts(columns, raw_numbers=True)
        passed = [part.passed for part in parts] or [np.empty((columns.n_rows, 0))]
        counts = [np.stack([(p == v).sum(axis=0) for v in INDICATORS], axis=1) for p in passed]
        self.indicators = scaled_indicators(np.concatenate(counts), clip)
        self._number(parts)

    @property
    def edges(self):
        """Edges of the bins of each number, (n_bins + 1, n_numbers)."""
        return np.stack([one.edges for _, one in self._numerical], axis=1)

    @property
    def _numerical(self):
        """(number of the feature, NumericalFeature) of each number of an encoded sample, in their order."""
        found = []
        for i, learned in enumerate(self.learned):
            if isinstance(learned, CategoricalFeature):
                found += [(i, one) for one in getattr(learned, "numbers", ())]
            elif not learned.is_constant:
                found.append((i, learned))
        return found

    @property
    def mostly_numbers(self):
        """Numbers of the categorical features most of whose values are numbers."""
        categories = (
            (i, one) for i, one in enumerate(self.learned) if isinstance(one, CategoricalFeature)
        )
        return [i for i, one in categories if one.are_mostly_numbers]

    def _number(self, parts):
        """Where the parts of each feature stand in an encoded sample."""
        categories = (one for one in self.learned if isinstance(one, CategoricalFeature))
        self.cardinalities = [len(one.values) for one in categories if one.embedded]
        varying, begin, counts = ~np.isnan(self.indicators[0]), 0, []
        for part in parts:
            end = begin + part.passed.shape[1]
            n_passed = int(varying[begin:end].sum())
            counts.append((part.numerical.shape[1], n_passed, part.codes.shape[1]))
            begin = end
        self.n_numbers, self.n_passed = (sum(count[k] for count in counts) for k in (0, 1))
        starts = [0, self.n_numbers, self.n_numbers + self.n_passed]
        self.groups = []
        for count in counts:
            own = [np.arange(s, s + n) for s, n in zip(starts, count, strict=True)]
            self.groups.append(np.concatenate(own).astype(np.intp))
            starts = [s + n for s, n in zip(starts, count, strict=True)]
        self.n_thresholds = 0
        self.width = self.n_numbers + self.n_passed + len(self.cardinalities)
        if self.width == 0:  # nothing but constants: a row needs one value
            self.n_passed = self.width = 1

    @property
    def width_without_thresholds(self):
        """Of the beginning of an encoded sample, which networks without threshold features take."""
        return self.width - self.n_thresholds

    @property
    def codes(self):
        """The slice of an encoded sample that holds codes of categories."""
        start = self.n_numbers + self.n_passed
        return slice(start, start + len(self.cardinalities))

    def of_rare_categories(self, n_samples):
        """Numbers of the features whose categories have too few of the training samples for an embedding."""
        return [
            i
            for i, one in enumerate(self.learned)
            if isinstance(one, CategoricalFeature)
            and one.embedded
            and len(one.values) > MANY_CATEGORIES
            and n_samples < FEW_SAMPLES * len(one.values)
        ]

    def learn_statistics(self, columns, known):
        """Gives features of rare categories target statistics in place of embeddings.

        Parameters
        ----------
        columns : TableColumns
            Of the training samples.
        known : KnownTargets

        Returns
        -------
        statistics : dict of int to ndarray
            Of each of these features, for the training samples; see `encode`.
        """
        statistics = {}
        for i in self.of_rare_categories(columns.n_rows):
            learned = self.learned[i]
            codes = learned.codes(*columns.categories(i), columns.name(i))
            statistics[i] = learned.learn_statistics(codes, known, self.n_bins, self.clip)
        self._number(self._raw_parts(columns))
        return statistics

    def learn_thresholds(
        self, columns, statistics, targets, weights, n_most, of_classes, n_threads
    ):
        """Adds up to `n_most` threshold features of each numerical feature; see `find_thresholds`."""
        given = {i: iter(found.T) for i, found in statistics.items()}
        numbers = [
            (i, one, next(given[i]) if i in given else columns.numbers(i))
            for i, one in self._numerical
        ]
        with ThreadPoolExecutor(n_threads) as pool:
            apply = pool.map if n_threads > 1 else map  # one thread: this one
            found = apply(
                lambda column: find_thresholds(column[-1], targets, weights, n_most, of_classes),
                numbers,
            )
            for (i, learned, values), thresholds in zip(numbers, found, strict=True):
                learned.split(values, thresholds)
                places = self.width + self.n_thresholds + np.arange(len(thresholds))
                self.groups[i] = np.concatenate([self.groups[i], places])
                self.n_thresholds += len(thresholds)
        self.width += self.n_thresholds

    def _raw_parts(self, columns, raw_numbers=False, statistics=None):
        """The Parts of each feature; with `raw_numbers` numerical features are not scaled either."""
        parts, statistics = [], statistics or {}
        for i, learned in enumerate(self.learned):
            numbers = passed = codes = thresholds = np.empty((columns.n_rows, 0))
            if isinstance(learned, CategoricalFeature):
                found, values = columns.categories(i)
                positions = learned.codes(found, values, columns.name(i))
                passed = learned.indicators(positions)
                if learned.means is not None:
                    given = statistics[i] if i in statistics else learned.means[positions]
                    pairs = list(zip(learned.numbers, given.T, strict=True))
                    numbers = _side_by_side(numbers, [one.encode(values) for one, values in pairs])
                    split = [pair for pair in pairs if len(pair[0].thresholds)]
                    thresholds = _side_by_side(
                        thresholds, [one.above_thresholds(values) for one, values in split]
                    )
                elif learned.embedded:
                    codes = positions[:, None].astype(np.float64)
            elif not learned.is_empty:  # of which nothing is known, not even that it held numbers
                values = columns.numbers(i, fitted=True)
                if not learned.is_constant:
                    numbers = (values if raw_numbers else learned.encode(values))[:, None]
                passed = learned.indicators(values)
                if len(learned.thresholds):
                    thresholds = learned.above_thresholds(values)
            parts.append(Parts(numbers, passed, codes, thresholds))
        return parts

    def encode(self, columns, dtype, statistics=None):
        """Rows (n, width) of a dtype.

        `statistics` holds target statistics of some features, (n, n_columns) each, for samples that must not be
        told their own targets.
        """
        out = np.zeros((columns.n_rows, self.width), dtype)
        starts, end = [0, self.n_numbers, self.codes.start, self.width - self.n_thresholds], 0
        for part in self._raw_parts(columns, statistics=statistics):
            some = slice(end, end := end + part.passed.shape[1])
            scaled = self.scaled_passed(part.passed, some)
            for k, own in enumerate(part._replace(passed=scaled)):
                out[:, starts[k] : starts[k] + own.shape[1]] = own
                starts[k] += own.shape[1]
        return out

    def scaled_passed(self, passed, some):
        """One-hot columns and indicators (n, width), scaled and without constant ones; `some` is their slice."""
        below, zero, above = self.indicators[:, some]
        scaled = np.where(passed > 0, above, np.where(passed < 0, below, zero))
        return scaled[:, ~np.isnan(zero)]
