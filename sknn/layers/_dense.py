"""Dense layer."""

from math import sqrt

from sklearn.utils._param_validation import StrOptions

from sknn._ranges import NOT_NEGATIVE, WIDTH
from sknn._types import ActivationName, Parametrization
from sknn.layers._activation import Activation
from sknn.layers._conv import Conv2D
from sknn.layers._layer import ACTIVATION, Layer, check_size, size_of


class Dense(Layer):
    """Fully connected layer: ``y = x W + b``.

    The shapes are x (n, n_in), W (n_in, n_out) and b (n_out,). The gradients are ``dx = dy Wᵀ``,
    ``dW = xᵀ dy`` and ``db = Σ dy`` over the samples. Images (h, w, c) are flattened to h · w · c values.

    Parameters
    ----------
    units : int
        Number of outputs n_out.
    activation : str or None, default=None
        Activation of the output. None means that of the network, "identity" none.
    parametrization : {"standard", "ntk"}, default="standard"
        "ntk" trains the layer as ``y = x V / √n_in + b`` with V of unit scale. Here W is V / √n_in: its initial
        values are N(0, 1) / √n_in and its learning rate is divided by √n_in, but not its decoupled weight decay;
        biases begin at 0. This is exact for optimizers whose steps do not depend on the scale of the gradient
        (Adam and its variants, with negligible ε). Plain SGD on V would divide the learning rate by n_in.
    lr_multiplier, bias_lr_multiplier : float, default=1.0
        Learning-rate multipliers of W and of b, >= 0.

    See Also
    --------
    Conv2D : Convolution.

    References
    ----------
    A. Jacot, F. Gabriel & C. Hongler, Neural tangent kernel, NeurIPS 2018 (arXiv 1806.07572). For tabular data: D.
    Holzmüller, L. Grinsztajn & I. Steinwart, NeurIPS 2024 (arXiv 2407.04491).

    Examples
    --------
    >>> from sknn.layers import Dense
    >>> Dense(10)
    Dense(units=10)
    """

    _parameter_constraints = {
        "units": WIDTH,
        "activation": [*ACTIVATION, None],
        "parametrization": [StrOptions({"standard", "ntk"})],
        "lr_multiplier": NOT_NEGATIVE,
        "bias_lr_multiplier": NOT_NEGATIVE,
    }

    def __init__(
        self,
        units: int,
        activation: ActivationName | None = None,
        parametrization: Parametrization = "standard",
        lr_multiplier: float = 1.0,
        bias_lr_multiplier: float = 1.0,
    ) -> None:
        self.units = units
        self.activation = activation
        self.parametrization = parametrization
        self.lr_multiplier = lr_multiplier
        self.bias_lr_multiplier = bias_lr_multiplier

    def _shape(self, input_shape):
        units = int(self.units)
        check_size(f"units={units}: weights", (size_of(input_shape), units))
        return (units,)

    def _scaling(self, n_in):
        """Initialization, learning-rate and decay multipliers of W."""
        rate = float(self.lr_multiplier)
        if self.parametrization == "standard":
            return {"rule": "glorot", "rate_factor": rate, "decay_factor": rate}
        return {"rule": "ntk", "rate_factor": rate / sqrt(n_in), "decay_factor": rate}

    def _on_larger_image(self, shape, image):
        return Conv2D(self.units, image[:2], activation=self.activation)

    def lower(self, plan, source):
        activation = self.activation or plan.activation
        shape = self.output_shape(plan.shapes[source])
        target = plan.new_buffer(shape)
        n_in = size_of(plan.shapes[source])
        parameter = plan.new_parameter(
            source,
            (n_in, *shape),
            activation=activation,
            bias_rate_factor=float(self.bias_lr_multiplier),
            **self._scaling(n_in),
        )
        plan.add("dense", source, target, parameter=parameter)
        return Activation(activation).lower(plan, target)
