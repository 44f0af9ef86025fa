"""Layers with weights as nodes of ONNX: one function for each class, and a table of them.

Images are (n, c, h, w) in ONNX and (h, w, c) in the shapes of layers. Only `Flatten` and `Dense` see the order
of the values of an image: they take the channels of a pixel side by side.
"""

import numpy as np

from sknn import layers
from sknn.ensemble.monotonic import Bounded
from sknn.layers._shapes import pair
from sknn.onnx.activations import write_activation


class LayerWriter:
    """Writes layers one after the other, with the weights of each.

    Parameters
    ----------
    graph : Graph
    weights : Weights
        In float32.
    activation : str
        What a layer's ``activation=None`` means.
    prefix : str, default=""
        Of the names of the weights, which are those of the fitted attributes.
    """

    def __init__(self, graph, weights, activation, prefix=""):
        self.graph, self.activation, self.prefix = graph, activation, prefix
        self._parameters = enumerate(zip(weights.coefs, weights.intercepts, strict=True))
        self._moments = zip(weights.means, weights.variances, strict=True)

    def write(self, several, x, shape):
        """The output of some layers on a value of that shape of a sample."""
        for layer in several:
            if type(layer) not in WRITERS:
                raise ValueError(
                    f"{layer!r} cannot be written as ONNX: its class is none of sknn.layers. Those that are "
                    f"known: {', '.join(known.__name__ for known in WRITERS)}."
                )
            x = WRITERS[type(layer)](self, layer, x, shape)
            shape = layer.output_shape(shape)
        return x

    # ---- the weights of a layer ----------------------------------------------------------------

    def arrays(self):
        """(number, coefs, intercepts) of the next layer that has weights."""
        number, (coefs, intercepts) = next(self._parameters)
        return number, coefs, intercepts

    def named(self, array, name, number):
        """Weights as a constant with the name of their attribute."""
        array = np.ascontiguousarray(array)
        return self.graph.constant(array, f"{self.prefix}{name}_{number}")

    def factors(self, shape):
        """The next weights, one for each channel, as they are multiplied with values of a shape."""
        number, coefs, _ = self.arrays()
        return self.named(per_channel(coefs, shape), "coefs", number)

    def activated(self, layer, x):
        """With the activation that is part of a layer."""
        return write_activation(self.graph, layer.activation or self.activation, x)


def per_channel(values, shape):
    """One value for each channel, as it is combined with values of a shape."""
    return np.reshape(values, (1, shape[-1], *[1] * (len(shape) - 1)))


def flat(graph, x, shape):
    """The values of an image as a vector, the channels of a pixel side by side."""
    if len(shape) == 3:
        x = graph.add("Flatten", graph.add("Transpose", x, perm=[0, 2, 3, 1]))
    return x


# ---- dense, convolutions ------------------------------------------------------------------------


def dense(writer, layer, x, shape):
    number, coefs, intercepts = writer.arrays()
    named = writer.named(coefs, "coefs", number), writer.named(intercepts, "intercepts", number)
    x = writer.graph.add("Gemm", flat(writer.graph, x, shape), *named)
    return writer.activated(layer, x)


def _convolution(writer, op, layer, x, W, intercepts, number, **attributes):
    """A convolution by W as ONNX has it, and the activation."""
    arguments = [x, writer.named(W, "coefs", number)]
    if layer.bias:
        arguments.append(writer.named(intercepts, "intercepts", number))
    attributes |= {
        "kernel_shape": pair(layer.kernel_size, "kernel_size"),
        "strides": pair(layer.strides, "strides"),
        "group": int(layer.groups),
    }
    return writer.activated(layer, writer.graph.add(op, *arguments, **attributes))


def conv2d(writer, layer, x, shape):
    number, coefs, intercepts = writer.arrays()
    (_, top, bottom), (_, left, right) = layer._windows(shape[:2])
    options = {
        "pads": [top, left, bottom, right],
        "dilations": pair(layer.dilation, "dilation"),
    }
    W = coefs.transpose(3, 2, 0, 1)
    return _convolution(writer, "Conv", layer, x, W, intercepts, number, **options)


def conv_transpose2d(writer, layer, x, shape):
    number, coefs, intercepts = writer.arrays()
    rows, columns = pair(layer.padding, "padding", least=0)
    options = {
        "pads": [rows, columns, rows, columns],
        "output_padding": pair(layer.output_padding, "output_padding", least=0),
    }
    # (kh, kw, c / groups, filters) of the flipped kernel -> (c, filters / groups, kh, kw)
    by_group = np.split(coefs[::-1, ::-1], int(layer.groups), axis=3)
    W = np.concatenate([part.transpose(2, 3, 0, 1) for part in by_group])
    return _convolution(writer, "ConvTranspose", layer, x, W, intercepts, number, **options)


# ---- pooling ------------------------------------------------------------------------------------


def _window(layer, shape):
    """Attributes of a pool. Partial windows are windows over more padding: ONNX rounds up in other ways."""
    size, strides = layer._steps()
    (oh, top, bottom), (ow, left, right) = layer._windows(shape[:2])
    bottom = max(bottom, (oh - 1) * strides[0] + size[0] - shape[0] - top)
    right = max(right, (ow - 1) * strides[1] + size[1] - shape[1] - left)
    return {"kernel_shape": size, "strides": strides, "pads": [top, left, bottom, right]}


def max_pool2d(writer, layer, x, shape):
    return writer.graph.add("MaxPool", x, **_window(layer, shape))


def avg_pool2d(writer, layer, x, shape):
    window = _window(layer, shape)
    if not layer.count_include_pad:
        return writer.graph.add("AveragePool", x, **window)
    (_, top, bottom), (_, left, right) = layer._windows(shape[:2])
    if window["pads"] == [top, left, bottom, right]:
        return writer.graph.add("AveragePool", x, count_include_pad=1, **window)
    # the padding counts, and what partial windows have beyond it does not
    x = writer.graph.add("Pad", x, np.array([0, 0, top, left, 0, 0, bottom, right], np.int64))
    beyond = [0, 0, window["pads"][2] - bottom, window["pads"][3] - right]
    return writer.graph.add("AveragePool", x, **window | {"pads": beyond})


def _global_pool(op):
    def write(writer, layer, x, shape):
        return writer.graph.add("Flatten", writer.graph.add(op, x))

    return write


# ---- norms and factors --------------------------------------------------------------------------


def batch_norm(writer, layer, x, shape):
    number, coefs, intercepts = writer.arrays()
    named = writer.named(coefs, "coefs", number), writer.named(intercepts, "intercepts", number)
    moments = [
        writer.named(array, name, number)
        for name, array in zip(("batch_mean", "batch_variance"), next(writer._moments), strict=True)
    ]
    epsilon = float(layer.epsilon)
    return writer.graph.add("BatchNormalization", x, *named, *moments, epsilon=epsilon)


def layer_norm(writer, layer, x, shape):
    number, coefs, intercepts = writer.arrays()
    graph, is_image = writer.graph, len(shape) == 3
    named = writer.named(coefs, "coefs", number), writer.named(intercepts, "intercepts", number)
    if is_image:  # the last axis is normalized
        x = graph.add("Transpose", x, perm=[0, 2, 3, 1])
    x = graph.add("LayerNormalization", x, *named, axis=-1, epsilon=float(layer.epsilon))
    return graph.add("Transpose", x, perm=[0, 3, 1, 2]) if is_image else x


def group_norm(writer, layer, x, shape):
    number, coefs, intercepts = writer.arrays()
    graph, groups = writer.graph, int(layer.groups)
    ones, zeros = np.ones(groups, np.float32), np.zeros(groups, np.float32)
    together = graph.reshape(x, [0, groups, -1])
    options = {"epsilon": float(layer.epsilon)}
    x = graph.add("InstanceNormalization", together, ones, zeros, **options)
    x = graph.reshape(x, [0, shape[-1], *shape[:-1]])
    x = graph.add("Mul", x, writer.named(per_channel(coefs, shape), "coefs", number))
    shifts = writer.named(per_channel(intercepts, shape), "intercepts", number)
    return graph.add("Add", x, shifts)


def scale(writer, layer, x, shape):
    return writer.graph.add("Mul", x, writer.factors(shape))


def parametric_activation(writer, layer, x, shape):
    graph, factors = writer.graph, writer.factors(shape)
    change = graph.add("Sub", write_activation(graph, layer.name, x), x)
    return graph.add("Add", x, graph.add("Mul", change, factors))


# ---- columns ------------------------------------------------------------------------------------


def _beside_mixtures(writer, x, components, mixtures, biases, number):
    """x and J mixtures of K components of each feature, as (n, d + d J).

    The components are (d, n, K), the mixtures (d, K, J) and the biases (d, 1, J).
    """
    graph = writer.graph
    mixed = graph.add("MatMul", components, writer.named(mixtures, "coefs", number))
    mixed = graph.add("Transpose", graph.add("Add", mixed, biases), perm=[1, 2, 0])
    return graph.concat([x, graph.add("Flatten", mixed)])


def _by_feature(rows):
    """Rows of weights (K, d) as they are combined with features (d, n, 1): (d, 1, K)."""
    return np.ascontiguousarray(rows.T[:, None])


def _features_first(graph, x, d):
    """Features (n, d) as (d, n, 1)."""
    return graph.reshape(graph.add("Transpose", x, perm=[1, 0]), [d, -1, 1])


def periodic_embedding(writer, layer, x, shape):
    graph, (d,) = writer.graph, shape
    number, coefs, _ = writer.arrays()
    K, J = int(layer.n_frequencies), int(layer.n_outputs)
    f, b, m, c = np.split(coefs, np.cumsum([K, K, K * J]))
    waves = graph.add("Mul", _features_first(graph, x, d), _by_feature(2 * np.float32(np.pi) * f))
    waves = graph.add("Cos", graph.add("Add", waves, _by_feature(b)))
    mixtures = m.reshape(K, J, d).transpose(2, 0, 1)
    return _beside_mixtures(writer, x, waves, mixtures, _by_feature(c), number)


def piecewise_linear_embedding(writer, layer, x, shape):
    graph, (d,) = writer.graph, shape
    number, coefs, _ = writer.arrays()
    edges = np.asarray(layer.edges, float)
    T, J = len(edges) - 1, int(layer.n_outputs)
    lower, steepness = (
        edges[:-1].astype(np.float32),
        (1 / np.diff(edges, axis=0)).astype(np.float32),
    )
    pieces = graph.add("Sub", _features_first(graph, x, d), _by_feature(lower))
    pieces = graph.add("Mul", pieces, _by_feature(steepness))
    low, high = np.zeros(T, np.float32), np.ones(T, np.float32)
    low[0], high[-1] = -np.inf, np.inf
    pieces = graph.add("Min", graph.add("Max", pieces, low), high)
    mixtures = coefs[: T * J].reshape(T, J, d).transpose(2, 0, 1)
    return _beside_mixtures(writer, x, pieces, mixtures, _by_feature(coefs[T * J :]), number)


def category_embedding(writer, layer, x, shape):
    graph, vectors = writer.graph, []
    for code in graph.split(x, [1] * shape[0]):
        number, coefs, _ = writer.arrays()
        known = graph.add("GreaterOrEqual", code, 0.0)
        known = graph.add("And", known, graph.add("Less", code, float(len(coefs))))
        code = graph.cast(graph.add("Where", known, code, -1.0), np.int64)
        # -1 is the last row: zeros for what is no category
        table = writer.named(np.concatenate([coefs, np.zeros_like(coefs[:1])]), "coefs", number)
        vectors.append(graph.add("Gather", table, graph.reshape(code, [-1])))
    return graph.concat(vectors)


def columns(writer, layer, x, shape):
    widths = [int(width) for width in layer.widths]
    parts = writer.graph.split(x, widths)
    return writer.graph.concat(
        [
            part if inner is None else writer.write([inner], part, (width,))
            for inner, part, width in zip(layer.layers, parts, widths, strict=True)
        ]
    )


# ---- composition --------------------------------------------------------------------------------


def residual(writer, layer, x, shape):
    return writer.graph.add("Add", x, writer.write(layer.layers, x, shape))


def transposed(writer, layer, x, shape):
    (h, w, c), graph = shape, writer.graph
    x = graph.add("Transpose", graph.reshape(x, [0, c, h * w]), perm=[0, 2, 1])
    x = writer.write(layer.layers, graph.reshape(x, [0, h * w, 1, c]), (1, c, h * w))
    x = graph.add("Transpose", graph.reshape(x, [0, h * w, c]), perm=[0, 2, 1])
    return graph.reshape(x, [0, c, h, w])


def activation(writer, layer, x, shape):
    return write_activation(writer.graph, layer.name, x, layer.alpha)


def bounded(writer, layer, x, shape):
    return writer.write([layer.layer], x, shape)


def nothing(writer, layer, x, shape):
    """What predictions do not see."""
    return x


#: class of a layer -> (writer, layer, name of its input, shape of the input) -> name of its output
WRITERS = {
    layers.Activation: activation,
    layers.AvgPool2D: avg_pool2d,
    layers.BatchNorm: batch_norm,
    Bounded: bounded,
    layers.CategoryEmbedding: category_embedding,
    layers.Columns: columns,
    layers.Conv2D: conv2d,
    layers.ConvTranspose2D: conv_transpose2d,
    layers.Dense: dense,
    layers.Dropout: nothing,
    layers.Flatten: lambda writer, layer, x, shape: flat(writer.graph, x, shape),
    layers.GlobalAvgPool2D: _global_pool("GlobalAveragePool"),
    layers.GlobalMaxPool2D: _global_pool("GlobalMaxPool"),
    layers.GroupNorm: group_norm,
    layers.LayerNorm: layer_norm,
    layers.MaxPool2D: max_pool2d,
    layers.ParametricActivation: parametric_activation,
    layers.PeriodicEmbedding: periodic_embedding,
    layers.PiecewiseLinearEmbedding: piecewise_linear_embedding,
    layers.Residual: residual,
    layers.Scale: scale,
    layers.SpatialDropout: nothing,
    layers.Transposed: transposed,
}
