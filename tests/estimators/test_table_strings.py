"""Columns of strings of every kind, and of what looks like numbers."""

import enum
import re
import warnings

import numpy as np
import pytest

from sknn.inputs.table.columns import TableColumns, parse_categorical
from tests.estimators.samples import tabular
from tests.estimators.test_table import encoded

pd = pytest.importorskip("pandas")


class Text(str):
    """A string of a class of its own."""


class Shade(enum.StrEnum):
    """Members that are strings."""

    RED = "red"
    BLUE = "blue"


class Level(enum.Enum):
    """Members that are nothing else and have no order."""

    red = 1
    blue = 2


KINDS = {
    "numpy": [np.str_("red"), np.str_("blue")],
    "of both": ["red", np.str_("blue")],
    "subclass": [Text("red"), Text("blue")],
    "enum of strings": list(Shade),
    "enum": list(Level),
    "bytes": [b"red", b"blue"],
    "bytes of numpy": [np.bytes_(b"red"), np.bytes_(b"blue")],
}
MISSING = [None, np.nan, np.float32("nan"), pd.NA]
LABELS = [0, 1] * 30
#: the hint at so few samples, which is not meant here
FEW_SAMPLES = "A fold of 60 samples"


def table(values, form="frame"):
    """The values beside numbers: in a frame, an array of objects or a list of rows."""
    column = np.empty(len(values), object)
    column[:] = values
    frame = pd.DataFrame({"n": np.arange(len(values)) % 7.0, "s": pd.Series(column, dtype=object)})
    array = frame.to_numpy(object)
    return {"frame": frame, "array": array, "list": array.tolist()}[form]


@pytest.mark.parametrize("missing", MISSING, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_they_are_categories(kind, missing):
    wanted = encoded(table(["red", "blue", None] * 2))[1]
    for form in ("frame", "array"):
        X = table([*KINDS[kind], missing] * 2, form)
        mask = parse_categorical("from_dtype", TableColumns(X), None)
        np.testing.assert_array_equal(mask, [False, True])
        np.testing.assert_array_equal(encoded(X)[1], wanted)


@pytest.mark.parametrize("form", ["frame", "array", "list"])
@pytest.mark.parametrize("kind", ["numpy", "subclass", "enum of strings"])
def test_what_is_fitted_are_plain_strings(kind, form):
    net = tabular().fit(table(KINDS[kind] * 30, form), LABELS)
    values = net._encoder.learned[1].values
    assert values == ["blue", "red"]
    assert {type(value) for value in values} == {str}
    plain = table(["red", "blue"] * 30, form)
    wanted = tabular().fit(plain, LABELS).predict_proba(plain)
    np.testing.assert_array_equal(net.predict_proba(plain), wanted)


@pytest.mark.parametrize("form", ["frame", "array", "list"])
def test_a_column_that_was_missing_throughout_says_nothing(form):
    net = tabular().fit(table([None] * 60, form), LABELS)
    wanted = net.predict_proba(table([None] * 60, form))
    for later in (["red", "blue"], [1, 2.5], [b"red", None]):
        np.testing.assert_array_equal(net.predict_proba(table(later * 30, form)), wanted)


def test_numbers_that_single_strings_made_strings_are_warned_of():
    """Once, with all of their names; by position where there are none."""
    numbers = [str(i / 4) for i in range(59)]
    X = table([*numbers, "?"]).assign(codes=[*map(str, range(59)), "unknown"], t=["u", "v"] * 30)
    X["bytes"] = [*(number.encode() for number in numbers), b""]
    with pytest.warns(UserWarning, match="column 's', 'codes', 'bytes' are numbers") as caught:
        tabular().fit(X, LABELS)
    (warning,) = [w for w in caught if not re.match(FEW_SAMPLES, str(w.message))]
    assert warning.filename == __file__
    with pytest.warns(UserWarning, match="column 0, 1 are numbers.*categorical_features"):
        tabular().fit(np.array([[number, number] for number in [*numbers, "?"]]), LABELS)
    for form in ("frame", "array", "list"):
        with pytest.warns(UserWarning, match="column ('s'|1) are numbers"):
            tabular().fit(table([*range(59), "?"], form), LABELS)


@pytest.mark.parametrize(
    ("values", "more"),
    [
        ([str(i % 12) for i in range(60)], {}),
        ([str(float(i % 12)) for i in range(59)] + ["nan"], {}),
        (["1", "2", "u", "v"] * 15, {}),
        (pd.Categorical([*map(str, range(59)), "?"]), {}),
        ([*map(str, range(59)), "?"], {"categorical_features": ["s"]}),
    ],
    ids=["codes", "codes with missing values", "half", "declared", "named"],
)
def test_categories_that_look_like_numbers_are_no_mistake(values, more):
    X = table([None] * 60).assign(s=values)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", FEW_SAMPLES)
        tabular(**more).fit(X, LABELS)


@pytest.mark.parametrize("form", ["frame", "array", "list"])
@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ([1.5, 2], ["x", "y"], "holds strings, such as 'x', but held numbers in fit"),
        ([1.5, None], [np.str_("x"), 3], "holds strings, such as 'x', but held numbers in fit"),
        (
            ["x", "y"],
            [None, 3.5],
            "holds numbers, such as 3.5, but held strings, such as '.', in fit",
        ),
        (
            [b"x", b"y"],
            ["x", "y"],
            "holds strings, such as '.', but held bytes, such as b'.', in fit",
        ),
    ],
)
def test_another_kind_of_values_than_in_fit(form, before, after, message):
    net = tabular().fit(table(before * 30, form), LABELS)
    name = "'s'" if form == "frame" else "1"
    with pytest.raises(ValueError, match=f"Column {name} {message}"):
        net.predict(table(after, form))
    with pytest.raises(ValueError, match=f"Column {name} {message}"):
        net.fit(table(before * 30, form), LABELS, X_val=table(after, form), y_val=[0, 1])


def test_new_values_of_the_kinds_of_fit_are_unknown():
    net = tabular().fit(table(["x", "y", "x", 1, 2.5, None] * 10), LABELS)
    missing = net.predict_proba(table([None]))
    for later in (["z"], [7], [8.5]):
        np.testing.assert_array_equal(net.predict_proba(table(later)), missing)
