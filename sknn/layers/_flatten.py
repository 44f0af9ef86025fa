"""From an image to a row of values."""

from sknn.layers._layer import Layer, size_of


class Flatten(Layer):
    """The values of an image in one row.

    It goes pixel by pixel, and channel by channel within a pixel. `Dense` layers do it themselves.

    See Also
    --------
    GlobalAvgPool2D : A row of the means of the channels.

    Examples
    --------
    >>> from sknn.layers import Flatten
    >>> Flatten().output_shape((4, 4, 16))
    (256,)
    """

    def _shape(self, input_shape):
        return (size_of(input_shape),)

    def _on_larger_image(self, shape, image):
        return None

    def lower(self, plan, source):
        # nothing is moved: the buffer has another shape from now on
        plan.shapes[source] = self.output_shape(plan.shapes[source])
        return source
