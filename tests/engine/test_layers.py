"""Every case of the table of layers: outputs, gradients, bits that depend on nothing but the row."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sknn.layers import AvgPool2D, Conv2D, Dense, Dropout, MaxPool2D, Scale, SpatialDropout
from sknn.losses import Loss
from tests.engine.layer_cases import ALL, CONVOLUTIONS, DROPOUTS, PLAIN, POOLS, SMALL
from tests.engine.layered import Layered
from tests.engine.under_test import LOSSES, arrays, flat, targets


def case(tested_engine, name, **options):
    layers, shape = ALL[name]
    return Layered(tested_engine, layers, shape, **options)


def assert_near(actual, expected, tolerance):
    """Within a share of the largest number; a NaN where one is expected."""
    expected = np.asarray(expected, float)
    size = abs(expected[np.isfinite(expected)]).max(initial=1.0)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * size)


def assert_gradient(model, X, y, tolerance, **options):
    value, gradient = model.loss_and_gradient(X, y, **options)
    expected, expected_gradient, _ = model.reference(X, y, **options)
    assert value == pytest.approx(expected, rel=tolerance)
    assert_near(flat(gradient), flat(expected_gradient), tolerance)


# ---- forward ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_equals_the_reference(tested_engine, name):
    """Every layer: `ends` says after how many ops its output stands in its buffer, and its shape."""
    model = case(tested_engine, name)
    X = model.images(19)
    outputs = model.reference_outputs(X)
    for (n_ops, shape), expected in zip(model.network.ends, outputs, strict=True):
        assert shape == expected.shape[1:]
        if n_ops > 0:
            assert_near(model.forward(X, n_ops, shape=shape), expected, 200 * tested_engine.eps)
    for n in (1, 8, 19):
        assert_near(model.forward(X[:n]), outputs[-1][:n], 200 * tested_engine.eps)
        assert model.finite


@pytest.mark.parametrize("name", ALL)
def test_a_row_has_the_same_bits_in_any_company_and_on_any_threads(tested_engine, name):
    """(Links see logits only, whatever the layers: test_forward.py.)"""
    model = case(tested_engine, name)
    X = model.images(40)
    together = model.forward(X)
    for n in (1, 2, 7, 8, 9, 16, 33):
        np.testing.assert_array_equal(model.forward(X[:n]), together[:n])
        np.testing.assert_array_equal(model.forward(X[40 - n :]), together[40 - n :])
    alone = np.concatenate([model.forward(X[i : i + 1]) for i in range(10)])
    np.testing.assert_array_equal(alone, together[:10])
    for n, n_threads in [(1, 3), (3, 2), (3, 7), (40, 2), (40, 3), (40, 7)]:
        np.testing.assert_array_equal(model.forward(X[:n], n_threads=n_threads), together[:n])


@pytest.mark.parametrize("name", DROPOUTS)
def test_prediction_has_no_masks(tested_engine, name):
    """The same bits as the network without these layers."""

    def without(layers):
        for layer in layers:
            if isinstance(layer, (Dropout, SpatialDropout)):
                continue
            nested = hasattr(layer, "layers")
            yield type(layer)(list(without(layer.layers))) if nested else layer

    layers, shape = DROPOUTS[name]
    plain = Layered(tested_engine, list(without(layers)), shape)
    dropped = case(tested_engine, name)
    X = dropped.images(12)
    np.testing.assert_array_equal(dropped.forward(X), plain.forward(X))


# ---- NaN ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLAIN)
def test_a_bad_row_is_seen_and_harms_no_other(tested_engine, name):
    model = case(tested_engine, name)
    X = model.images(12)
    expected = model.forward(X)
    for bad in (np.nan, np.inf):
        X[4] = bad
        actual = model.forward(X, n_threads=2)
        assert not model.finite
        assert not np.isnan(bad) or np.isnan(actual[4]).all()
        np.testing.assert_array_equal(np.delete(actual, 4, axis=0), np.delete(expected, 4, axis=0))


@pytest.mark.parametrize("name", {**CONVOLUTIONS, **POOLS})
def test_a_bad_pixel_is_seen_by_its_windows(tested_engine, name):
    """And by no other image. A neighbour of a window may see it too: it is computed together with it, with a
    weight of zero."""
    model = case(tested_engine, name)
    X = model.images(9)
    X[np.random.default_rng(3).random(X.shape) < 0.02] = np.nan
    bad = np.isnan(X).any(axis=(1, 2, 3))
    ends = model.network.ends[:-1]
    for (n_ops, shape), expected in zip(ends, model.reference_outputs(X), strict=False):
        if n_ops > 0:
            actual = model.forward(X, n_ops, shape=shape)
            assert np.isnan(actual[np.isnan(expected)]).all()
            assert_near(actual[~bad], expected[~bad], 200 * tested_engine.eps)


@pytest.mark.parametrize("name", SMALL)
def test_training_sees_a_nan(tested_engine, name):
    model = case(tested_engine, name)
    X, y = model.images(6), targets(model.loss, 6, tested_engine.dtype)
    X[3] = np.nan
    value, gradient = model.loss_and_gradient(X, y)
    assert np.isnan(value)
    assert np.isnan(flat(gradient)).any()


# ---- gradients ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_gradient_equals_the_reference(tested_engine, name):
    """With weights and decay. (Rows of weight zero are left out before: batch norms count all rows.)"""
    model = case(tested_engine, name)
    X, y = model.images(13), targets(model.loss, 13, tested_engine.dtype)
    weights = np.random.default_rng(0).integers(1, 4, 13).astype(float)
    options = {"sample_weight": weights, "alpha": 0.5, "seed": 3}
    assert_gradient(model, X, y, 500 * tested_engine.eps, **options)


def test_a_scale_that_is_fixed_has_no_gradient_and_no_penalty(tested_engine):
    model = Layered(
        tested_engine, [Conv2D(6, 2), Scale(lr_multiplier=0, initial=0.1), Dense(5)], (5, 4, 3)
    )
    X, y = model.images(13), targets(model.loss, 13, tested_engine.dtype)
    assert_gradient(model, X, y, 500 * tested_engine.eps)
    plain, penalised = (model.loss_and_gradient(X, y, alpha=alpha)[0] for alpha in (0.0, 1.0))
    trained = [W for W in model.weights[0] if W.shape != (1, 6)]
    penalty = sum((W.astype(float) ** 2).sum() for W in trained) / 2 / len(X)
    assert penalised - plain == pytest.approx(penalty, rel=100 * tested_engine.eps)


@pytest.mark.parametrize("name", sorted(set(SMALL) - {"batch_norm_dense"}))
def test_gradient_of_one_image(tested_engine, name):
    model = case(tested_engine, name)
    X, y = model.images(1), targets(model.loss, 1, tested_engine.dtype)
    assert_gradient(model, X, y, 500 * tested_engine.eps)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", ["max", "separable", "residual_before_norm"])
def test_gradient_of_any_loss(double, name, loss):
    model = case(double, name, loss=LOSSES[loss])
    X, y = model.images(7), targets(model.loss, 7, "float64")
    assert_gradient(model, X, y, 1e-11)


@pytest.mark.parametrize("name", SMALL)
def test_slopes_along_directions(double, name):
    """Central differences of the loss, along random directions in the space of all weights."""
    model = case(double, name, activation="tanh")
    X, y = model.images(5), targets(model.loss, 5, "float64")
    _, gradient = model.loss_and_gradient(X, y, alpha=0.1, seed=3)
    trainer = model.trainer(X, y, alpha=0.1, seed=3)
    unused, rng, step = model.network.empty_weights(), np.random.default_rng(7), 1e-6
    trainable = [array.any() for array in arrays(gradient)]  # a bias that is not has no gradient
    for _ in range(3):
        direction = [
            rng.standard_normal(array.shape) * moves
            for array, moves in zip(arrays(gradient), trainable, strict=True)
        ]
        length = np.linalg.norm(np.concatenate([part.ravel() for part in direction]))
        direction = [part / length for part in direction]  # short: few kinks are crossed
        values = []
        for side in (step, -step):
            moved = [w + side * d for w, d in zip(arrays(model.weights), direction, strict=True)]
            trainer.load(moved[: len(moved) // 2], moved[len(moved) // 2 :])
            values.append(trainer.loss_and_gradient(unused))
        slope = (values[0] - values[1]) / (2 * step)
        expected = sum((g * d).sum() for g, d in zip(arrays(gradient), direction, strict=True))
        assert slope == pytest.approx(expected, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("name", ["no_bias", "batch_norm_pool"])
def test_a_bias_that_is_not_stays_zero(tested_engine, name):
    model = case(tested_engine, name)
    X, y = model.images(6), targets(model.loss, 6, tested_engine.dtype)
    _, gradient = model.loss_and_gradient(X, y)
    assert not gradient[1][0].any()


@pytest.mark.parametrize("activation", ["identity", "relu"])
@pytest.mark.parametrize(
    "pool",
    [
        MaxPool2D(2),
        MaxPool2D(2, padding="same"),
        MaxPool2D(3, strides=2),
        MaxPool2D(3, strides=1, padding="same"),
        MaxPool2D((1, 4)),
    ],
    ids=repr,
)
def test_the_first_of_equal_maxima_gets_the_gradient(tested_engine, pool, activation):
    """Channel 0 of the input has ties, channel 1, of weight zero, tells which place has won."""
    layers = [Conv2D(1, 1, activation=activation), pool]
    model = Layered(tested_engine, layers, (7, 9, 2), Loss("squared_error", (1,)))
    model.weights[0][0][...] = np.array([1.0, 0.0]).reshape(1, 1, 2, 1)
    model.weights[1][0][...] = 0
    X = model.images(11)
    X[..., 0] = np.random.default_rng(2).integers(1, 3, X.shape[:-1])
    y = targets(model.loss, 11, tested_engine.dtype)
    assert_gradient(model, X, y, 100 * tested_engine.eps)


# ---- any geometry -------------------------------------------------------------------------------


def sizes(last):
    return st.tuples(st.integers(1, last), st.integers(1, last))


@given(
    image=sizes(11),
    kernel=sizes(4),
    strides=sizes(4),
    dilation=sizes(3),
    padding=st.one_of(st.sampled_from(["same", "valid"]), st.integers(0, 3), sizes(2)),
    groups=st.integers(1, 5),
    c_in=st.integers(1, 5),
    filters=st.integers(1, 20),
    n=st.integers(1, 6),
)
def test_any_convolution(
    double, image, kernel, strides, dilation, padding, groups, c_in, filters, n
):
    """After another one, so that the gradient of its input counts too."""
    layer = Conv2D(
        filters * groups,
        kernel,
        strides=strides,
        padding=padding,
        dilation=dilation,
        groups=groups,
        activation="tanh",
    )
    assert_any(double, layer, image, c_in * groups, n)


@given(
    image=sizes(11),
    pool_size=sizes(4),
    strides=st.none() | sizes(4),
    padding=st.sampled_from(["same", "valid"]),
    kind=st.sampled_from([AvgPool2D, MaxPool2D]),
    channels=st.integers(1, 35),
    n=st.integers(1, 6),
)
def test_any_pool(double, image, pool_size, strides, padding, kind, channels, n):
    assert_any(double, kind(pool_size, strides, padding), image, channels, n)


def assert_any(tested_engine, layer, image, channels, n):
    """A convolution, then this layer: outputs and gradients."""
    try:
        layer.output_shape((*image, channels))
    except ValueError:
        assume(False)  # does not fit; its message has a test of its own
    first = Conv2D(channels, 3, padding="same", activation="tanh")
    model = Layered(tested_engine, [first, layer], (*image, 2))
    X, y = model.images(n), targets(model.loss, n, "float64")
    assert_near(model.forward(X), model.reference_outputs(X)[-1], 1e-12)
    assert_gradient(model, X, y, 1e-11)
