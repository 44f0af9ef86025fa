"""What all layers share."""

from numbers import Integral

from sklearn.utils._param_validation import Interval, StrOptions

from sknn._ranges import MAX_COUNT, MAX_WIDTH, WIDTH, ParametersInRange

ACTIVATIONS = (
    *("identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "selu"),
    *("gelu", "gelu_tanh", "silu", "mish", "softplus"),
)
#: of those that have one
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
            Shape of one sample: (n,) for a row of values, (h, w, c) for an image.

        Returns
        -------
        shape : tuple of int
            Shape of what the layer makes of it.

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
        """The same with parameters that are valid."""
        return input_shape

    #: whether each step of training does something else, by chance or by the batch
    _depends_on_step = False

    def _on_larger_image(self, shape, image):
        """The layer that does at every place of a larger image what this one does to images of `shape`.

        `image` is the shape before it was flattened. None: there is nothing left to do. Raises ValueError
        where there is no such layer.
        """
        raise ValueError("it cannot be moved over a larger image.")

    def lower(self, plan, source):
        """Add the ops of the layer to a plan for the engine.

        Parameters
        ----------
        plan : Plan
            Buffers, parameters and ops so far.
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
    """Raise where there are more values than a layer may have; before anything is allocated."""
    if size_of(shape) > MAX_COUNT:
        raise ValueError(
            f"{what} of shape {tuple(shape)} has {size_of(shape):,} values, more than the {MAX_COUNT:,} "
            "that a layer may have."
        )
