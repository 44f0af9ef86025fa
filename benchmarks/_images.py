"""The networks of the image benchmarks, as both sides build them, and their goals."""

import math
from dataclasses import dataclass

from _common import make_data

from sknn import CNNClassifier, layers

#: ways to run an image network in PyTorch
VARIANTS = {
    "torch contiguous": {"compiled": False, "channels_last": False},
    "torch channels-last": {"compiled": False, "channels_last": True},
    "torch compiled": {"compiled": True, "channels_last": True},
}
N_CLASSES = 10


def conv(filters, kernel_size=3, **options):
    """Describe a convolution."""
    return ["Conv2D", {"filters": filters, "kernel_size": kernel_size, **options}]


def dense(units, **options):
    """Describe a dense layer."""
    return ["Dense", {"units": units, **options}]


def separable(c_in, filters):
    """Describe a depthwise convolution and the mixture of its channels."""
    return [conv(c_in, groups=c_in), conv(filters, 1)]


def normed(filters):
    """Describe a convolution with batch normalisation before its activation."""
    return [
        conv(filters, bias=False, activation="identity"),
        ["BatchNorm", {}],
        ["Activation", {"name": "relu"}],
    ]


POOL, FLATTEN = ["MaxPool2D", {"pool_size": 2}], ["Flatten", {}]


@dataclass(frozen=True)
class Net:
    """Hidden layers, the shape of an image, and how many times PyTorch's best sknn is to be."""

    layers: list
    shape: tuple
    training: float
    prediction: float

    def make_data(self, n, seed=0):
        """Make float32 images (n, h, w, c) and classes."""
        X, y = make_data(n, math.prod(self.shape), N_CLASSES, seed)
        return X.reshape(n, *self.shape), y

    def estimator(self, **parameters):
        """Make sknn's side; the values enter as they are, as in PyTorch."""
        return CNNClassifier(
            layers=[getattr(layers, name)(**options) for name, options in self.layers],
            solver="adam",
            learning_rate="constant",
            learning_rate_init=1e-3,
            standardize=False,
            random_state=0,
            **parameters,
        )

    def description(self):
        """Describe PyTorch's side, the output layer too."""
        return {
            "shape": self.shape,
            "layers": [*self.layers, dense(N_CLASSES, activation="identity")],
        }


NETS = {
    "LeNet-5": Net(
        [
            conv(6, 5, padding="same"),
            POOL,
            conv(16, 5),
            POOL,
            FLATTEN,
            dense(120),
            dense(84),
        ],
        (28, 28, 1),
        2.5,
        1.5,
    ),
    "32-64": Net([conv(32), POOL, conv(64), POOL, FLATTEN], (28, 28, 1), 2.0, 1.5),
    "32-64-64": Net(
        [conv(32), POOL, conv(64), POOL, conv(64), FLATTEN, dense(64)],
        (32, 32, 3),
        1.7,
        1.3,
    ),
    "32-64-64 separable": Net(
        [conv(32), POOL, *separable(32, 64), POOL, *separable(64, 64), FLATTEN, dense(64)],
        (32, 32, 3),
        1.0,
        1.0,
    ),
    "32-64-64 batch norm": Net(
        [*normed(32), POOL, *normed(64), POOL, *normed(64), FLATTEN, dense(64)],
        (32, 32, 3),
        1.0,
        1.0,
    ),
}
