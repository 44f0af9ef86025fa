"""Normalisation."""

from numbers import Real

from sklearn.utils._param_validation import Interval

from sknn._ranges import NOT_NEGATIVE, POSITIVE
from sknn.layers._layer import Layer
from sknn.plan import Geometry


class _Norm(Layer):
    """``y = γ (x − mean) / √(var + ε) + β`` with γ and β for each channel."""

    _kind: str

    def _add(self, plan, source, momentum=0.0, **options):
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
            geometry=Geometry.of_channels(shape),
        )
        return target


class BatchNorm(_Norm):
    """Normalize each channel over the samples (and pixels) of the mini-batch.

    ``y = γ (x − μ) / √(σ² + ε) + β``. In training μ and σ² are mean and (biased) variance over the whole
    batch, weighted by the sample weights: a sample of weight 2 is the sample twice, in the gradients too. Running
    ones follow them, ``m ← m + momentum · (n / batch_size) · (μ − m)`` for a batch of n samples, with the unbiased
    variance; they take their place in prediction. For full batches that is PyTorch's rule; a smaller one, the last
    of an epoch, counts for as much less. A batch with a single value of a channel has no variance: its output is β,
    and the running variance stays.

    Parameters
    ----------
    momentum : float, default=0.1
        Fraction of the newest full batch in the running statistics, in (0, 1].
    epsilon : float, default=1e-5
        Added to the variance, > 0.
    scale : bool, default=True
        Whether γ is trained; without it γ stays 1.
    bias_rate : float, default=1.0
        Factor of the learning rate for β, >= 0; 0 keeps β at 0.

    See Also
    --------
    LayerNorm : Normalizes every sample by itself.

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
    _parameter_constraints = {
        "momentum": [Interval(Real, 0, 1, closed="right")],
        "epsilon": POSITIVE,
        "scale": ["boolean"],
        "bias_rate": NOT_NEGATIVE,
    }

    def __init__(self, momentum=0.1, epsilon=1e-5, scale=True, bias_rate=1.0):
        self.momentum = momentum
        self.epsilon = epsilon
        self.scale = scale
        self.bias_rate = bias_rate

    def lower(self, plan, source):
        self._validate_params()
        options = {"trained": bool(self.scale), "bias_rate_factor": float(self.bias_rate)}
        return self._add(plan, source, float(self.momentum), **options)


class LayerNorm(_Norm):
    """Normalises the channels of each row (at each place of an image).

    ``y = γ (x − μ) / √(σ² + ε) + β``, μ and σ² being mean and variance over the last axis.

    Parameters
    ----------
    epsilon : float, default=1e-5
        Added to the variance, > 0.

    See Also
    --------
    BatchNorm : Normalizes every channel over the mini-batch.

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

    def __init__(self, epsilon=1e-5):
        self.epsilon = epsilon

    def lower(self, plan, source):
        return self._add(plan, source)
