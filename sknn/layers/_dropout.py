"""The dropout layer."""

from sklearn.base import BaseEstimator


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

    def lower(self, plan, source):
        """Add this layer's op to a plan; returns the buffer of its output."""
        if self.rate == 0:
            return source
        target = plan.new_buffer_like(source)
        plan.add("dropout", source, target, rate=self.rate)
        return target
