"""Layers as descriptions: how they are written, copied and searched, and the shapes they give."""

import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sknn import CNNClassifier, layers
from sknn.layers import (
    Activation,
    AvgPool2D,
    BatchNorm,
    CategoryEmbedding,
    Columns,
    Conv2D,
    ConvTranspose2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    GlobalMaxPool2D,
    GroupNorm,
    LayerNorm,
    MaxPool2D,
    ParametricActivation,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    Residual,
    Scale,
    SpatialDropout,
    Transposed,
)
from sknn.network import Network

REPRS = {
    "Activation(name='relu')": Activation("relu"),
    "AvgPool2D()": AvgPool2D(2),
    "AvgPool2D(padding='same', strides=1)": AvgPool2D(strides=1, padding="same"),
    "BatchNorm()": BatchNorm(),
    "BatchNorm(momentum=0.4)": BatchNorm(0.4),
    "BatchNorm(bias_lr_multiplier=64, scale=False)": BatchNorm(scale=False, bias_lr_multiplier=64),
    "CategoryEmbedding(cardinalities=[3, 4], dim=2)": CategoryEmbedding([3, 4], 2),
    "Columns(layers=[Scale(), None], widths=[3, 4])": Columns([Scale(), None], [3, 4]),
    "Conv2D(filters=32, kernel_size=3)": Conv2D(32, 3),
    "Conv2D(filters=8, kernel_size=(1, 5), padding='same')": Conv2D(8, (1, 5), padding="same"),
    "Conv2D(filters=6, groups=6, kernel_size=3)": Conv2D(6, 3, groups=6),
    "ConvTranspose2D(filters=6, kernel_size=3, strides=2)": ConvTranspose2D(6, 3, strides=2),
    "Dense(activation='tanh', units=5)": Dense(5, activation="tanh"),
    "Dense(units=5)": Dense(5),
    "Dense(parametrization='ntk', units=5)": Dense(5, parametrization="ntk"),
    "Dropout(rate=0.5)": Dropout(0.5),
    "Flatten()": Flatten(),
    "GlobalAvgPool2D()": GlobalAvgPool2D(),
    "GlobalMaxPool2D()": GlobalMaxPool2D(),
    "GroupNorm(groups=4)": GroupNorm(4),
    "LayerNorm(epsilon=0.1)": LayerNorm(0.1),
    "MaxPool2D()": MaxPool2D(),
    "MaxPool2D(pool_size=3, strides=2)": MaxPool2D(3, strides=2),
    "ParametricActivation(lr_multiplier=0.1, name='mish')": ParametricActivation("mish", 0.1),
    "PeriodicEmbedding(lr_multiplier=0.1)": PeriodicEmbedding(lr_multiplier=0.1),
    "PiecewiseLinearEmbedding(edges=[[0, 1], [2, 3]], n_outputs=2)": PiecewiseLinearEmbedding(
        [[0, 1], [2, 3]], 2
    ),
    "Residual(layers=[Conv2D(filters=4, kernel_size=1), BatchNorm()])": Residual(
        [Conv2D(4, 1), BatchNorm()]
    ),
    "Scale(lr_multiplier=6)": Scale(6),
    "Scale(initial=0.5, lr_multiplier=0)": Scale(0, 0.5),
    "SpatialDropout(rate=0.1)": SpatialDropout(0.1),
    "Transposed(layers=[Conv2D(filters=4, kernel_size=1)])": Transposed([Conv2D(4, 1)]),
}


@pytest.mark.parametrize("text", REPRS)
def test_repr(text):
    assert repr(REPRS[text]) == text


@pytest.mark.parametrize("text", REPRS)
def test_clone(text):
    layer = REPRS[text]
    copy = clone(layer)
    assert copy is not layer
    assert repr(copy) == repr(layer)
    assert copy.get_params(deep=False).keys() == layer.get_params(deep=False).keys()


def test_all_have_a_row():
    assert {type(layer).__name__ for layer in REPRS.values()} == set(layers.__all__)


def test_a_clone_of_a_residual_shares_nothing():
    layer = Residual([Conv2D(4, 1)])
    copy = clone(layer)
    copy.layers[0].filters = 5
    assert layer.layers[0].filters == 4


def test_parameters_inside_of_a_residual():
    net = CNNClassifier(layers=[Conv2D(4, 3), Flatten(), Residual([Conv2D(4, 1), BatchNorm()])])
    inner = net.layers[2]
    parameters = net.get_params()
    assert parameters["layers__2__layers__0"] is inner.layers[0]
    assert parameters["layers__2__layers__0__filters"] == 4
    before = inner.layers
    cloned = clone(net).set_params(
        layers__2__layers__0__filters=6, layers__2__layers__1__momentum=1
    )
    assert (cloned.layers[2].layers[0].filters, cloned.layers[2].layers[1].momentum) == (6, 1)
    assert inner.layers[0].filters == 4
    # a new layer comes before its parameters, whatever the order in which they are named
    net.set_params(layers__2__layers__1__rate=0.5, layers__2__layers__1=Dropout(0.1))
    assert inner.layers[1].rate == 0.5
    assert isinstance(before[1], BatchNorm)  # a list of the user's is not changed
    inner.set_params(layers=[Dense(3)], layers__0__units=5)
    assert inner.layers[0].units == 5


@pytest.mark.parametrize("name", ["layers__9", "layers__x__filters", "layers__0__size", "rate"])
def test_parameters_that_a_residual_does_not_have(name):
    with pytest.raises(ValueError, match="Invalid parameter"):
        Residual([Conv2D(4, 1)]).set_params(**{name: 1})


def test_layers_inside_of_a_residual_are_searched():
    residual = Residual([Conv2D(4, 3, padding="same", activation="tanh")])
    net = CNNClassifier(layers=[residual], max_iter=1, batch_size=4)
    X, y = np.random.default_rng(0).random((12, 5, 5, 4)), np.arange(12) % 2
    search = GridSearchCV(net, {"layers__0__layers__0__kernel_size": [1, 3]}, cv=2).fit(X, y)
    shapes = [
        clone(net).set_params(**p).fit(X, y).coefs_[0].shape for p in search.cv_results_["params"]
    ]
    assert shapes == [(1, 1, 4, 4), (3, 3, 4, 4)]
    assert residual.layers[0].kernel_size == 3


@pytest.mark.parametrize("text", REPRS)
def test_parameters_can_be_set(text):
    layer = clone(REPRS[text])
    for name in layer.get_params(deep=False):
        layer.set_params(**{name: 3})
        assert getattr(layer, name) == 3


# ---- shapes -------------------------------------------------------------------------------------

# layer, shape of the input, shape of the output
SHAPES = [
    (Conv2D(7, 3), (8, 6, 3), (6, 4, 7)),
    (Conv2D(7, 3, padding="valid"), (3, 3, 1), (1, 1, 7)),
    (Conv2D(7, 3, padding="same"), (8, 6, 3), (8, 6, 7)),
    (Conv2D(7, 4, padding="same"), (8, 5, 3), (8, 5, 7)),
    (Conv2D(7, 3, strides=2), (8, 7, 3), (3, 3, 7)),
    (Conv2D(7, 3, strides=2, padding="same"), (8, 7, 3), (4, 4, 7)),
    (Conv2D(7, 3, strides=(1, 3), padding="same"), (8, 7, 3), (8, 3, 7)),
    (Conv2D(7, 2, strides=5), (8, 6, 3), (2, 1, 7)),
    (Conv2D(7, 3, padding=2), (1, 4, 3), (3, 6, 7)),
    (Conv2D(7, 3, padding=(0, 1)), (5, 5, 3), (3, 5, 7)),
    (Conv2D(7, 3, dilation=2), (8, 7, 3), (4, 3, 7)),
    (Conv2D(7, 3, dilation=(1, 2), padding="same"), (8, 7, 3), (8, 7, 7)),
    (Conv2D(7, (1, 5)), (1, 9, 1), (1, 5, 7)),
    (Conv2D(6, 3, groups=3), (5, 5, 3), (3, 3, 6)),
    (Conv2D(3, 3, groups=3, bias=False), (5, 5, 3), (3, 3, 3)),
    (MaxPool2D(), (8, 6, 5), (4, 3, 5)),
    (MaxPool2D(2), (7, 7, 5), (3, 3, 5)),
    (MaxPool2D(2, padding="same"), (7, 7, 5), (4, 4, 5)),
    (MaxPool2D(2, padding="same"), (1, 1, 5), (1, 1, 5)),
    (MaxPool2D(3, strides=2), (7, 8, 5), (3, 3, 5)),
    (MaxPool2D(3, strides=1, padding="same"), (7, 8, 5), (7, 8, 5)),
    (MaxPool2D((1, 4)), (1, 9, 2), (1, 2, 2)),
    (MaxPool2D(2, strides=5), (8, 6, 1), (2, 1, 1)),
    (AvgPool2D(2, padding="same"), (7, 6, 5), (4, 3, 5)),
    (AvgPool2D((3, 2), strides=(1, 2)), (7, 6, 5), (5, 3, 5)),
    (GlobalMaxPool2D(), (7, 6, 5), (5,)),
    (GlobalAvgPool2D(), (1, 1, 5), (5,)),
    (Flatten(), (7, 6, 5), (210,)),
    (Flatten(), (9,), (9,)),
    (ConvTranspose2D(4, 3, strides=2, padding=1, output_padding=1), (7, 6, 5), (14, 12, 4)),
    (ConvTranspose2D(4, (2, 3)), (7, 6, 5), (8, 8, 4)),
    (Dense(4), (9,), (4,)),
    (Dense(4), (7, 6, 5), (4,)),
    (BatchNorm(), (7, 6, 5), (7, 6, 5)),
    (BatchNorm(), (9,), (9,)),
    (LayerNorm(), (7, 6, 5), (7, 6, 5)),
    (LayerNorm(), (9,), (9,)),
    (GroupNorm(5), (7, 6, 5), (7, 6, 5)),
    (GroupNorm(3), (9,), (9,)),
    (Dropout(0.5), (7, 6, 5), (7, 6, 5)),
    (Dropout(0.5), (9,), (9,)),
    (SpatialDropout(0.5), (7, 6, 5), (7, 6, 5)),
    (Activation("relu"), (7, 6, 5), (7, 6, 5)),
    (Activation("identity"), (9,), (9,)),
    (Residual([Conv2D(5, 3, padding="same")]), (7, 6, 5), (7, 6, 5)),
    (Residual([Dense(3), Dense(9)]), (9,), (9,)),
    (Residual([Residual([Activation("tanh")])]), (9,), (9,)),
    (Transposed([Conv2D(3, 1), Conv2D(42, 1)]), (7, 6, 5), (7, 6, 5)),
    (Transposed([Transposed([Conv2D(5, 1)])]), (7, 6, 5), (7, 6, 5)),
]


@pytest.mark.parametrize(("layer", "shape", "expected"), SHAPES, ids=repr)
def test_output_shape(layer, shape, expected):
    actual = layer.output_shape(shape)
    assert actual == expected
    assert isinstance(actual, tuple)
    assert all(type(size) is int for size in actual)


@pytest.mark.parametrize(("layer", "shape", "expected"), SHAPES, ids=repr)
def test_a_network_has_that_shape(layer, shape, expected):
    network = Network([layer], shape, "float32")
    assert network.output_shape == expected
    assert network.ends[0][1] == expected


# layer, shape of the input, sizes that the message names
MISFITS = [
    (Conv2D(7, 5), (4, 9, 3), (5, 4)),
    (Conv2D(7, (2, 10)), (4, 9, 3), (10, 9)),
    (Conv2D(7, 3, dilation=4), (8, 9, 3), (9, 8)),
    (Conv2D(7, 6, padding=1), (3, 9, 3), (6, 3)),
    (Conv2D(8, 3, groups=2), (8, 8, 3), (2, 3)),
    (Conv2D(7, 3, groups=2), (8, 8, 4), (2, 7)),
    (MaxPool2D(5), (4, 9, 3), (5, 4)),
    (AvgPool2D((2, 10)), (4, 9, 3), (10, 9)),
    (Conv2D(7, 3), (9,), (9,)),
    (MaxPool2D(), (9,), (9,)),
    (GlobalAvgPool2D(), (9,), (9,)),
    (SpatialDropout(0.5), (9,), (9,)),
    (Residual([Conv2D(5, 3)]), (7, 6, 5), (7, 6, 5)),
    (Residual([Conv2D(4, 1)]), (7, 6, 5), (5, 4)),
    (Residual([Dense(8)]), (9,), (9, 8)),
    (PeriodicEmbedding(), (7, 6, 5), (7, 6, 5)),
    (PiecewiseLinearEmbedding([[0, 1]] * 3), (7, 6, 5), (7, 6, 5)),
    (PiecewiseLinearEmbedding([[0, 1], [1, 2]]), (4,), (2, 4)),
    (CategoryEmbedding([3, 4]), (7, 6, 5), (7, 6, 5)),
    (CategoryEmbedding([3, 4]), (3,), (2, 3)),
    (Columns([Scale(), None], [2, 3]), (6,), (2, 3, 6)),
    (Columns([Scale()], [2, 3]), (5,), (1, 2, 3, 5)),
    (Columns([None], [9]), (7, 6, 5), (7, 6, 5)),
    (Transposed([Conv2D(41, 1)]), (7, 6, 5), (42, 41)),
    (Transposed([Dense(42)]), (7, 6, 5), (5, 42)),
    (Transposed([Conv2D(9, 1)]), (9,), (9,)),
]


@pytest.mark.parametrize(("layer", "shape", "sizes"), MISFITS, ids=repr)
def test_a_layer_that_does_not_fit_says_the_sizes(layer, shape, sizes):
    with pytest.raises(ValueError) as error:
        layer.output_shape(shape)
    numbers = re.findall(r"\d+", str(error.value))
    assert set(map(str, sizes)) <= set(numbers)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Activation("relu", alpha=0.1), "alpha=0.1 is for 'leaky_relu' and 'elu'"),
        (ParametricActivation("mash"), "'name' parameter .* Got 'mash' instead"),
        (PiecewiseLinearEmbedding([[0, 1]]), r"edges must have the shape \(T \+ 1, d\)"),
        (PiecewiseLinearEmbedding([[0, 1], [1, 1]]), r"edges must be finite and rise"),
        (PiecewiseLinearEmbedding([[0, 1], [1, np.nan]]), r"edges must be finite and rise"),
        (PiecewiseLinearEmbedding([[0, 1], [1, np.inf]]), r"edges must be finite and rise"),
        (CategoryEmbedding([3, 0]), r"cardinalities=\[3, 0\] must be integers >= 1"),
        (Columns([None, None], [2, 0]), r"widths=\[2, 0\] must be integers >= 1"),
    ],
    ids=repr,
)
def test_a_layer_says_the_parameter_that_is_wrong(layer, message):
    with pytest.raises(ValueError, match=message):
        Network([layer], 2, "float32")


def test_a_network_says_the_layer_that_does_not_fit():
    with pytest.raises(ValueError, match="Conv2D"):
        Network([Conv2D(4, 3), MaxPool2D(2), Conv2D(4, 5)], (9, 9, 1), "float32")


# ---- weights ------------------------------------------------------------------------------------

# layer, shape of the input, shapes of weights and biases, multiply-adds of a row
WEIGHTS = [
    (Conv2D(7, (3, 2)), (8, 6, 3), (3, 2, 3, 7), (7,), 6 * 5 * 3 * 2 * 3 * 7),
    (Conv2D(6, 3, groups=3), (8, 6, 3), (3, 3, 1, 6), (6,), 6 * 4 * 3 * 3 * 6),
    (Conv2D(7, 1, bias=False), (2, 2, 3), (1, 1, 3, 7), (7,), 4 * 3 * 7),
    (Conv2D(7, 3, strides=2, padding="same"), (8, 7, 3), (3, 3, 3, 7), (7,), 16 * 27 * 7),
    (ConvTranspose2D(6, 3, groups=3), (8, 6, 3), (3, 3, 1, 6), (6,), 10 * 8 * 3 * 3 * 6),
    (Dense(4), (7, 6, 5), (210, 4), (4,), 840),
    (BatchNorm(), (7, 6, 5), (5,), (5,), None),
    (LayerNorm(), (9,), (9,), (9,), None),
    (GroupNorm(1), (7, 6, 5), (5,), (5,), None),
    (Scale(), (7, 6, 5), (1, 5), (5,), None),
    (ParametricActivation("mish"), (9,), (1, 9), (9,), None),
    (PeriodicEmbedding(4, 2), (9,), (18, 9), (9,), None),
    (PiecewiseLinearEmbedding([[0, 1], [1, 2], [2, 3]], 4), (2,), (12, 2), (2,), None),
    (CategoryEmbedding([7], 3), (1,), (7, 3), (3,), None),
]


@pytest.mark.parametrize(("layer", "shape", "coef", "intercept", "products"), WEIGHTS, ids=repr)
def test_shapes_of_weights(layer, shape, coef, intercept, products):
    network = Network([layer], shape, "float32")
    assert network.coef_shapes == [coef]
    assert network.intercept_shapes == [intercept]
    coefs, intercepts = network.initial_weights(np.random.RandomState(0))
    assert [array.shape for array in (*coefs, *intercepts)] == [coef, intercept]
    assert {array.dtype for array in (*coefs, *intercepts)} == {np.dtype("float32")}
    if products is not None:
        assert network.multiply_adds == products


def test_weights_stand_in_the_order_of_the_layers():
    block = Residual([Conv2D(4, 3, padding="same"), BatchNorm(), Conv2D(4, 1)])
    network = Network([Conv2D(4, 2), block, BatchNorm(), Dense(3)], (5, 5, 1), "float64")
    assert network.coef_shapes == [(2, 2, 1, 4), (3, 3, 4, 4), (4,), (1, 1, 4, 4), (4,), (64, 3)]
    assert network.statistics_shapes == [(4,), (4,)]


@pytest.mark.parametrize("layer", [BatchNorm(), LayerNorm()])
def test_norms_begin_as_the_identity(layer):
    network = Network([layer], (3, 3, 5), "float32")
    coefs, intercepts = network.initial_weights(np.random.RandomState(0))
    assert (coefs[0] == 1).all()
    assert not intercepts[0].any()


@pytest.mark.parametrize("layer", [Scale(), ParametricActivation("identity")])
def test_factors_begin_as_ones(layer):
    network = Network([layer], (3, 3, 5), "float32")
    coefs, intercepts = network.initial_weights(np.random.RandomState(0))
    assert (coefs[0] == 1).all()
    assert not intercepts[0].any()
    assert network.summary()[0].n_parameters == 5


def test_a_scale_that_is_fixed():
    network = Network([Scale(lr_multiplier=0, initial=0.25)], (3, 3, 5), "float32")
    assert (network.initial_weights(np.random.RandomState(0))[0][0] == 0.25).all()
    assert network.summary()[0].n_parameters == 0


def test_ntk_begins_with_outputs_of_unit_size():
    network = Network(
        [Dense(100, parametrization="ntk", lr_multiplier=2, bias_lr_multiplier=3)], 400, "float64"
    )
    (W,), (b,) = network.initial_weights(np.random.RandomState(0))
    assert W.std() == pytest.approx(1 / 20, rel=0.05)
    assert not b.any()
    (parameter,) = network.plan.parameters
    factors = parameter.rate_factor, parameter.bias_rate_factor, parameter.decay_factor
    assert factors == (2 / 20, 3, 2)


def test_a_scale_that_is_not_trained_does_not_count():
    network = Network([BatchNorm(scale=False)], (3, 3, 5), "float32")
    assert [row.n_parameters for row in network.summary()] == [5]


def test_initial_weights_keep_the_size_of_what_passes():
    """He et al. 2015: the variance of a kernel is 2 / (kh kw c_in / groups) before a ReLU."""
    network = Network([Conv2D(256, 3, groups=2)], (4, 4, 32), "float32")
    W = network.initial_weights(np.random.RandomState(0))[0][0]
    assert W.std() == pytest.approx(np.sqrt(2 / (9 * 16)), rel=0.05)
    assert abs(W.mean()) < 0.1 * W.std()


def test_no_bias_is_zeros():
    network = Network([Conv2D(6, 3, bias=False)], (4, 4, 3), "float32")
    assert not network.initial_weights(np.random.RandomState(0))[1][0].any()


def test_summary():
    network = Network(
        [Conv2D(6, 3), MaxPool2D(2), Flatten(), Dense(4, activation="identity")],
        (8, 8, 1),
        "float32",
    )
    rows = network.summary()
    assert [row.output_shape for row in rows] == [(6, 6, 6), (3, 3, 6), (54,), (4,)]
    assert [row.n_parameters for row in rows] == [60, 0, 0, 220]
    assert [row.flops for row in rows if row.n_parameters] == [2 * 36 * 54, 2 * 216]
