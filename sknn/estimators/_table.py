"""From a table of numbers, categories and gaps to the rows of a network.

`TableColumns` reads a data frame or an array column by column; `TableEncoder` learns from them how numbers
are scaled, which categories there are and where values are missing. An encoded row is
``[numbers | passed | codes]``: the numbers for a numeric embedding, one-hot columns and indicators of
missing values as they are, and codes of categories for a learned embedding, −1 for none.
"""

import numpy as np
from sklearn.utils.validation import check_array, validate_data

from sknn.layers._piecewise import quantile_edges

#: up to this many categories become columns of their own
ONE_HOT = 8


def validate_table(estimator, X, reset):
    """X as a data frame or an array of any type of two dimensions; checks or learns its names."""
    if isinstance(X, (list, tuple)) and np.asarray(X).dtype.kind in "SU":
        X = np.asarray(X, dtype=object)  # numbers beside strings stay numbers
    if hasattr(X, "collect"):
        raise TypeError("X is a lazy frame; give X.collect().")
    if not hasattr(X, "columns"):
        return validate_data(
            estimator, X, reset=reset, dtype=None, ensure_all_finite="allow-nan", order=None
        )
    check_array(np.broadcast_to(np.int8(0), X.shape), input_name="X", estimator=estimator)
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    return X


class TableColumns:
    """The columns of a validated table, one at a time.

    Parameters
    ----------
    X : data frame of pandas or polars, or ndarray
    """

    def __init__(self, X):
        self.X = X
        self.n_rows, self.n_columns = X.shape
        self.is_frame = hasattr(X, "columns")

    def name(self, number):
        """What messages call a column."""
        return repr(self.X.columns[number]) if self.is_frame else str(number)

    def get(self, number):
        """A column: a series of the frame's kind, or a one-dimensional array."""
        if not self.is_frame:
            column = self.X[:, number]
        elif hasattr(self.X, "iloc"):
            column = self.X.iloc[:, number]
        else:  # polars
            column = self.X.to_series(number)
        kind = _kind(column)
        if kind in "Mm":
            raise ValueError(
                f"Column {self.name(number)} holds dates; make numbers of them first, such as year, "
                "month, weekday, or days since the first."
            )
        if kind == "c":
            raise ValueError(f"Complex data not supported: column {self.name(number)}.")
        return column

    def holds_categories(self, number):
        """Whether the type of a column, or of its values, says that it holds categories."""
        column = self.get(number)
        kind = _kind(column)
        if kind == "O":
            values = _array(column)
            types = set(map(type, values[~_is_missing(values)]))
            return str in types or (self.is_frame and types == {bool})  # booleans with gaps
        return kind in "CUS" or (kind == "b" and self.is_frame)

    def numbers(self, number):
        """A column as float64, NaN where a value is missing."""
        column = self.get(number)
        kind = _kind(column)
        if kind in "iufb" and hasattr(column, "isna"):  # pandas, some of whose types have gaps
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            values = _array(column)
        if values.dtype.kind in "OUS":
            values = self._parsed(number, values)
        result = np.asarray(values, dtype=np.float64)
        if np.isinf(result).any():
            raise ValueError(
                f"Input X contains infinity in column {self.name(number)}. Replace it by a number, or by "
                "NaN where the value is unknown."
            )
        return result

    def _parsed(self, number, values):
        """Objects as float64, NaN for missing ones."""
        missing = _is_missing(values)
        others = values[~missing]
        if any(isinstance(value, (str, bytes)) for value in others):
            raise ValueError(
                f"Column {self.name(number)} holds strings and is not among categorical_features; name "
                "it there, or use 'from_dtype'."
            )
        result = np.full(len(values), np.nan)
        try:
            result[~missing] = others.astype(np.float64)
        except (TypeError, ValueError):
            types = sorted({type(value).__name__ for value in others})
            raise TypeError(
                f"Column {self.name(number)}: argument must be a string or a number, got "
                f"{', '.join(types)}. Make numbers or categories of them first."
            ) from None
        return result

    def categories(self, number):
        """(codes, values): the value of each row as its place in a list, −1 where it is missing."""
        try:
            return _codes(self.get(number))
        except TypeError:
            raise TypeError(
                f"Column {self.name(number)} holds what cannot be categories, such as lists."
            ) from None


def _kind(column):
    """The kind of a column's dtype as numpy has it; "C" for categories and frames' strings."""
    dtype = column.dtype
    name = str(dtype).lower()
    if name == "str" or name.startswith(
        ("string", "large_string", "category", "categorical", "enum")
    ):
        return "C"
    if name.startswith(("date", "time", "period", "duration")):
        return "M"
    if name.startswith("bool"):
        return "b"
    return getattr(dtype, "kind", "f")


def _codes(column):
    """(codes, values) of a column."""
    if hasattr(column, "cat") and hasattr(column.cat, "codes"):
        return np.asarray(column.cat.codes, np.intp), list(column.cat.categories)
    if hasattr(column, "factorize"):
        codes, values = column.factorize()
        return codes, list(values)
    values = _array(column)
    if values.dtype.kind in "fiub":
        found, codes = np.unique(values, return_inverse=True)
        known = ~np.isnan(found) if found.dtype.kind == "f" else np.ones(len(found), bool)
        return np.where(known, np.arange(len(found)), -1)[codes], found.tolist()
    places = {}
    codes = np.array([places.setdefault(value, len(places)) for value in values], np.intp)
    missing = _is_missing(np.array([*places, None], object))[:-1]
    return np.where(missing, -1, np.arange(len(places)))[codes], list(places)


def _array(column):
    values = column.to_numpy() if hasattr(column, "to_numpy") else np.asarray(column)
    if values.ndim > 1:  # what polars makes of structs
        values = np.fromiter(column, object, len(column))
    return values


def _is_missing(values):
    """Where an array of objects has None, NaN or what pandas says for it."""
    return np.array(
        [
            v is None
            or (isinstance(v, float) and v != v)
            or type(v).__name__ in ("NAType", "NaTType")
            for v in values
        ],
        bool,
    )


def parse_categorical(given, columns, names):
    """Mask of the categorical columns, from what the parameter `categorical_features` says."""
    n = columns.n_columns
    from_types = np.array([columns.holds_categories(i) for i in range(n)], bool)
    if given is None:
        return np.zeros(n, bool)
    if isinstance(given, str) and given == "from_dtype":
        return from_types
    given = np.atleast_1d(
        np.asarray(given, dtype=object if len(np.atleast_1d(given)) == 0 else None)
    )
    mask = np.zeros(n, bool)
    if given.dtype.kind == "b":
        if given.shape != (n,):
            raise ValueError(
                f"categorical_features as a mask must have shape ({n},), got {given.shape}."
            )
        return given
    if given.dtype.kind in "OUS" and len(given):
        if names is None:
            raise ValueError(
                "categorical_features has names, but X has none; give it as a data frame, or give numbers."
            )
        unknown = sorted(set(map(str, given)) - set(map(str, names)))
        if unknown:
            raise ValueError(f"categorical_features names {unknown}, which X does not have.")
        return np.isin(np.asarray(names, str), given.astype(str))
    for number in given:
        if not -n <= number < n or number != int(number):
            raise ValueError(
                f"categorical_features={number!r} is not the number of a column of X, which has {n}."
            )
        mask[int(number)] = True
    return mask


class Numbers:
    """Robust scale and smooth clip of one column: ``z = (x − median) / IQR``, ``z / √(1 + (z / 3)²)``.

    Where the quartiles coincide, as where most values are 0, half of the median distance of the other
    values from the median stands in for IQR. Missing values become the median.
    The result lies in (−3, 3), so heavy tails and values of 1e30 do no harm; with ``clip=False`` it is z. With
    `n_bins` there are `edges` of bins that hold about as many known values each, of what `encode` gives.
    """

    def __init__(self, values, n_bins=None, clip=True):
        self.clip = clip
        known = values[~np.isnan(values)]
        self.is_constant = len(known) == 0 or known.min() == known.max()
        self.has_missing = 0 < len(known) < len(values)
        if self.is_constant:
            return
        self.unit = np.abs(known).max()  # first: ranges of 1e308 must not overflow
        low, self.center, high = np.quantile(known / self.unit, (0.25, 0.5, 0.75))
        width = high - low
        if width == 0:
            distances = np.abs(known / self.unit - self.center)
            width = np.median(distances[distances > 0]) / 2
        self.scale = 1 / width if np.isfinite(1 / width) else 0.0
        if n_bins is not None:
            self.edges = quantile_edges(self.encode(known), n_bins)

    def encode(self, values):
        """Numbers, clipped to (−3, 3), 0 where they are missing."""
        z = (values / self.unit - self.center) * self.scale
        return np.where(np.isnan(z), 0.0, z / np.hypot(1.0, z / 3) if self.clip else z)

    def slope(self, values):
        """Derivative of `encode`."""
        z = (values / self.unit - self.center) * self.scale
        slope = self.scale / self.unit / (np.hypot(1.0, z / 3) ** 3 if self.clip else 1.0)
        return np.where(np.isnan(z), 0.0, slope)


class Categories:
    """The categories of one column, in order; others and missing ones have the code −1."""

    def __init__(self, codes, values):
        counts = np.bincount(codes[codes >= 0], minlength=len(values))
        present = np.flatnonzero(counts)
        if len(present) > ONE_HOT:  # nothing can be learned about what was seen once
            present = np.flatnonzero(counts > 1)
        self.values = sorted((values[i] for i in present), key=lambda v: (type(v).__name__, v))
        self.places = {value: place for place, value in enumerate(self.values)}
        self.has_missing = bool((codes < 0).any())

    @property
    def embedded(self):
        """Whether there are too many for columns of their own."""
        return len(self.values) > ONE_HOT

    def codes(self, codes, values):
        """Places in `values`, −1 for what is not there."""
        known = np.array([*(self.places.get(value, -1) for value in values), -1], np.intp)
        return known[codes]

    def one_hot(self, codes):
        """TableColumns of 0 and 1; for two categories one column of −1 and 1, 0 for neither."""
        if len(self.values) == 2:
            return np.where(codes < 0, 0.0, 2.0 * codes - 1.0)[:, None]
        return (codes[:, None] == np.arange(len(self.values))).astype(np.float64)


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
    n_numbers, n_passed : int
        Width of the first two parts of an encoded row.
    cardinalities : list of int
        Number of categories of each column of the last part.
    groups : list of ndarray
        For each column of the table the columns of the encoded row that it became.
    """

    def __init__(self, columns, is_categorical, n_bins=None, clip=True):
        self.is_categorical = is_categorical
        self.learned = [
            Categories(*columns.categories(i))
            if categorical
            else Numbers(columns.numbers(i), n_bins, clip)
            for i, categorical in enumerate(is_categorical)
        ]
        parts = self._raw_parts(columns)
        # one-hot columns take the scaling of numbers, whose rare ones then do not stand out
        self.scalers = [[Numbers(c, clip=clip) for c in passed.T] for _, passed, _ in parts]
        self.cardinalities = [
            len(learned.values)
            for learned in self.learned
            if isinstance(learned, Categories) and learned.embedded
        ]
        self._number(parts)

    @property
    def edges(self):
        """Edges of the bins of each number, (n_bins + 1, n_numbers)."""
        columns = [one.edges for one in self.learned if hasattr(one, "edges")]
        return np.stack(columns, axis=1)

    def _number(self, parts):
        """Where the parts of each column stand in an encoded row."""
        counts = [
            (numbers.shape[1], sum(not s.is_constant for s in scalers), codes.shape[1])
            for (numbers, _, codes), scalers in zip(parts, self.scalers, strict=True)
        ]
        self.n_numbers, self.n_passed = (sum(count[k] for count in counts) for k in (0, 1))
        starts = [0, self.n_numbers, self.n_numbers + self.n_passed]
        self.groups = []
        for count in counts:
            places = [np.arange(s, s + n) for s, n in zip(starts, count, strict=True)]
            self.groups.append(np.concatenate(places).astype(np.intp))
            starts = [s + n for s, n in zip(starts, count, strict=True)]
        self.width = self.n_numbers + self.n_passed + len(self.cardinalities)
        if self.width == 0:  # nothing but constants: a row needs one value
            self.n_passed = self.width = 1

    def _raw_parts(self, columns):
        """(numbers, passed, codes) of each column, the passed ones not yet scaled."""
        parts = []
        for i, learned in enumerate(self.learned):
            numbers = passed = codes = np.empty((columns.n_rows, 0))
            if isinstance(learned, Categories):
                places = learned.codes(*columns.categories(i))
                if learned.embedded:
                    codes = places[:, None].astype(np.float64)
                elif len(learned.values) > 1:
                    passed = learned.one_hot(places)
                elif learned.has_missing and learned.values:
                    passed = (places >= 0).astype(np.float64)[:, None]
            else:
                values = columns.numbers(i)
                if not learned.is_constant:
                    numbers = learned.encode(values)[:, None]
                if learned.has_missing:
                    passed = np.isnan(values).astype(np.float64)[:, None]
            parts.append((numbers, passed, codes))
        return parts

    def encode(self, columns, dtype):
        """Rows (n, width) of a dtype."""
        parts = self._raw_parts(columns)
        numbers = [part[0] for part in parts]
        codes = [part[2] for part in parts]
        passed = [
            scaler.encode(column)[:, None]
            for part, scalers in zip(parts, self.scalers, strict=True)
            for column, scaler in zip(part[1].T, scalers, strict=True)
            if not scaler.is_constant
        ]
        out = np.zeros((columns.n_rows, self.width), dtype)
        filled = np.concatenate([*numbers, *passed, *codes], axis=1) if parts else out
        out[:, : filled.shape[1]] = filled
        return out
