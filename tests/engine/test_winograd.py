"""Winograd's convolution: where it is chosen, and how exact it is. Its cases stand in the table of layers."""

import numpy as np
import pytest

from sknn.layers import Conv2D
from tests.engine.layer_cases import WINOGRAD
from tests.engine.layered import Layered


def convolution(tested_engine, layer, shape):
    return Layered(tested_engine, [layer], shape, activation="identity")


def is_winograd(model):
    return bool(model.program.winograd)


@pytest.mark.parametrize("name", WINOGRAD)
def test_the_cases_are_computed_so(tested_engine, name):
    layers, shape = WINOGRAD[name]
    model = Layered(tested_engine, layers, shape)
    kernels = [W.shape[:2] for W in model.weights[0] if W.ndim == 4]
    assert len(model.program.winograd) == kernels.count((3, 3))


def test_weight_gradients_of_few_tiles_are_sums(tested_engine):
    """The table has both kinds, where four images pass at once."""
    least = set()
    for layers, shape in WINOGRAD.values():
        least |= set(Layered(tested_engine, layers, shape).program.winograd.values())
    assert min(least) <= 4 < max(least)


@pytest.mark.parametrize(
    "layer",
    [
        Conv2D(64, 5),
        Conv2D(64, (3, 1)),
        Conv2D(64, 3, strides=2),
        Conv2D(64, 3, dilation=2),
        Conv2D(64, 3, groups=2),
        Conv2D(64, 1),
    ],
    ids=repr,
)
def test_other_convolutions_are_sums(tested_engine, layer):
    assert not is_winograd(convolution(tested_engine, layer, (12, 12, 64)))


def test_few_channels_are_not_worth_it(tested_engine):
    assert not is_winograd(convolution(tested_engine, Conv2D(64, 3), (12, 12, 3)))
    assert is_winograd(convolution(tested_engine, Conv2D(64, 3), (12, 12, 64)))


@pytest.mark.parametrize("h", range(3, 12))
def test_every_size(tested_engine, h):
    """All ways in which the last tiles stand over; outputs, and gradients of weights and inputs."""
    for w in (4, 9):
        model = Layered(tested_engine, [Conv2D(40, 1), Conv2D(40, 3)], (h, w, 4))
        X = model.images(9)
        expected = model.reference_outputs(X)[-1]
        np.testing.assert_allclose(model.forward(X), expected, rtol=0, atol=100 * tested_engine.eps)
        y = np.zeros((9, 1), np.int32)
        _, gradient = model.loss_and_gradient(X, y)
        _, expected, _ = model.reference(X, y)
        for part, of_reference in zip(
            gradient[0] + gradient[1], expected[0] + expected[1], strict=True
        ):
            size = abs(of_reference).max()
            np.testing.assert_allclose(
                part, of_reference, rtol=0, atol=100 * tested_engine.eps * size
            )


@pytest.mark.parametrize("c", [32, 256])
def test_rounding(tested_engine, c):
    """A few times the rounding of numbers as large as a typical output."""
    model = convolution(tested_engine, Conv2D(32, 3), (14, 14, c))
    assert is_winograd(model)
    X = model.images(3)
    expected = model.reference_outputs(X)[0]
    error = model.forward(X, 1, shape=expected.shape[1:]) - expected
    assert np.sqrt((error**2).mean()) < 20 * tested_engine.eps * expected.std()
    assert abs(error).max() < 200 * tested_engine.eps * expected.std()


def test_a_nan_stays_in_its_tile(tested_engine):
    model = convolution(tested_engine, Conv2D(32, 3), (14, 14, 32))
    X = model.images(2)
    expected = model.forward(X, 1, shape=(12, 12, 32))
    X[0, 1, 1, 3] = np.nan
    actual = model.forward(X, 1, shape=(12, 12, 32))
    assert np.isnan(actual[0, :2, :2]).all()
    outside = np.ones(actual.shape, bool)
    outside[0, :4, :4] = False
    np.testing.assert_array_equal(actual[outside], expected[outside])


def test_a_fixed_kernel_passes_gradients_on(tested_engine):
    y = np.zeros((9, 1), np.int32)
    found = []
    for trainable in (True, False):
        layers = [Conv2D(32, 1), Conv2D(32, 3, trainable=trainable)]
        model = Layered(tested_engine, layers, (8, 7, 8))
        assert is_winograd(model)
        found.append(model.loss_and_gradient(model.images(9), y)[1][0])
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert found[0][1].any()
    assert not found[1][1].any()
