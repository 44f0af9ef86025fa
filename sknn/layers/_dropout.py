"""The dropout layer."""

from sknn._ranges import BELOW_ONE
from sknn.layers._layer import Layer
from sknn.layers._shapes import image
from sknn.plan import Geometry


class _Dropout(Layer):
    """A probability of a zero."""

    _parameter_constraints = {"rate": BELOW_ONE}

    def __init__(self, rate):
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
    """Inverted dropout: in training each value is zero with probability `rate`, else divided by 1 - rate.

    Every sample of every epoch has a mask of its own. Outside of training the layer does nothing.

    Parameters
    ----------
    rate : float
        Probability of a zero, in [0, 1).

    See Also
    --------
    SpatialDropout : Drops whole channels of an image.

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
    """Dropout of whole channels of an image: one mask for each sample and channel, the same at all places.

    Neighboring pixels of a channel are alike, so that the loss of one of them alone takes little away.

    Parameters
    ----------
    rate : float
        Probability of a zero, in [0, 1).

    See Also
    --------
    Dropout : Drops every value by itself.

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
