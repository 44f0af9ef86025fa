"""Pipelines by skl2onnx."""

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

import sknn.onnx
from sknn import CNNClassifier, PerceptronClassifier, TabularClassifier, TabularRegressor
from tests.estimators.samples import DIGITS, IMAGES, TARGETS, X, classifier, regressor
from tests.onnx.answers import answers, assert_same

onnx = pytest.importorskip("onnx", reason="onnx is absent")
pytest.importorskip("onnxruntime", reason="onnxruntime is absent")

skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is absent")
types = pytest.importorskip("skl2onnx.common.data_types")

X32 = X.astype(np.float32)
TENSORS = {"zipmap": False}


@pytest.fixture(autouse=True, scope="module")
def registered():
    sknn.onnx.register()


def converted(model, X=X32, **options):
    found = skl2onnx.to_onnx(model, X[:1], **options)
    onnx.checker.check_model(found, full_check=True)
    return found


@pytest.mark.parametrize("kind", TARGETS)
def test_targets_of_classifiers(kind):
    y = TARGETS[kind]
    pipeline = make_pipeline(StandardScaler(), classifier()).fit(X32, y)
    out = answers(converted(pipeline, options=TENSORS if y.ndim == 1 else None), {"X": X32})
    assert np.array_equal(out["label"], pipeline.predict(X32))
    probabilities = pipeline.predict_proba(X32)
    if isinstance(probabilities, list):
        probabilities = np.concatenate(probabilities, axis=1)
        out["probabilities"] = np.concatenate([out[f"probabilities_{i}"] for i in range(3)], axis=1)
    assert_same(out["probabilities"], probabilities)


def test_conventions_of_skl2onnx():
    pipeline = make_pipeline(StandardScaler(), classifier()).fit(X32, TARGETS["strings"])
    out = answers(converted(pipeline), {"X": X32})
    assert list(out) == ["output_label", "output_probability"]
    assert out["output_probability"][0].keys() == set(pipeline.classes_)
    pipeline = make_pipeline(StandardScaler(), regressor()).fit(X32, X[:, 0])
    out = answers(converted(pipeline), {"X": X32})
    assert_same(out["variable"], pipeline.predict(X32)[:, None])


@pytest.mark.parametrize("opset", [17, 19, None])
def test_opsets(opset):
    pipeline = make_pipeline(StandardScaler(), classifier()).fit(X32, TARGETS["multiclass"])
    model = converted(pipeline, options=TENSORS, target_opset=opset)
    assert_same(answers(model, {"X": X32})["probabilities"], pipeline.predict_proba(X32))


def test_opsets_that_are_too_old():
    net = classifier().fit(X32, TARGETS["multiclass"])
    with pytest.raises(ValueError, match="target_opset=15 is too old.*give 17"):
        converted(net, target_opset=15)


@pytest.mark.parametrize(
    "around",
    [
        lambda net: GridSearchCV(net, {"alpha": [0.0, 1.0]}, cv=2),
        lambda net: StackingClassifier([("net", net), ("linear", LogisticRegression())], cv=2),
    ],
    ids=["search", "stack"],
)
def test_inside_of_other_estimators(around):
    model = around(classifier()).fit(X32, TARGETS["multiclass"])
    out = answers(converted(model, options=TENSORS), {"X": X32})
    assert_same(out["probabilities"], model.predict_proba(X32))


def test_images_as_flat_samples():
    flat = IMAGES.reshape(len(IMAGES), -1).astype(np.float32)
    net = CNNClassifier(image_shape=(8, 8), hidden_layer_sizes=8, max_iter=1, random_state=0)
    pipeline = make_pipeline(MinMaxScaler(), net).fit(flat, DIGITS)
    out = answers(converted(pipeline, flat, options=TENSORS), {"X": flat})
    assert_same(out["probabilities"], pipeline.predict_proba(flat))


def test_perceptrons():
    pipeline = make_pipeline(StandardScaler(), PerceptronClassifier(max_iter=2)).fit(
        X32, TARGETS["multiclass"]
    )
    assert np.array_equal(answers(converted(pipeline), {"X": X32})["label"], pipeline.predict(X32))


# ---- tabular data -------------------------------------------------------------------------------

FAST = {"effort": "fast", "n_members": 1, "max_iter": 1, "random_state": 0}
TYPES = [
    ("age", types.FloatTensorType([None, 1])),
    ("sex", types.StringTensorType([None, 1])),
    ("city", types.StringTensorType([None, 1])),
]


@pytest.fixture(scope="module")
def people():
    """A frame, its targets, and the inputs of a model."""
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 10, 200).astype(np.float32),
            "sex": rng.choice(["f", "m"], 200),
            "city": rng.choice([f"city {i}" for i in range(12)], 200),
        }
    )
    frame.loc[::7, "age"] = np.nan
    y = frame["age"].fillna(40).to_numpy() + 10 * (frame["sex"] == "m").to_numpy()
    inputs = {name: frame[[name]].to_numpy(object) for name in ("sex", "city")}
    return frame, y, inputs | {"age": frame[["age"]].to_numpy()}


def columns():
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    categories = OneHotEncoder(sparse_output=False)
    return ColumnTransformer([("n", numbers, ["age"]), ("c", categories, ["sex", "city"])])


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(columns(), classifier()),
        make_pipeline(columns(), TabularClassifier(**FAST)),
        TabularClassifier(**FAST),
    ],
    ids=["mlp", "encoded", "tabular"],
)
def test_columns(people, model):
    frame, y, inputs = people
    model.fit(frame, y > 45)
    found = skl2onnx.to_onnx(model, initial_types=TYPES, options=TENSORS)
    out = answers(found, inputs)
    assert np.array_equal(out["label"], model.predict(frame))
    assert_same(out["probabilities"], model.predict_proba(frame))


def test_inputs_that_do_not_fit(people):
    frame, y, _ = people
    net = TabularRegressor(**FAST).fit(frame, y)
    with pytest.raises(ValueError, match=r"takes 3 inputs of the shape \(n, 1\); got 2"):
        skl2onnx.to_onnx(net, initial_types=TYPES[:2])
    with pytest.raises(ValueError, match=r"takes 3 inputs of the shape \(n, 1\); got 1"):
        skl2onnx.to_onnx(net, initial_types=[("X", types.FloatTensorType([None, 3]))])
    wrong = [(name, types.StringTensorType([None, 1])) for name, _ in TYPES]
    with pytest.raises(TypeError, match="'age' holds strings, but numbers in fit"):
        skl2onnx.to_onnx(net, initial_types=wrong)


def test_inputs_in_another_order(people):
    frame, y, inputs = people
    net = TabularRegressor(**FAST).fit(frame, y)
    model = skl2onnx.to_onnx(net, initial_types=TYPES[::-1])
    assert_same(answers(model, inputs)["variable"], net.predict(frame)[:, None])
