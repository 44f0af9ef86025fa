"""The dropout layer."""

from numbers import Real

from sklearn.base import BaseEstimator

from sknn.layers._shapes import channels_geometry, image


class Dropout(BaseEstimator):
    """Inverted dropout: in training each value is zero with probability `rate`, else divided by 1 - rate.

    Every sample of every epoch has a mask of its own. Outside of training the layer does nothing.

    Parameters
    ----------
    rate : float
        Probability of a zero, in [0, 1).

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

    def __init__(self, rate):
        self.rate = rate

    def output_shape(self, input_shape):
        """That of the input."""
        return tuple(input_shape)

    def lower(self, plan, source):
        """Add this layer's op to a plan; returns the buffer of its output."""
        return _add(plan, source, "dropout", self.rate)


class SpatialDropout(BaseEstimator):
    """Dropout of whole channels of an image: one mask for each sample and channel, the same at all places.

    Parameters
    ----------
    rate : float
        Probability of a zero, in [0, 1).

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

    def __init__(self, rate):
        self.rate = rate

    def output_shape(self, input_shape):
        """That of the input."""
        return image(tuple(input_shape), self)

    def lower(self, plan, source):
        """Add this layer's op to a plan; returns the buffer of its output."""
        geometry = channels_geometry(image(plan.shapes[source], self))
        return _add(plan, source, "spatial_dropout", self.rate, geometry)


def _add(plan, source, kind, rate, geometry=()):
    if not isinstance(rate, Real) or not 0 <= float(rate) < 1:
        raise ValueError(f"rate={rate!r} must be in [0, 1).")
    if rate == 0:
        return source
    target = plan.new_buffer_like(source)
    plan.add(kind, source, target, rate=rate, geometry=geometry)
    return target
