"""Winograd's convolution: where it is chosen, and how exact it is. Its cases stand in the table of layers."""

import numpy as np
import pytest

from sknn.layers import Conv2D
from tests.engine.layer_cases import WINOGRAD
from tests.engine.layered import Layered


def convolution(machine, layer, shape):
    return Layered(machine, [layer], shape, activation="identity")


def is_winograd(model):
    return bool(model.program.winograd)


@pytest.mark.parametrize("name", WINOGRAD)
def test_the_cases_are_computed_so(machine, name):
    layers, shape = WINOGRAD[name]
    model = Layered(machine, layers, shape)
    kernels = [W.shape[:2] for W in model.weights[0] if W.ndim == 4]
    assert len(model.program.winograd) == kernels.count((3, 3))


def test_weight_gradients_of_few_tiles_are_sums(machine):
    """The table has both kinds."""
    kinds = set()
    for layers, shape in WINOGRAD.values():
        kinds |= set(Layered(machine, layers, shape).program.winograd.values())
    assert kinds == {True, False}


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
def test_other_convolutions_are_sums(machine, layer):
    assert not is_winograd(convolution(machine, layer, (12, 12, 64)))


def test_few_channels_are_not_worth_it(machine):
    assert not is_winograd(convolution(machine, Conv2D(64, 3), (12, 12, 3)))
    assert is_winograd(convolution(machine, Conv2D(64, 3), (12, 12, 64)))


@pytest.mark.parametrize("h", range(3, 12))
def test_every_size(machine, h):
    """All ways in which the last tiles stand over; outputs, and gradients of weights and inputs."""
    for w in (4, 9):
        model = Layered(machine, [Conv2D(40, 1), Conv2D(40, 3)], (h, w, 4))
        X = model.images(9)
        expected = model.twin_outputs(X)[-1]
        np.testing.assert_allclose(model.forward(X), expected, rtol=0, atol=100 * machine.eps)
        y = np.zeros((9, 1), np.int32)
        _, gradient = model.loss_and_gradient(X, y)
        _, expected, _ = model.twin(X, y)
        for part, of_twin in zip(gradient[0] + gradient[1], expected[0] + expected[1], strict=True):
            size = abs(of_twin).max()
            np.testing.assert_allclose(part, of_twin, rtol=0, atol=100 * machine.eps * size)


@pytest.mark.parametrize("c", [32, 256])
def test_rounding(machine, c):
    """A few times the rounding of numbers as large as a typical output."""
    model = convolution(machine, Conv2D(32, 3), (14, 14, c))
    assert is_winograd(model)
    X = model.images(3)
    expected = model.twin_outputs(X)[0]
    error = model.forward(X, 1, shape=expected.shape[1:]) - expected
    assert np.sqrt((error**2).mean()) < 20 * machine.eps * expected.std()
    assert abs(error).max() < 200 * machine.eps * expected.std()


def test_a_nan_stays_in_its_tile(machine):
    model = convolution(machine, Conv2D(32, 3), (14, 14, 32))
    X = model.images(2)
    expected = model.forward(X, 1, shape=(12, 12, 32))
    X[0, 1, 1, 3] = np.nan
    actual = model.forward(X, 1, shape=(12, 12, 32))
    assert np.isnan(actual[0, :2, :2]).all()
    outside = np.ones(actual.shape, bool)
    outside[0, :4, :4] = False
    np.testing.assert_array_equal(actual[outside], expected[outside])


def test_a_fixed_kernel_passes_gradients_on(machine):
    y = np.zeros((9, 1), np.int32)
    found = []
    for trainable in (True, False):
        layers = [Conv2D(32, 1), Conv2D(32, 3, trainable=trainable)]
        model = Layered(machine, layers, (8, 7, 8))
        assert is_winograd(model)
        found.append(model.loss_and_gradient(model.images(9), y)[1][0])
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert found[0][1].any()
    assert not found[1][1].any()
