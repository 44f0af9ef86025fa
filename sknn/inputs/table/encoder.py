"""The encoding of tabular data: numerical and categorical features, missing values, threshold features.

`TableEncoder` learns how numerical features are scaled, which categories there are and where values are
missing. An encoded sample is ``[numerical | passed | codes | thresholds]``: the numerical features for an
embedding, one-hot columns and indicators of missing values as they are, codes of categories for a learned
embedding (−1 for none), and threshold features. Networks without threshold features take the sample without
its end.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sknn.inputs.table.features import CategoricalFeature, NumericalFeature
from sknn.inputs.table.numerical import NumericalFeatures
from sknn.inputs.table.statistics import FEW_SAMPLES, MANY_CATEGORIES
from sknn.inputs.table.thresholds import find_thresholds

#: values of one-hot columns and of indicators
INDICATORS = np.array([-1.0, 0.0, 1.0])


class Slices(NamedTuple):
    """Where the parts of one feature stand in an encoded sample."""

    numbers: slice
    passed: slice
    codes: slice
    thresholds: slice
    #: in the indicators of all features, constant ones among them, of which only the others are passed
    indicators: slice


class Layout(NamedTuple):
    """What follows from what was learned about each feature."""

    slices: list[Slices]
    numerical: NumericalFeatures


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
        counts = [self._count_indicators(i, columns) for i in range(len(self.learned))]
        self.indicators = scaled_indicators(np.concatenate(counts), clip)
        self._number_columns()

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

    def _codes(self, i, columns):
        """Codes of a categorical feature, (n,)."""
        codes, values = columns.categories(i)
        return self.learned[i].codes(codes, values, columns.name(i))

    def _count_indicators(self, i, columns):
        """How often −1, 0 and 1 come in the indicators of one feature, (n_indicators, 3)."""
        learned = self.learned[i]
        if learned.widths.indicators == 0:
            return np.empty((0, 3), int)
        if isinstance(learned, CategoricalFeature):
            raw = learned.indicators(self._codes(i, columns))
        else:
            raw = learned.indicators(columns.numbers(i))
        return np.stack([(raw == value).sum(axis=0) for value in INDICATORS], axis=1)

    def _number_columns(self):
        """Numbers the columns of an encoded sample."""
        vars(self).pop("_layout", None)
        categories = (one for one in self.learned if isinstance(one, CategoricalFeature))
        self.cardinalities = [len(one.values) for one in categories if one.embedded]
        slices = self._layout.slices
        parts = list(zip(*slices, strict=True))[:4]
        self.n_numbers, self.n_passed, n_codes, self.n_thresholds = (
            sum(at.stop - at.start for at in part) for part in parts
        )
        self.width = self.n_numbers + self.n_passed + n_codes + self.n_thresholds
        if self.width == 0:  # nothing but constants: a row needs one value
            self.n_passed = self.width = 1
        self.groups = [
            np.concatenate([np.arange(at.start, at.stop, dtype=np.intp) for at in own[:4]])
            for own in slices
        ]

    @cached_property
    def _layout(self):
        """The Slices of each feature, and numerical features together."""
        varying, end, widths, indicators = ~np.isnan(self.indicators[0]), 0, [], []
        for one in self.learned:
            n_numbers, n_indicators, n_codes, n_thresholds = one.widths
            indicators.append(slice(end, end := end + n_indicators))
            n_passed = int(varying[indicators[-1]].sum())
            widths.append((n_numbers, n_passed, n_codes, n_thresholds))
        # all numbers, then all that is passed, ...
        ends = np.cumsum(np.transpose(widths)).reshape(4, -1)
        parts = zip((ends - np.transpose(widths)).tolist(), ends.tolist(), strict=True)
        slices = list(map(Slices, *(map(slice, *part) for part in parts), indicators))
        numerical = [
            (i, one, slices[i])
            for i, one in enumerate(self.learned)
            if not isinstance(one, CategoricalFeature) and not one.is_empty
        ]
        return Layout(slices, NumericalFeatures(numerical, self.indicators, self.clip))

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "_layout"}

    def of_numbers(self, values):
        """A value of each feature, in the columns (width,) of its numbers and thresholds; 0 elsewhere."""
        spread = np.zeros(self.width)
        for value, own in zip(values, self._layout.slices if len(values) else [], strict=True):
            spread[own.numbers] = spread[own.thresholds] = value
        return spread

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
            codes = self._codes(i, columns)
            statistics[i] = learned.learn_statistics(codes, known, self.n_bins, self.clip)
        self._number_columns()
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
            for (_, learned, values), thresholds in zip(numbers, found, strict=True):
                learned.split(values, thresholds)
        self._number_columns()

    def encode(self, columns, dtype, statistics=None):
        """Rows (n, width) of a dtype.

        `statistics` holds target statistics of some features, (n, n_columns) each, for samples that must not be
        told their own targets.
        """
        out = np.zeros((columns.n_rows, self.width), dtype)
        self._layout.numerical.encode(columns, out)
        for i, learned in enumerate(self.learned):
            if isinstance(learned, CategoricalFeature):
                self._encode_category(i, self._codes(i, columns), (statistics or {}).get(i), out)
        return out

    def _encode_category(self, i, codes, statistics, out):
        """Writes one categorical feature."""
        learned, slices = self.learned[i], self._layout.slices[i]
        raw = learned.indicators(codes)
        out[:, slices.passed] = self.scaled_passed(raw, slices.indicators)
        if learned.embedded:
            out[:, slices.codes] = codes[:, None]
        elif learned.means is not None:
            given = learned.means[codes] if statistics is None else statistics
            out[:, slices.numbers], out[:, slices.thresholds] = learned.encoded_statistics(given)

    def scaled_passed(self, passed, some):
        """One-hot columns and indicators (n, width), scaled and without constant ones; `some` is their slice."""
        below, zero, above = self.indicators[:, some]
        scaled = np.where(passed > 0, above, np.where(passed < 0, below, zero))
        return scaled[:, ~np.isnan(zero)]
