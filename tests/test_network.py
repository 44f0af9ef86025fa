"""Networks: how layers are lowered, shapes, initial weights, losses as they are described."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier

from sknn.initializers import glorot_uniform
from sknn.layers import (
    Activation,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Residual,
    Scale,
)
from sknn.losses import Loss
from sknn.network import Network, multilayer_perceptron
from sknn.plan import Buffer

LOSS = Loss("softmax", (3,))


def build(hidden, activations, dropout, sparse=False, dtype="float32"):
    return Network(multilayer_perceptron(hidden, 3, activations, dropout), 6, dtype, sparse)


def kinds(network):
    return [op.kind for op in network.plan.ops]


def test_layers_of_a_perceptron():
    layers = multilayer_perceptron((5, 4), 3, ["relu", "tanh"], [0.1, 0.2, 0.3])
    assert [repr(layer) for layer in layers] == [
        "Dropout(rate=0.1)",
        "Dense(activation='relu', units=5)",
        "Dropout(rate=0.2)",
        "Dense(activation='tanh', units=4)",
        "Dropout(rate=0.3)",
        "Dense(activation='identity', units=3)",
    ]


@pytest.mark.parametrize(
    ("activations", "dropout"), [(["relu"], [0.0, 0.0]), (["relu", "tanh"], [0.0, 0.0])]
)
def test_layers_of_other_lengths(activations, dropout):
    with pytest.raises(ValueError, match="zip"):
        multilayer_perceptron((5, 4), 3, activations, dropout)


@pytest.mark.parametrize("layer", [Dense(4), Activation("gelu"), Dropout(0.5)])
def test_layers_are_cloned(layer):
    assert clone(layer).get_params() == layer.get_params()


def test_shapes():
    network = build((5, 4), ["relu", "tanh"], [0.0] * 3)
    assert network.coef_shapes == [(6, 5), (5, 4), (4, 3)]
    assert network.intercept_shapes == [(5,), (4,), (3,)]
    assert network.multiply_adds == 30 + 20 + 12
    coefs, intercepts = network.empty_weights()
    assert [array.shape for array in coefs] == network.coef_shapes
    assert [array.shape for array in intercepts] == [(5,), (4,), (3,)]
    assert {array.dtype for array in (*coefs, *intercepts)} == {np.dtype("float32")}


def test_no_hidden_layer():
    network = build((), [], [0.0])
    assert network.coef_shapes == [(6, 3)]
    assert kinds(network) == ["dense"]


def test_identity_and_no_dropout_cost_nothing():
    network = build((5,), ["identity"], [0.0, 0.0])
    assert kinds(network) == ["dense", "dense"]
    assert len(network.plan.buffers) == 3


def test_ops_in_order():
    network = build((5,), ["gelu"], [0.1, 0.2])
    assert kinds(network) == ["dropout", "dense", "activation", "dropout", "dense"]
    assert [op.drop_rate for op in network.plan.ops] == [0.1, 0, 0, 0.2, 0]
    assert len({op.mask for op in network.plan.ops}) == 5  # masks of their own


@pytest.mark.parametrize(
    ("layers", "in_place"),
    [
        ([Dense(5, "relu")], [1]),
        ([Dense(5, "tanh"), Dropout(0.1)], [1]),
        ([Dense(5, "mish")], []),  # its backward pass reads its input
        (
            [Dense(5, "tanh"), Activation("tanh")],
            [1],
        ),  # the second one's would destroy the first one's output
        ([Dense(5, "gelu"), Activation("tanh"), Activation("relu")], [2]),
        ([Scale(), Activation("tanh")], [1]),
        ([Activation("relu")], []),  # the input may be the user's memory
        ([Dense(5, "identity"), Residual([Activation("relu")])], [2]),
    ],
    ids=repr,
)
def test_activations_work_in_place_where_nobody_reads_their_input(layers, in_place):
    network = Network([*layers, Dense(3, "identity")], 6, "float32")
    assert network.program(Loss("squared_error", (3,))).in_place == in_place


def test_the_input_has_no_gradient():
    """The first weights need no transposed copy; the others do."""
    network = build((5,), ["relu"], [0.3, 0.0])
    assert network.plan.buffers[0] == network.plan.buffers[1] == Buffer(6, -1)
    assert [p.needs_input_gradient for p in network.plan.parameters] == [False, True]


def test_sparse_input():
    """The dropout of the input goes into the product, and keeps its number."""
    dense, sparse = (build((5,), ["relu"], [0.1, 0.2], sparse) for sparse in (False, True))
    assert kinds(sparse) == ["dense_csr", "activation", "dropout", "dense"]
    assert sparse.plan.ops[0].drop_rate == 0.1

    def dropout_numbers(network):
        return [op.mask for op in network.plan.ops if op.drop_rate > 0]

    assert dropout_numbers(sparse) == dropout_numbers(dense)
    assert kinds(build((5,), ["relu"], [0.0, 0.2], True))[0] == "dense_csr"


def test_ends_of_layers():
    network = build((5, 4), ["relu", "mish"], [0.0, 0.5, 0.5])
    assert [shape for _, shape in network.ends] == [(6,), (5,), (5,), (4,), (4,), (3,)]
    assert [n_ops for n_ops, _ in network.ends] == [0, 2, 3, 5, 6, 7]


def test_unknown_activation():
    with pytest.raises(
        ValueError, match=r"layers\[1\] = .*'activation' parameter of Dense .*'swish'"
    ):
        build((5,), ["swish"], [0.0, 0.0])


@pytest.mark.parametrize(
    ("activation", "training", "between"),
    [
        ("relu", ["conv", "max_pool", "activation"], 3 * 3 * 4),
        ("tanh", ["conv", "activation", "max_pool"], 6 * 6 * 4),
    ],
)
def test_max_pooling_before_relu_in_training(activation, training, between):
    """What else might round two inputs to one output stays in order; so does prediction, layer by layer."""
    layers = [Conv2D(4, 3, activation=activation), MaxPool2D(2), Flatten(), Dense(3, "identity")]
    plan = Network(layers, (8, 8, 2), "float32").plan
    ops, buffers = plan.in_training()
    assert [op.kind for op in ops[:3]] == training
    assert [op.kind for op in plan.ops[:3]] == ["conv", "activation", "max_pool"]
    assert [buffers[op.target].width for op in ops[:3]] == [6 * 6 * 4, between, 3 * 3 * 4]


@pytest.mark.parametrize(
    ("pool", "training"),
    [
        (MaxPool2D(2), ["conv", "max_pool_ahead", "batch_norm", "activation"]),
        (MaxPool2D(2, padding="same"), ["conv", "max_pool_ahead", "batch_norm", "activation"]),
        (MaxPool2D(3, 2), ["conv", "batch_norm", "max_pool", "activation"]),
        (MaxPool2D(3, padding="same"), ["conv", "batch_norm", "max_pool", "activation"]),
    ],
    ids=repr,
)
def test_max_pooling_ahead_of_batch_norm_in_training(pool, training):
    """Where windows neither overlap nor begin outside of the image."""
    layers = [Conv2D(4, 2, activation="identity"), BatchNorm(), Activation("relu"), pool]
    network = Network([*layers, Flatten(), Dense(3, "identity")], (8, 8, 2), "float32")
    ops, _ = network.plan.in_training()
    assert [op.kind for op in ops[:4]] == training
    assert network.statistics_shapes == [(4,)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_chooses_the_engine(dtype):
    network = build((5,), ["relu"], [0.0, 0.0], dtype=dtype)
    assert network.engine.__name__.endswith(dtype)
    assert type(network.program(LOSS)).__module__ == network.engine.__name__


@pytest.mark.parametrize(
    ("kind", "link", "summed"),
    [
        ("softmax", "softmax", True),
        ("binary", "logistic", True),
        ("squared_error", "identity", False),
        ("absolute_error", "identity", False),
        ("huber", "identity", False),
        ("poisson", "exp", True),
        ("gamma", "exp", True),
        ("quantile", "identity", False),
    ],
)
def test_losses(kind, link, summed):
    loss = Loss(kind, (4,), 0.5)
    assert loss.n_outputs == 4
    assert loss.link == link
    assert loss.value_scale == (1.0 if summed else 0.25)
    engine = build((), [], [0.0]).engine
    assert loss.lower(engine) == (engine.LOSSES[kind], (4,), 0.5, loss.value_scale, 1.0)
    assert loss.lower(engine, mean_gradient=True)[-1] == loss.value_scale


def test_groups_of_classes():
    assert Loss("softmax", (2, 3, 4)).n_outputs == 9


@pytest.mark.parametrize("activation", ["relu", "logistic", "tanh", "identity"])
def test_initial_weights_are_scikit_learns(activation):
    """The output layer is drawn like the last hidden one."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 6)), np.arange(20) % 3
    theirs = MLPClassifier((5, 4), activation=activation, learning_rate_init=1e-300, random_state=3)
    theirs.partial_fit(X, y, classes=[0, 1, 2])
    network = build((5, 4), [activation] * 2, [0.0] * 3, dtype="float64")
    coefs, intercepts = network.initial_weights(np.random.RandomState(3))
    for ours, their in zip(coefs + intercepts, theirs.coefs_ + theirs.intercepts_, strict=True):
        np.testing.assert_array_equal(ours, their)


@pytest.mark.parametrize(("activation", "numerator"), [("logistic", 2), ("relu", 6)])
def test_initial_weights_of_a_layer(activation, numerator):
    """The logistic function takes 2 in place of 6."""
    W, _ = glorot_uniform((50, 50), activation, np.random.RandomState(0))
    bound = np.sqrt(numerator / 100)
    assert 0.95 * bound < abs(W).max() <= bound
