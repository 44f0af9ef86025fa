"""Parameters of the convolutional networks: ranges and documentation."""

from numbers import Integral

from sklearn.utils._param_validation import Interval, StrOptions

from sknn._ranges import MAX_WIDTH
from sknn.estimators._image_parameters import IMAGE_CONSTRAINTS, IMAGE_TEXTS
from sknn.estimators._parameters import SIZES
from sknn.layers._layer import PAIR

CNN_CONSTRAINTS = {
    **IMAGE_CONSTRAINTS,
    "layers": [list, tuple, None],
    "conv_layer_sizes": SIZES,
    "kernel_size": PAIR,
    "pool_size": PAIR,
    "padding": [
        StrOptions({"same", "valid"}),
        Interval(Integral, 0, MAX_WIDTH, closed="both"),
        "array-like",
    ],
    "batch_norm": ["boolean"],
    "hidden_layer_sizes": SIZES,
}

ARCHITECTURE = """layers : list of layers or None, default={layers}
        The hidden layers, from :mod:`sknn.layers` or a preset of :mod:`sknn.presets`; a linear output
        layer is appended, nothing else is added. Their parameters are searched as
        ``layers__0__filters``. None for the network that the parameters down to `dropout` describe,
        which have no meaning otherwise.
    conv_layer_sizes : int, tuple of int or str, default={conv_layer_sizes}
        Filters of each convolution; ``"64x3"`` is three of 64.
    kernel_size : int or (int, int), default={kernel_size}
        Height and width of their kernels, clipped to what reaches them.
    pool_size : int or (int, int), default={pool_size}
        Window of the max pooling behind each convolution, clipped likewise; 1 for none.
    padding : {"same", "valid"}, int or (int, int), default={padding}
        Zeros around the input of each convolution: as many as keep its size, none, or that many.
    batch_norm : bool, default={batch_norm}
        Whether to normalise behind each convolution over the batch.
    hidden_layer_sizes : int, tuple of int or str, default={hidden_layer_sizes}
        Units of the dense layers behind the convolutions; ``()`` for none.
    dropout : float or sequence of float, default={dropout}
        Probability with which each unit of the dense hidden layers is zero in training; or one number
        for what reaches them and one for each of them. Every sample of every epoch has masks of its
        own. Not for "lbfgs", nor are `clip_norm`, `warmup`, `augmentation` and batch normalisation.
    activation : str, default={activation}
        Function of all layers of `layers` that name none, and of all hidden layers without `layers`:
        "identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh",
        "silu", "mish" or "softplus"."""

BATCH_NORM_ATTRIBUTES = """
    batch_means_, batch_variances_ : list of ndarray of shape (c,)
        Running statistics of each layer of batch normalization."""

TEXTS = {
    "architecture": ARCHITECTURE,
    **IMAGE_TEXTS,
    "attributes": IMAGE_TEXTS["attributes"] + BATCH_NORM_ATTRIBUTES,
}
