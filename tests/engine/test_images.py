"""How images enter the engine: bytes stay bytes, channels are scaled and moved as they are gathered."""

import numpy as np
import pytest

from sknn.layers import BatchNorm, Conv2D, Dense, MaxPool2D
from sknn.optimizers import Adam
from tests.engine.layered import Layered
from tests.engine.under_test import flat, run_epochs, stored, targets

LAYERS = [Conv2D(7, 3), MaxPool2D(2), Conv2D(6, 2), BatchNorm()]
SHAPES = [(7, 8, 1), (7, 6, 3), (6, 7, 17)]
KINDS = ["uint8", "float32", "float64"]


def model_of(tested_engine, shape, layers=LAYERS):
    return Layered(tested_engine, layers, shape)


def pixels(model, n, kind, seed=0):
    """Images with the values of bytes."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, *model.input_shape)).astype(kind)


def standard(model):
    """Scale and shift of every channel."""
    rng, c = np.random.default_rng(1), model.input_shape[-1]
    return {
        "scale": (rng.random(c) / 100).astype(model.tested_engine.dtype),
        "shift": rng.standard_normal(c).astype(model.tested_engine.dtype),
    }


def entering(model, X, scale=None, shift=None):
    """What the network is meant to see, in its dtype."""
    X = X.astype(model.tested_engine.dtype)
    return X if scale is None else X * scale + shift


def first_channels(X):
    return np.ascontiguousarray(X.transpose(0, 3, 1, 2))


@pytest.mark.parametrize("channels_first", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_centered_before_the_cast(tested_engine, kind, channels_first):
    """Each channel by its own number, in double precision; the rest is as if it had been so."""
    model, center = (
        model_of(tested_engine, (7, 6, 3)),
        np.array([100.0, 0.0, 1e12 if kind == "float64" else 7.0]),
    )
    X, options = pixels(model, 9, kind), standard(model)
    far = X + center if kind == "float64" else X
    expected = model.forward((far - center).astype(tested_engine.dtype), **options)
    far = first_channels(far) if channels_first else far
    actual = model.forward(far, center=center, channels_first=3 * channels_first, **options)
    np.testing.assert_array_equal(actual, expected)
    with pytest.raises(ValueError, match="4 centers for rows of 126 values"):
        model.forward(far, center=np.zeros(4))


@pytest.mark.parametrize("n", [1, 4, 40])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_prediction(tested_engine, shape, kind, n):
    model = model_of(tested_engine, shape)
    X, options = pixels(model, n, kind), standard(model)
    expected = model.reference_outputs(entering(model, X, **options))[-1]
    actual = model.forward(X, **options)
    np.testing.assert_allclose(actual, expected, atol=1000 * tested_engine.eps)
    assert model.finite
    moved = model.forward(first_channels(X), channels_first=X.shape[-1], **options)
    np.testing.assert_array_equal(moved, actual)


@pytest.mark.parametrize("kind", KINDS)
def test_without_scale(tested_engine, kind):
    """Values enter as they are."""
    model = model_of(tested_engine, (7, 6, 3))
    X = pixels(model, 11, kind)
    expected = model.forward(entering(model, X))
    np.testing.assert_array_equal(model.forward(X), expected)
    moved = model.forward(first_channels(X), channels_first=X.shape[-1])
    np.testing.assert_array_equal(moved, expected)


def test_bytes_have_the_bits_of_the_same_floats(tested_engine):
    model = model_of(tested_engine, (7, 6, 3))
    options = standard(model)
    for n in (1, 9, 30):
        expected = model.forward(pixels(model, n, tested_engine.dtype), **options)
        np.testing.assert_array_equal(model.forward(pixels(model, n, "uint8"), **options), expected)


@pytest.mark.parametrize("layers", [LAYERS, [Dense(9)]], ids=["convolution", "dense"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels_first", [False, True])
def test_training(tested_engine, kind, channels_first, layers):
    """The same steps as on images that were scaled before, up to rounding."""
    model = model_of(tested_engine, (7, 6, 3), layers)
    X, y = pixels(model, 30, kind), targets(model.loss, 30, tested_engine.dtype)
    options = standard(model)
    expected, expected_losses = trained(model, entering(model, X, **options), y)
    X = first_channels(X) if channels_first else X
    model.rows = with_options(model, channels_first=3 * channels_first, **options)
    weights, losses = trained(model, X, y)
    np.testing.assert_allclose(losses, expected_losses, rtol=1e4 * tested_engine.eps)
    np.testing.assert_allclose(weights, expected, atol=5e5 * tested_engine.eps)
    for n_threads in (2, 3):
        other, other_losses = trained(model, X, y, n_threads)
        np.testing.assert_array_equal(other, weights)
        assert other_losses == losses


def with_options(model, **options):
    """Rows that are gathered with these options."""
    return lambda X: Layered.rows(model, X, **options)


def trained(model, X, y, n_threads=1):
    trainer = model.trainer(X, y, Adam(), batch_size=8, n_threads=n_threads, seed=2)
    losses = run_epochs(trainer, range(2))
    return flat(stored(model, trainer)), losses


@pytest.mark.parametrize("channels_first", [False, True])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_says_whether_all_was_finite(tested_engine, bad, channels_first):
    model = model_of(tested_engine, (7, 6, 3))
    X, options = pixels(model, 12, tested_engine.dtype), standard(model)
    X[11, 6, 5, 2] = bad
    model.forward(
        first_channels(X) if channels_first else X, channels_first=3 * channels_first, **options
    )
    assert not model.finite


@pytest.mark.parametrize("kind", KINDS)
def test_read_only_images(tested_engine, kind):
    model = model_of(tested_engine, (7, 6, 3))
    X = pixels(model, 9, kind)
    expected = model.forward(X, **standard(model))
    X.flags.writeable = False
    np.testing.assert_array_equal(model.forward(X, **standard(model)), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_images_of_another_size(tested_engine, kind):
    model = model_of(tested_engine, (7, 6, 3))
    X = np.zeros((4, 125), kind)
    with pytest.raises(ValueError, match="125"):
        model.forward(X)
