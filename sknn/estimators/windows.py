"""Sliding-window inference: a classifier of images asked about every window of larger ones."""

import numpy as np
from sklearn.utils.validation import check_array, check_is_fitted

from sknn.estimators.prediction import NetworkPrediction
from sknn.inputs.dense import check_range
from sknn.inputs.images import rows_of_images
from sknn.losses import Loss
from sknn.network import Network
from sknn.network.fitted import FittedNetwork
from sknn.network.sliding_window import SlidingLayers, WindowPredictions


def predict_windows(net, X):
    """The WindowPredictions of a fitted CNNClassifier for larger images."""
    check_is_fitted(net)
    net._validate_changed(net._family.read_parameters)
    if net.test_time_augmentation:
        raise ValueError(
            "test_time_augmentation=True averages views of single images; use "
            "set_params(test_time_augmentation=False) for windows."
        )
    X, shape = _larger_images(net, X)
    sliding = SlidingLayers(net._family.all_layers(net), net.image_shape_, shape)
    activation = net._architecture_[1]
    network = Network(sliding.layers, shape, net._fitted_dtype(), activation=activation)
    probabilities = _probabilities(net, network, X)
    # a layer may read less than a window, and find room for a partial one at the edge
    ends = (shape[axis] - net.image_shape_[axis] + 1 for axis in (0, 1))
    rows, columns = (np.arange(0, *of) for of in zip(ends, sliding.strides, strict=True))
    inside = [P[:, : len(rows), : len(columns)] for P in probabilities]
    several = net._targets().kind == "multiclass-multioutput"
    return WindowPredictions(inside if several else inside[0], rows, columns, net.image_shape_[:2])


def _probabilities(net, network, X):
    """For each column of classes (n, n_rows, n_columns, n_classes)."""
    targets, weights = net._targets(), net._weights(network.dtype)
    n_rows, n_columns, n_outputs = network.output_shape
    loss = Loss.with_link(net.out_activation_, targets.group_sizes * (n_rows * n_columns))
    found = [np.shape(coef) for coef in weights.coefs]
    expected = NetworkPrediction(net).program()[0].coef_shapes
    if found != expected:  # what a user has assigned must not be reshaped in silence
        raise ValueError(f"coefs_ has the shapes {found}, the network has {expected}.")
    pairs = zip(weights.coefs, network.coef_shapes, strict=True)
    weights.coefs = [np.reshape(coef, shape) for coef, shape in pairs]
    fitted = FittedNetwork(
        network,
        network.program(loss),
        weights,
        net.out_activation_,
        net.n_threads,
    )
    values, _ = fitted.forward(net._input().rows(network, X), (loss.n_outputs,), link=True)
    probabilities = targets.probabilities(values.reshape(-1, n_outputs))
    columns = probabilities if isinstance(probabilities, list) else [probabilities]
    return [P.reshape(len(X), n_rows, n_columns, -1) for P in columns]


def _larger_images(net, X):
    """(flat samples, (h, w, c)) of validated images of any size that fit's images fit into."""
    dtype = net._fitted_dtype()
    X = check_array(
        X,
        dtype=net._input().accepted_dtypes(X, dtype),
        order="C",
        ensure_2d=False,
        allow_nd=True,
        input_name="X",
        estimator=net,
    )
    rows, shape = rows_of_images(X, net.channels_first)
    if shape is None:
        raise ValueError(
            f"X has the shape {X.shape}; predict_windows takes images, (n, h, w) or (n, h, w, c)."
        )
    height, width, n_channels = net.image_shape_
    if shape[0] < height or shape[1] < width or shape[2] != n_channels:
        raise ValueError(
            f"X has images of shape {shape}, but windows of {net.image_shape_} (height, width, "
            "channels) are to move over them: they must be at least as high and wide, and have as many "
            "channels."
        )
    check_range(rows, dtype, "X")
    return rows, shape
