"""Tables of pyarrow: the same encoding as from pandas, without it."""

import subprocess
import sys

import numpy as np
import pytest

from sknn import MLPClassifier, TabularRegressor
from sknn.inputs.table.columns import TableColumns, parse_categorical
from tests.estimators.samples import SMALL_TABULAR, tabular
from tests.estimators.test_table import encoded

pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow", reason="pyarrow is absent")

N = 120
NUMBERS = np.random.RandomState(0).standard_normal(N)
FEW = [None if i % 23 == 0 else "uvw"[i % 3] for i in range(N)]
DATA = {
    "number": [None if i % 17 == 0 else float(v) for i, v in enumerate(NUMBERS)],
    "integer": [None if i % 13 == 0 else i * i % 31 for i in range(N)],
    "truth": [None if i % 19 == 0 else bool(v > 0) for i, v in enumerate(NUMBERS[::-1])],
    "few": FEW,
    "many": [f"level {i % 13}" for i in range(N)],
}
TABLE, PANDAS = pa.table(DATA), pd.DataFrame(DATA)
LABELS = np.where(NUMBERS > 0, "high", "low")


def mask(table):
    return parse_categorical("from_dtype", TableColumns(table), None)


def test_the_same_as_from_pandas():
    np.testing.assert_array_equal(mask(TABLE), [False, False, True, True, True])
    np.testing.assert_array_equal(encoded(TABLE)[1], encoded(PANDAS)[1])
    ours, theirs = (tabular().fit(X, LABELS, np.arange(N) % 4) for X in (TABLE, PANDAS))
    np.testing.assert_array_equal(ours.feature_names_in_, list(DATA))
    np.testing.assert_array_equal(ours.predict_proba(TABLE), theirs.predict_proba(PANDAS))
    np.testing.assert_array_equal(ours.predict_proba(PANDAS), theirs.predict_proba(TABLE))
    with pytest.raises(ValueError, match="feature names should match"):
        ours.predict(TABLE.select([*DATA][::-1]))


@pytest.mark.parametrize("kind", ["dictionary", "large_string", "binary", "pandas"])
def test_strings_of_every_type(kind):
    column = pa.chunked_array([pa.array(FEW[:50]), pa.array(FEW[50:])])
    if kind in ("dictionary", "pandas"):
        column = column.dictionary_encode()
    else:
        column = column.cast(getattr(pa, kind)())
    table = pa.table({"few": column})
    if kind == "pandas":
        table = table.to_pandas(types_mapper=pd.ArrowDtype)
    assert mask(table).all()
    np.testing.assert_array_equal(encoded(table)[1], encoded(TABLE.select(["few"]))[1])


@pytest.mark.parametrize("kind", ["uint8", "float16", "float32", "decimal128", "null"])
def test_numbers_of_every_type(kind):
    values = [None] * 4 if kind == "null" else [1, 2, None, 4]
    arguments = (25, 2) if kind == "decimal128" else ()
    array = pa.array(values).cast(getattr(pa, kind)(*arguments))
    wanted = encoded(np.array(values, dtype=float)[:, None])[1]
    table = pa.table({"a": array})
    for X in (table, table.to_pandas(types_mapper=pd.ArrowDtype)):
        assert not mask(X).any()
        np.testing.assert_array_equal(encoded(X)[1], wanted)


def test_what_is_refused():
    for column, error, message in [
        (pa.array([0] * N).cast(pa.timestamp("s")), ValueError, "'bad' holds dates"),
        (pa.array([0] * N).cast(pa.date64()), ValueError, "'bad' holds dates"),
        (pa.array([np.inf] * N), ValueError, "infinity in column 'bad'"),
        (pa.array([[1, 2]] * N), TypeError, "'bad'.* got ndarray"),
    ]:
        with pytest.raises(error, match=message):
            tabular().fit(TABLE.append_column("bad", column), LABELS)


def test_scorers_see_the_table():
    seen = []

    def scorer(estimator, X, y):
        seen.append(X.column_names)
        return estimator.score(X, y)

    TabularRegressor(scoring=scorer, **SMALL_TABULAR).fit(TABLE, pa.array(NUMBERS))
    numbers = pa.table({"a": NUMBERS, "b": NUMBERS**2})
    MLPClassifier(4, max_iter=2, scoring=scorer, early_stopping=True).fit(numbers, LABELS)
    assert seen[0] == list(DATA)
    assert seen[-1] == ["a", "b"]


def test_pandas_is_not_needed():
    code = """
import sys
class Absent:
    def find_spec(self, name, *_):
        if name == "pandas":
            raise ImportError(name)
sys.meta_path.insert(0, Absent())
import pyarrow as pa
from sknn import TabularClassifier
numbers, strings = [*range(29), None], pa.array(["u", "v", None] * 10)
X = pa.table({"n": numbers, "s": strings, "d": strings.dictionary_encode(), "t": [True, None] * 15})
net = TabularClassifier("fast", hidden_layer_sizes=4, max_iter=2).fit(X, pa.array([0, 1] * 15))
assert net.predict(X).shape == (30,)
assert list(net.feature_names_in_) == ["n", "s", "d", "t"]
"""
    subprocess.run([sys.executable, "-c", code], check=True)
