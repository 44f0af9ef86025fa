"""The reference implementation of augmentation: which view of an image a sample of an epoch is."""

import math

import numpy as np

from tests import reference

AUGMENT, FLIP = 0x6175676D, 0x666C6970  # salts


def draws(seed, epoch, samples):
    """(len(samples), 7), in [0, 1): angle, size, flip, shift down and right, top and left of the hole."""
    keys = reference.row_keys(reference.combine(seed, epoch), samples, AUGMENT)
    return reference.element_hashes(keys, 7) / 2**32


def flipped(kind, chances, seed, epoch, samples):
    """Whether each view is mirrored."""
    if kind == "alternate":
        return (reference.row_keys(seed, samples, FLIP) + epoch) % 2 == 1
    return (chances < 0.5) & bool(kind)


def padded(image, margin, mode):
    """The image with what is seen around it."""
    widths = ((margin, margin), (margin, margin), (0, 0))
    return np.pad(image, widths, mode="reflect" if mode == "reflect" else "constant")


def view(augmentation, image, draw, mirrored):
    """Turned and resized around the middle, shifted, then mirrored: where each pixel comes from."""
    a, middle = augmentation, (np.array(image.shape[:2]) - 1) / 2
    angle = math.radians(a.rotation) * (2 * draw[0] - 1)
    size = 1 + a.scaling * (2 * draw[1] - 1)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    places = np.moveaxis(np.indices(image.shape[:2]), 0, -1)
    if mirrored:
        places = places[:, ::-1]
    moved = places - np.floor(draw[3:5] * (2 * a.shift + 1)) + a.shift
    return bilinear(image, (moved - middle) @ turn.T / size + middle, a.padding_mode)


def bilinear(image, places, mode):
    """The image between its pixels."""
    corner = np.floor(places).astype(int)
    margin = 2 + max(corner.max(), -corner.min())
    wide, result = padded(image.astype(float), margin, mode), 0.0
    for offset in np.ndindex(2, 2):
        share = np.abs(1 - np.array(offset) - (places - corner)).prod(axis=-1)
        row, column = np.moveaxis(corner + offset + margin, -1, 0)
        result = result + share[..., None] * wide[row, column]
    return result


def cut(augmentation, image, draw):
    """The image with its hole."""
    size = augmentation.cutout
    sides = zip(draw, image.shape, strict=False)
    top, left = (math.floor(d * (n + size - 1)) - size + 1 for d, n in sides)
    result = image.copy()
    result[max(0, top) : max(0, top + size), max(0, left) : max(0, left + size)] = 0
    return result


def views(augmentation, X, seed, epoch, samples=None, scale=1.0, shift=0.0):
    """What the samples (all by default) of images X (n, h, w, c) are as they enter the network."""
    samples = np.arange(len(X)) if samples is None else samples
    drawn = draws(seed, epoch, samples)
    mirrored = flipped(augmentation.horizontal_flip, drawn[:, 2], seed, epoch, samples)
    return np.stack(
        [
            cut(augmentation, view(augmentation, X[i], d, m) * scale + shift, d[5:7])
            for i, d, m in zip(samples, drawn, mirrored, strict=True)
        ]
    )
