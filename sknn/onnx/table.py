"""Tabular data in a graph: numerical and categorical features, missing values, as TableEncoder has learned them.

Numerical features are read in float64: at a threshold between neighboring values rounding would decide.
"""

from itertools import groupby
from numbers import Number

import numpy as np

from sknn.inputs.table.features import CategoricalFeature
from sknn.onnx.graph import ML_DOMAIN, N_SAMPLES, Tensor

#: beyond it a clipped value differs no more, and its square is still finite
LARGEST = 1e100


def table_inputs(encoder, names, dtype):
    """The inputs: X (n, n_features) where all features are numbers and have no names, else one of each.

    Parameters
    ----------
    encoder : TableEncoder
    names : ndarray of str or None
        Of the features.
    dtype : numpy dtype
        Of numbers.
    """
    n_features = len(encoder.learned)
    dtypes = [
        np.dtype(object) if holds_strings(feature, number, names) else dtype
        for number, feature in enumerate(encoder.learned)
    ]
    if names is None and all(found == dtype for found in dtypes):
        return [Tensor("X", dtype, (N_SAMPLES, n_features))]
    names = [f"x{number}" for number in range(n_features)] if names is None else names
    return [Tensor(str(name), d, (N_SAMPLES, 1)) for name, d in zip(names, dtypes, strict=True)]


def holds_strings(feature, number, names):
    """Whether a feature has strings for categories; raises where it has what ONNX cannot tell apart."""
    if not isinstance(feature, CategoricalFeature):
        return False
    kinds = {"strings" if isinstance(v, str) else type(v).__name__ for v in feature.values}
    if all(isinstance(value, Number) for value in feature.values) and kinds:
        return False
    if kinds <= {"strings"}:
        return True
    name = repr(str(names[number])) if names is not None else str(number)
    raise ValueError(
        f"Column {name} has categories of the types {', '.join(sorted(kinds))}; in ONNX a column holds strings or "
        "numbers. Make strings of them before fit."
    )


class TableWriter:
    """Writes the encoding of tabular data.

    Parameters
    ----------
    graph : Graph
    encoder : TableEncoder
    inputs : list of Tensor
        Of :func:`table_inputs`.
    """

    def __init__(self, graph, encoder, inputs):
        self.graph, self.encoder, self.inputs = graph, encoder, inputs
        #: (number, feature) of those that say something
        self.categorical = [
            (number, one)
            for number, one in enumerate(encoder.learned)
            if isinstance(one, CategoricalFeature) and one.values
        ]
        self.numerical = [
            (number, one)
            for number, one in enumerate(encoder.learned)
            if not isinstance(one, CategoricalFeature) and not one.is_empty
        ]
        #: codes of categorical features by their numbers
        self.codes = {number: self._codes(number, one) for number, one in self.categorical}
        #: columns of numerical features in `values` and `missing`
        self.places = {number: place for place, (number, _) in enumerate(self.numerical)}
        if self.numerical:
            self.values = self._numbers(list(self.places))
            self.missing = graph.add("IsNaN", self.values)

    # ---- columns of X --------------------------------------------------------------------------

    def _column(self, number):
        """One feature, (n, 1), as it is given."""
        if len(self.inputs) == 1 and len(self.encoder.learned) > 1:
            return self.graph.columns(self.inputs[0].name, [number])
        return self.inputs[number].name

    def _numbers(self, chosen):
        """Some numerical features in float64, (n, n_chosen)."""
        if len(self.inputs) == 1:
            x = self.graph.columns(self.inputs[0].name, chosen)
            return self.graph.cast(x, np.float64)
        columns = [self.graph.cast(self._column(number), np.float64) for number in chosen]
        return self.graph.concat(columns)

    def _codes(self, number, feature):
        """Codes of a categorical feature, int64 (n,); -1 for missing and unknown categories."""
        graph, x = self.graph, self._column(number)
        dtype = self.inputs[number if len(self.inputs) > 1 else 0].dtype
        if dtype.kind == "O":
            codes = graph.add(
                "LabelEncoder",
                x,
                domain=ML_DOMAIN,
                keys_strings=[str(value) for value in feature.values],
                values_int64s=list(range(len(feature.values))),
                default_int64=-1,
            )
            return graph.reshape(codes, [-1])
        keys = np.array([float(value) for value in feature.values])
        if dtype.kind == "f":  # as the input has them
            keys = keys.astype(dtype).astype(np.float64)
        if len(np.unique(keys)) < len(keys):
            name = number if len(self.inputs) == 1 else repr(self.inputs[number].name)
            raise ValueError(
                f"The categories of column {name} are not distinct in {dtype}; give input_dtype='float64'."
            )
        found = graph.cast(graph.add("Equal", graph.cast(x, np.float64), keys), np.float64)
        # one more than the code, or 0
        places = graph.add("MatMul", found, np.arange(1.0, len(keys) + 1))
        return graph.cast(graph.add("Sub", places, np.float64(1)), np.int64)

    # ---- the parts of an encoded sample --------------------------------------------------------

    def write(self):
        """Encoded samples in float32, (n, width)."""
        varying = [(number, one) for number, one in self.numerical if not one.is_constant]
        split = [(number, one) for number, one in self.numerical if len(one.thresholds)]
        parts = [
            *self._in_order(varying, self._scaled, 0),
            *self._passed(),
            *[self._as_column(self.codes[n]) for n, one in self.categorical if one.embedded],
            *self._in_order(split, self._above_thresholds, 1),
        ]
        return self.graph.concat(parts or [self._zeros()])

    def _in_order(self, numerical, write, part):
        """Numbers or threshold features by feature; runs of numerical features are written at once.

        Parameters
        ----------
        numerical : list of (int, NumericalFeature)
        write : callable
            (some of them) -> name
        part : int
            Which part of the encoded statistics belongs beside them.
        """
        statistics = [(n, one) for n, one in self.categorical if one.numbers]
        features = sorted([*numerical, *statistics], key=lambda pair: pair[0])
        parts = []
        for is_categorical, run in groupby(
            features, lambda pair: isinstance(pair[1], CategoricalFeature)
        ):
            if not is_categorical:
                parts.append(write(list(run)))
                continue
            for number, feature in run:
                table = feature.encoded_statistics(feature.means)[part].astype(np.float32)
                if table.shape[1]:
                    parts.append(self.graph.add("Gather", table, self.codes[number]))
        return parts

    def _as_column(self, codes):
        return self.graph.cast(self.graph.reshape(codes, [-1, 1]), np.float32)

    def _zeros(self):
        """What is left of features that are all constant: one column of zeros."""
        n_samples = self.graph.add("Shape", self.inputs[0].name, start=0, end=1)
        shape = self.graph.add("Concat", n_samples, np.array([1], np.int64), axis=0)
        return self.graph.add("Expand", np.float32(0), shape)

    def _chosen(self, features):
        """(values, whether they are missing) of some numerical features."""
        places = [self.places[number] for number, _ in features]
        if places == list(range(len(self.places))):
            return self.values, self.missing
        return self.graph.columns(self.values, places), self.graph.columns(self.missing, places)

    def _scaled(self, features):
        """Scaled and smoothly clipped numbers, 0 where they are missing."""
        graph = self.graph
        x, missing = self._chosen(features)
        of_each = (
            [getattr(one, name) for _, one in features] for name in ("unit", "center", "scale")
        )
        for op, constants in zip(("Div", "Sub", "Mul"), of_each, strict=True):
            x = graph.add(op, x, np.array(constants, np.float64))
        if features[0][1].clip:
            limit = np.float64(LARGEST)
            x = graph.add("Min", graph.add("Max", x, -limit), limit)
            third = graph.add("Div", x, np.float64(3))
            length = graph.add("Add", graph.add("Mul", third, third), np.float64(1))
            x = graph.add("Div", x, graph.add("Sqrt", length))
        return graph.cast(graph.add("Where", missing, np.float64(0), x), np.float32)

    def _passed(self):
        """One-hot columns and indicators of missing values, by feature and in the order of the encoder."""
        parts, end = [], 0
        for number, feature in enumerate(self.encoder.learned):
            raw = feature.indicators(_every_case(feature))
            some = slice(end, end := end + raw.shape[1])
            table = self.encoder.scaled_passed(raw, some).astype(np.float32)
            if table.shape[1]:
                codes = self._cases(number, feature)
                parts.append(self.graph.add("Gather", table, codes))
        return parts

    def _cases(self, number, feature):
        """Rows of a table of :func:`_every_case`, int64 (n,)."""
        if isinstance(feature, CategoricalFeature):
            return self.codes[number]
        missing = self.graph.columns(self.missing, [self.places[number]])
        return self.graph.reshape(self.graph.cast(missing, np.int64), [-1])

    def _above_thresholds(self, features):
        """Threshold features, 0 where a value is missing."""
        graph = self.graph
        repeated = [(n, one) for n, one in features for _ in one.thresholds]
        x, missing = self._chosen(repeated)
        thresholds, above, below = (
            np.concatenate([getattr(one, name) for _, one in features])
            for name in ("thresholds", "above", "below")
        )
        exceeds = graph.add("Greater", x, thresholds)
        values = [part.astype(np.float32) for part in (above, below)]
        return graph.add("Where", missing, 0.0, graph.add("Where", exceeds, *values))


def _every_case(feature):
    """A known and a missing value of a numerical feature; the codes of a categorical one, -1 at the end."""
    if isinstance(feature, CategoricalFeature):
        return np.append(np.arange(len(feature.values)), -1)
    return np.array([0.0, np.nan])
