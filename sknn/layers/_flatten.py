"""From an image to a row of values."""

from sknn.layers._layer import Layer, size_of


class Flatten(Layer):
    """The values of an image in one row: pixel by pixel, channel by channel. Dense layers do it themselves.

    Examples
    --------
    >>> from sknn.layers import Flatten
    >>> Flatten().output_shape((4, 4, 16))
    (256,)
    """

    def _shape(self, input_shape):
        return (size_of(input_shape),)

    def lower(self, plan, source):
        # nothing is moved: the buffer has another shape from now on
        plan.shapes[source] = self.output_shape(plan.shapes[source])
        return source
