"""Random networks: layers that fit on one another, drawn from a seed; see random_networks.py."""

import inspect
from dataclasses import dataclass, field

import numpy as np

from sknn.layers import (
    Activation,
    AvgPool2D,
    BatchNorm,
    CategoryEmbedding,
    Columns,
    Conv2D,
    ConvTranspose2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    GlobalMaxPool2D,
    GroupNorm,
    LayerNorm,
    MaxPool2D,
    ParametricActivation,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    Residual,
    Scale,
    SpatialDropout,
    Transposed,
)
from sknn.losses import Loss
from tests import reference
from tests.engine.test_optimizers import OPTIMIZERS
from tests.engine.under_test import LOSSES

NAMES = sorted(reference.ACTIVATIONS)
#: the largest number of values of a sample, anywhere in a network
LARGEST = 3000


@dataclass(frozen=True)
class Case:
    """A network, and all that one step of its training depends on."""

    layers: list
    shape: tuple
    n: int = 3
    loss: Loss = field(default_factory=lambda: LOSSES["squared_error"])
    activation: str = "tanh"
    optimizer: str = "sgd"
    weighted: bool = False
    alpha: float = 0.0
    clip_norm: float = 0.0
    sparse: bool = False
    seed: int = 0

    def __repr__(self):
        texts = [f"[{', '.join(map(spelled, self.layers))}]"]
        for name in list(self.__dataclass_fields__)[1:]:
            texts.append(f"{name}={getattr(self, name)!r}")
        return f"Case({', '.join(texts)})"


def spelled(layer):
    """A layer as Python spells it, never cut short."""
    if layer is None:
        return "None"
    given = inspect.signature(type(layer)).parameters
    texts = []
    for name, parameter in given.items():
        value = getattr(layer, name)
        if name == "layers":
            texts.append(f"[{', '.join(map(spelled, value))}]")
        elif not np.array_equal(value, parameter.default):
            texts.append(f"{name}={value!r}")
    return f"{type(layer).__name__}({', '.join(texts)})"


class Draw:
    """Layers that fit on a shape, from a random generator."""

    def __init__(self, rng):
        self.rng = rng

    def whole(self, low, high):
        """An integer, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def one_of(self, *values):
        return values[self.whole(0, len(values) - 1)]

    def chance(self, share):
        return bool(self.rng.random() < share)

    def some(self, low, high):
        """A number for both axes, or one for each."""
        return (
            self.whole(low, high)
            if self.chance(0.5)
            else (self.whole(low, high), self.whole(low, high))
        )

    def activation(self):
        return self.one_of(None, "identity", *NAMES)

    def layer(self, shape, depth):
        """Any layer that fits on this shape, and gives no more than the largest number of values."""
        kinds = [*EVERYWHERE, *(IMAGES if len(shape) == 3 else ROWS)]
        for _ in range(100):
            layer = self.one_of(*kinds)(self, shape, depth)
            if layer is not None and fits(layer, shape):
                return layer
        return Activation(self.one_of(*NAMES))

    def several(self, shape, least, most, depth=0):
        """Layers one after the other."""
        drawn = []
        for _ in range(self.whole(least, most)):
            images = len(shape) == 3
            for layer in (
                pooled(self) if images and self.chance(0.1) else [self.layer(shape, depth)]
            ):
                if fits(layer, shape):
                    drawn.append(layer)
                    shape = layer.output_shape(shape)
        return drawn

    def keeping(self, shape, depth):
        """Layers that give the shape that they take."""
        drawn = []
        for _ in range(self.whole(0, 3)):
            layer = self.layer(shape, depth + 1)
            if layer.output_shape(shape) == shape:
                drawn.append(layer)
        if self.chance(0.8):
            drawn.insert(self.whole(0, len(drawn)), self.back(shape))
        return drawn

    def back(self, shape):
        """A layer with weights from a shape to itself."""
        if len(shape) == 1:
            return Dense(shape[0], self.activation())
        kernel = self.some(1, 3)
        groups = self.one_of(1, 1, shape[2])
        return Conv2D(shape[2], kernel, padding="same", groups=groups, activation=self.activation())


def fits(layer, shape):
    """Whether a layer can be put there, and stays small."""
    try:
        return np.prod(layer.output_shape(shape)) <= LARGEST
    except ValueError:
        return False


def spread_pixels(d, shape, depth):
    """A kernel of one pixel with strides, and so much padding that the image keeps its size."""
    strides = d.whole(1, 4), d.whole(1, 4)
    padding = tuple(-(-(n - 1) * (s - 1) // 2) for n, s in zip(shape[:2], strides, strict=True))
    return Conv2D(d.whole(1, 4), 1, strides=strides, padding=padding, activation=d.activation())


def divisors(n):
    return [k for k in range(1, n + 1) if n % k == 0]


def conv2d(d, shape, depth):
    if d.chance(0.1):
        return spread_pixels(d, shape, depth)
    c = shape[2]
    groups = d.one_of(1, 1, 1, c, *divisors(c))
    filters = groups * d.whole(1, 4) if d.chance(0.6) else groups * d.one_of(1, 1, 7, 17, 33)
    padding = d.one_of("same", "valid", d.some(0, 3), ((d.whole(0, 2), 1), (0, d.whole(0, 3))))
    return Conv2D(
        min(filters, 4 * groups) if filters > 40 else filters,
        d.some(1, 4),
        strides=d.one_of(1, d.some(1, 4)),
        padding=padding,
        dilation=d.one_of(1, 1, d.some(1, 3)),
        groups=groups,
        bias=d.chance(0.8),
        activation=d.activation(),
        trainable=d.chance(0.9),
    )


def conv_transpose2d(d, shape, depth):
    groups = d.one_of(1, 1, *divisors(shape[2]))
    kernel, strides = d.some(1, 4), d.some(1, 3)
    return ConvTranspose2D(
        groups * d.one_of(1, 2, 3),
        kernel,
        strides=strides,
        padding=d.whole(0, int(np.min(kernel)) - 1),
        output_padding=d.whole(0, int(np.min(strides)) - 1),
        groups=groups,
        bias=d.chance(0.8),
        activation=d.activation(),
        trainable=d.chance(0.9),
    )


def pool(kind):
    def draw(d, shape, depth):
        options = {"count_include_pad": d.chance(0.5)} if kind is AvgPool2D else {}
        return kind(
            d.some(1, 4),
            d.one_of(None, d.some(1, 4)),
            d.one_of("valid", "same", d.some(0, 2), ((d.whole(0, 2), 1), (0, d.whole(0, 2)))),
            ceil_mode=d.chance(0.3),
            **options,
        )

    return draw


def dense(d, shape, depth):
    return Dense(
        d.one_of(1, 2, 5, 9, 17, 33),
        d.activation(),
        parametrization=d.one_of("standard", "ntk"),
        lr_multiplier=d.one_of(1.0, 0.5),
        bias_lr_multiplier=d.one_of(1.0, 0.1),
    )


def batch_norm(d, shape, depth):
    options = {"scale": d.chance(0.7), "bias_lr_multiplier": d.one_of(1.0, 5.0)}
    return BatchNorm(d.one_of(0.1, 0.3, 1.0), d.one_of(1e-5, 0.1), **options)


def pooled(d):
    """Max pooling right after what training puts behind it; by chance alone they seldom meet."""
    return [d.one_of(batch_norm(d, (), 0), Activation("relu")), MaxPool2D(d.some(1, 3))]


def piecewise(d, shape, depth):
    edges = np.sort(d.rng.uniform(-2, 2, (d.whole(1, 4) + 1, shape[0])), axis=0).round(3)
    if (np.diff(edges, axis=0) < 0.01).any():
        return None
    return PiecewiseLinearEmbedding(edges.tolist(), d.whole(1, 3), lr_multiplier=d.one_of(1.0, 0.1))


def category(d, shape, depth):
    return CategoryEmbedding([d.whole(1, 4) for _ in range(shape[0])], d.one_of(1, 3, 8, 17))


def columns(d, shape, depth):
    if depth > 1:
        return None
    cuts = sorted({d.whole(1, shape[0]) for _ in range(2)} | {shape[0]})
    widths = np.diff([0, *cuts]).tolist()
    parts = [None if d.chance(0.3) else d.layer((width,), depth + 1) for width in widths]
    return Columns(parts, widths)


def residual(d, shape, depth):
    return None if depth > 1 else Residual(d.keeping(shape, depth))


def transposed(d, shape, depth):
    h, w, c = shape
    return None if depth > 1 else Transposed(d.keeping((1, c, h * w), depth))


EVERYWHERE = [
    dense,
    residual,
    batch_norm,
    lambda d, shape, depth: Activation(d.one_of(*NAMES)),
    lambda d, shape, depth: Activation(
        d.one_of("leaky_relu", "elu"), d.one_of(None, 0.0, 0.3, 2.0)
    ),
    lambda d, shape, depth: LayerNorm(d.one_of(1e-5, 0.1)),
    lambda d, shape, depth: GroupNorm(d.one_of(*divisors(shape[-1])), d.one_of(1e-5, 0.1)),
    lambda d, shape, depth: Scale(d.one_of(1.0, 6.0, 0.0), d.one_of(1.0, 0.5)),
    lambda d, shape, depth: ParametricActivation(d.one_of(*NAMES), d.one_of(1.0, 0.1)),
    lambda d, shape, depth: Dropout(d.one_of(0.0, 0.2, 0.5)),
]
IMAGES = [
    *[conv2d] * 8,
    conv_transpose2d,
    *[pool(MaxPool2D)] * 2,
    *[pool(AvgPool2D)] * 2,
    residual,
    transposed,
    transposed,
    lambda d, shape, depth: SpatialDropout(d.one_of(0.0, 0.2, 0.5)),
    lambda d, shape, depth: Flatten() if depth == 0 and d.chance(0.5) else None,
    lambda d, shape, depth: GlobalAvgPool2D() if depth == 0 and d.chance(0.3) else None,
    lambda d, shape, depth: GlobalMaxPool2D() if depth == 0 and d.chance(0.3) else None,
]
ROWS = [
    *[dense] * 2,
    columns,
    columns,
    piecewise,
    category,
    lambda d, shape, depth: PeriodicEmbedding(d.whole(1, 4), d.whole(1, 3), d.one_of(0.1, 1.0)),
]


def draw(seed):
    """The case of a seed."""
    d = Draw(np.random.default_rng(seed))
    shape = (d.whole(1, 9), d.whole(1, 9), d.whole(1, 5)) if d.chance(0.65) else (d.whole(1, 20),)
    drawn = d.several(shape, 1, 8)
    starts = [layer for layer in drawn if not isinstance(layer, Dropout)]
    on_rows = len(shape) == 1 and starts and isinstance(starts[0], Dense)
    dropouts = len(drawn) - len(starts) if not starts else drawn.index(starts[0])
    return Case(
        drawn,
        shape,
        n=d.whole(1, 9),
        loss=d.one_of(*LOSSES.values()),
        activation=d.one_of(*NAMES),
        optimizer=d.one_of(*OPTIMIZERS),
        weighted=d.chance(0.5),
        alpha=d.one_of(0.0, 0.3),
        clip_norm=d.one_of(0.0, 0.0, 0.1),
        sparse=bool(on_rows and dropouts <= 1 and d.chance(0.5)),
        seed=seed,
    )
