"""Images as rows: their shape, the scale of each channel, the views of test-time augmentation."""

import math
from numbers import Integral

import numpy as np

from sknn.inputs.dense import NO_TARGETS, DenseInput
from sknn.inputs.hints import hint_at_images, hint_at_order

#: values that are looked at in one go
CHUNK = 1 << 16
#: standard deviations between zero and a channel's mean from which on the mean is subtracted in double
#: precision, before anything else: in float32 little would be left of the differences
FAR_FROM_ZERO = 100
#: images whose patches say what whitens them, at the most
WHITENED_IMAGES = 2000
#: and their patches, about: as many as so many images of 32 x 32 pixels have
WHITENED_PATCHES = 2_000_000


def parse_image_shape(value):
    """(h, w, c) from (h, w) or (h, w, c)."""
    shape = tuple(value)
    integers = all(isinstance(n, Integral) and not isinstance(n, bool) for n in shape)
    if len(shape) not in (2, 3) or not integers or any(n < 1 for n in shape):
        raise ValueError(
            f"image_shape must be (height, width) or (height, width, channels), got {value!r}."
        )
    return tuple(int(n) for n in (*shape, 1)[:3])


def rows_of_images(X, channels_first):
    """(flat samples, (h, w, c)) of images (n, h, w[, c]); X as it is and None where it is something else.

    With `channels_first` images are (n, c, h, w). Samples keep the order in which X is stored.
    """
    if _is_list(X):
        X = _stacked(X)
    if getattr(X, "ndim", 2) not in (3, 4):
        return X, None
    shape = tuple(X.shape[1:])
    if X.ndim == 3:
        shape = (*shape, 1)
    elif channels_first:
        shape = (*shape[1:], shape[0])
    return np.asarray(X).reshape(X.shape[0], math.prod(shape)), shape


def _is_list(X):
    """Whether X holds one image after the other: in a list, or in an array of objects."""
    return isinstance(X, (list, tuple)) or (
        isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype == object
    )


def _stacked(images):
    """Images of one size as an array; what holds none as it is."""
    try:
        shapes = list(dict.fromkeys(np.shape(image) for image in images))
    except ValueError:
        raise ValueError("An image in X has rows of different lengths.") from None
    if not any(len(shape) in (2, 3) for shape in shapes):
        return images
    if len(shapes) > 1:
        raise ValueError(
            f"The images in X have different sizes, such as {shapes[0]} and {shapes[1]}; resize, crop or "
            "pad them to one."
        )
    return np.asarray(list(images))


def shape_of_rows(n_features, image_shape, images):
    """(h, w, c) of the first fit's rows: from its images, from `image_shape`, or one signal."""
    if image_shape is not None:
        shape = parse_image_shape(image_shape)
        if images is not None and images != shape:
            raise ValueError(f"image_shape {image_shape} is {shape}, X has images of {images}")
        if math.prod(shape) != n_features:
            raise ValueError(
                f"image_shape {tuple(image_shape)} has {math.prod(shape)} values, X has {n_features} "
                "features"
            )
        return shape
    if images is not None:
        return images
    return 1, n_features, 1


def channel_moments(X, samples, weights, shape, channels_first):
    """(means, standard deviations) of each channel over some rows, float64.

    Two passes in chunks, so that X is never copied as a whole.
    """
    height, width, n_channels = shape
    mass = np.ones(len(samples)) if weights is None else weights[samples]
    mass = mass / (mass.sum() * height * width)
    step = max(1, CHUNK // X.shape[1])
    order = (n_channels, -1) if channels_first else (-1, n_channels)

    def mean(subscripts, center):
        """Mean of (values - center) or of its square by channel; einsum, since a BLAS has threads."""
        total = np.zeros(X.shape[1])
        for at in range(0, len(samples), step):
            part = X[samples[at : at + step]] - center
            total += np.einsum(subscripts, mass[at : at + step], *[part] * subscripts.count("ij"))
        return total.reshape(order).sum(axis=1 if channels_first else 0)

    means = mean("i,ij->j", 0.0)
    pixels = height * width
    of_each = np.repeat(means, pixels) if channels_first else np.tile(means, pixels)
    return means, np.sqrt(mean("i,ij,ij->j", of_each))


def scales_of(means, deviations):
    """What channels are divided by: their standard deviations; a constant one by 1."""
    constant = deviations <= 10 * np.finfo(np.float64).eps * np.abs(means)
    return np.where(constant, 1.0, deviations)


def channel_statistics(X, samples, weights, shape, channels_first):
    """(means, scales) of each channel over some rows, float64."""
    means, deviations = channel_moments(X, samples, weights, shape, channels_first)
    return means, scales_of(means, deviations)


def views_of(augmentation):
    """Whether the views of test-time augmentation are mirrored, and reflected beyond their edges."""
    if augmentation is None:
        return False, False
    return bool(augmentation.horizontal_flip), augmentation.padding_mode == "reflect"


def views_to_average(images, mirrored, reflect, outside=0.0):
    """(weight, images) of test-time augmentation: as they are, shifted by a pixel, each mirrored too.

    `images` is (n, h, w, c); the weights add up to 1. `outside` is what a channel has there, unless the
    images are reflected.
    """
    height, width = images.shape[1:3]
    down, right = int(height > 1), int(width > 1)
    edges = ((0, 0), (down, down), (right, right), (0, 0))
    padded = np.pad(images, edges, mode="reflect" if reflect else "constant")
    if not reflect and np.any(outside):
        inside = np.zeros(padded.shape[1:3], bool)
        inside[down : down + height, right : right + width] = True
        padded[:, ~inside] = outside
    shifted = padded[:, :height, :width], padded[:, 2 * down :, 2 * right :]
    for weight, view in ((0.5, images), (0.25, shifted[0]), (0.25, shifted[1])):
        if mirrored:
            yield weight / 2, view
            yield weight / 2, view[:, :, ::-1]
        else:
            yield weight, view


class ImageInput(DenseInput):
    """Images, or flat samples of them, standardized channel by channel.

    Parameters
    ----------
    shape : (h, w, c) or None, default=None
        Of the images of fit; None before the first fit.
    channels_first : bool, default=False
        Whether images are (n, c, h, w).
    means, scales : ndarray of shape (c,) or None, default=None
        Each channel enters the network as ``(value - mean) / scale``.
    image_shape : (h, w) or (h, w, c) or None, default=None
        What the user says before the first fit.
    """

    accept_sparse = False
    plain_dtypes = "fdB"

    def __init__(
        self, shape=None, channels_first=False, means=None, scales=None, *, image_shape=None
    ):
        super().__init__(None if shape is None else math.prod(shape))
        self.image_shape, self.channels_first = shape, channels_first
        self.means, self.scales = means, scales
        self.declared_shape = image_shape

    @property
    def shape(self):
        return self.image_shape

    @property
    def attributes(self):
        return {
            "image_shape_": self.image_shape,
            "channel_means_": self.means,
            "channel_scales_": self.scales,
        }

    # ---- validation ----------------------------------------------------------------------------

    def accepted_dtypes(self, X, dtype):
        return (*super().accepted_dtypes(X, dtype), np.uint8)

    def flat(self, X):
        return rows_of_images(X, self.channels_first)[0]

    def validate(self, estimator, X, y=NO_TARGETS, *, dtype, numeric=False, reset=False):
        X, found = rows_of_images(X, self.channels_first)
        if not reset and found not in (None, self.image_shape):
            raise ValueError(
                f"X has images of shape {found}, but {type(estimator).__name__} is expecting "
                f"{self.image_shape} (height, width, channels)."
            )
        result = super().validate(estimator, X, y, dtype=dtype, numeric=numeric, reset=reset)
        if reset:
            self.image_shape = shape_of_rows(self.n_features, self.declared_shape, found)
            if self.declared_shape is None and found is None:
                hint_at_images(self.n_features)
            elif self.declared_shape is None:
                hint_at_order(self.image_shape, self.channels_first)
        return result

    def ready(self, X):
        if type(X) is np.ndarray and X.ndim in (3, 4) and X.flags.c_contiguous and len(X):
            rows, found = rows_of_images(X, self.channels_first)
            if found == self.image_shape:
                X = rows
        return super().ready(X)

    # ---- the engine's side ---------------------------------------------------------------------

    def learn(self, data, samples, standardize):
        """Learn the mean and scale of every channel from these samples, by their weights."""
        n_channels = self.image_shape[2]
        self.means, self.scales = np.zeros(n_channels), np.ones(n_channels)
        if standardize:
            self.means, self.scales = channel_statistics(
                data.X, samples, data.weights, self.image_shape, self.channels_first
            )

    def entering(self, X):
        """Images (n, h, w, c) as they enter the network."""
        return (self._images(X) - self.means) / self.scales

    def patches(self, X, samples, size):
        """Patches (n, *size, c) of images as they enter the network, of some samples at the most."""
        n_images = min(WHITENED_IMAGES, max(1, WHITENED_PATCHES // math.prod(self.image_shape[:2])))
        images = self.entering(X[samples[:: -(-len(samples) // n_images)]])
        windows = np.lib.stride_tricks.sliding_window_view(images, size, axis=(1, 2))
        return np.moveaxis(windows, 3, -1).reshape(-1, *size, images.shape[3])

    @property
    def center(self):
        """What is subtracted from each channel before it is cast: its mean where that is far, or None."""
        # plain numbers: this is asked for every prediction, and channels are few
        pairs = zip(self.means.tolist(), self.scales.tolist(), strict=True)
        far = [abs(mean) > FAR_FROM_ZERO * scale for mean, scale in pairs]
        return np.where(far, self.means, 0.0) if any(far) else None

    def rows(self, network, X):
        scale, center = 1 / self.scales, self.center
        offsets = self.means if center is None else self.means - center
        return network.engine.Rows(
            X,
            scale=scale.astype(network.dtype),
            shift=(-offsets * scale).astype(network.dtype),
            center=center,
            channels_first=len(scale) if self.channels_first and len(scale) > 1 else 0,
        )

    def average_of_views(self, X, augmentation, outputs):
        """Mean of ``outputs(rows)`` over the views of test-time augmentation, in bounded chunks."""
        mirrored, reflect = views_of(augmentation)
        outside = 0.0 if self.center is None else self.center
        step = max(1, 64 * CHUNK // X.shape[1])
        parts = []
        for at in range(0, X.shape[0], step):
            part = X[at : at + step]
            total = 0.0
            for weight, view in views_to_average(self._images(part), mirrored, reflect, outside):
                stored = view.transpose(0, 3, 1, 2) if self.channels_first else view
                rows = np.ascontiguousarray(stored).reshape(part.shape)
                total = total + weight * outputs(rows)
            parts.append(total)
        return np.concatenate(parts)

    def _images(self, X):
        """Validated rows as images (n, h, w, c)."""
        height, width, n_channels = self.image_shape
        if self.channels_first:
            return X.reshape(-1, n_channels, height, width).transpose(0, 2, 3, 1)
        return X.reshape(-1, height, width, n_channels)
