"""Tables as frames of polars: the same encoding, the same refusals."""

import datetime

import numpy as np
import pytest

from sknn import TabularClassifier, TabularRegressor
from sknn.inputs.table.columns import TableColumns, parse_categorical
from tests.estimators.test_table import encoded

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars", reason="polars is absent")

N = 120
NUMBERS = np.random.RandomState(0).standard_normal(N)
DATA = {
    "number": [None if i % 17 == 0 else float(v) for i, v in enumerate(NUMBERS)],
    "integer": [i * i % 31 for i in range(N)],
    "truth": [None if i % 19 == 0 else bool(v > 0) for i, v in enumerate(NUMBERS[::-1])],
    "few": [None if i % 23 == 0 else "uvw"[i % 3] for i in range(N)],
    "many": [f"level {i % 13}" for i in range(N)],
}
FRAME, PANDAS = pl.DataFrame(DATA), pd.DataFrame(DATA)
LABELS = np.where(NUMBERS > 0, "high", "low")
SMALL = {"hidden_layer_sizes": 8, "max_iter": 6, "n_members": 2, "random_state": 0}


def mask(frame):
    return parse_categorical("from_dtype", TableColumns(frame), None)


def test_the_same_as_from_pandas():
    np.testing.assert_array_equal(mask(FRAME), [False, False, True, True, True])
    np.testing.assert_array_equal(mask(PANDAS), mask(FRAME))
    np.testing.assert_array_equal(encoded(FRAME)[1], encoded(PANDAS)[1])
    ours, theirs = (TabularClassifier(**SMALL).fit(X, LABELS) for X in (FRAME, PANDAS))
    np.testing.assert_array_equal(ours.feature_names_in_, list(DATA))
    np.testing.assert_array_equal(ours.predict_proba(FRAME), theirs.predict_proba(PANDAS))
    np.testing.assert_array_equal(ours.predict_proba(PANDAS), theirs.predict_proba(FRAME))
    np.testing.assert_array_equal(ours.input_gradients(FRAME), theirs.input_gradients(PANDAS))


@pytest.mark.parametrize("kind", ["Categorical", "Enum"])
def test_categories_of_every_type(kind):
    dtype = pl.Enum(["unused", "w", "v", "u"]) if kind == "Enum" else pl.Categorical
    frame = FRAME.select(pl.col("few").cast(dtype))
    assert mask(frame).all()
    np.testing.assert_array_equal(encoded(frame)[1], encoded(FRAME.select("few"))[1])


@pytest.mark.parametrize("kind", ["UInt8", "Int32", "Float32", "Decimal", "Null"])
def test_numbers_of_every_type(kind):
    values = [None] * 4 if kind == "Null" else [1, 2, None, 4]
    dtype = pl.Decimal(8, 2) if kind == "Decimal" else getattr(pl, kind)
    frame = pl.DataFrame({"a": pl.Series(values, dtype=dtype)})
    assert not mask(frame).any()
    wanted = encoded(np.array(values, dtype=float)[:, None])[1]
    np.testing.assert_array_equal(encoded(frame)[1], wanted)


def test_unseen_and_missing_values():
    net = TabularClassifier(**SMALL).fit(FRAME, LABELS)
    gaps = {"number": [None, None], "integer": [None, None], "truth": [None, None]}
    later = pl.DataFrame({**gaps, "few": ["new", None], "many": [None, "new"]})
    first, second = net.predict_proba(later)
    np.testing.assert_array_equal(first, second)


def test_targets_weights_and_validation_data():
    weights = np.arange(N) % 3 > 0
    spoilt = FRAME.with_columns(
        pl.when(pl.Series(weights)).then("number").otherwise(1e9).alias("number")
    )
    y = pl.Series(NUMBERS)
    a, b = (
        TabularRegressor(**SMALL)
        .fit(X, y, sample_weight=pl.Series(weights.astype(float)), X_val=FRAME, y_val=y)
        .predict(FRAME)
        for X in (FRAME, spoilt)
    )
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (datetime.date(2020, 1, 1), ValueError, "'bad' holds dates"),
        (datetime.datetime(2020, 1, 1), ValueError, "'bad' holds dates"),
        (datetime.timedelta(1), ValueError, "'bad' holds dates"),
        (datetime.time(1), ValueError, "'bad' holds dates"),
        (np.inf, ValueError, "infinity in column 'bad'"),
        ([1, 2], TypeError, "'bad'.* got ndarray"),
        ({"a": 1}, TypeError, "'bad'.* got dict"),
    ],
    ids=["date", "datetime", "duration", "time", "infinity", "list", "struct"],
)
def test_what_is_refused(value, error, message):
    frame = FRAME.with_columns(pl.Series("bad", [value] * N))
    with pytest.raises(error, match=message):
        encoded(frame)


def test_a_lazy_frame_is_refused():
    with pytest.raises(TypeError, match="give X.collect()"):
        TabularClassifier(**SMALL).fit(FRAME.lazy(), LABELS)
