"""Tabular data read column by column: numerical and categorical features, missing values."""

from decimal import Decimal
from enum import Enum
from numbers import Number

import numpy as np
from sklearn.utils.validation import check_array, validate_data

#: types of missing values in pandas
MISSING = ("NAType", "NaTType")
#: kinds of numpy's dtypes of plain numbers
NUMBERS = "iufb"


def validate_table(estimator, X, reset):
    """X as a data frame or an array of any type of two dimensions; checks or learns its names."""
    if isinstance(X, (list, tuple)) and np.asarray(X).dtype.kind in "SU":
        X = np.asarray(X, dtype=object)  # numbers beside strings stay numbers
    frame = type(X)  # a frame's own attributes may be columns of these names
    if hasattr(frame, "collect"):
        raise TypeError("X is a lazy frame; give X.collect().")
    if not hasattr(X, "columns"):
        return validate_data(
            estimator, X, reset=reset, dtype=None, ensure_all_finite="allow-nan", order=None
        )
    if not any(hasattr(frame, name) for name in ("iloc", "to_series", "column")):
        raise TypeError(
            f"X is a {frame.__module__}.{frame.__name__}; give a data frame of pandas, polars or pyarrow, "
            "or an array."
        )
    if 0 in X.shape:  # scikit-learn's error
        check_array(np.empty(X.shape), input_name="X", estimator=estimator)
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    return X


class ArrowColumn:
    """A column of a pyarrow.Table, with the two attributes that are read of a series."""

    def __init__(self, values):
        self.values, self.dtype = values, values.type

    def to_numpy(self):
        """The values, NaN or None where they are null."""
        values = self.values
        if str(self.dtype).startswith("dictionary"):  # whose nulls to_numpy forgets
            values = values.cast(self.dtype.value_type)
        return values.to_numpy(zero_copy_only=False)


class TableColumns:
    """The columns of a validated table, one at a time.

    Parameters
    ----------
    X : data frame of pandas or polars, pyarrow.Table, or ndarray
    """

    def __init__(self, X):
        self.X = X
        self.n_rows, self.n_columns = X.shape
        self.is_frame = hasattr(X, "columns")
        self.is_arrow = hasattr(type(X), "column_names")
        self._categories = {}

    def name(self, number):
        """What messages call a column."""
        if not self.is_frame:
            return str(number)
        return repr((self.X.column_names if self.is_arrow else self.X.columns)[number])

    def get(self, number):
        """A column: a series of the frame's kind, or a one-dimensional array."""
        if not self.is_frame:
            column = self.X[:, number]
        elif hasattr(self.X, "iloc"):
            column = self.X.iloc[:, number]
        elif self.is_arrow:
            column = ArrowColumn(self.X.column(number))
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
            types = set(map(type, _array(column)))
            types = {t for t in types if t is not type(None) and t.__name__ not in MISSING}
            known = {t for t in types if not issubclass(t, (float, np.floating, Decimal))}
            if self.is_frame and known and known <= {bool, np.bool_}:  # beside NaN perhaps
                values = _array(column)
                types = known if types == known else set(map(type, values[~_is_missing(values)]))
                return types <= {bool, np.bool_}
            return any(
                issubclass(t, (str, bytes, Enum)) and not issubclass(t, Number) for t in types
            )
        return kind in "CSTU" or (kind == "b" and self.is_frame)

    def is_declared(self, number):
        """Whether the type of a column is that of categories, whatever they look like."""
        return _kind(self.get(number)) == "C"

    def numbers(self, number, fitted=False):
        """A column as float64, NaN where a value is missing; `fitted` where fit saw numbers there."""
        column = self.get(number)
        kind = _kind(column)
        if kind in NUMBERS and hasattr(
            column, "isna"
        ):  # pandas, some of whose types have missing values
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            values = _array(column)
        if values.dtype.kind in "OSTU":
            values = self._parsed(number, values, fitted)
        result = np.asarray(values, dtype=np.float64)
        if np.isinf(result).any():
            self.refuse_infinity(number)
        return result

    def refuse_infinity(self, number):
        """Raises the error of a column that holds an infinite value."""
        raise ValueError(
            f"Input X contains infinity in column {self.name(number)}. Replace it by a number, or by NaN "
            "where the value is unknown."
        )

    def matrix(self, numbers):
        """Some columns that held numbers in fit, (n, len(numbers)), NaN where a value is missing.

        Read at once, and of their own dtype, where all are plain numbers; infinite values are not looked for.
        """
        X, whole = self.X, len(numbers) == self.n_columns
        if not self.is_frame and X.dtype.kind in NUMBERS:
            return X if whole else X[:, numbers]
        if hasattr(X, "iloc"):
            dtypes = X.dtypes.tolist()
            dtypes = {dtypes[number] for number in numbers}
            if all(isinstance(d, np.dtype) and d.kind in NUMBERS for d in dtypes):
                some = X if whole else X.iloc[:, numbers]
                return some.to_numpy(dtypes.pop() if len(dtypes) == 1 else np.float64)
        values = np.empty((self.n_rows, len(numbers)), order="F")
        for column, number in zip(values.T, numbers, strict=True):
            column[:] = self.numbers(number, fitted=True)
        return values

    def _parsed(self, number, values, fitted):
        """Objects as float64, NaN for missing ones."""
        missing = _is_missing(values)
        others = values[~missing]
        text = next((value for value in others if isinstance(value, (str, bytes))), None)
        if text is not None:
            name, text = self.name(number), plain(text)
            if fitted:
                raise ValueError(
                    f"Column {name} holds strings, such as {text!r}, but held numbers in fit."
                )
            raise ValueError(
                f"Column {name} holds strings and is not among categorical_features; name it there, or "
                f"make numbers of its values, such as {text!r}."
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
        if number not in self._categories:  # asked for twice where a table is learned
            try:
                codes, values = _codes(self.get(number))
            except TypeError:
                raise TypeError(
                    f"Column {self.name(number)} holds what cannot be categories, such as lists."
                ) from None
            self._categories[number] = codes, [plain(value) for value in values]
        return self._categories[number]


def plain(value):
    """A value as Python has it: subclasses of strings, as NumPy's, and its numbers equal plain ones."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes):
        return bytes(value)
    return value.item() if isinstance(value, np.generic) else value


def _kind(column):
    """The kind of a column's dtype as numpy has it; "C" for categories, "T" for frames' strings."""
    dtype = column.dtype
    if isinstance(dtype, np.dtype):  # tables may be wide, and names of types take time
        return {"m": "M", "T": "C"}.get(dtype.kind, dtype.kind)
    name = str(dtype).lower()
    if name.startswith(("category", "categorical", "enum", "dictionary")):
        return "C"
    if name == "str" or name.startswith(
        ("string", "large_string", "binary", "large_binary", "fixed_size_binary")
    ):
        return "T"
    if name.startswith(("date", "time", "period", "duration")):
        return "M"
    if name.startswith("bool"):
        return "b"
    return getattr(dtype, "kind", "O" if name == "object" else "f")


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
    values = values.tolist()
    places = {value: place for place, value in enumerate(dict.fromkeys(values))}
    codes = np.fromiter(map(places.__getitem__, values), np.intp, len(values))
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
            or (isinstance(v, (float, np.floating, Decimal)) and v != v)
            or type(v).__name__ in MISSING
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
    try:
        given = np.atleast_1d(given)
    except ValueError:  # lists of unequal lengths
        raise ValueError(
            f"categorical_features={given!r} must be a mask, or numbers or names of columns."
        ) from None
    if len(given) == 0:
        given = given.astype(object)
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
