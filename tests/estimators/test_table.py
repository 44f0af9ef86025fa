"""Reading tables: which columns are categories, and what numbers, categories and gaps become."""

import numpy as np
import pytest

from sknn.inputs.table import numerical
from sknn.inputs.table.columns import TableColumns, parse_categorical
from sknn.inputs.table.encoder import TableEncoder
from sknn.inputs.table.features import NumericalFeature

pd = pytest.importorskip("pandas")


def encoded(X, categorical="from_dtype", fitted=None, dtype=np.float64):
    """(encoder, rows) of a table; an encoder that is fitted already is used as it is."""
    columns = TableColumns(X)
    names = getattr(X, "columns", None)
    if fitted is None:
        fitted = TableEncoder(columns, parse_categorical(categorical, columns, names))
    return fitted, fitted.encode(columns, dtype)


def smooth_clip(z):
    return z / np.sqrt(1 + (z / 3) ** 2)


def test_numbers_are_scaled_by_quartiles():
    x = np.array([0.0, 1, 2, 3, 4, 100])[:, None]
    low, center, high = np.quantile(x, (0.25, 0.5, 0.75))
    _, rows = encoded(x)
    np.testing.assert_allclose(rows, smooth_clip((x - center) / (high - low)))


def test_where_the_quartiles_coincide_the_other_values_give_the_scale():
    x = np.array([5.0] * 8 + [1, 9, 50])[:, None]
    _, rows = encoded(x)
    np.testing.assert_allclose(rows, smooth_clip((x - 5) / 2))


@pytest.mark.parametrize("size", [1e-300, 1e-30, 1.0, 1e30, 1e308])
def test_size_does_not_matter(size):
    x = np.linspace(-1, 1, 9)[:, None]
    np.testing.assert_allclose(encoded(x * size)[1], encoded(x)[1], rtol=1e-9, atol=1e-9)


def test_heavy_tails_stay_within_three():
    x = np.random.RandomState(0).standard_cauchy((1000, 2)) ** 3
    _, rows = encoded(x)
    assert np.abs(rows).max() <= 3
    assert len(np.unique(rows[:, 0])) > 900


def test_without_clipping_numbers_are_only_scaled():
    column = np.random.RandomState(0).standard_cauchy(101) ** 3
    low, center, high = np.quantile(column, (0.25, 0.5, 0.75))
    scaled = NumericalFeature(column, clip=False)
    np.testing.assert_allclose(scaled.encode(column), (column - center) / (high - low))
    np.testing.assert_allclose(scaled.slope(column), 1 / (high - low))
    encoder = TableEncoder(TableColumns(column[:, None]), np.array([False]), clip=False)
    assert np.abs(encoder.encode(TableColumns(column[:, None]), np.float64)).max() > 100


def test_large_integers_keep_their_differences():
    x = 2**40 + np.arange(10)[:, None]
    _, rows = encoded(x, dtype=np.float32)
    assert len(np.unique(rows)) == 10


def test_slopes_are_those_of_the_encoding():
    numbers, x = NumericalFeature(np.arange(11.0)), np.array([-5.0, 0, 3, 40])
    step = 1e-6
    slopes = (numbers.encode(x + step) - numbers.encode(x - step)) / (2 * step)
    np.testing.assert_allclose(numbers.slope(x), slopes, rtol=1e-6)


def test_missing_numbers_are_medians_with_an_indicator():
    x = np.array([[1.0, 1], [2, 2], [np.nan, 3], [4, 4], [5, 5]])
    encoder, rows = encoded(x)
    assert (encoder.n_numbers, encoder.n_passed) == (2, 1)
    assert rows[2, 0] == 0
    assert len(np.unique(rows[:, 2])) == 2
    _, later = encoded(np.array([[2.0, np.nan]]), fitted=encoder)
    assert later[0, 1] == 0
    np.testing.assert_array_equal(encoder.groups[0], [0, 2])


def test_bins_of_numbers_hold_as_many_known_values():
    """Edges are those of encoded numbers; gaps, constants and categories have none."""
    rng = np.random.RandomState(0)
    X = pd.DataFrame({"a": rng.standard_cauchy(401), "b": list("uvw") + ["u"] * 398})
    X = X.assign(c=1.0, d=rng.random_sample(401)).mask(rng.random_sample((401, 4)) < 0.25)
    columns = TableColumns(X)
    encoder = TableEncoder(columns, parse_categorical("from_dtype", columns, X.columns), n_bins=8)
    assert encoder.edges.shape == (9, 2)
    rows = encoder.encode(columns, np.float64)
    for number, name in enumerate(["a", "d"]):
        counts = np.histogram(rows[X[name].notna(), number], encoder.edges[:, number])[0]
        assert counts.sum() == X[name].notna().sum()
        assert np.ptp(counts) <= 2


@pytest.mark.parametrize("dtypes", ["f4", "f8", "i2", "f4 i8 b1", "Float32 i8"])
def test_blocks_of_a_table_are_its_columns(dtypes):
    """Whatever is read at once, and however many rows there are, each feature is what it is alone."""
    rng, kinds = np.random.RandomState(0), dtypes.split()
    n, n_features = numerical.BLOCK // 40, 60
    X = pd.DataFrame(
        {
            f"x{j}": pd.Series(rng.randint(0, 9, n)).astype(kinds[j % len(kinds)])
            for j in range(n_features)
        }
    )
    for tables in (X, X.to_numpy()) if len(kinds) == 1 else (X,):
        encoder, rows = encoded(tables, categorical=None)
        encoder.learn_thresholds(
            TableColumns(tables), {}, rng.randint(0, 2, (n, 1)), None, 3, True, n_threads=1
        )
        rows = encoder.encode(TableColumns(tables), np.float32)
        for j, group in enumerate(encoder.groups):
            values, one = X.iloc[:, j].to_numpy(np.float64), encoder.learned[j]
            wanted = np.column_stack([one.encode(values), one.above_thresholds(values)])
            np.testing.assert_array_equal(rows[:, group], wanted.astype(np.float32))
        np.testing.assert_array_equal(
            encoder.encode(TableColumns(tables[-1:]), np.float32), rows[-1:]
        )


def test_infinity_in_a_later_block_is_refused():
    X = np.zeros((numerical.BLOCK, 2))
    encoder, _ = encoded(np.arange(6.0).reshape(3, 2))
    X[-1, 1] = np.inf
    with pytest.raises(ValueError, match="infinity in column 1"):
        encoder.encode(TableColumns(X), np.float32)


def test_constant_columns_are_left_out():
    x = np.column_stack([np.ones(6), np.arange(6), np.full(6, np.nan)])
    encoder, rows = encoded(x)
    assert rows.shape == (6, 1)
    assert [len(group) for group in encoder.groups] == [0, 1, 0]


def test_nothing_but_constants_is_one_column_of_zeros():
    encoder, rows = encoded(np.ones((4, 3)))
    assert encoder.width == 1
    np.testing.assert_array_equal(rows, np.zeros((4, 1)))


def test_two_categories_are_one_column():
    frame = pd.DataFrame({"a": ["x", "y", "x", "y", None]})
    encoder, rows = encoded(frame)
    assert encoder.width == 1
    x, y, missing = rows[0, 0], rows[1, 0], rows[4, 0]
    assert x < missing < y
    _, later = encoded(pd.DataFrame({"a": ["new", "y"]}), fitted=encoder)
    np.testing.assert_array_equal(later[:, 0], [missing, y])


def test_few_categories_are_a_column_each_and_others_none():
    frame = pd.DataFrame({"a": list("abcab") * 3})
    encoder, rows = encoded(frame)
    assert (encoder.n_passed, encoder.cardinalities) == (3, [])
    assert len(np.unique(rows, axis=0)) == 3
    _, later = encoded(pd.DataFrame({"a": ["a", "new"]}), fitted=encoder)
    np.testing.assert_array_equal(later[0], rows[0])
    np.testing.assert_array_equal(later[1], np.minimum.reduce(rows))


def test_many_categories_are_codes_in_order():
    levels = [f"level {i:04}" for i in range(3000)]
    frame = pd.DataFrame({"a": np.random.RandomState(0).permutation(levels * 2)})
    encoder, rows = encoded(frame)
    assert encoder.cardinalities == [3000]
    places = [int(name.split()[1]) for name in frame["a"]]
    np.testing.assert_array_equal(rows[:, 0], places)
    _, later = encoded(pd.DataFrame({"a": ["new", None, "level 0007"]}), fitted=encoder)
    np.testing.assert_array_equal(later[:, 0], [-1, -1, 7])


def test_categories_that_were_seen_once_are_like_unknown_ones():
    encoder, rows = encoded(pd.DataFrame({"a": [f"id {i}" for i in range(50)], "b": range(50)}))
    assert encoder.cardinalities == []
    assert rows.shape == (50, 1)


SAME = {
    "strings": pd.DataFrame({"a": ["u", "v", None, "w"]}),
    "objects": pd.DataFrame({"a": pd.Series(["u", "v", None, "w"], dtype=object)}),
    "categories": pd.DataFrame(
        {"a": pd.Categorical(["u", "v", None, "w"], categories=["w", "v", "u", "unused"])}
    ),
    "array": np.array([["u"], ["v"], [None], ["w"]], dtype=object),
    "nan": np.array([["u"], ["v"], [np.nan], ["w"]], dtype=object),
}


@pytest.mark.parametrize("name", SAME)
def test_strings_are_categories_wherever_they_stand(name):
    np.testing.assert_array_equal(encoded(SAME[name])[1], encoded(SAME["strings"])[1])


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 2, None, 4], dtype="Int64"),
        pd.Series([1, 2, np.nan, 4]),
        pd.Series([1, 2, pd.NA, 4], dtype=object),
        pd.Series([1, 2, None, 4], dtype="Float32"),
    ],
    ids=lambda column: str(column.dtype),
)
def test_numbers_of_every_type(column):
    wanted = encoded(np.array([[1.0], [2], [np.nan], [4]]))[1]
    np.testing.assert_array_equal(encoded(pd.DataFrame({"a": column}))[1], wanted)


def test_booleans_of_a_frame_are_two_categories():
    gaps = [True, None, False]
    frame = pd.DataFrame({"a": [True, False, True], "b": pd.array(gaps, "boolean"), "c": gaps})
    assert parse_categorical("from_dtype", TableColumns(frame), None).all()
    rows = encoded(frame)[1]
    assert rows.shape == (3, 3)
    np.testing.assert_array_equal(rows[:, 1], rows[:, 2])


@pytest.mark.parametrize(
    "given", [["b"], [1], [False, True, False], np.array([False, True, False])]
)
def test_categorical_features_by_name_number_and_mask(given):
    frame = pd.DataFrame({"a": [1.0, 2, 3], "b": [7, 7, 9], "c": [0.0, 1, 0]})
    mask = parse_categorical(given, TableColumns(frame), frame.columns)
    np.testing.assert_array_equal(mask, [False, True, False])
    assert encoded(frame, given)[0].learned[1].values == [7, 9]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["z"], "names \\['z'\\], which X does not have"),
        ([3], "is not the number of a column of X, which has 2"),
        ([True], "must have shape \\(2,\\)"),
    ],
)
def test_wrong_categorical_features(given, message):
    frame = pd.DataFrame({"a": [1.0, 2], "b": [3.0, 4]})
    with pytest.raises(ValueError, match=message):
        parse_categorical(given, TableColumns(frame), frame.columns)


def test_names_need_a_frame():
    with pytest.raises(ValueError, match="X has none"):
        parse_categorical(["a"], TableColumns(np.ones((2, 2))), None)


@pytest.mark.parametrize(
    ("column", "error", "message"),
    [
        (pd.to_datetime(["2020-01-01", "2021-01-01"]), ValueError, "holds dates; make numbers"),
        (pd.to_datetime(["2020-01-01"] * 2).tz_localize("UTC"), ValueError, "holds dates"),
        (pd.to_timedelta([1, 2], "D"), ValueError, "holds dates"),
        ([1.0, np.inf], ValueError, "contains infinity in column 'a'"),
        ([{"a": 1}, {"b": 2}], TypeError, "argument must be a string or a number, got dict"),
        ([1j, 2.0], ValueError, "Complex data not supported: column 'a'"),
    ],
    ids=["dates", "zone", "spans", "infinity", "dicts", "complex"],
)
def test_what_is_refused(column, error, message):
    with pytest.raises(error, match=message):
        encoded(pd.DataFrame({"a": column}))


@pytest.mark.parametrize("fitted", [[1.0, 2.0], ["x", "y"]], ids=["numbers", "categories"])
def test_dates_are_refused_in_later_tables_too(fitted):
    encoder, _ = encoded(pd.DataFrame({"a": fitted}))
    with pytest.raises(ValueError, match="'a' holds dates"):
        encoded(pd.DataFrame({"a": pd.to_datetime(["2020-01-01"])}), fitted=encoder)


def test_what_cannot_be_categories():
    frame = pd.DataFrame({"a": [[1], [2, 3]]})
    with pytest.raises(TypeError, match="'a' holds what cannot be categories"):
        encoded(frame, ["a"])


def test_categories_of_numbers_may_be_numbers():
    frame = pd.DataFrame({"a": pd.Categorical([1, 2, None, 4])})
    wanted = encoded(np.array([[1.0], [2], [np.nan], [4]]))[1]
    np.testing.assert_array_equal(encoded(frame, None)[1], wanted)


def test_strings_that_are_not_declared_are_refused():
    frame = pd.DataFrame({"a": ["x", "y"], "b": [1.0, 2]})
    for given in (None, ["b"]):
        with pytest.raises(ValueError, match="'a' holds strings and is not among"):
            encoded(frame, given)


def test_the_table_is_not_changed():
    frame = pd.DataFrame({"a": ["x", None, "y"], "b": [1.0, np.nan, 3], "c": [True, False, True]})
    before = frame.copy(deep=True)
    encoded(frame)
    pd.testing.assert_frame_equal(frame, before)
