"""From models of ONNX to fitted estimators."""

from math import prod
from typing import Any

import numpy as np

from sknn._extra import import_extra
from sknn.estimators import CNNClassifier, CNNRegressor
from sknn.layers import Dense, Flatten
from sknn.onnx.place import CHANNELS_FIRST, NotALayer, Place
from sknn.onnx.reader import LayerReader
from sknn.onnx.source import SourceGraph


def from_onnx(model: Any, *, classes: Any = None, **parameters: Any) -> Any:
    """Make a fitted estimator of a network in ONNX: one that predicts the same, and that can be trained on.

    The file may come from `to_onnx`, or from ``torch.onnx.export`` of an ``nn.Sequential`` in evaluation mode: the
    layers must be such as there are in :mod:`sknn.layers`, the last a dense one. What follows it, a softmax or a
    logistic function, becomes the link of a classifier. Images are (n, c, h, w) in PyTorch, and so they are for the
    estimator (``channels_first=True``); vectors are samples (n, n_features).

    Parameters
    ----------
    model : str, path, bytes, file object or onnx.ModelProto
        The network.
    classes : array-like or None, default=None
        Class labels, in the order of the outputs. With them the estimator is a classifier; None takes those of the
        file or, where it ends with a softmax or a logistic function, 0, 1, and so on. With a single logistic output
        there are two classes; several logistic outputs are several labels.
    **parameters
        Of the estimator, such as ``solver="sgd"``. ``warm_start`` is True unless it is given: `fit` continues training.

    Returns
    -------
    estimator : CNNClassifier or CNNRegressor
        Fitted. `partial_fit` and `fit` continue training from the weights of the file. Of a softmax of two classes the
        estimator has the difference of both outputs.

    Raises
    ------
    ImportError
        Where the package onnx is absent.
    ValueError
        Where the network has a part that is no layer here; the message names the node. Not known are:

        - several inputs, inputs that are neither vectors nor images of a fixed size, and several columns of classes;
        - signals and volumes (convolutions and pools of one or three axes), recurrent layers, attention, embeddings
          and other layers of columns, activations with weights such as PReLU;
        - branches other than sums with the value itself (`Residual`), and activations of other names;
        - weights that depend on the input, and those in files of their own that are absent;
        - networks that do not end with a dense layer, ensembles and pipelines.

    See Also
    --------
    to_onnx : From an estimator to ONNX.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknn import MLPClassifier
    >>> from sknn.onnx import from_onnx, to_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifier(random_state=0).fit(X, y)
    >>> again = from_onnx(to_onnx(net), solver="sgd", learning_rate_init=0.001)
    >>> again.layers
    [Flatten(), Dense(activation='relu', units=100)]
    >>> bool(abs(again.predict_proba(X) - net.predict_proba(X)).max() < 1e-5)
    True
    >>> again = again.partial_fit(X, y)
    """
    source = SourceGraph(_loaded(model))
    reader = LayerReader(source)
    at = _place_of_input(reader)
    try:
        layers, end = reader.read(reader.read_input(at))
    except NotALayer as error:
        raise ValueError(
            f"the network cannot be read: {error}; from_onnx says what can be."
        ) from None
    layers = layers if at.is_image else [Flatten(), *layers]
    network = {
        "layers": _without_output(layers),
        "hidden_layer_sizes": (),
        "image_shape": at.shape if at.is_image else (1, 1, *at.shape),
        "channels_first": at.is_image and at.axes == CHANNELS_FIRST,
    }
    if given := sorted(network.keys() & parameters.keys()):
        raise ValueError(f"{', '.join(given)} cannot be given: the network says what they are.")
    parameters = network | {"warm_start": True} | parameters
    link, n_outputs = reader.link(end), end.shape[0]
    classes = _classes(source, link, n_outputs) if classes is None else np.asarray(classes)
    if classes is None:
        net = _regressor(link, parameters, n_outputs)
    else:
        net = _classifier(reader, classes, link, parameters, n_outputs)
    return _with_weights(net, reader)


def _loaded(model):
    """The ModelProto, with its weights."""
    onnx = import_extra("onnx", "from_onnx", "onnx")
    if isinstance(model, onnx.ModelProto):
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        return copy
    return onnx.load_from_string(model) if isinstance(model, bytes) else onnx.load(model)


def _place_of_input(reader):
    """The Place of the only input."""
    inputs = reader.source.inputs
    if len(inputs) != 1:
        raise ValueError(
            f"the network has {len(inputs)} inputs; from_onnx reads those with a single one."
        )
    name = inputs[0].name
    sizes = [one.dim_value for one in inputs[0].type.tensor_type.shape.dim]
    if len(sizes) not in (2, 4) or not all(sizes[1:]):
        raise ValueError(
            f"the input {name!r} has the shape {tuple(size or 'n' for size in sizes)}; from_onnx reads networks on vectors "
            "(n, n_features) and on images (n, c, h, w) or (n, h, w, c), whose sizes but the first are fixed."
        )
    if len(sizes) == 2:
        return Place(name, (sizes[1],))
    axes = reader.axes_of_input(name)
    first = axes == CHANNELS_FIRST
    shape = (sizes[2], sizes[3], sizes[1]) if first else tuple(sizes[1:])
    return Place(name, shape, axes)


def _without_output(layers):
    """The hidden layers; raises where the last is none that an estimator has."""
    last = layers[-1] if layers else None
    if not isinstance(last, Dense) or last.activation != "identity":
        raise ValueError(
            f"the last layer is {last!r}, but an estimator ends with a dense layer without an activation."
        )
    return layers[:-1]


def _classes(source, link, n_outputs):
    """Class labels that the graph chooses from, or their numbers; None where it ends as a regressor."""
    for node in source.nodes:
        if node.op_type == "Gather" and source.ends(node.output[0]):
            labels = source.constants.get(node.input[0])
            if labels is not None and labels.dtype.kind in "OS":
                labels = [x.decode() if isinstance(x, bytes) else x for x in labels.tolist()]
            return None if labels is None else np.array(labels)
    if link not in ("softmax", "logistic"):
        return None
    return np.arange(2 if link == "logistic" and n_outputs == 1 else n_outputs)


# ---- estimators ---------------------------------------------------------------------------------


def _classifier(reader, classes, link, parameters, n_outputs):
    """A classifier with these classes, whose weights are drawn; the outputs of two classes become one."""
    several_labels = link == "logistic" and n_outputs > 1
    expected = np.arange(n_outputs) if several_labels else np.unique(classes)
    n_classes = 2 if n_outputs == 1 else n_outputs
    if link == "exp" or len(classes) != n_classes or not np.array_equal(np.sort(classes), expected):
        what = f"0 to {n_outputs - 1}, several labels" if several_labels else f"{n_classes} labels"
        raise ValueError(
            f"classes={classes!r} must be {what}: the network has {n_outputs} outputs and ends with {link}."
        )
    if not several_labels:
        _reorder_outputs(reader, np.argsort(classes))
    y = np.eye(n_outputs, dtype=int) if several_labels else classes
    net = CNNClassifier(**parameters)
    return net.initialize(_zeros(net, len(y)), y)


def _reorder_outputs(reader, order):
    """Outputs in the order of sorted labels; of two their difference, which is what a classifier of two has."""
    weights = reader.weights
    for arrays in (weights.coefs, weights.intercepts):
        last = arrays[-1]
        if last.shape[-1] == 1:  # the logit of the second class
            arrays[-1] = last if order[0] == 0 else -last
        else:
            arrays[-1] = last[..., order] if len(order) > 2 else np.diff(last[..., order])


def _regressor(link, parameters, n_outputs):
    """A regressor, whose weights are drawn."""
    net = CNNRegressor(**{"loss": "poisson" if link == "exp" else "squared_error"} | parameters)
    return net.initialize(_zeros(net, 1), np.ones((1, n_outputs)) if n_outputs > 1 else [1.0])


def _zeros(net, n):
    return np.zeros((n, prod(net.image_shape)))


def _with_weights(net, reader):
    """An initialized estimator with the weights and the standardization that were read."""
    weights = reader.weights
    net.set_weights([*weights.coefs, *weights.intercepts, *weights.means, *weights.variances])
    factor, shift = reader.standard
    net.channel_means_, net.channel_scales_ = -shift / factor, 1 / factor
    return net
