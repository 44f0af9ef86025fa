"""Base class of the layers."""

from numbers import Integral

from sklearn.utils._param_validation import Interval, StrOptions

from sknn._ranges import MAX_COUNT, MAX_WIDTH, WIDTH, ParametersInRange

ACTIVATIONS = (
    *("identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "selu"),
    *("gelu", "gelu_tanh", "silu", "mish", "softplus"),
)
#: default alpha of the activations that have one
ALPHAS = {"leaky_relu": 0.01, "elu": 1.0}
PAIR = [*WIDTH, "array-like"]
PADDING = [
    StrOptions({"valid", "same"}),
    Interval(Integral, 0, MAX_WIDTH, closed="both"),
    "array-like",
]
ACTIVATION = [StrOptions(set(ACTIVATIONS))]


class Layer(ParametersInRange):
    """A description of a layer: shapes for the network, ops for the engine."""

    def output_shape(self, input_shape):
        """Compute the shape of the output; validates the parameters.

        Parameters
        ----------
        input_shape : tuple of int
            Shape of one sample: (n,) for a vector, (h, w, c) for an image.

        Returns
        -------
        shape : tuple of int
            Shape of the output for one sample.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or the layer does not fit on this input.
        """
        self._validate_params()
        shape = self._shape(tuple(input_shape))
        check_size("output", shape)
        return shape

    def _shape(self, input_shape):
        """The same, for valid parameters."""
        return input_shape

    @property
    def _name(self):
        """What a summary calls the layer."""
        return type(self).__name__

    #: whether training differs from step to step: random, or dependent on the batch
    _depends_on_step = False

    def _on_larger_image(self, shape, image):
        """The layer that applies this one, made for images of `shape`, at every position of a larger image.

        `image` is the shape before flattening. None means the identity. Raises ValueError if there is no such
        layer.
        """
        raise ValueError("it cannot be moved over a larger image.")

    def lower(self, plan, source):
        """Add the ops of the layer to a plan for the engine.

        Parameters
        ----------
        plan : Plan
            Buffers, parameters and ops of the layers before.
        source : int
            Number of the buffer that holds the input.

        Returns
        -------
        target : int
            Number of the buffer that holds the output.
        """
        raise TypeError(f"{type(self).__name__} does not say its ops")


def size_of(shape):
    """Number of values."""
    size = 1
    for n in shape:
        size *= n
    return size


def check_size(what, shape):
    """Raise if an array would be larger than allowed, before it is allocated."""
    if size_of(shape) > MAX_COUNT:
        raise ValueError(
            f"{what} of shape {tuple(shape)} has {size_of(shape):,} values, more than the {MAX_COUNT:,} "
            "that a layer may have."
        )
