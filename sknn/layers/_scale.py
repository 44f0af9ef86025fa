"""Layers with one weight per channel."""

from functools import partial
from numbers import Real

from sklearn.utils._param_validation import Interval

from sknn._ranges import MAX_FLOAT, NOT_NEGATIVE
from sknn._types import ActivationName
from sknn.initializers import constant
from sknn.layers._layer import ACTIVATION, ALPHAS, Layer
from sknn.plan import Geometry


class _Channels(Layer):
    """Base of the layers with one weight per channel."""

    #: initial weights
    initial = 1.0

    def _add(self, plan, kind, source, **options):
        shape, rate = self.output_shape(plan.shapes[source]), float(self.lr_multiplier)
        target = plan.new_stage(source)
        parameter = plan.new_parameter(
            source,
            (1, shape[-1]),
            rule=partial(constant, value=float(self.initial)),
            trained=rate > 0,
            decays=rate > 0,
            biased=False,
            rate_factor=rate,
            decay_factor=rate,
        )
        geometry = Geometry.of_channels(shape)
        plan.add(kind, source, target, parameter=parameter, geometry=geometry, **options)
        return target


class Scale(_Channels):
    """Learned scale of each channel: ``y = s ⊙ x``.

    Channels are the features of a vector (n,) or the last axis of an image (h, w, n). The factors s have the shape
    (1, n) and decay like weights; ``ds = Σ dy x`` over samples and spatial positions. Before a dense layer this
    learns the importance of the inputs: with Adam, a factor moves all weights of an input together.

    Parameters
    ----------
    lr_multiplier : float, default=1.0
        Learning-rate multiplier of s, >= 0; 0 keeps the factors constant. RealMLP uses 6.
    initial : float, default=1.0
        Initial value of the factors.

    See Also
    --------
    ParametricActivation : Activation with a learned weight for each channel.
    BatchNorm : Normalization, then a scale.

    References
    ----------
    D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default: strong pre-tuned MLPs and boosted trees on
    tabular data, NeurIPS 2024 (arXiv 2407.04491).

    Examples
    --------
    >>> from sknn.layers import Scale
    >>> Scale(lr_multiplier=6)
    Scale(lr_multiplier=6)
    """

    _parameter_constraints = {
        "lr_multiplier": NOT_NEGATIVE,
        "initial": [Interval(Real, -MAX_FLOAT, MAX_FLOAT, closed="both")],
    }

    def __init__(self, lr_multiplier: float = 1.0, initial: float = 1.0) -> None:
        self.lr_multiplier = lr_multiplier
        self.initial = initial

    def lower(self, plan, source):
        return self._add(plan, "scale", source)


class ParametricActivation(_Channels):
    """Parametric activation: ``y = x + α (f(x) − x)`` with a learned α for each channel.

    Channels are the features of a vector (n,) or the last axis of an image (h, w, n). The weights α have the shape
    (1, n). They begin at 1, where the layer equals the activation f, and decay like weights, towards the identity;
    ``dα = Σ dy (f(x) − x)`` over samples and spatial positions.

    Parameters
    ----------
    name : {"identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", \
"gelu_tanh", "silu", "mish", "softplus"}
        Name of the activation f.
    lr_multiplier : float, default=1.0
        Learning-rate multiplier of α, >= 0. RealMLP uses 0.1.

    See Also
    --------
    Activation : Activation without weights.
    Scale : Learned scale of each channel.

    References
    ----------
    D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default: strong pre-tuned MLPs and boosted trees on
    tabular data, NeurIPS 2024 (arXiv 2407.04491).

    Examples
    --------
    >>> from sknn.layers import ParametricActivation
    >>> ParametricActivation("mish")
    ParametricActivation(name='mish')
    """

    _parameter_constraints = {"name": ACTIVATION, "lr_multiplier": NOT_NEGATIVE}

    def __init__(self, name: ActivationName, lr_multiplier: float = 1.0) -> None:
        self.name = name
        self.lr_multiplier = lr_multiplier

    def lower(self, plan, source):
        self.output_shape(plan.shapes[source])
        options = {"activation": self.name, "alpha": ALPHAS.get(self.name, 0.0)}
        return self._add(plan, "parametric", source, **options)
