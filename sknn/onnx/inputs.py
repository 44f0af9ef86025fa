"""How X enters a graph: rows of features and images, as the inputs of the estimators have learned them."""

import numpy as np

from sknn.inputs.images import ImageInput
from sknn.onnx.graph import N_SAMPLES, Tensor


def shape_of_input(input_):
    """Shape of X: (n, n_features), (n, h, w, c) or with `channels_first` (n, c, h, w)."""
    if not isinstance(input_, ImageInput):
        return N_SAMPLES, input_.n_features
    h, w, c = input_.image_shape
    return (N_SAMPLES, c, h, w) if input_.channels_first else (N_SAMPLES, h, w, c)


def write_input(graph, input_, x: Tensor):
    """X as the network takes it: float32, images standardized and (n, c, h, w).

    Parameters
    ----------
    graph : Graph
    input_ : DenseInput
    x : Tensor
        In the shape of :func:`shape_of_input`, or samples (n, n_features) of images.
    """
    if isinstance(input_, ImageInput):
        return _write_images(graph, input_, x)
    return _as_float32(graph, x.name, x.dtype)


def _write_images(graph, input_, x):
    name, dtype = x.name, x.dtype
    if len(x.shape) == 2:
        name = graph.reshape(name, [0, *shape_of_input(input_)[1:]])
    channels = (1, -1, 1, 1) if input_.channels_first else (-1,)
    center = input_.center
    if center is not None:  # of which float32 would leave little, see ImageInput
        name, dtype = graph.cast(name, np.float64), np.dtype(np.float64)
        name = graph.add("Sub", name, center.reshape(channels))
    name = _as_float32(graph, name, dtype)
    if not input_.channels_first:
        name = graph.add("Transpose", name, perm=[0, 3, 1, 2])
    means = input_.means if center is None else input_.means - center
    return _standardized(graph, name, means, input_.scales)


def _standardized(graph, x, means, scales):
    """(x - means) / scales for each channel, as the engine computes it."""
    scale = 1 / scales
    shift = -means * scale
    for op, values, neutral in (("Mul", scale, 1), ("Add", shift, 0)):
        if (values != neutral).any():
            x = graph.add(op, x, values.astype(np.float32).reshape(1, -1, 1, 1))
    return x


def _as_float32(graph, x, dtype):
    return x if dtype == np.float32 else graph.cast(x, np.float32)
