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


def mixer(n_tokens, c, n_blocks, tokens, channels):
    """Describe the blocks of an MLP-Mixer and the mean of what they give, as sknn has them."""

    def mlp(hidden, outputs):
        return [
            conv(hidden, 1, activation="gelu"),
            conv(outputs, 1, activation="identity"),
        ]

    def block(layers):
        return ["Residual", {"layers": [["LayerNorm", {}], *layers]}]

    along_tokens = block([["Transposed", {"layers": mlp(tokens, n_tokens)}]])
    along_channels = block(mlp(channels, c))
    return [*[along_tokens, along_channels] * n_blocks, ["LayerNorm", {}], ["GlobalAvgPool2D", {}]]


def built(descriptions):
    """Make sknn's layers."""
    return [
        getattr(layers, name)(**{k: built(v) if k == "layers" else v for k, v in options.items()})
        for name, options in descriptions
    ]


POOL, FLATTEN = ["MaxPool2D", {"pool_size": 2}], ["Flatten", {}]


@dataclass(frozen=True)
class Net:
    """Hidden layers, the shape of an image, and how many times PyTorch's best sknn is to be.

    `torch_layers` are those of PyTorch where it has them in another form.
    """

    layers: list
    shape: tuple
    training: float
    prediction: float
    torch_layers: list | None = None

    def make_data(self, n, seed=0):
        """Make float32 images (n, h, w, c) and classes."""
        X, y = make_data(n, math.prod(self.shape), N_CLASSES, seed)
        return X.reshape(n, *self.shape), y

    def estimator(self, **parameters):
        """Make sknn's side; the values enter as they are, as in PyTorch."""
        return CNNClassifier(
            layers=built(self.layers),
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
            "layers": [
                *(self.torch_layers or self.layers),
                dense(N_CLASSES, activation="identity"),
            ],
        }


PATCHES = conv(64, 4, strides=4, activation="identity")
BLOCKS = {"n_blocks": 6, "tokens": 128, "channels": 128}

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
    "MLP-Mixer": Net(
        [PATCHES, *mixer(8 * 8, 64, **BLOCKS)],
        (32, 32, 3),
        1.5,
        1.0,
        torch_layers=[PATCHES, ["Mixer", BLOCKS]],
    ),
}

#: for `parse_arguments`: which networks to measure
NETS_OPTION = (
    "--nets",
    {
        "nargs": "+",
        "metavar": "NAME",
        "choices": NETS,
        "default": NETS,
        "help": "default: all; a wrong name lists them",
    },
)
