"""From an image to a row of values."""

from sklearn.base import BaseEstimator

from sknn.layers._shapes import size_of


class Flatten(BaseEstimator):
    """The values of an image in one row: pixel by pixel, channel by channel. Dense layers do it themselves.

    Examples
    --------
    >>> from sknn.layers import Flatten
    >>> Flatten().output_shape((4, 4, 16))
    (256,)
    """

    def output_shape(self, input_shape):
        """(h * w * c,) from (h, w, c)."""
        return (size_of(input_shape),)

    def lower(self, plan, source):
        """Nothing is moved: the buffer has another shape from now on."""
        plan.shapes[source] = self.output_shape(plan.shapes[source])
        return source
