"""How X enters a graph: rows of features and images, as the inputs of the estimators have learned them."""

import numpy as np

from sknn.inputs.images import ImageInput, views_of
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
    if not isinstance(input_, ImageInput):
        return _as_float32(graph, x.name, x.dtype)
    return _standardized(graph, input_, _images(graph, input_, x))


def write_views(graph, input_, x: Tensor, augmentation):
    """Views of images for test-time augmentation, as the network takes them, and the weight of each.

    They are those of :func:`sknn.inputs.images.views_to_average`.
    """
    mirrored, reflect = views_of(augmentation)
    images, (h, w, _) = _images(graph, input_, x), input_.image_shape
    down, right = int(h > 1), int(w > 1)
    pads = np.array([0, 0, down, right, 0, 0, down, right], np.int64)
    padded = graph.add("Pad", images, pads, mode="reflect" if reflect else "constant")
    shifted = [_crop(graph, padded, at, (h, w)) for at in ((0, 0), (2 * down, 2 * right))]
    views = [(0.5, images), (0.25, shifted[0]), (0.25, shifted[1])]
    if mirrored:
        views += [(weight, _mirrored(graph, view)) for weight, view in views]
    return [(weight, _standardized(graph, input_, view)) for weight, view in views]


def _crop(graph, images, at, size):
    ends = [begin + n for begin, n in zip(at, size, strict=True)]
    return graph.add("Slice", images, *map(np.array, (at, ends, (2, 3))))


def _mirrored(graph, images):
    first = np.iinfo(np.int64).min
    return graph.add("Slice", images, *map(np.array, ([-1], [first], [3], [-1])))


def _images(graph, input_, x):
    """Images (n, c, h, w) in float32, not yet standardized."""
    name, dtype = x.name, x.dtype
    if len(x.shape) == 2:
        name = graph.reshape(name, [0, *shape_of_input(input_)[1:]])
    center = input_.center
    if center is not None:  # of which float32 would leave little, see ImageInput
        name, dtype = graph.cast(name, np.float64), np.dtype(np.float64)
        shape = (1, -1, 1, 1) if input_.channels_first else (-1,)
        name = graph.add("Sub", name, center.reshape(shape))
    name = _as_float32(graph, name, dtype)
    return name if input_.channels_first else graph.add("Transpose", name, perm=[0, 3, 1, 2])


def _standardized(graph, input_, x):
    """Images after ``(x - mean) / scale`` of each channel, as the engine computes it."""
    scale = 1 / input_.scales
    offsets = input_.means if input_.center is None else input_.means - input_.center
    for op, values, neutral in (("Mul", scale, 1), ("Add", -offsets * scale, 0)):
        if (values != neutral).any():
            x = graph.add(op, x, values.astype(np.float32).reshape(1, -1, 1, 1))
    return x


def _as_float32(graph, x, dtype):
    return x if dtype == np.float32 else graph.cast(x, np.float32)
