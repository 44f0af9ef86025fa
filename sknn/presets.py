"""Presets: architectures for ``CNNClassifier(layers=...)``.

`ConvNet` is described by a few plain parameters. The others are functions that return a new list of
hidden layers; the docstring of each says how to train it.
"""

from collections.abc import Sequence
from numbers import Integral, Real

from sklearn.utils._param_validation import Interval, StrOptions

from sknn._ranges import MAX_WIDTH, SIZES, ParametersInRange
from sknn._types import ActivationName, Padding, Pair, Sizes
from sknn.layers import (
    Activation,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalMaxPool2D,
    MaxPool2D,
    Scale,
)
from sknn.layers._layer import PAIR, Layer
from sknn.layers._shapes import pair
from sknn.network.parsing import parse_dropout, parse_hidden_layer_sizes


class ConvNet(ParametersInRange):
    """A plain convolutional network: convolutions with max pooling, then dense layers.

    Every convolution is followed by batch normalization (where asked for), the activation of the
    estimator and max pooling. It is what ``CNNClassifier()`` takes, and fits images of any size: kernels
    and pooling windows are clipped to what reaches them. Its parameters can be searched:
    ``GridSearchCV(CNNClassifier(ConvNet()), {"layers__dropout": [0, 0.5]})``.

    Parameters
    ----------
    filters : int, tuple of int or str, default=(32, 64)
        Filters of each convolution; ``"64x3"`` is three convolutions of 64.
    kernel_size : int or (int, int), default=3
        Height and width of the kernels.
    pool_size : int or (int, int), default=2
        Window of the max pooling after each convolution; 1 for none.
    padding : {"same", "valid"}, int or (int, int), default="same"
        Zeros around the input of each convolution: as many as keep its size, none, or that many.
    batch_norm : bool, default=False
        Whether batch normalization follows each convolution.
    hidden_layer_sizes : int, tuple of int or str, default=(128,)
        Units of the dense layers after the convolutions; ``()`` for none.
    dropout : float or sequence of float, default=0.0
        Probability with which each unit of the dense hidden layers is zero in training; or one number
        for what reaches them and one for each of them. Not for ``solver="lbfgs"``, nor is batch
        normalization.

    See Also
    --------
    sknn.CNNClassifier : Takes it as `layers`.
    LeNet5 : A list of layers.

    Examples
    --------
    >>> from sknn import CNNClassifier
    >>> from sknn.presets import ConvNet
    >>> net = CNNClassifier(ConvNet(filters=(16, 32), batch_norm=True))
    >>> net.set_params(layers__dropout=0.5).layers.dropout
    0.5
    >>> ConvNet(filters=8, hidden_layer_sizes=()).hidden_layers((28, 28, 1))
    [Conv2D(filters=8, kernel_size=(3, 3), padding='same'), MaxPool2D(pool_size=(2, 2))]
    """

    _parameter_constraints = {
        "filters": SIZES,
        "kernel_size": PAIR,
        "pool_size": PAIR,
        "padding": [
            StrOptions({"same", "valid"}),
            Interval(Integral, 0, MAX_WIDTH, closed="both"),
            "array-like",
        ],
        "batch_norm": ["boolean"],
        "hidden_layer_sizes": SIZES,
        "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
    }

    def __init__(
        self,
        filters: Sizes = (32, 64),
        kernel_size: Pair = 3,
        pool_size: Pair = 2,
        padding: Padding = "same",
        batch_norm: bool = False,
        hidden_layer_sizes: Sizes = (128,),
        dropout: float | Sequence[float] = 0.0,
    ) -> None:
        self.filters = filters
        self.kernel_size = kernel_size
        self.pool_size = pool_size
        self.padding = padding
        self.batch_norm = batch_norm
        self.hidden_layer_sizes = hidden_layer_sizes
        self.dropout = dropout

    def hidden_layers(
        self, image_shape: Sequence[int], activation: ActivationName = "relu"
    ) -> list[Layer]:
        """Give the layers for images of a shape.

        Parameters
        ----------
        image_shape : (h, w, c)
            Shape of the images.
        activation : str, default="relu"
            What follows batch normalization.

        Returns
        -------
        layers : list
            The output layer is not among them.
        """
        self._validate_params()
        kernel_size = pair(self.kernel_size, "kernel_size")
        pool_size = pair(self.pool_size, "pool_size")
        padding = _parse_padding(self.padding)
        layers: list[Layer] = []
        shape = tuple(image_shape)

        def add(layer):
            layers.append(layer)
            return layer.output_shape(shape)

        for filters in parse_hidden_layer_sizes(self.filters, "filters"):
            kernel = _clipped_kernel(kernel_size, padding, shape)
            if self.batch_norm:
                conv = Conv2D(filters, kernel, padding=padding, bias=False, activation="identity")
                shape = add(conv)
                shape = add(BatchNorm())
                shape = add(Activation(activation))
            else:
                shape = add(Conv2D(filters, kernel, padding=padding))
            pool = min(pool_size[0], shape[0]), min(pool_size[1], shape[1])
            if pool != (1, 1):
                shape = add(MaxPool2D(pool))
        return layers + self._dense_layers()

    def _dense_layers(self):
        """Dense layers with dropout between them."""
        sizes = parse_hidden_layer_sizes(self.hidden_layer_sizes)
        input_rate, *rates = parse_dropout(self.dropout, len(sizes))
        layers = [Dropout(input_rate)] if input_rate else []
        for units, rate in zip(sizes, rates, strict=True):
            layers += [Dense(units), Dropout(rate)] if rate else [Dense(units)]
        return layers


def _parse_padding(value):
    """ "same", "valid", or an int or a pair of ints >= 0 as a pair."""
    return value if isinstance(value, str) else pair(value, "padding", least=0)


def _clipped_kernel(kernel_size, padding, shape):
    """A kernel no larger than what it can see of its input."""
    if padding == "same":
        most = 2 * shape[0] - 1, 2 * shape[1] - 1
    elif padding == "valid":
        most = shape[:2]
    else:
        most = shape[0] + 2 * padding[0], shape[1] + 2 * padding[1]
    return min(kernel_size[0], most[0]), min(kernel_size[1], most[1])


def LeNet5() -> list[Layer]:
    """LeNet-5 for small gray images, with ReLU and max pooling as it is built today.

    6 kernels of 5 x 5 (padded), pool 2, 16 kernels of 5 x 5, pool 2, dense 120 and 84: 61,706 parameters
    with ten classes and 28 x 28 pixels.

    Returns
    -------
    layers : list
        Hidden layers. Recommended: ``CNNClassifier(layers=LeNet5(), max_iter=20, batch_size=128,
        alpha=0.03)``.

    References
    ----------
    Y. LeCun et al., Gradient-based learning applied to document recognition, Proc. IEEE 86 (1998).

    Examples
    --------
    >>> from sknn.presets import LeNet5
    >>> len(LeNet5())
    7
    """
    return [
        Conv2D(6, 5, padding="same"),
        MaxPool2D(2),
        Conv2D(16, 5),
        MaxPool2D(2),
        Flatten(),
        Dense(120),
        Dense(84),
    ]


def SimpleCNN() -> list[Layer]:
    """Three convolutions of 32, 64 and 64 kernels and a dense layer of 64: the CIFAR-10 tutorial's.

    Returns
    -------
    layers : list
        Hidden layers. Recommended: ``CNNClassifier(layers=SimpleCNN(), max_iter=10, batch_size=128,
        alpha=0.06)``.

    Examples
    --------
    >>> from sknn.presets import SimpleCNN
    >>> SimpleCNN()[0].filters
    32
    """
    return [
        Conv2D(32, 3),
        MaxPool2D(2),
        Conv2D(64, 3),
        MaxPool2D(2),
        Conv2D(64, 3),
        Flatten(),
        Dense(64),
    ]


def StrongCNN(width: float = 1.0, channels: int = 3) -> list[Layer]:
    """A strong network for the time it takes, for images of about 32 x 32 pixels.

    A 2 x 2 convolution, then three stages of two 3 x 3 convolutions with batch normalization and GELU,
    the first of each followed by max pooling; at the end the largest value of each channel, divided by
    nine. The first layer whitens: fixed kernels for the directions of a 2 x 2 patch, four for each
    channel, and their negatives. The others begin as the identity. The factors of the normalizations are
    fixed.

    Parameters
    ----------
    width : float, default=1.0
        Factor of the stages' channels, 64, 256 and 256. Work grows with its square.
    channels : int, default=3
        Of the images: 3 for color, 1 for gray.

    Returns
    -------
    layers : list
        Hidden layers. Recommended for color: ``CNNClassifier(layers=StrongCNN(0.75),
        solver=Muon(momentum=0.6, n_iterations=3, weight_decay=0.15), learning_rate_init=0.04, alpha=0,
        batch_size=500, max_iter=10, learning_rate=OneCycle(peak_at=0.23, start=0.2, final=0),
        label_smoothing=0.2, test_time_augmentation=True,
        augmentation=Augmentation(horizontal_flip="alternate", shift=2, padding_mode="reflect"))``. With
        ``dtype="mixed_bfloat16"``, on processors with AVX512_BF16, an epoch takes less time;
        ``benchmarks/images_accuracy.py`` trains for 18 then.

    References
    ----------
    K. Jordan, 94% on CIFAR-10 in 3.29 seconds on a single GPU, arXiv 2404.00498.

    Examples
    --------
    >>> from sknn.presets import StrongCNN
    >>> [layer.filters for layer in StrongCNN(0.25) if hasattr(layer, "filters")]
    [24, 16, 16, 64, 64, 64, 64]
    """
    whitening = Conv2D(
        8 * channels, 2, bias=False, activation="gelu", trainable=False, init="whitening"
    )
    layers = [whitening]
    for filters in (64, 256, 256):
        filters = max(1, round(width * filters))
        layers += [
            *_convolution(filters, MaxPool2D(2)),
            *_convolution(filters),
        ]
    return [*layers, GlobalMaxPool2D(), Scale(lr_multiplier=0, initial=1 / 9)]


def _convolution(filters, *pooling):
    """Normalized, so without biases of its own."""
    return [
        Conv2D(filters, 3, padding="same", bias=False, activation="identity", init="dirac"),
        *pooling,
        BatchNorm(momentum=0.4, scale=False),
        Activation("gelu"),
    ]
