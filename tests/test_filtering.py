"""Filtering by hand: the lecture's figures, plain loops, and the engine's convolution."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sknn import CNNRegressor
from sknn.layers import Conv2D, MaxPool2D
from sknn.teaching.filtering import match, max_pool, relu

STROKE = 2 * np.eye(3) - 1
CROSS = np.full((9, 9), -1)
for k in range(1, 8):
    CROSS[k, k] = CROSS[k, 8 - k] = 1
# hundredths, cut off
FOUND = [
    [77, -11, 11, 33, 55, -11, 33],
    [-11, 100, -11, 33, -11, 11, -11],
    [11, -11, 100, -33, 11, -11, 55],
    [33, 33, -33, 55, -33, 33, 33],
    [55, -11, 11, -33, 100, -11, 11],
    [-11, 11, -11, 33, -11, 100, -11],
    [33, -11, 55, 33, 11, -11, 77],
]
POOLED = [[100, 33, 55, 33], [33, 100, 33, 55], [55, 33, 100, 11], [33, 55, 11, 77]]


def hundredths(values):
    return np.trunc(100 * values).astype(int)


def random_image(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def test_figures_of_the_lecture():
    found = match(CROSS, STROKE)
    assert_array_equal(hundredths(found), FOUND)
    assert_array_equal(hundredths(relu(found)), np.maximum(FOUND, 0))
    assert_array_equal(hundredths(max_pool(relu(found), 2, 2)), POOLED)
    assert found.max() == found[1, 1] == 1.0


def test_the_other_stroke_is_the_mirrored_map():
    assert_array_equal(match(CROSS, STROKE[:, ::-1]), match(CROSS, STROKE)[:, ::-1])


@given(st.integers(0, 99), *[st.integers(1, 7)] * 2, *[st.integers(1, 4)] * 2, st.integers(0, 3))
def test_match_is_the_mean_of_the_products(seed, h, w, a, b, c):
    a, b, channels = min(a, h), min(b, w), (c,) if c else ()
    image, filter = random_image(seed, h, w, *channels), random_image(seed + 1, a, b, *channels)
    found = match(image, filter)
    assert found.shape == (h - a + 1, w - b + 1)
    for i, j in np.ndindex(found.shape):
        assert_allclose(found[i, j], np.mean(image[i : i + a, j : j + b] * filter), atol=1e-12)


@given(st.integers(0, 99), *[st.integers(1, 9)] * 2, *[st.integers(1, 4)] * 4, st.integers(0, 3))
def test_max_pool_is_the_largest_of_each_window(seed, h, w, a, b, s, t, c):
    values = random_image(seed, h, w, *((c,) if c else ()))
    pooled = max_pool(values, (a, b), (s, t))
    rows, columns = -(-h // s), -(-w // t)
    assert pooled.shape == (rows, columns, *values.shape[2:])
    before = [max((rows - 1) * s + a - h, 0) // 2, max((columns - 1) * t + b - w, 0) // 2]
    large = np.zeros((h + 9, w + 9, *values.shape[2:]))
    large[before[0] : before[0] + h, before[1] : before[1] + w] = values
    for i, j in np.ndindex(rows, columns):
        window = large[i * s : i * s + a, j * t : j * t + b]
        assert_array_equal(pooled[i, j], window.max(axis=(0, 1)))


def test_nan_passes():
    image = random_image(0, 5, 5)
    image[2, 2] = np.nan
    assert np.isnan(match(image, np.ones((3, 3)))).all()
    assert np.isnan(relu(image)[2, 2])
    assert_array_equal(np.argwhere(np.isnan(max_pool(image, 2))), [[1, 1]])


@pytest.mark.parametrize("c", [1, 2])
def test_the_engine_finds_the_same(c):
    """A convolution of the weights f / N and no bias, ReLU, and pooling that leaves out the outside."""
    images = np.stack([CROSS, CROSS.T[::-1], random_image(0, 9, 9), random_image(1, 9, 9)])
    images = np.stack([images, images[::-1]], axis=-1)[..., :c]
    filters = [np.stack([f] * c, axis=-1) for f in (STROKE, STROKE[::-1], random_image(2, 3, 3))]
    net = CNNRegressor(
        layers=[Conv2D(3, 3, activation="relu"), MaxPool2D(2, padding="same")],
        standardize=False,
        dtype="float64",
        max_iter=1,
        random_state=0,
    ).fit(images, np.arange(4.0))
    net.coefs_[0][:] = np.stack(filters, axis=-1) / (9 * c)
    net.intercepts_[0][:] = 0
    maps, pooled = net.feature_maps(images, layer=1), net.feature_maps(images, layer=2)
    assert pooled.shape == (4, 4, 4, 3)
    for i, image in enumerate(images):
        for o, filter in enumerate(filters):
            found = relu(match(image, filter))
            assert_allclose(maps[i, :, :, o], found, atol=1e-12)
            assert_allclose(pooled[i, :, :, o], max_pool(found), atol=1e-12)


def test_inputs_stay_as_they_are():
    image, filter = CROSS.copy(), STROKE.copy()
    max_pool(match(image, filter))
    relu(image)
    assert_array_equal(image, CROSS)
    assert_array_equal(filter, STROKE)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: match(CROSS, np.ones((10, 3))), "must not be larger than the image"),
        (lambda: match(CROSS, np.ones((3, 3, 1))), "must have the same channels"),
        (lambda: match(np.ones((5, 5, 3)), np.ones((2, 2, 2))), "must have the same channels"),
        (lambda: match(np.ones(9), np.ones(3)), r"image of shape \(9,\) must be an image"),
        (lambda: match(CROSS, np.ones((0, 3))), "filter of shape .* and not empty"),
        (lambda: match([["a"]], [[1]]), "image must be an array of numbers"),
        (lambda: match([[1, 2], [3]], [[1]]), "image must be an array of numbers"),
        (lambda: max_pool(CROSS, 0), "window=0 must be an integer >= 1"),
        (lambda: max_pool(CROSS, 2, (1, 0)), r"stride=\(1, 0\) must be an integer >= 1"),
        (lambda: max_pool(CROSS[0]), "values of shape"),
    ],
)
def test_what_is_wrong_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
