"""The engine's view of itself: passes that exist take time, the others none."""

import numpy as np
import pytest

from sknn import engine
from sknn.layers import BatchNorm, Conv2D, Flatten, LayerNorm, MaxPool2D, Residual
from tests.engine.layered import Layered

NETS = {
    "plain": [Conv2D(4, 3), MaxPool2D(2), Conv2D(5, 3, groups=1), Flatten()],
    "normed": [Conv2D(4, 3), BatchNorm(), Conv2D(4, 3, groups=4), LayerNorm(), Flatten()],
    "pooled": [Conv2D(4, 3), BatchNorm(), MaxPool2D(2), Flatten()],
    "residual": [Conv2D(4, 3, padding="same"), Residual([Conv2D(4, 1)]), Flatten()],
}


@pytest.mark.parametrize("name", NETS)
def test_each_pass_of_each_op(tested_engine, name):
    net = Layered(tested_engine, NETS[name], (8, 8, 3))
    before = [array.copy() for part in net.weights for array in part]
    found = net.engine.profile(net.program, net.rows(net.images(21)), *net.weights, 3)
    ops, buffers = net.network.plan.in_training()
    # the pass of the weights, or that of the norm behind, computes this gradient too
    together = {"layer_norm", "max_pool_ahead"}
    weighted = {"conv", "depthwise", "dense", "batch_norm", "layer_norm"}
    assert [row[:2] for row in found] == [(i, net.engine.OPS[op.kind]) for i, op in enumerate(ops)]
    for op, (*_, forward, dx, dW) in zip(ops, found, strict=True):
        assert 0 < forward < 1
        assert (dW > 0) == (op.kind in weighted)
        assert (dx > 0) == (buffers[op.source].gradient >= 0 and op.kind not in together)
    after = [array for part in net.weights for array in part]
    assert all(map(np.array_equal, before, after))


def test_peak(tested_engine):
    module = engine.load(tested_engine.dtype, tested_engine.level)
    assert 1e6 < module.peak_flops(0.01) < 1e13  # beside anything, sanitizers too
