"""Layers with one factor for each channel."""

from functools import partial
from numbers import Real

from sklearn.utils._param_validation import Interval

from sknn._ranges import MAX_FLOAT, NOT_NEGATIVE
from sknn.initializers import constant
from sknn.layers._layer import ACTIVATION, ALPHAS, Layer
from sknn.plan import Geometry


class _Channels(Layer):
    """What has one weight for each channel."""

    #: the weights to begin with
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
    """A factor for each channel: ``y = s ⊙ x``.

    A channel is a value of a row (n,), or of a pixel of an image (h, w, n). The factors, of shape (1, n), decay as
    weights do; ``ds = Σ dy x`` over the rows and places. Before a dense layer it says which inputs matter: with Adam
    a factor moves all weights of an input together.

    Parameters
    ----------
    lr_multiplier : float, default=1.0
        Factor of the learning rate for s, >= 0; RealMLP takes 6. 0 keeps the factors as they are.
    initial : float, default=1.0
        Every factor to begin with.

    See Also
    --------
    ParametricActivation : A learned fraction of an activation for each channel.
    BatchNorm : Factors after a normalization.

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

    def __init__(self, lr_multiplier=1.0, initial=1.0):
        self.lr_multiplier = lr_multiplier
        self.initial = initial

    def lower(self, plan, source):
        return self._add(plan, "scale", source)


class ParametricActivation(_Channels):
    """An activation f of which each channel takes a share: ``y = x + α (f(x) − x)``.

    A channel is a value of a row (n,), or of a pixel of an image (h, w, n). The shares α, of shape (1, n), begin
    at 1, where the layer is f itself, and decay as weights do, towards the identity;
    ``dα = Σ dy (f(x) − x)`` over the rows and places.

    Parameters
    ----------
    name : {"identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", \
"gelu_tanh", "silu", "mish", "softplus"}
        Which function f.
    lr_multiplier : float, default=1.0
        Factor of the learning rate for α, >= 0; RealMLP takes 0.1.

    See Also
    --------
    Activation : The function itself.
    Scale : A factor for each channel.

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

    def __init__(self, name, lr_multiplier=1.0):
        self.name = name
        self.lr_multiplier = lr_multiplier

    def lower(self, plan, source):
        self.output_shape(plan.shapes[source])
        options = {"activation": self.name, "alpha": ALPHAS.get(self.name, 0.0)}
        return self._add(plan, "parametric", source, **options)
