"""Every estimator of one network, with every kind of targets and of input, in onnxruntime."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

import sknn
from sknn import (
    CNNClassifier,
    CNNRegressor,
    McCullochPittsNeuron,
    MLPClassifier,
    MLPMixerClassifier,
    MLPMixerRegressor,
    MLPRegressor,
    PerceptronClassifier,
)
from sknn.augmentation import Augmentation
from sknn.layers import Conv2D, Dense
from sknn.onnx import to_onnx
from tests.estimators.samples import (
    DIGITS,
    IMAGES,
    NUMBERS,
    TARGETS,
    X_NUMBERS,
    X,
    classifier,
    regressor,
)
from tests.onnx.answers import answers, assert_predicts, assert_same

onnx = pytest.importorskip("onnx", reason="onnx is absent")
pytest.importorskip("onnxruntime", reason="onnxruntime is absent")

X32 = X.astype(np.float32)
ARCHITECTURES = {"hidden_layer_sizes": 8, "max_iter": 1, "random_state": 0}
MIXER = {"n_blocks": 1, "hidden_dim": 8, "max_iter": 1, "random_state": 0}


@pytest.mark.parametrize("kind", TARGETS)
def test_targets_of_classifiers(kind):
    net = classifier().fit(X32, TARGETS[kind])
    assert_predicts(answers(to_onnx(net), {"X": X32}), net, X32)


def test_a_single_class():
    net = classifier().fit(X32, np.full(len(X), "only"))
    assert_predicts(answers(to_onnx(net), {"X": X32}), net, X32)


def test_classes_that_are_no_labels():
    net = classifier().fit(X32, TARGETS["binary"])
    net.classes_ = np.array([b"no", b"yes"])
    with pytest.raises(ValueError, match=r"classes_ of dtype \|S3.*astype\(str\)"):
        to_onnx(net)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "poisson"])
def test_regressors(loss):
    y = NUMBERS - NUMBERS.min()
    net = regressor(loss=loss).fit(X_NUMBERS, y)
    X32 = X_NUMBERS.astype(np.float32)
    assert_predicts(answers(to_onnx(net), {"X": X32}), net, X32)


def test_several_outputs():
    net = regressor().fit(X32, X[:, :3])
    assert_predicts(answers(to_onnx(net), {"X": X32}), net, X32)


@pytest.mark.parametrize("dtype", [None, "float64"])
def test_networks_in_double_precision(dtype):
    net = classifier(dtype=dtype).fit(X, TARGETS["multiclass"])
    out = answers(to_onnx(net, input_dtype="float64"), {"X": X})
    assert_predicts(out, net, X)


def test_weights_beyond_float32():
    net = regressor(dtype="float64").fit(X, X[:, 0])
    net.coefs_[0] = net.coefs_[0] * 1e300
    with pytest.raises(ValueError, match="too large for float32"):
        to_onnx(net)


def shifted(images, by):
    """Images whose mean is far from zero, as thermometers have them."""
    return images.astype(np.float32) + np.float32(by)


@pytest.mark.parametrize("channels_first", [False, True])
@pytest.mark.parametrize("by", [0, 5000])
def test_images(channels_first, by):
    images = shifted(np.stack([IMAGES, IMAGES[:, ::-1] ** 2], axis=3), by)
    images = images.transpose(0, 3, 1, 2).copy() if channels_first else images
    net = CNNClassifier(channels_first=channels_first, **ARCHITECTURES).fit(images, DIGITS)
    assert_predicts(answers(to_onnx(net), {"X": images}), net, images)


def names_of_weights(model):
    """Constants with the names of fitted attributes."""
    return [one.name for one in model.graph.initializer if one.name[:4] in ("coef", "inte")]


@pytest.mark.parametrize("channels_first", [False, True])
@pytest.mark.parametrize(
    "augmentation", [None, Augmentation(horizontal_flip=True, shift=1, padding_mode="reflect")]
)
@pytest.mark.parametrize("by", [0, 5000])
def test_views_of_images(channels_first, augmentation, by):
    images = shifted(IMAGES, by)
    images = images[:, None] if channels_first else images[..., None]
    parameters = ARCHITECTURES | {"augmentation": augmentation, "channels_first": channels_first}
    net = CNNClassifier(layers=[Conv2D(4, 3)], test_time_augmentation=True, **parameters)
    net.fit(images, DIGITS)
    model = to_onnx(net)
    assert_predicts(answers(model, {"X": images}), net, images)
    plain = to_onnx(net.set_params(test_time_augmentation=False))
    assert names_of_weights(model) == names_of_weights(plain)  # which are stored once


def test_images_of_bytes():
    images = (IMAGES * 15).astype(np.uint8)[..., None]
    net = CNNClassifier(layers=[Conv2D(4, 3, init="whitening")], **ARCHITECTURES).fit(
        images, DIGITS
    )
    model = to_onnx(net, input_dtype="uint8")
    assert model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert_predicts(answers(model, {"X": images}), net, images)


@pytest.mark.parametrize(
    ("estimator", "y"),
    [
        (CNNRegressor(**ARCHITECTURES), DIGITS / 10),
        (MLPMixerClassifier(4, **MIXER), DIGITS),
        (MLPMixerRegressor(4, **MIXER), np.column_stack([DIGITS, -DIGITS]) / 10),
    ],
    ids=lambda one: type(one).__name__,
)
def test_networks_on_images(estimator, y):
    images = IMAGES.astype(np.float32)[..., None]
    net = estimator.fit(images, y)
    assert_predicts(answers(to_onnx(net), {"X": images}), net, images)


def test_perceptrons():
    for y in (TARGETS["multiclass"], TARGETS["binary"], TARGETS["strings"]):
        net = PerceptronClassifier(max_iter=3, random_state=0).fit(X, y)
        out = answers(to_onnx(net), {"X": X})
        assert np.array_equal(out["label"], net.predict(X))
        assert_same(out["decision"], net.decision_function(X))


@pytest.mark.parametrize("inhibitory", [None, [1]])
def test_neurons_of_mcculloch_and_pitts(inhibitory):
    X = [[0, 0, 0], [0, 0, 1], [1, 0, 0], [1, 1, 1], [1, 0, 1]]
    net = McCullochPittsNeuron(threshold=2, inhibitory=inhibitory)
    with pytest.raises(NotFittedError):
        to_onnx(net)
    out = answers(to_onnx(net.fit(X)), {"X": np.array(X, float)})
    assert np.array_equal(out["label"], net.predict(X))


# ---- the model ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wide():
    """A network of more than 100 kB, and its model."""
    net = CNNClassifier(layers=[Conv2D(16, 3)], hidden_layer_sizes=64, max_iter=1, random_state=0)
    net.fit(IMAGES, DIGITS)
    return net, to_onnx(net)


def test_size_and_opset(wide):
    net, model = wide
    n_bytes = sum(array.nbytes for array in net.get_weights())
    assert n_bytes > 100_000
    assert len(model.SerializeToString()) < 1.1 * n_bytes
    assert [(one.domain, one.version) for one in model.opset_import] == [("", 17)]
    assert model.producer_name == "sknn"


def test_any_number_of_samples(wide):
    net, model = wide
    images = IMAGES.astype(np.float32)[..., None]
    for n in (1, 2, 60):
        assert_predicts(answers(model, {"X": images[:n]}), net, images[:n])
    shape = model.graph.input[0].type.tensor_type.shape.dim
    assert [d.dim_param or d.dim_value for d in shape] == ["n", 8, 8, 1]


def test_shapes_are_inferred(wide):
    inferred = onnx.shape_inference.infer_shapes(wide[1], strict_mode=True)
    known = {info.name for info in inferred.graph.value_info} | {
        info.name for info in inferred.graph.output
    }
    assert known >= {name for node in inferred.graph.node for name in node.output}


def test_weights_have_the_names_of_attributes(wide):
    names = {one.name for one in wide[1].graph.initializer}
    assert names >= {"coefs_0", "intercepts_0", "coefs_1", "intercepts_1"}


# ---- what cannot be written ---------------------------------------------------------------------


class OwnLayer(Dense):
    """A layer of a user."""


def test_layers_of_a_user():
    net = CNNClassifier(layers=[OwnLayer(3)], **ARCHITECTURES).fit(IMAGES, DIGITS)
    with pytest.raises(ValueError, match="OwnLayer.*cannot be written"):
        to_onnx(net)


def test_other_models():
    with pytest.raises(TypeError, match=r"got LogisticRegression.*register\(\)"):
        to_onnx(LogisticRegression())
    with pytest.raises(TypeError, match="got int"):
        to_onnx(5)


@pytest.mark.parametrize("name", [name for name in sknn.__all__ if name[0].isupper()])
def test_not_fitted(name):
    with pytest.raises(NotFittedError):
        to_onnx(getattr(sknn, name)())


def test_dtypes_of_no_numbers():
    net = classifier().fit(X, TARGETS["multiclass"])
    with pytest.raises(ValueError, match="input_dtype='U3'"):
        to_onnx(net, input_dtype="U3")


def test_subclasses_are_written():
    class Own(MLPClassifier):
        pass

    net = Own(max_iter=1).fit(X32, TARGETS["multiclass"])
    assert_predicts(answers(to_onnx(net), {"X": X32}), net, X32)


def test_regressors_far_from_zero():
    net = MLPRegressor(max_iter=2, random_state=0).fit(X32, X[:, 0])
    net.intercepts_[-1] = net.intercepts_[-1] + np.float32(1e6)
    assert_predicts(answers(to_onnx(net), {"X": X32}), net, X32)
