"""Parameters of all networks on images: ranges, documentation, and what "auto" means."""

from sklearn.utils._param_validation import StrOptions

from sknn._ranges import COUNT
from sknn.augmentation import Augmentation
from sknn.estimators._architecture import ACTIVATIONS
from sknn.estimators._parameters import ATTRIBUTES, BEYOND, CONSTRAINTS, TRAINING

#: samples of a mini-batch where ``batch_size="auto"``
AUTO_BATCH_SIZE = 64
#: (most samples, epochs) where ``max_iter="auto"``; the smallest data have one number of epochs, so
#: that a row that weighs 2 is trained as long as a row that is there twice
AUTO_EPOCHS = ((1_000, 100), (10_000, 40), (30_000, 10), (float("inf"), 5))
#: iterations of "lbfgs" where ``max_iter="auto"``
AUTO_ITERATIONS = 200


def auto_epochs(n_samples, solver):
    """Epochs that ``max_iter="auto"`` means."""
    if solver == "lbfgs":
        return AUTO_ITERATIONS
    return next(epochs for most, epochs in AUTO_EPOCHS if n_samples <= most)


IMAGE_CONSTRAINTS = {
    **CONSTRAINTS,
    "activation": [StrOptions(set(ACTIVATIONS))],
    "image_shape": ["array-like", None],
    "channels_first": ["boolean"],
    "standardize": ["boolean"],
    "augmentation": [Augmentation, None],
    "test_time_augmentation": ["boolean"],
    "max_iter": [*COUNT, StrOptions({"auto"})],
}

IMAGE_INPUT = """image_shape : (h, w) or (h, w, c) or None, default={image_shape}
        Shape of the images where the rows of X are flat, as they are in a Pipeline behind a scaler.
        None takes it from X; flat rows are then signals of 1 x n_features values.
    channels_first : bool, default={channels_first}
        Whether images are (n, c, h, w), or flat rows ordered that way; `image_shape` is always
        (h, w, c).
    standardize : bool, default={standardize}
        Whether each channel enters the network with mean 0 and variance 1 over the training samples,
        and their weights, of the first fit. uint8 images stay uint8 in memory either way; False takes
        their values as they are, 0 to 255.
    augmentation : Augmentation or None, default={augmentation}
        Random changes of the training images, :class:`sknn.augmentation.Augmentation`; its parameters
        are searched as ``augmentation__shift``.
    test_time_augmentation : bool, default={test_time_augmentation}
        Test-time augmentation: whether predictions average the logits of an image (half of the weight)
        and of its shifts by one pixel up and left and down and right (a quarter each), mirrored ones
        too where `augmentation` flips. Three or six times the work."""

IMAGE_ATTRIBUTES = """
    image_shape_ : tuple (h, w, c)
        Shape of the images of fit.
    channel_means_, channel_scales_ : ndarray of shape (c,)
        Each channel enters the network as ``(value - mean) / scale``."""

IMAGE_TEXTS = {
    "image_input": IMAGE_INPUT,
    "training": TRAINING,
    "beyond": BEYOND,
    "attributes": ATTRIBUTES + IMAGE_ATTRIBUTES,
    "coef_shapes": ":\n        (kh, kw, c_in / groups, c_out) of a convolution, (n_in, n_out) of a dense layer, (c,) of a\n"
    "        normalisation",
    "auto_batch_size": str(AUTO_BATCH_SIZE),
    "max_iter_type": 'int or "auto"',
    "max_iter_auto": ' "auto" is '
    + ", ".join(f"{epochs} for up to {most:,}" for most, epochs in AUTO_EPOCHS[:-1])
    + f"\n        samples and {AUTO_EPOCHS[-1][1]} for more. `partial_fit` then has no end to plan for, and "
    "schedules that need\n        one are constant.",
}
