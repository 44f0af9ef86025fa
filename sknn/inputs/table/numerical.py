"""All numerical features of a table, encoded together: what numpy's calls cost is paid once for all of them."""

import numpy as np

from sknn.inputs.table.features import beside_thresholds, scaled

#: encoded values of a block of samples, which are computed in float64 and stay in a cache
BLOCK = 2**16


class NumericalFeatures:
    """The numerical features of a table: what was learned about each of them, as arrays.

    Parameters
    ----------
    features : list of (int, NumericalFeature, Slices)
        Column of the table, what was learned about it, and where it stands in an encoded sample.
    indicators : ndarray (3, n_indicators)
        What −1, 0 and 1 become in each indicator; see `scaled_indicators`.
    clip : bool
        Whether values are clipped smoothly.
    """

    def __init__(self, features, indicators, clip):
        self.columns, self.clip = [number for number, _, _ in features], clip
        read = [(column, one, own) for column, (_, one, own) in enumerate(features)]
        varying = [found for found in read if not found[1].is_constant]
        self.scaled = _Part([(column, own.numbers) for column, _, own in varying])
        self.scales = [
            np.array([getattr(one, name) for _, one, _ in varying], np.float64)
            for name in ("unit", "center", "scale")
        ]
        self.indicators = _Part([(column, own.passed) for column, _, own in read])
        passed = [own.indicators.start for _, _, own in read if own.passed.start < own.passed.stop]
        self.known, self.missing = indicators[1:, passed]
        self.beside = _Part([(column, own.thresholds) for column, _, own in varying])
        self.thresholds, self.below, self.above = (
            np.concatenate([np.empty(0), *(getattr(one, name) for _, one, _ in varying)])
            for name in ("thresholds", "below", "above")
        )

    def encode(self, columns, out):
        """Writes the numerical features of `TableColumns` to encoded samples (n, width)."""
        if not self.columns:
            return
        values = columns.matrix(self.columns)
        n_rows = max(BLOCK // out.shape[1], 1)
        for start in range(0, len(out), n_rows):
            block = np.asarray(values[start : start + n_rows], np.float64)
            if np.isinf(block).any():
                columns.refuse_infinity(self.columns[np.isinf(block).any(axis=0).argmax()])
            self._encode(block, out[start : start + n_rows])

    def _encode(self, values, out):
        """Writes a block of values (n, n_columns)."""
        part = self.scaled
        unit, center, scale = self.scales
        out[:, part.at] = scaled(values[:, part.columns], unit, center, scale, self.clip)
        part = self.indicators
        if len(self.known):
            missing = np.isnan(values[:, part.columns])
            out[:, part.at] = np.where(missing, self.missing, self.known)
        part = self.beside
        if len(self.thresholds):
            out[:, part.at] = beside_thresholds(
                values[:, part.columns], self.thresholds, self.below, self.above
            )


class _Part:
    """A part of encoded samples: which of the columns that are read it is made of, and where it stands.

    Parameters
    ----------
    slices : list of (int, slice)
        A column, and what it becomes.
    """

    def __init__(self, slices):
        self.columns = _index([column for column, own in slices for _ in _range(own)])
        self.at = _index([at for _, own in slices for at in _range(own)])


def _range(own):
    return range(own.start, own.stop)


def _index(numbers):
    """An index of numpy: a slice, which is read without a copy, where the numbers follow one another."""
    first = numbers[0] if numbers else 0
    if numbers == list(range(first, first + len(numbers))):
        return slice(first, first + len(numbers))
    return np.array(numbers)
