"""The hidden layers of a CNN: from plain parameters, or those that were given, checked."""

from sklearn.base import clone

from sknn.estimators._architecture import parse_dropout, parse_hidden_layer_sizes
from sknn.layers import Activation, BatchNorm, Conv2D, Dense, Dropout, MaxPool2D
from sknn.layers._shapes import of_layers, pair


def given_layers(layers):
    """Copies of the layers; whether one fits on the other, the network says."""
    return [clone(layer) for layer in of_layers(layers)]


def parse_padding(value):
    """ "same", "valid", or an int or a pair of ints >= 0 as a pair."""
    if isinstance(value, str):
        return value
    return pair(value, "padding", least=0)


def plain_layers(image_shape, estimator):
    """The layers that an estimator's plain parameters mean.

    Convolution, batch normalisation if it is asked for, activation and max pooling, as often as there
    are convolutions; then dense layers with dropout. Kernels and pools are clipped to what reaches them.
    """
    kernel_size = pair(estimator.kernel_size, "kernel_size")
    pool_size = pair(estimator.pool_size, "pool_size")
    padding = parse_padding(estimator.padding)
    sizes = parse_hidden_layer_sizes(estimator.hidden_layer_sizes)
    input_rate, *rates = parse_dropout(estimator.dropout, len(sizes))
    layers, shape = [], image_shape

    def add(layer):
        layers.append(layer)
        return layer.output_shape(shape)

    for filters in parse_hidden_layer_sizes(estimator.conv_layer_sizes, "conv_layer_sizes"):
        kernel = clipped_kernel(kernel_size, padding, shape)
        if estimator.batch_norm:
            shape = add(Conv2D(filters, kernel, padding=padding, bias=False, activation="identity"))
            shape = add(BatchNorm())
            shape = add(Activation(estimator.activation))
        else:
            shape = add(Conv2D(filters, kernel, padding=padding))
        pool = min(pool_size[0], shape[0]), min(pool_size[1], shape[1])
        if pool != (1, 1):
            shape = add(MaxPool2D(pool))
    if input_rate:
        layers.append(Dropout(input_rate))
    for units, rate in zip(sizes, rates, strict=True):
        layers += [Dense(units), Dropout(rate)] if rate else [Dense(units)]
    return layers


def clipped_kernel(kernel_size, padding, shape):
    """A kernel no larger than what it can see of its input."""
    if padding == "same":
        most = 2 * shape[0] - 1, 2 * shape[1] - 1
    elif padding == "valid":
        most = shape[:2]
    else:
        most = shape[0] + 2 * padding[0], shape[1] + 2 * padding[1]
    return min(kernel_size[0], most[0]), min(kernel_size[1], most[1])
