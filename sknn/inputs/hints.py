"""Hints about images that are read as given, but most likely are meant otherwise."""

import math

from sknn._warnings import warn

#: pixels of the side from which on flat samples or axes may be those of an image
SMALLEST_SIDE = 8
#: what the number of channels of an image mostly is
CHANNELS = (1, 3, 4)


def hint_at_order(shape, channels_first):
    """Warn about images whose channels seem to be on another axis than the one that is read as theirs."""
    height, width, n_channels = shape
    if channels_first:
        order, sides, few = "(n, h, w, c)", (n_channels, height), width
    else:
        order, sides, few = "(n, c, h, w)", (width, n_channels), height
    if few not in CHANNELS or min(sides) < SMALLEST_SIDE:
        return
    if few == 1 and max(sides) > 2 * min(sides):  # a signal with several channels
        return
    warn(
        f"channels_first={channels_first} makes images of {height} x {width} pixels with {n_channels} "
        f"channels of X. If it has images {order} of {sides[0]} x {sides[1]} pixels with {few} "
        f"channel{'s' * (few > 1)}, set channels_first={not channels_first}; if it is read as you mean it, "
        f"image_shape={shape}."
    )


def hint_at_images(n_features):
    """Warn about flat samples that are as long as square images, of one channel or in color."""
    for n_channels in (1, 3):
        side = math.isqrt(n_features // n_channels)
        if side >= SMALLEST_SIDE and side * side * n_channels == n_features:
            shape = (side, side) if n_channels == 1 else (side, side, 3)
            warn(
                f"X has {n_features} features, which are taken as a signal of 1 x {n_features} values. "
                f"If its rows are images of {side} x {side} pixels{' in color' * (n_channels == 3)}, say "
                f"image_shape={shape}; if they are signals, image_shape=(1, {n_features})."
            )
