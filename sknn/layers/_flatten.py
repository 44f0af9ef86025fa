"""Flatten layer."""

from sknn.layers._layer import Layer, size_of


class Flatten(Layer):
    """Flatten an image to a vector.

    The order is that of the pixels, and of the channels within a pixel. `Dense` layers flatten images themselves.

    See Also
    --------
    GlobalAvgPool2D : Mean of each channel.

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
        # the data stays in place; only the shape of the buffer changes
        plan.shapes[source] = self.output_shape(plan.shapes[source])
        return source
