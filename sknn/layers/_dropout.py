"""Dropout layers."""

from sknn._ranges import BELOW_ONE
from sknn.layers._layer import Layer
from sknn.layers._shapes import image
from sknn.plan import Geometry


class _Dropout(Layer):
    """Base of the dropout layers."""

    _parameter_constraints = {"rate": BELOW_ONE}

    def __init__(self, rate: float) -> None:
        self.rate = rate

    _depends_on_step = True

    def _on_larger_image(self, shape, image):
        return self

    def _add(self, plan, source, geometry=None):
        if self.rate == 0:
            return source
        target = plan.new_buffer_like(source)
        plan.add("dropout", source, target, drop_rate=float(self.rate), geometry=geometry)
        return target


class Dropout(_Dropout):
    """Inverted dropout: in training, each value is zero with probability `rate`, else divided by 1 - rate.

    Each sample has a new mask in each epoch. In prediction the layer does nothing.

    Parameters
    ----------
    rate : float
        Dropout probability, in [0, 1).

    See Also
    --------
    SpatialDropout : Dropout of whole channels of an image.

    References
    ----------
    N. Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting,
    JMLR 15 (2014).

    Examples
    --------
    >>> from sknn.layers import Dropout
    >>> Dropout(0.5)
    Dropout(rate=0.5)
    """

    def lower(self, plan, source):
        self.output_shape(plan.shapes[source])
        return self._add(plan, source)


class SpatialDropout(_Dropout):
    """Dropout of whole channels of an image.

    The mask has one value per sample and channel, the same at all spatial positions. Neighboring pixels are
    correlated, so dropping them independently has little effect.

    Parameters
    ----------
    rate : float
        Dropout probability, in [0, 1).

    See Also
    --------
    Dropout : Dropout of independent values.

    References
    ----------
    J. Tompson et al., Efficient object localization using convolutional networks, CVPR 2015
    (arXiv 1411.4280).

    Examples
    --------
    >>> from sknn.layers import SpatialDropout
    >>> SpatialDropout(0.1)
    SpatialDropout(rate=0.1)
    """

    def _shape(self, input_shape):
        return image(input_shape, self)

    def lower(self, plan, source):
        geometry = Geometry.of_channels(self.output_shape(plan.shapes[source]))
        return self._add(plan, source, geometry)
