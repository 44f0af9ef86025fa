"""Networks that have a name, as lists of hidden layers for ``CNNClassifier(layers=...)``.

Each is a function that returns a new list; what it is best trained with stands in its docstring.
"""

from sknn.layers import (
    Activation,
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalMaxPool2D,
    MaxPool2D,
    Scale,
)


def LeNet5():
    """LeNet-5 for small grey images, with ReLU and max pooling as it is built today.

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


def SimpleCNN():
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


def StrongCNN(width=1.0, channels=3):
    """A strong network for the time it takes, for images of about 32 x 32 pixels.

    A 2 x 2 convolution, then three stages of two 3 x 3 convolutions with batch normalisation and GELU,
    the first of each followed by max pooling; at the end the largest value of each channel, divided by
    nine. The first layer whitens: fixed kernels for the directions of a 2 x 2 patch, four for each
    channel, and their negatives. The others begin as the identity. The factors of the normalisations are
    fixed.

    Parameters
    ----------
    width : float, default=1.0
        Factor of the stages' channels, 64, 256 and 256. Work grows with its square.
    channels : int, default=3
        Of the images: 3 for colour, 1 for grey.

    Returns
    -------
    layers : list
        Hidden layers. Recommended for colour: ``CNNClassifier(layers=StrongCNN(0.75),
        solver=Muon(momentum=0.6, n_iterations=3, weight_decay=0.15), learning_rate_init=0.04, alpha=0,
        batch_size=500, max_iter=10, learning_rate=OneCycle(peak_at=0.23, start=0.2, final=0),
        label_smoothing=0.2, test_time_augmentation=True,
        augmentation=Augmentation(horizontal_flip="alternate", shift=2, padding_mode="reflect"))``.

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
    """Normalised, so without biases of its own."""
    return [
        Conv2D(filters, 3, padding="same", bias=False, activation="identity", init="dirac"),
        *pooling,
        BatchNorm(momentum=0.4, scale=False),
        Activation("gelu"),
    ]
