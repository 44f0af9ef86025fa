"""The encoding of tabular data: numerical and categorical features, missing values, threshold features.

`TableEncoder` learns how numerical features are scaled, which categories there are and where values are
missing. An encoded sample is ``[numerical | passed | codes | thresholds]``: the numerical features for an
embedding, one-hot columns and indicators of missing values as they are, codes of categories for a learned
embedding (−1 for none), and threshold features. Networks without threshold features take the sample without
its end.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from sknn.inputs.table.features import CategoricalFeature, NumericalFeature
from sknn.inputs.table.statistics import FEW_SAMPLES, MANY_CATEGORIES
from sknn.inputs.table.thresholds import find_thresholds

#: values of one-hot columns and of indicators
INDICATORS = np.array([-1.0, 0.0, 1.0])


class Parts(NamedTuple):
    """What one feature becomes: columns of each part of an encoded sample, (n, width) each."""

    numerical: np.ndarray
    #: one-hot columns and indicators, not yet scaled
    passed: np.ndarray
    codes: np.ndarray
    thresholds: np.ndarray


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
        return np.stack([one.edges for _, one in self.numerical], axis=1)

    @property
    def numerical(self):
        """(number of the feature, NumericalFeature) of each number of an encoded sample, in their order."""
        found = []
        for i, learned in enumerate(self.learned):
            if isinstance(learned, CategoricalFeature):
                found += [(i, one) for one in learned.numbers]
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
            for i, one in self.numerical
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
                    numbers, thresholds = learned.encoded_statistics(given)
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
