"""Whatever reaches the engine is checked against the plan, once, with an error that says what is wrong."""

import copy
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest

from sknn.layers import (
    Activation,
    BatchNorm,
    CategoryEmbedding,
    Columns,
    Conv2D,
    Dense,
    Dropout,
    LayerNorm,
    MaxPool2D,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    Residual,
    Scale,
    SpatialDropout,
    Transposed,
)
from sknn.losses import Loss
from sknn.optimizers import Adam
from sknn.plan import Buffer, Geometry, Op, Parameter
from tests.engine.layered import Layered
from tests.engine.under_test import targets

IMAGE = [
    Conv2D(4, 3, padding=1, strides=2, activation="tanh"),
    Conv2D(4, 2, groups=4, activation="identity"),
    BatchNorm(),
    Residual([LayerNorm(), SpatialDropout(0.2), Scale(), Activation("gelu")]),
    Transposed([Conv2D(2, 1), Conv2D(9, 1)]),
    MaxPool2D(2, padding="same"),
    Dropout(0.1),
]
POOLED = [
    Conv2D(4, 2),
    BatchNorm(),
    MaxPool2D((2, 3)),
    BatchNorm(),
    Activation("relu"),
    MaxPool2D(2),
]
ROWS = [
    Columns(
        [
            PeriodicEmbedding(2, 1),
            CategoryEmbedding([3, 2], 2),
            PiecewiseLinearEmbedding([[0.0, 0.0], [1.0, 2.0]], 1),
            None,
        ],
        [2, 2, 2, 1],
    ),
    Dense(5),
]


def lowered(net):
    """What the engine's Program is made of, to be changed."""
    plan = net.network.plan
    parts = [*plan.in_training(), plan.parameters, net.loss.lower(net.engine), plan.tables]
    return copy.deepcopy(parts)


def changed(part):
    """Parts of a plan with one number changed, in every place and several ways."""
    for field in fields(part):
        value = getattr(part, field.name)
        if is_dataclass(value):
            others = changed(value)
        elif isinstance(value, tuple):
            others = (
                (*value[:i], n, *value[i + 1 :]) for i, m in enumerate(value) for n in wrong(m)
            )
        else:
            others = wrong(value)
        for other in others:
            yield replace(part, **{field.name: other})


def wrong(value):
    """Other integers in the place of one; nothing for all else."""
    if isinstance(value, int) and not isinstance(value, bool):
        yield from (-1, value + 1, value - 1, 2 * value + 7, 10**6, -(10**9))


@pytest.mark.parametrize(
    ("layers", "shape", "least"),
    [(IMAGE, (7, 8, 4), 500), (POOLED, (8, 10, 3), 200), (ROWS, (7,), 500)],
    ids=["images", "pooled", "rows"],
)
def test_any_number_of_a_plan_may_be_wrong(best, layers, shape, least):
    """It is refused, or makes a network that runs: never memory that is not its own. Under a sanitizer this
    test sees every single byte; without one it sees crashes."""
    net = Layered(best, layers, shape)
    X, y = net.images(5), targets(net.loss, 5, "float32")
    refused = ran = 0
    right = lowered(net)
    for part in (0, 1, 2):
        for i, item in enumerate(right[part]):
            for other in changed(item):
                parts = [*right]
                parts[part] = [*right[part][:i], other, *right[part][i + 1 :]]
                try:
                    net.program = net.engine.Program(*parts)
                    net.loss_and_gradient(X, y)
                    net.forward(X)
                    ran += 1
                except (ValueError, OverflowError, MemoryError):
                    refused += 1
    assert min(refused, ran) > least


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda parts: parts[0].clear(), "at least one op"),
        (lambda parts: parts[0].pop(), "loss has 3 outputs, but the network ends with 4"),
        (lambda parts: parts[0].pop(0), "reads a buffer that is not written yet"),
        (lambda parts: parts[0].insert(1, parts[0][0]), "parameter 0 belongs to another op"),
        (lambda parts: parts[0].insert(2, parts[0][1]), "writes over a buffer"),
        (lambda parts: parts[2].append(parts[2][0]), "4 parameters for 3 ops"),
        (lambda parts: parts[1].__setitem__(1, Buffer(4, -1)), "gets no gradient"),
        (
            lambda parts: parts[1].__setitem__(1, parts[1][3]),
            "cannot put its gradient there|another",
        ),
    ],
)
def test_the_order_of_the_ops(best, change, message):
    net = Layered(best, [Dense(4, "tanh"), Dense(4, "identity")], (6,))
    parts = lowered(net)
    change(parts)
    with pytest.raises(ValueError, match=message):
        net.engine.Program(*parts)


def test_nothing_is_written_over_what_a_sum_still_needs(best):
    """An activation of a buffer that is added later: no layers make such a plan, but it would be right."""
    row = Geometry.of_channels((4,))
    ops = [
        Op(kind="dense", source=0, target=1),
        Op(kind="fork", source=1, target=2, other=4, geometry=row),
        Op(kind="activation", source=1, target=3, activation="tanh"),
        Op(kind="add", source=2, target=4, other=1, geometry=row),
        Op(kind="dense", source=4, target=5, parameter=1),
    ]
    widths, gradients = (6, 4, 4, 4, 4, 3), (-1, -1, -1, -1, 0, 1)
    buffers = [Buffer(*both) for both in zip(widths, gradients, strict=True)]
    frozen, trained = (
        Parameter(shape, False, 1, "identity", "glorot", trained=moves, biased=moves)
        for shape, moves in [((6, 4), False), ((4, 3), True)]
    )
    net = Layered(best, [], (2,))
    program = net.engine.Program(ops, buffers, [frozen, trained], net.loss.lower(net.engine), [])
    assert program.in_place == []


def test_a_sum_wants_a_fork(best):
    """Else the gradient of its second summand would be lost."""
    net = Layered(best, [Dense(4, "identity"), Residual([Dense(4, "identity")])], (6,))
    parts = lowered(net)
    fork = next(i for i, op in enumerate(parts[0]) if op.kind == "fork")
    parts[0][fork] = replace(parts[0][fork], other=parts[0][fork].target)
    with pytest.raises(ValueError, match=r"fork|another buffer"):
        net.engine.Program(*parts)


def test_two_ops_cannot_write_one_gradient(best):
    """A buffer that is read twice needs a fork: the second gradient would replace the first."""
    net = Layered(best, [Dense(4, "identity"), Dense(4, "identity")], (6,))
    parts = lowered(net)
    parts[1] += [Buffer(4, 3)]
    parts[2] += [parts[2][1]]
    parts[0].insert(1, Op(kind="dense", source=1, target=4, parameter=3))
    with pytest.raises(ValueError, match="gradient"):
        net.engine.Program(*parts)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "conv3d"}, "no op 'conv3d'"),
        ({"activation": "relu6"}, "no activation 'relu6'"),
        ({"alpha": -0.1}, "alpha=-0.1 is not a finite number >= 0"),
        ({"alpha": np.nan}, "alpha=nan"),
    ],
)
def test_what_an_op_cannot_be(best, change, message):
    net = Layered(best, [Dense(4, "relu")], (6,))
    parts = lowered(net)
    parts[0][1] = replace(parts[0][1], **change)
    with pytest.raises(ValueError, match=message):
        net.engine.Program(*parts)


@pytest.mark.parametrize(
    "loss", [Loss("softmax", (2,)), Loss("softmax", (90,)), Loss("binary", (4,))]
)
def test_a_loss_of_another_width(best, loss):
    net = Layered(best, [Dense(4)], (6,))
    with pytest.raises(ValueError, match=f"loss has {loss.n_outputs} outputs, .* ends with 3"):
        net.network.program(loss)


# ---- CSR ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indices", "indptr", "message"),
    [
        ([0, 6, 1], [0, 2, 3], "column numbers from 0 to 5"),
        ([0, -1, 1], [0, 2, 3], "column numbers from 0 to 5"),
        ([0, 2, 1], [0, 2, 4], "from 0 to at most 3"),
        ([0, 2, 1], [1, 2, 3], "from 0 to at most 3"),
        ([0, 2, 1], [0, 7, 3], "falls after row 1"),
        ([0, 2, 1], [0, -2, 3], "falls after row 0"),
        ([0, 2], [0, 2, 3], "from 0 to at most 2"),
        ([0, 2, 1], [], "from 0"),
    ],
)
def test_csr_parts_that_point_outside(tested_engine, indices, indptr, message):
    net = tested_engine.mlp(6, (4,), sparse=True)
    parts = np.ones(3, tested_engine.dtype), np.array(indices, np.int32), np.array(indptr, np.int64)
    with pytest.raises(ValueError, match=message):
        net.engine.Rows(parts, 6)


def test_csr_columns_out_of_order(tested_engine):
    """Prediction takes them; the weight gradient goes through them in order."""
    net = tested_engine.mlp(6, (4,), sparse=True)
    values, y = np.array([1.0, 2.0], tested_engine.dtype), tested_engine.normal(1, 1)
    rows = [
        net.engine.Rows((values[order], np.array(order, np.int32), np.array([0, 2])), 6)
        for order in ([0, 1], [1, 0])
    ]
    assert [row.sorted for row in rows] == [True, False]
    outputs = [np.empty((1, 1), tested_engine.dtype) for _ in rows]
    for row, out in zip(rows, outputs, strict=True):
        net.engine.forward(net.program, row, *net.weights, out)
    np.testing.assert_allclose(*outputs, rtol=50 * tested_engine.eps)
    with pytest.raises(ValueError, match="sorted"):
        net.engine.Trainer(net.program, rows[1], y, None, np.arange(1), 1, None)


# ---- fitted arrays ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda means, variances: means.pop(), "2 batch norms, got 1 running means and 2"),
        (lambda means, variances: variances.clear(), "got 2 running means and 0"),
        (lambda means, variances: means.append(means[0]), "got 3 running means"),
        (
            lambda means, variances: means.__setitem__(1, means[1][:2]),
            "batch norm 1 has 4 .* got .2,.",
        ),
        (
            lambda means, variances: variances.__setitem__(0, np.float32(1)),
            r"batch norm 0 .* got .*\(\)",
        ),
        (lambda means, variances: variances[1].__setitem__(0, -1), "batch norm 1 must be finite"),
        (
            lambda means, variances: variances[1].__setitem__(0, np.nan),
            "batch norm 1 must be finite",
        ),
        (lambda means, variances: means[0].__setitem__(0, np.inf), "batch norm 0 must be finite"),
    ],
)
def test_running_moments_that_do_not_fit(best, change, message):
    net = Layered(best, [Dense(4), BatchNorm(), Dense(4), BatchNorm()], (6,))
    X, y = net.images(5), targets(net.loss, 5, "float32")
    trainer = net.trainer(X, y, Adam())
    change(*net.statistics)
    with pytest.raises(ValueError, match=message):
        net.forward(X)
    with pytest.raises(ValueError, match=message):
        trainer.load_statistics(*net.statistics)


def test_no_running_moments_at_all(best):
    net = Layered(best, [BatchNorm()], (6,))
    out = np.empty((2, 3), "float32")
    with pytest.raises(ValueError, match="1 batch norms, got 0"):
        net.engine.forward(net.program, net.rows(net.images(2)), *net.weights, out)


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_weights_of_samples(best, weight):
    net = best.mlp(3, (4,))
    weights = np.array([1.0, weight, 1.0])
    with pytest.raises(ValueError, match="sample_weight"):
        net.trainer(best.normal(3, 3), best.normal(3, 1), sample_weight=weights)


def test_slots_that_are_not_there(best):
    net = best.mlp(3, (4,))
    trainer = net.trainer(best.normal(3, 3), best.normal(3, 1), Adam())
    for slot in (-1, 2):
        with pytest.raises(ValueError, match="slot"):
            trainer.load_slot(slot, *net.weights)
        with pytest.raises(ValueError, match="slot"):
            trainer.store_slot(slot, *net.weights)


def test_no_threads(best):
    net = best.mlp(3, (4,))
    with pytest.raises(ValueError, match="n_threads=0"):
        net.forward(best.normal(3, 3), n_threads=0)
    with pytest.raises(ValueError, match="n_threads=0"):
        net.trainer(best.normal(3, 3), best.normal(3, 1), n_threads=0)
