"""Products of rounded factors: against numpy, and with VDPBF16PS against single factors, bit by bit."""

from unittest import mock

import numpy as np
import pytest

from sknn import layers as L
from sknn.engine import load
from sknn.losses import Loss
from sknn.optimizers import Adam, Muon
from tests import reference_layers
from tests.engine.conftest import LEVELS
from tests.engine.layered import Layered
from tests.engine.under_test import LOSSES, EngineUnderTest, flat, run_epochs, stored, targets
from tests.reference import nearest_bfloat16

CASES = {
    "one unit": ([L.Dense(1)], (1,)),
    "odd widths": ([L.Dense(33), L.Dense(17)], (7,)),
    "whole vectors": ([L.Dense(64), L.Dense(128)], (32,)),
    "long sums": ([L.Dense(5)], (700,)),
    "dropout": ([L.Dropout(0.3), L.Dense(40), L.Dropout(0.5)], (21,)),
    "tokens": ([L.Transposed([L.Conv2D(20, 1), L.Conv2D(16, 1)]), L.Flatten()], (4, 4, 6)),
    "few channels": ([L.Conv2D(8, 3), L.Flatten()], (6, 6, 3)),
    "1 x 1": ([L.Conv2D(20, 1), L.Flatten()], (11, 10, 16)),
    "wide windows": ([L.Conv2D(20, (1, 3), strides=2), L.Flatten()], (3, 9, 40)),
    "5 x 5": ([L.Conv2D(24, 5, padding="same"), L.Flatten()], (9, 7, 17)),
    "strides": ([L.Conv2D(18, 3, strides=2), L.Flatten()], (9, 8, 32)),
    "dilation": ([L.Conv2D(70, 3, dilation=2), L.Flatten()], (7, 8, 16)),
    "groups": ([L.Conv2D(36, (3, 1), groups=2), L.Flatten()], (6, 5, 32)),
    "transposed": ([L.ConvTranspose2D(16, (2, 3), strides=2), L.Flatten()], (4, 3, 18)),
    "two": ([L.Conv2D(16, (1, 3)), L.BatchNorm(), L.Conv2D(16, 2), L.Flatten()], (6, 6, 16)),
}
WINOGRAD = ([L.Conv2D(32, 3, padding="same"), L.Conv2D(80, 3), L.Flatten()], (14, 12, 50))


def rounded(engine, name, loss=LOSSES["softmax"], pairs=True):
    layers, shape = CASES.get(name, WINOGRAD)
    net = Layered(engine, layers, shape, loss, activation="tanh")
    plan, lowered = net.network.plan, loss.lower(net.engine, True)
    parts = plan.ops, plan.buffers, plan.parameters, lowered, plan.tables
    net.program = net.engine.Program(*parts, bfloat16=True, pairs=pairs)
    return net


@pytest.mark.parametrize("name", CASES)
def test_gradient_equals_the_reference(double, name):
    """In float64, where a factor that is a bit off is hardly ever rounded to another number."""
    net = rounded(double, name)
    X, y = net.images(21), targets(net.loss, 21, "float64")
    with mock.patch.object(reference_layers, "factor", nearest_bfloat16):
        expected_loss, expected, _ = net.reference(X, y)
    value, gradient = net.loss_and_gradient(X, y)
    np.testing.assert_allclose(value, expected_loss, rtol=1e-12)
    np.testing.assert_allclose(flat(gradient), flat(expected), rtol=0, atol=1e-10)
    assert not np.allclose(flat(gradient), flat(net.reference(X, y)[1]), rtol=1e-4)


@pytest.mark.parametrize("level", LEVELS)
def test_product_is_a_chain_of_additions(level):
    """c += a[k + 1] b[k + 1], then c += a[k] b[k], in float32: every bit."""
    net = Layered(EngineUnderTest(level, "float32"), [], (701,), Loss("squared_error", (37,)))
    net.program = net.network.program(net.loss, bfloat16=True)
    X = net.images(30)
    (W,), (b,) = net.weights
    a = nearest_bfloat16(np.pad(X, [(0, 0), (0, 1)])).astype(np.float32)
    w = nearest_bfloat16(np.pad(W, [(0, 1), (0, 0)])).astype(np.float32)
    expected = np.tile(b, (30, 1))
    for k in range(0, 702, 2):
        expected += np.outer(a[:, k + 1], w[k + 1])
        expected += np.outer(a[:, k], w[k])
    assert np.array_equal(net.forward(X), expected)


@pytest.mark.parametrize(
    "value", [1.0, 1 + 2**-8, 1 + 3 * 2**-8, 1.001, -3.3e38, 1e-40, np.inf, np.nan, 1e38, 3.4e38]
)
@pytest.mark.parametrize("level", LEVELS)
def test_rounding_of_a_factor(level, value):
    net = Layered(EngineUnderTest(level, "float32"), [], (1,), Loss("squared_error", (1,)))
    net.program = net.network.program(net.loss, bfloat16=True)
    net.weights[0][0][...], net.weights[1][0][...] = 1, 0
    expected = 0.0 if value == 1e-40 else nearest_bfloat16(value)
    np.testing.assert_equal(
        net.forward(np.full((9, 1), value, np.float32)), np.full((9, 1), expected)
    )


def trained(name, optimizer, pairs):
    net = rounded(EngineUnderTest("avx512", "float32"), name, pairs=pairs)
    X, y = net.images(75), targets(net.loss, 75, "float32")
    trainer = net.trainer(X, y, optimizer, batch_size=30)
    losses = run_epochs(trainer, range(3), 0.01, True)
    return flat(stored(net, trainer)), losses


@pytest.mark.skipif(
    "avx512" not in LEVELS or not load("float32", "avx512").has_pairs(),
    reason="the processor, or the build, has no AVX512_BF16",
)
@pytest.mark.parametrize("name", [*CASES, "Winograd"])
@pytest.mark.parametrize("optimizer", [Adam(), Muon(n_iterations=2)], ids=["Adam", "Muon"])
def test_pairs_have_the_bits_of_single_factors(name, optimizer):
    weights, losses = trained(name, optimizer, pairs=True)
    expected, expected_losses = trained(name, optimizer, pairs=False)
    assert np.array_equal(weights, expected)
    assert losses == expected_losses


@pytest.mark.parametrize("name", ["odd widths", "5 x 5", "Winograd", "two", "tokens"])
@pytest.mark.parametrize("level", LEVELS)
def test_bits_do_not_depend_on_threads(level, name):
    net = rounded(EngineUnderTest(level, "float32"), name)
    X, y = net.images(75), targets(net.loss, 75, "float32")
    found = []
    for n_threads in (1, 3):
        trainer = net.trainer(X, y, Adam(), batch_size=30, n_threads=n_threads)
        run_epochs(trainer, range(2), 0.01, True)
        found.append(flat(stored(net, trainer)))
    assert np.array_equal(*found)


def test_winograd_rounds_its_maps(double):
    """There are no factors of a kernel to round: near the exact gradient, not it."""
    net = rounded(double, "Winograd")
    assert len(net.program.winograd) == 2
    X, y = net.images(9), targets(net.loss, 9, "float64")
    gradient, expected = flat(net.loss_and_gradient(X, y)[1]), flat(net.reference(X, y)[1])
    off = np.linalg.norm(gradient - expected) / np.linalg.norm(expected)
    assert 1e-4 < off < 0.05


@pytest.mark.parametrize("name", ["odd widths", "5 x 5", "Winograd"])
def test_outputs_of_single_rows(tested_engine, name):
    net = rounded(tested_engine, name)
    X = net.images(12)
    together = net.forward(X)
    for n in (1, 8):
        alone = np.concatenate([net.forward(X[i : i + n]) for i in range(0, 12, n)])
        assert np.array_equal(alone, together)
