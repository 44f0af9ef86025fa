"""Tabular estimators in onnxruntime: features of every kind, missing values, ensembles of several kinds."""

import numpy as np
import pytest

from sknn import TabularClassifier, TabularRegressor
from sknn.onnx import to_onnx
from tests.onnx.answers import answers, assert_predicts

onnx = pytest.importorskip("onnx", reason="onnx is absent")
pytest.importorskip("onnxruntime", reason="onnxruntime is absent")

pd = pytest.importorskip("pandas")

N = 240
FAST = {"effort": "fast", "n_members": 2, "max_iter": 2, "random_state": 0}


def frame():
    """One column of every kind, some of them with missing values, and a constant one."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "normal": rng.normal(40, 10, N),
            "heavy": rng.standard_cauchy(N) ** 3 * 1e9,
            "very many": rng.choice([f"street {i}" for i in range(60)], N),
            "mostly zero": np.where(rng.random(N) < 0.8, 0, rng.random(N)),
            "time": 1.7e9 + rng.integers(0, 100, N),
            "constant": 1.0,
            "empty": np.nan,
            "flag": rng.random(N) < 0.3,
            "two": rng.choice(["yes", "no"], N),
            "several": rng.choice(list("abcdef"), N),
            "many": rng.choice([f"city {i}" for i in range(30)], N),
            "codes": pd.Categorical(rng.integers(0, 20, N)),
            "levels": pd.Categorical(rng.choice([0.1, 0.2, 0.7], N)),
        }
    )
    X.loc[::7, "normal"] = np.nan
    for name, step in (("two", 5), ("several", 6), ("many", 9), ("very many", 4)):
        X[name] = X[name].where(np.arange(N) % step > 0, None)
    X["one or none"] = np.where(rng.random(N) < 0.5, "here", None)
    return X


X = frame()
SIGNAL = X["normal"].fillna(40).to_numpy() + 10 * (X["two"] == "yes").to_numpy()
CLASSES = np.array(["low", "middle", "high"])[np.digitize(SIGNAL, [40, 50])]
LABELS = np.column_stack([SIGNAL > 42, X["flag"]]).astype(int)
COLUMNS = np.column_stack([CLASSES, X["several"].fillna("a")]).astype(str)


def feeds(model, X):
    """A data frame as the inputs of a model."""
    found = {}
    for tensor in model.graph.input:
        strings = tensor.type.tensor_type.elem_type == onnx.TensorProto.STRING
        values = X[tensor.name].astype(object)
        values = values.where(values.notna(), "" if strings else np.nan)
        found[tensor.name] = values.to_numpy(object if strings else float)[:, None]
    return found


def unknown(X):
    """The same with categories and numbers that fit has not seen."""
    X = X.astype({"codes": object, "levels": object})
    X.loc[:20, ["two", "several", "many", "very many"]] = "never seen"
    X.loc[10:30, "codes"] = 99
    X.loc[10:30, "levels"] = 0.15
    X.loc[20:40, "heavy"] = [1e300, -1e300, 0.0] * 7
    X.loc[::3, "time"] = np.nan
    return X


@pytest.mark.parametrize(
    ("estimator", "y"),
    [
        (TabularClassifier(**FAST), SIGNAL > 42),
        (TabularClassifier(**FAST | {"activation": "relu", "smooth_clip": False}), CLASSES),
        (TabularClassifier(**FAST | {"numeric_embedding": None}), LABELS),
        (TabularClassifier(**FAST | {"parametric_activation": False}), COLUMNS),
        (TabularRegressor(**FAST), SIGNAL),
        (TabularRegressor(monotonic_cst={"normal": 1, "mostly zero": -1}, **FAST), SIGNAL),
        (TabularRegressor(**FAST), np.column_stack([SIGNAL, -SIGNAL])),
        (TabularRegressor(loss="quantile", quantile=[0.9, 0.1, 0.5], **FAST), SIGNAL),
        (TabularRegressor(loss="poisson", **FAST), np.abs(SIGNAL)),
        (TabularRegressor(loss="huber", **FAST), SIGNAL),
    ],
    ids=[
        "binary",
        "classes",
        "labels",
        "columns",
        "number",
        "monotonic",
        "two",
        "quantiles",
        "poisson",
        "huber",
    ],
)
def test_targets(estimator, y):
    estimator.fit(X, y)
    model = to_onnx(estimator)
    for part in (X, unknown(X)) if estimator.smooth_clip else (X,):
        assert_predicts(answers(model, feeds(model, part)), estimator, part)


def test_all_kinds_of_members():
    net = TabularClassifier("best", n_members=6, max_iter=2, random_state=0).fit(X, CLASSES)
    assert len({member.kind for member in net.estimators_}) > 1
    assert len({member.weight for member in net.estimators_}) > 1
    assert net._encoder.n_thresholds > 0
    assert net._encoder.learned[X.columns.get_loc("very many")].means is not None
    model = to_onnx(net)
    assert_predicts(answers(model, feeds(model, X)), net, X)
    weights = [array for member in net.estimators_ for array in (*member.coefs, *member.intercepts)]
    assert len(model.SerializeToString()) < 1.1 * sum(array.nbytes for array in weights)


def test_arrays_of_numbers():
    rng = np.random.default_rng(0)
    numbers = np.column_stack([rng.normal(size=(N, 2)), rng.integers(0, 3, N)])
    numbers[::6, 0] = numbers[::9, 2] = np.nan
    net = TabularClassifier(categorical_features=[2], **FAST).fit(numbers, CLASSES)
    model = to_onnx(net)
    assert [tensor.name for tensor in model.graph.input] == ["X"]
    assert_predicts(answers(model, {"X": numbers}), net, numbers)
    single = numbers.astype(np.float32)
    model = to_onnx(net, input_dtype="float32")
    assert_predicts(answers(model, {"X": single}), net, single)


def test_one_feature():
    numbers = X[["normal"]].to_numpy()
    net = TabularRegressor(**FAST).fit(numbers, SIGNAL)
    assert_predicts(answers(to_onnx(net), {"X": numbers}), net, numbers)


def test_arrays_with_strings():
    array = X[["normal", "several"]].to_numpy(object)
    net = TabularRegressor(**FAST).fit(array, SIGNAL)
    model = to_onnx(net)
    assert [tensor.name for tensor in model.graph.input] == ["x0", "x1"]
    inputs = feeds(model, pd.DataFrame(array, columns=["x0", "x1"]))
    assert_predicts(answers(model, inputs), net, array)


def test_nothing_but_constants():
    constants = np.ones((N, 2))
    net = TabularRegressor(**FAST).fit(constants, SIGNAL)
    assert_predicts(answers(to_onnx(net), {"X": constants}), net, constants)


def test_names_of_nodes_and_outputs_as_columns():
    named = X[["normal", "several"]].set_axis(["Cast_0", "Gather_0"], axis=1)
    net = TabularRegressor(**FAST).fit(named, SIGNAL)
    model = to_onnx(net)
    assert_predicts(answers(model, feeds(model, named)), net, named)
    named = named.set_axis(["prediction", "x"], axis=1)
    with pytest.raises(ValueError, match="Column 'prediction' has the name of an output"):
        to_onnx(net.fit(named, SIGNAL))


def test_categories_of_several_types():
    mixed = pd.DataFrame({"mixed": pd.Series(["a", 1] * (N // 2), dtype="category")})
    net = TabularRegressor(**FAST).fit(mixed, SIGNAL)
    with pytest.raises(ValueError, match="Column 'mixed' has categories of the types int, strings"):
        to_onnx(net)


def test_categories_that_float32_merges():
    codes = pd.DataFrame({"code": pd.Categorical(2**25 + np.arange(N) % 3)})
    net = TabularRegressor(**FAST).fit(codes, SIGNAL)
    model = to_onnx(net)
    assert_predicts(answers(model, feeds(model, codes)), net, codes)
    with pytest.raises(ValueError, match="input_dtype='float64'"):
        to_onnx(net, input_dtype="float32")
