"""Sweeps: a classifier that moves over larger images says at every place what it says of the window there."""

import numpy as np
import pytest

from sknn.layers import (
    Activation,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    GlobalMaxPool2D,
    LayerNorm,
    MaxPool2D,
    Residual,
    SpatialDropout,
    Transposed,
)
from sknn.layers._layer import Layer
from sknn.network.sliding_window import SlidingLayers
from tests.estimators.samples import DIGITS, IMAGES, cnn

COLOUR = np.random.RandomState(0).randint(0, 255, (60, 8, 8, 3)).astype(np.uint8)
LARGER = np.random.RandomState(1).randint(0, 17, (3, 13, 22)).astype(np.float64)

# layers without padding, pixels from window to window
UNPADDED = {
    "LeNet": ([Conv2D(4, 3), MaxPool2D(2), Flatten(), Dense(8), Dense(6)], 2),
    "dense alone": ([Dense(5, activation="tanh")], 1),
    "no hidden layer": ([], 1),
    "two pools": ([MaxPool2D(2), Activation("gelu"), AvgPool2D(2)], 4),
    "strides": ([Conv2D(4, 2, strides=2), Conv2D(4, 2, dilation=2), MaxPool2D(1, strides=1)], 2),
    "rest that is dropped": ([Conv2D(4, 3, strides=3), MaxPool2D(2)], 6),
    "depthwise": ([Conv2D(4, 3), Conv2D(4, 3, groups=4), Conv2D(6, 1, groups=2)], 1),
    "largest of all": ([Conv2D(4, 3), GlobalMaxPool2D()], 1),
    "mean of all": ([Conv2D(4, 3), AvgPool2D(2), GlobalAvgPool2D(), Dense(4)], 2),
    "norms": (
        [Conv2D(4, 3), BatchNorm(), LayerNorm(), Dense(6), BatchNorm(), LayerNorm()],
        1,
    ),
    "dropout": ([Conv2D(4, 3), SpatialDropout(0.2), Flatten(), Dropout(0.2), Dense(4)], 1),
    "residual": (
        [Conv2D(4, 3), Residual([Conv2D(4, 1), BatchNorm()]), Dense(6), Residual([Dense(6)])],
        1,
    ),
    "flat residual": ([Conv2D(4, 3), Flatten(), Residual([Activation("tanh")]), Dense(4)], 1),
}


def assert_each_window_is_the_prediction_for_it(fitted, X, sweep, window):
    height, width = window
    assert sweep.window == window
    assert sweep.probabilities.shape[:3] == (len(X), len(sweep.rows), len(sweep.columns))
    for i, row in enumerate(sweep.rows):
        for j, column in enumerate(sweep.columns):
            alone = np.ascontiguousarray(X[:, row : row + height, column : column + width])
            np.testing.assert_allclose(
                sweep.probabilities[:, i, j], fitted.predict_proba(alone), rtol=1e-9, atol=1e-12
            )


@pytest.mark.parametrize("name", UNPADDED)
def test_without_padding_each_window_is_the_prediction_for_it(name):
    layers, step = UNPADDED[name]
    fitted = cnn(layers=layers, dtype="float64").fit(IMAGES, DIGITS)
    sweep = fitted.predict_windows(LARGER)
    np.testing.assert_array_equal(sweep.rows, np.arange(0, 13 - 8 + 1, step))
    np.testing.assert_array_equal(sweep.columns, np.arange(0, 22 - 8 + 1, step))
    assert_each_window_is_the_prediction_for_it(fitted, LARGER, sweep, (8, 8))


@pytest.mark.parametrize(
    "layers",
    [
        None,
        [Conv2D(4, 3, padding="same", strides=2), MaxPool2D(3, strides=2, padding="same")],
        [Conv2D(4, 3, padding=2), Residual([Conv2D(4, 3, padding="same")]), GlobalMaxPool2D()],
    ],
)
def test_images_of_the_size_of_fit(layers):
    fitted = cnn(layers=layers).fit(IMAGES, DIGITS)
    sweep = fitted.predict_windows(IMAGES)
    assert sweep.probabilities.shape == (60, 1, 1, 10)
    np.testing.assert_allclose(
        sweep.probabilities[:, 0, 0], fitted.predict_proba(IMAGES), rtol=1e-5, atol=1e-7
    )


def test_padded_layers_see_neighbours_in_place_of_zeros():
    layers = [Conv2D(4, 3, padding="same"), MaxPool2D(2), Dense(6)]
    fitted = cnn(layers=layers, standardize=False, dtype="float64").fit(IMAGES, DIGITS)
    surrounded = np.zeros((60, 8, 16))
    surrounded[:, :, 4:12] = IMAGES
    middle = fitted.predict_windows(surrounded).probabilities[:, 0, 2]
    np.testing.assert_allclose(middle, fitted.predict_proba(IMAGES), rtol=1e-9)
    surrounded[:, :, [3, 12]] = 9.0
    middle = fitted.predict_windows(surrounded).probabilities[:, 0, 2]
    assert np.abs(middle - fitted.predict_proba(IMAGES)).max() > 1e-3


@pytest.mark.parametrize("layers", [[Conv2D(4, 3), MaxPool2D(2), Dense(6)], [Dense(5)]])
def test_channels_dtypes_and_targets(layers):
    X = np.random.RandomState(2).randint(0, 255, (2, 9, 14, 3)).astype(np.uint8)
    fitted = cnn(layers=layers, dtype="float64").fit(COLOUR, DIGITS > 4)
    sweep = fitted.predict_windows(X)
    assert sweep.probabilities.shape[3] == 2
    assert_each_window_is_the_prediction_for_it(fitted, X, sweep, (8, 8))
    first = cnn(layers=layers, dtype="float64", channels_first=True)
    first.fit(np.ascontiguousarray(COLOUR.transpose(0, 3, 1, 2)), DIGITS > 4)
    for images in (X.transpose(0, 3, 1, 2), X.transpose(0, 3, 1, 2).astype(int).tolist()):
        np.testing.assert_allclose(
            first.predict_windows(images).probabilities, sweep.probabilities, rtol=1e-9
        )


def test_several_columns_of_classes():
    y = np.column_stack([DIGITS, DIGITS % 2])
    fitted = cnn(layers=[Conv2D(4, 3), Dense(6)], dtype="float64").fit(IMAGES, y)
    found = fitted.predict_windows(LARGER).probabilities
    assert [p.shape for p in found] == [(3, 6, 15, 10), (3, 6, 15, 2)]
    alone = fitted.predict_proba(np.ascontiguousarray(LARGER[:, 2:10, 7:15]))
    for part, wanted in zip(found, alone, strict=True):
        np.testing.assert_allclose(part[:, 2, 7], wanted, rtol=1e-9)


def test_threads_and_input_that_stays_as_it_is():
    fitted = cnn(n_threads=1).fit(IMAGES, DIGITS)
    X = LARGER.copy()
    one = fitted.predict_windows(X).probabilities
    np.testing.assert_array_equal(X, LARGER)
    np.testing.assert_array_equal(
        fitted.set_params(n_threads=3).predict_windows(X).probabilities, one
    )


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([Flatten(), BatchNorm()], r"layers\[1\] = BatchNorm\(\): .*separately"),
        ([Flatten(), LayerNorm()], r"layers\[1\] = LayerNorm\(\): .*separately"),
        ([Flatten(), Residual([Dense(64)])], "does not keep the size"),
        ([Transposed([Conv2D(64, 1)])], r"layers\[0\] = Transposed.*cannot be moved"),
        ([Conv2D(4, 3, strides=2, padding="same")], r"layers\[0\].*multiples of 2 and 2 pixels"),
        (
            [MaxPool2D(2), MaxPool2D(3, strides=2, padding="same")],
            r"layers\[1\].*multiples of 4 and 4 pixels",
        ),
    ],
)
def test_layers_that_cannot_be_moved(layers, message):
    fitted = cnn(layers=layers).fit(IMAGES, DIGITS)
    with pytest.raises(ValueError, match=message):
        fitted.predict_windows(LARGER)


def test_a_layer_that_is_unknown():
    class Twice(Activation):
        pass

    class Unknown(Layer):
        pass

    assert len(SlidingLayers([Twice("relu")], (8, 8, 1), (8, 9, 1)).layers) == 1
    with pytest.raises(ValueError, match="cannot be moved over a larger image"):
        SlidingLayers([Unknown()], (8, 8, 1), (8, 9, 1))


def test_wrong_images():
    fitted = cnn().fit(IMAGES, DIGITS)
    with pytest.raises(ValueError, match=r"\(8, 7, 1\).*\(8, 8, 1\)"):
        fitted.predict_windows(IMAGES[:, :, :7])
    with pytest.raises(ValueError, match=r"\(8, 8, 3\).*\(8, 8, 1\)"):
        fitted.predict_windows(COLOUR)
    with pytest.raises(ValueError, match=r"shape \(60, 64\); predict_windows takes images"):
        fitted.predict_windows(IMAGES.reshape(60, 64))
    with pytest.raises(ValueError, match="NaN"):
        fitted.predict_windows(np.full((1, 8, 9), np.nan))
    with pytest.raises(ValueError, match="too large for dtype"):
        fitted.predict_windows(np.full((1, 8, 9), 1e300))
    with pytest.raises(ValueError, match="test_time_augmentation=True"):
        fitted.set_params(test_time_augmentation=True).predict_windows(IMAGES)
    with pytest.raises(AttributeError, match="not fitted"):
        cnn().predict_windows(IMAGES)
