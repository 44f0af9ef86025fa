"""Normalization layers."""

from dataclasses import replace
from numbers import Real

from sklearn.utils._param_validation import Interval

from sknn._ranges import NOT_NEGATIVE, POSITIVE, WIDTH
from sknn.layers._layer import Layer
from sknn.plan import Geometry


class _Norm(Layer):
    """``y = γ (x − mean) / √(var + ε) + β`` with γ and β for each channel."""

    _kind: str

    def _add(self, plan, source, momentum=0.0, geometry=None, **options):
        shape = self.output_shape(plan.shapes[source])
        target = plan.new_stage(source)
        parameter = plan.new_parameter(source, shape[-1:], rule="norm", decays=False, **options)
        plan.add(
            self._kind,
            source,
            target,
            parameter=parameter,
            epsilon=float(self.epsilon),
            momentum=momentum,
            geometry=geometry or Geometry.of_channels(shape),
        )
        return target

    def _on_larger_image(self, shape, image):
        if len(shape) == 1 and image[:2] != (1, 1):
            raise ValueError(
                "it normalizes each position separately and cannot be moved over a larger image."
            )
        return self


class BatchNorm(_Norm):
    """Normalize each channel over the samples (and pixels) of the mini-batch.

    ``y = γ (x − μ) / √(σ² + ε) + β``. In training μ and σ² are mean and (biased) variance over the whole batch,
    weighted by the sample weights: a sample of weight 2 counts twice, in the gradients too. Prediction uses running
    statistics, ``m ← m + momentum · (n / batch_size) · (μ − m)`` for a batch of n samples, with the unbiased
    variance. For full batches this is PyTorch's rule; a smaller last batch counts less. A batch with a single value
    per channel has no variance: its output is β and the running variance stays.

    Parameters
    ----------
    momentum : float, default=0.1
        Weight of the latest full batch in the running statistics, in (0, 1].
    epsilon : float, default=1e-5
        Added to the variance, > 0.
    scale : bool, default=True
        Whether to train γ; without, γ stays 1.
    bias_lr_multiplier : float, default=1.0
        Learning-rate multiplier of β, >= 0; 0 keeps β at 0.

    See Also
    --------
    LayerNorm : Normalizes each sample separately.

    References
    ----------
    S. Ioffe & C. Szegedy, Batch normalization, ICML 2015 (arXiv 1502.03167).

    Examples
    --------
    >>> from sknn.layers import BatchNorm
    >>> BatchNorm().output_shape((8, 8, 32))
    (8, 8, 32)
    """

    _kind = "batch_norm"
    _depends_on_step = True
    _parameter_constraints = {
        "momentum": [Interval(Real, 0, 1, closed="right")],
        "epsilon": POSITIVE,
        "scale": ["boolean"],
        "bias_lr_multiplier": NOT_NEGATIVE,
    }

    def __init__(
        self,
        momentum: float = 0.1,
        epsilon: float = 1e-5,
        scale: bool = True,
        bias_lr_multiplier: float = 1.0,
    ) -> None:
        self.momentum = momentum
        self.epsilon = epsilon
        self.scale = scale
        self.bias_lr_multiplier = bias_lr_multiplier

    def lower(self, plan, source):
        self._validate_params()
        options = {"trained": bool(self.scale), "bias_rate_factor": float(self.bias_lr_multiplier)}
        return self._add(plan, source, float(self.momentum), **options)


class LayerNorm(_Norm):
    """Normalize the channels of each sample (of an image, at each spatial position).

    ``y = γ (x − μ) / √(σ² + ε) + β`` with mean μ and variance σ² over the last axis.

    Parameters
    ----------
    epsilon : float, default=1e-5
        Added to the variance, > 0.

    See Also
    --------
    BatchNorm : Normalizes each channel over the mini-batch.
    GroupNorm : Normalizes groups of channels over all pixels of an image.

    References
    ----------
    J. Ba, J. Kiros & G. Hinton, Layer normalization, 2016 (arXiv 1607.06450).

    Examples
    --------
    >>> from sknn.layers import LayerNorm
    >>> LayerNorm().output_shape((64,))
    (64,)
    """

    _kind = "layer_norm"
    _parameter_constraints = {"epsilon": POSITIVE}

    def __init__(self, epsilon: float = 1e-5) -> None:
        self.epsilon = epsilon

    def lower(self, plan, source):
        return self._add(plan, source)


class GroupNorm(_Norm):
    """Normalize groups of neighboring channels over all pixels of each image.

    ``y = γ (x − μ) / √(σ² + ε) + β`` with mean μ and variance σ² over the c / groups channels of a group at all
    pixels. γ and β have one value per channel. Training and prediction compute the same, for any size of the
    mini-batch.

    Parameters
    ----------
    groups : int
        Number of groups, a divisor of the number of channels. 1 normalizes the whole image at once; the number
        of channels normalizes each channel separately (instance normalization).
    epsilon : float, default=1e-5
        Added to the variance, > 0.

    See Also
    --------
    LayerNorm : Normalizes the channels of each pixel.
    BatchNorm : Normalizes each channel over the mini-batch.

    References
    ----------
    Y. Wu & K. He, Group normalization, ECCV 2018 (arXiv 1803.08494).

    Examples
    --------
    >>> from sknn.layers import GroupNorm
    >>> GroupNorm(4).output_shape((8, 8, 32))
    (8, 8, 32)
    """

    _kind = "group_norm"
    _parameter_constraints = {"groups": WIDTH, "epsilon": POSITIVE}

    def __init__(self, groups: int, epsilon: float = 1e-5) -> None:
        self.groups = groups
        self.epsilon = epsilon

    def _shape(self, input_shape):
        if input_shape[-1] % int(self.groups):
            raise ValueError(f"groups={self.groups} must divide the {input_shape[-1]} channels.")
        return input_shape

    def lower(self, plan, source):
        shape = self.output_shape(plan.shapes[source])
        geometry = replace(Geometry.of_channels(shape), groups=int(self.groups))
        return self._add(plan, source, geometry=geometry)

    def _on_larger_image(self, shape, image):
        # the statistics are those of the whole image
        return Layer._on_larger_image(self, shape, image)
