"""Augmentation of training images."""

import math
from numbers import Integral, Real
from typing import Literal

from sklearn.utils._param_validation import Interval, StrOptions

from sknn._ranges import BELOW_ONE, MAX_COUNT, ParametersInRange

FLIPS = {False: 0, True: 1, "alternate": 2}


class Augmentation(ParametersInRange):
    """Random transformations of training images.

    Each sample is transformed anew in each epoch. The same seed gives the same images for any number of
    threads. The order is rotation and scaling (bilinear), shift, flip, cutout.

    Parameters
    ----------
    horizontal_flip : bool or "alternate", default=False
        Whether to flip left and right at random. "alternate" is random in the first epoch and then
        alternates, so that two consecutive epochs show both.
    shift : int, default=0
        Maximum shift in pixels, in each direction. This equals padding and a random crop.
    padding_mode : {"zero", "reflect"}, default="zero"
        Values outside the image: 0 in the units of X, or the image reflected at its edge. For a channel
        whose mean is more than 100 standard deviations from 0, the mean replaces 0.
    cutout : int, default=0
        Side in pixels of a square at a random position, possibly partly outside, that is set to the mean
        of the standardized images; 0 for none.
    rotation : float, default=0.0
        Maximum rotation in degrees, in both directions.
    scaling : float, default=0.0
        Maximum relative change of size, in [0, 1); 0.1 means 90 % to 110 %.

    See Also
    --------
    sknn.CNNClassifier : Has a parameter `augmentation`.

    References
    ----------
    K. Jordan, 94% on CIFAR-10 in 3.29 seconds on a single GPU, arXiv 2404.00498 (alternating flip).
    T. DeVries & G. Taylor, Improved regularization of convolutional neural networks with cutout,
    arXiv 1708.04552.

    Examples
    --------
    >>> from sknn.augmentation import Augmentation
    >>> Augmentation(horizontal_flip="alternate", shift=2, padding_mode="reflect")
    Augmentation(horizontal_flip='alternate', padding_mode='reflect', shift=2)
    """

    _parameter_constraints = {
        "horizontal_flip": ["boolean", StrOptions({"alternate"})],
        "shift": [Interval(Integral, 0, MAX_COUNT, closed="both")],
        "padding_mode": [StrOptions({"zero", "reflect"})],
        "cutout": [Interval(Integral, 0, MAX_COUNT, closed="both")],
        "rotation": [Interval(Real, 0, 180, closed="both")],
        "scaling": BELOW_ONE,
    }

    def __init__(
        self,
        horizontal_flip: bool | Literal["alternate"] = False,
        shift: int = 0,
        padding_mode: Literal["zero", "reflect"] = "zero",
        cutout: int = 0,
        rotation: float = 0.0,
        scaling: float = 0.0,
    ) -> None:
        self.horizontal_flip = horizontal_flip
        self.shift = shift
        self.padding_mode = padding_mode
        self.cutout = cutout
        self.rotation = rotation
        self.scaling = scaling

    def validate(self, image_shape):
        """Validate the parameters, given the size of the images.

        Parameters
        ----------
        image_shape : tuple (h, w, c)
            Shape of the images.
        """
        self._validate_params()
        height, width, _ = image_shape
        for name in ("shift", "cutout"):
            value = getattr(self, name)
            if value and value >= min(height, width):
                raise ValueError(
                    f"{name}={value} of the augmentation must be smaller than the images, which are "
                    f"{height} x {width}."
                )

    def lower(self, image_shape):
        """Describe the augmentation for the engine's Trainer.

        Parameters
        ----------
        image_shape : tuple (h, w, c)
            Shape of the images.

        Returns
        -------
        description : tuple or None
            The shape, kind of flip, shift, whether to reflect, cutout, rotation in radians and scaling, as
            plain numbers. None if nothing is changed.
        """
        changes = self.horizontal_flip, self.shift, self.cutout, self.rotation, self.scaling
        if not any(changes):
            return None
        return (
            *image_shape,
            FLIPS[self.horizontal_flip],
            int(self.shift),
            int(self.padding_mode == "reflect"),
            int(self.cutout),
            math.radians(self.rotation),
            float(self.scaling),
        )
