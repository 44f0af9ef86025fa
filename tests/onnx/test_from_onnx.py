"""The way back: networks that PyTorch wrote, and own ones, as estimators that can be trained on.

The folder `files` holds what torch_networks.py wrote with PyTorch 2.13. Where the variable SKNN_TORCH_PYTHON names a
Python that has torch, onnx and onnxscript, new files are read, too.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sknn import CNNClassifier, CNNRegressor, MLPMixerClassifier
from sknn.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalAvgPool2D,
    GroupNorm,
    MaxPool2D,
    Residual,
)
from sknn.onnx import from_onnx, to_onnx
from tests.estimators.samples import DIGITS, IMAGES, TARGETS, X, classifier, regressor
from tests.onnx.answers import assert_same

onnx = pytest.importorskip("onnx", reason="onnx is absent")
pytest.importorskip("onnxruntime", reason="onnxruntime is absent")

FOLDER = Path(__file__).parent
TORCH_PYTHON = os.environ.get("SKNN_TORCH_PYTHON")
NETWORKS = ["convolutions", "dense", "flattened", "norms", "residual"]
X32 = X.astype(np.float32)


@pytest.fixture(scope="module", params=["stored", "new"])
def files(request, tmp_path_factory):
    """A folder with networks of PyTorch."""
    if request.param == "stored":
        return FOLDER / "files"
    if not TORCH_PYTHON:
        pytest.skip("SKNN_TORCH_PYTHON names no Python that has PyTorch")
    if subprocess.run(
        [TORCH_PYTHON, "-c", "import torch, onnx, onnxscript"], check=False
    ).returncode:
        pytest.skip("the Python of SKNN_TORCH_PYTHON lacks torch, onnx or onnxscript")
    folder = tmp_path_factory.mktemp("torch")
    command = [TORCH_PYTHON, FOLDER / "torch_networks.py", folder]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def outputs(net, X):
    """What PyTorch's network gives: a link's values, those of the second class where there is one output."""
    return net.predict_proba(X) if hasattr(net, "predict_proba") else net.predict(X)


@pytest.mark.parametrize("exporter", ["script", "dynamo"])
@pytest.mark.parametrize("name", NETWORKS)
def test_networks_of_pytorch(files, name, exporter):
    net = from_onnx(files / f"{name}.{exporter}.onnx", random_state=0)
    with np.load(files / f"{name}.npz") as given:
        X, y = given["X"], given["y"]
    y = np.exp(y) if name == "norms" else y  # which ends with a log-softmax
    y = np.column_stack([1 - y, y]) if y.shape[1] == 1 else y
    assert_same(outputs(net, X), y)
    before = net.get_weights()
    targets = np.arange(len(X)) % len(net.classes_) if hasattr(net, "classes_") else y
    net.partial_fit(X, targets)
    assert any(not np.array_equal(a, b) for a, b in zip(before, net.get_weights(), strict=True))


def test_layers_of_pytorch(files):
    net = from_onnx(files / "convolutions.script.onnx")
    assert list(map(repr, net.layers)) == [
        "Conv2D(activation='relu', filters=4, kernel_size=3, padding=1)",
        "MaxPool2D(ceil_mode=True, strides=2)",
        "Conv2D(activation='silu', bias=False, filters=4, groups=4, kernel_size=3,\n       padding=1)",
        "AvgPool2D(count_include_pad=True, padding=1, pool_size=3, strides=2)",
        "GlobalAvgPool2D()",
    ]
    assert isinstance(net, CNNRegressor)
    assert net.channels_first
    assert net.image_shape == (9, 9, 3)


@pytest.mark.parametrize("exporter", ["script", "dynamo"])
def test_what_has_no_layer(files, exporter):
    with pytest.raises(ValueError, match="HardSwish .*has no layer here"):
        from_onnx(files / f"unknown.{exporter}.onnx")


# ---- own networks -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel", "strings"])
def test_targets_of_classifiers(kind):
    net = classifier(activation="gelu").fit(X32, TARGETS[kind])
    again = from_onnx(to_onnx(net))
    assert_same(again.predict_proba(X32), net.predict_proba(X32))
    assert np.array_equal(again.predict(X32), net.predict(X32))
    assert np.array_equal(again.classes_, net.classes_)
    assert again.layers[1].activation == "gelu"


def test_regressors():
    net = regressor(loss="poisson").fit(X32, X[:, :2] + 10)
    again = from_onnx(to_onnx(net))
    assert again.loss == "poisson"
    assert_same(again.predict(X32), net.predict(X32))


@pytest.mark.parametrize("channels_first", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_standardized_images(channels_first, dtype):
    images = np.stack([IMAGES, IMAGES[:, ::-1] ** 2], axis=3).astype(dtype)
    images = images.transpose(0, 3, 1, 2).copy() if channels_first else images
    net = CNNClassifier(channels_first=channels_first, max_iter=1, random_state=0).fit(
        images, DIGITS
    )
    again = from_onnx(to_onnx(net, input_dtype=dtype))
    assert_same(again.predict_proba(images), net.predict_proba(images))
    assert_same(again.channel_means_, net.channel_means_)
    assert again.channels_first == channels_first


def test_mixers():
    net = MLPMixerClassifier(4, n_blocks=2, hidden_dim=8, max_iter=1).fit(IMAGES, DIGITS)
    again = from_onnx(to_onnx(net))
    assert_same(again.predict_proba(IMAGES), net.predict_proba(IMAGES))
    assert [type(layer).__name__ for layer in again.layers[1].layers] == ["LayerNorm", "Transposed"]


def test_training_goes_on():
    net = classifier(solver="sgd", max_iter=1).fit(X32, TARGETS["multiclass"])
    again = from_onnx(to_onnx(net), solver="sgd", max_iter=5, random_state=0)
    loss = again.fit(X32, TARGETS["multiclass"]).loss_curve_
    new = clone(again).fit(X32, TARGETS["multiclass"]).loss_curve_
    assert loss[0] < new[0]
    assert len(again.partial_fit(X32, TARGETS["multiclass"]).loss_curve_) > len(loss)


def test_a_new_output_layer():
    """Transfer learning: hidden layers of one network, classes of another task."""
    old = from_onnx(
        to_onnx(CNNClassifier(layers=[Conv2D(4, 3), BatchNorm()], max_iter=1).fit(IMAGES, DIGITS))
    )
    new = CNNClassifier(layers=old.layers, hidden_layer_sizes=(), random_state=0, warm_start=True)
    y = np.where(DIGITS > 4, "large", "small")
    new.initialize(IMAGES, y)
    n_hidden = len(old.coefs_) - 1
    new.coefs_[:n_hidden] = old.coefs_[:n_hidden]
    new.intercepts_[:n_hidden] = old.intercepts_[:n_hidden]
    new.batch_means_, new.batch_variances_ = old.batch_means_, old.batch_variances_
    assert_same(new.transform(IMAGES), old.set_params(n_threads=1).transform(IMAGES))
    assert new.fit(IMAGES, y).score(IMAGES, y) > 0.5


# ---- classes ------------------------------------------------------------------------------------


def softmax_of(n_outputs, link="Softmax"):
    """A model of one dense layer, and a softmax."""
    helper = onnx.helper
    W = np.arange(3 * n_outputs, dtype=np.float32).reshape(3, n_outputs) / 10
    nodes = [helper.make_node("MatMul", ["x", "W"], ["z"])]
    nodes += [helper.make_node(link, ["z"], ["p"])]
    ends = [
        helper.make_tensor_value_info(name, 1, ["n", n]) for name, n in (("x", 3), ("p", n_outputs))
    ]
    graph = helper.make_graph(
        nodes, "g", [ends[0]], [ends[1]], [onnx.numpy_helper.from_array(W, "W")]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), W


ROWS = np.eye(3, dtype=np.float32)


@pytest.mark.parametrize("classes", [["c", "a", "b"], [3, 2, 1]])
def test_classes_in_another_order(classes):
    model, W = softmax_of(3)
    net = from_onnx(model, classes=classes)
    assert np.array_equal(net.classes_, np.sort(classes))
    assert_same(net.decision_function(ROWS)[:, np.argsort(np.argsort(classes))], W)


@pytest.mark.parametrize("classes", [["no", "yes"], ["yes", "no"]])
def test_two_classes(classes):
    model, W = softmax_of(2)
    net = from_onnx(model, classes=classes)
    p = np.exp(W) / np.exp(W).sum(axis=1, keepdims=True)
    assert_same(net.predict_proba(ROWS)[:, [list(net.classes_).index(c) for c in classes]], p)
    model, W = softmax_of(1, "Sigmoid")
    net = from_onnx(model, classes=classes)
    p = net.predict_proba(ROWS)[:, list(net.classes_).index(classes[1])]
    assert_same(p, 1 / (1 + np.exp(-W[:, 0])))


def test_several_labels():
    net = from_onnx(softmax_of(3, "Sigmoid")[0])
    assert net.predict(ROWS).shape == (3, 3)
    with pytest.raises(ValueError, match="must be 0 to 2, several labels"):
        from_onnx(softmax_of(3, "Sigmoid")[0], classes=["a", "b", "c"])


@pytest.mark.parametrize(
    ("link", "classes"), [("Softmax", ["a", "b"]), ("Softmax", [1, 1, 2]), ("Exp", [0, 1, 2])]
)
def test_wrong_classes(link, classes):
    with pytest.raises(ValueError, match="must be 3 labels: the network has 3 outputs"):
        from_onnx(softmax_of(3, link)[0], classes=classes)


def test_parameters_that_the_network_has():
    with pytest.raises(ValueError, match="image_shape, layers cannot be given"):
        from_onnx(softmax_of(3)[0], layers=[], image_shape=(1, 1, 3))


def test_files(tmp_path):
    model, W = softmax_of(3)
    onnx.save(model, tmp_path / "net.onnx")
    sources = tmp_path / "net.onnx", str(tmp_path / "net.onnx"), model.SerializeToString(), model
    for source in sources:
        assert_same(from_onnx(source).decision_function(ROWS), W)
    with open(tmp_path / "net.onnx", "rb") as file:
        assert_same(from_onnx(file).decision_function(ROWS), W)


def test_the_model_is_not_changed():
    model = softmax_of(3)[0]
    before = model.SerializeToString()
    from_onnx(model)
    assert model.SerializeToString() == before


# ---- what does not fit --------------------------------------------------------------------------


def edited(change):
    """A model after a change."""
    model = to_onnx(classifier(max_iter=1).fit(X32, TARGETS["multiclass"]))
    change(model.graph)
    return model


def test_several_inputs():
    def change(graph):
        graph.input.add().CopyFrom(graph.input[0])
        graph.input[1].name = "Y"

    with pytest.raises(ValueError, match="has 2 inputs"):
        from_onnx(edited(change))


def test_sizes_that_are_not_fixed():
    def change(graph):
        graph.input[0].type.tensor_type.shape.dim[1].dim_param = "m"

    with pytest.raises(ValueError, match=r"shape \('n', 'n'\).*sizes but the first are fixed"):
        from_onnx(edited(change))


def test_several_columns_of_classes():
    net = classifier(max_iter=1).fit(X32, TARGETS["columns"])
    with pytest.raises(ValueError, match="the network cannot be read"):
        from_onnx(to_onnx(net))


def test_networks_without_an_output_layer():
    model = to_onnx(CNNClassifier(layers=[Conv2D(3, 2)], max_iter=1).fit(IMAGES, DIGITS))
    conv = next(i for i, node in enumerate(model.graph.node) if node.op_type == "Conv")
    del model.graph.node[conv + 1 :], model.graph.output[:]
    output = onnx.helper.make_tensor_value_info(model.graph.node[conv].output[0], 1, None)
    model.graph.output.add().CopyFrom(output)
    with pytest.raises(ValueError, match="the last layer is Conv2D.*ends with a dense layer"):
        from_onnx(model)


def test_what_is_done_to_probabilities():
    """Nothing of the network is left out in silence."""

    def change(graph):
        last = graph.node[-1]
        graph.node.append(onnx.helper.make_node("Sub", ["one", last.output[0]], ["q"]))
        graph.initializer.append(onnx.numpy_helper.from_array(np.float32(1), "one"))
        graph.output[0].name = "q"

    model = softmax_of(1, "Sigmoid")[0]
    change(model.graph)
    with pytest.raises(ValueError, match="Sub 'q'|Sub has no layer"):
        from_onnx(model)
    model = softmax_of(3)[0]
    model.graph.node[-1].attribute.append(onnx.helper.make_attribute("axis", 0))
    with pytest.raises(ValueError, match="Softmax has no layer"):
        from_onnx(model)


def test_groups_with_weights_of_their_own():
    net = CNNClassifier(layers=[Conv2D(4, 3), GroupNorm(2)], max_iter=1).fit(IMAGES, DIGITS)
    model = to_onnx(net)
    norm = next(node for node in model.graph.node if node.op_type == "InstanceNormalization")
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.float32([1, 2]), "own"))
    norm.input[1] = "own"
    with pytest.raises(ValueError, match="normalizes groups with weights of their own"):
        from_onnx(model)


def test_factors_of_another_axis():
    """As many as channels, but they belong to the columns of the image."""
    net = CNNClassifier(layers=[Conv2D(7, 2)], max_iter=1).fit(IMAGES, DIGITS)
    model = to_onnx(net)
    conv = next(i for i, node in enumerate(model.graph.node) if node.op_type == "Conv")
    name = model.graph.node[conv].output[0]
    model.graph.node[conv].output[0] = "convolved"
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.ones(7, np.float32) * 2, "f"))
    model.graph.node.insert(conv + 1, onnx.helper.make_node("Mul", ["convolved", "f"], [name]))
    with pytest.raises(ValueError, match=r"Mul.* not one value for each of 7 channels"):
        from_onnx(model)


def test_weights_that_are_computed_from_constants():
    def change(graph):
        gemm = next(node for node in graph.node if node.op_type == "Gemm")
        there = onnx.helper.make_node("Neg", [gemm.input[1]], ["negative"])
        back = onnx.helper.make_node("Neg", ["negative"], ["positive"])
        nodes = [there, back, *graph.node]
        gemm.input[1] = "positive"
        del graph.node[:]
        graph.node.extend(nodes)

    net = classifier(max_iter=1).fit(X32, TARGETS["multiclass"])
    assert_same(from_onnx(edited(change)).predict_proba(X32), net.predict_proba(X32))


def test_weights_that_are_computed():
    def change(graph):
        gemm = next(node for node in graph.node if node.op_type == "Gemm")
        graph.node.insert(0, onnx.helper.make_node("RandomNormal", [], ["random"], shape=[4, 8]))
        gemm.input[1] = "random"

    with pytest.raises(ValueError, match="Gemm 'Gemm_0': it needs constant weights"):
        from_onnx(edited(change))


def test_layers_keep_their_own_names():
    """What is read is as short as what people write."""
    layers = [Residual([Conv2D(3, 3, padding="same"), MaxPool2D(1)]), GlobalAvgPool2D()]
    layers = [Conv2D(3, 1), *layers, Flatten(), Dense(4, "tanh")]
    net = CNNClassifier(layers=layers, hidden_layer_sizes=(), max_iter=1).fit(IMAGES, DIGITS)
    again = from_onnx(to_onnx(net))
    kinds = [type(layer).__name__ for layer in again.layers]
    assert kinds == ["Conv2D", "Residual", "GlobalAvgPool2D", "Dense"]
    with pytest.raises(NotFittedError):
        clone(again).predict(IMAGES)
