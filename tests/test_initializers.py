"""Initial weights: what whitening and dirac filters do, where they fit, and layers that stay as they are."""

import numpy as np
import pytest

from sknn import CNNClassifier
from sknn.initializers import dirac, whitening
from sknn.layers import BatchNorm, Conv2D, Dense, Flatten, GlobalAvgPool2D, MaxPool2D, Residual
from sknn.network import Network
from tests.estimators.samples import DIGITS, IMAGES


def correlated_patches(n=5000, shape=(2, 3, 2)):
    """Of mean zero; every value a mixture of all."""
    rng, size = np.random.default_rng(0), int(np.prod(shape))
    return (rng.standard_normal((n, size)) @ rng.standard_normal((size, size))).reshape(n, *shape)


def second_moments(values):
    return values.T @ values / len(values)


# ---- whitening ----------------------------------------------------------------------------------


@pytest.mark.parametrize("n_filters", [24, 10, 2])
def test_whitened_patches_are_uncorrelated_with_variance_one(n_filters):
    patches = correlated_patches()
    W = whitening(patches, n_filters, epsilon=0.0)
    assert W.shape == (2, 3, 2, n_filters)
    white = np.einsum("nijc,ijcf->nf", patches, W)
    half = n_filters // 2
    np.testing.assert_allclose(second_moments(white[:, :half]), np.eye(half), atol=1e-6)
    np.testing.assert_array_equal(W[..., half:], -W[..., :half])


def test_the_largest_variance_comes_first():
    patches = correlated_patches()
    sizes = np.linalg.norm(whitening(patches, 24).reshape(12, 24)[:, :12], axis=0)
    assert (np.diff(sizes) > 0).all()  # 1 / sqrt(variance)


def test_what_does_not_vary_is_not_blown_up():
    patches = correlated_patches()
    patches[:, 0, 0, 0] = 0
    assert abs(whitening(patches, 24, epsilon=1e-4)).max() <= 100


def whitened_first(trainable=False, bias=False):
    first = Conv2D(8, 2, bias=bias, activation="identity", trainable=trainable, init="whitening")
    return CNNClassifier(
        layers=[first, MaxPool2D(2), BatchNorm(), Flatten(), Dense(12)],
        max_iter=3,
        batch_size=32,
        random_state=0,
    )


def test_the_first_layer_whitens_the_images_it_is_fitted_on():
    fitted = whitened_first().fit(IMAGES, DIGITS)
    white = fitted.feature_maps(IMAGES, 1).reshape(-1, 8)
    assert white.shape == (len(IMAGES) * 49, 8)
    np.testing.assert_allclose(second_moments(white[:, :4]), np.eye(4), atol=0.02)
    np.testing.assert_allclose(white[:, 4:], -white[:, :4], atol=1e-5)


def test_a_frozen_layer_stays_as_it_is():
    one = whitened_first().fit(IMAGES, DIGITS)
    longer = whitened_first().set_params(max_iter=6).fit(IMAGES, DIGITS)
    np.testing.assert_array_equal(longer.coefs_[0], one.coefs_[0])
    assert (longer.coefs_[1] != one.coefs_[1]).any()
    assert not longer.intercepts_[0].any()
    trained = whitened_first(trainable=True).fit(IMAGES, DIGITS)
    assert (trained.coefs_[0] != one.coefs_[0]).any()


def test_going_on_keeps_a_frozen_layer():
    net = whitened_first().set_params(warm_start=True).fit(IMAGES, DIGITS)
    before = net.coefs_[0].copy()
    np.testing.assert_array_equal(net.fit(IMAGES[:40], DIGITS[:40]).coefs_[0], before)
    net.partial_fit(IMAGES[20:], DIGITS[20:])
    np.testing.assert_array_equal(net.coefs_[0], before)


def test_a_frozen_layer_may_train_its_biases():
    one = whitened_first(bias=True).fit(IMAGES, DIGITS)
    longer = whitened_first(bias=True).set_params(max_iter=6).fit(IMAGES, DIGITS)
    np.testing.assert_array_equal(longer.coefs_[0], one.coefs_[0])
    assert (longer.intercepts_[0] != one.intercepts_[0]).all()


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"trainable": False, "bias": False}, False),
        ({"trainable": False}, True),
        ({"bias": False}, True),
    ],
)
def test_nothing_asks_for_the_gradient_before_the_first_that_is_trained(options, wanted):
    layers = [Conv2D(6, 2, **options), MaxPool2D(2), Conv2D(4, 2), Dense(3)]
    first, *later = Network(layers, (8, 8, 1), "float32").plan.parameters
    assert not first.needs_input_gradient
    assert [parameter.needs_input_gradient for parameter in later] == [wanted, True]


def test_frozen_weights_do_not_count_as_trained():
    rows = Network([Conv2D(8, 2, trainable=False), Conv2D(8, 2)], (8, 8, 1), "float32").summary()
    assert [row.n_parameters for row in rows] == [8, 4 * 8 * 8 + 8]


WHITENING = {"init": "whitening"}


@pytest.mark.parametrize(
    "layers",
    [
        [Conv2D(4, 2), Conv2D(4, 2, **WHITENING)],
        [MaxPool2D(2), Conv2D(4, 2, **WHITENING)],
        [Residual([Conv2D(2, 1, **WHITENING)])],
        [Conv2D(4, 2, groups=2, **WHITENING)],
        [Conv2D(3, 2, **WHITENING)],
    ],
    ids=["second", "after_a_pool", "in_a_residual", "groups", "odd"],
)
def test_whitening_is_for_the_first_layer(layers):
    remedy = "for the first layer, without groups, and for an even number of at most"
    with pytest.raises(ValueError, match=rf"layers\[\d\] = .*Conv2D\(.*{remedy}"):
        Network(layers, (8, 8, 2), "float32")


def test_as_many_filters_as_there_are_directions():
    Network([Conv2D(16, 2, padding="same", **WHITENING)], (8, 8, 2), "float32")
    with pytest.raises(ValueError, match="at most 16 filters"):
        Network([Conv2D(18, 2, **WHITENING)], (8, 8, 2), "float32")


def test_another_rule_is_named():
    with pytest.raises(ValueError, match=r"layers\[0\] = .*'init' parameter of Conv2D .*'xavier'"):
        Network([Conv2D(4, 2, init="xavier")], (8, 8, 2), "float32")


# ---- dirac --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 3, 4, 6), (3, 3, 6, 4), (1, 5, 4, 4), (2, 2, 3, 5)])
def test_dirac_filters_pass_a_channel_each(shape):
    W, b = dirac(shape, "relu", np.random.RandomState(0))
    same = min(shape[2:])
    passing = np.zeros((*shape[:3], same))
    passing[shape[0] // 2, shape[1] // 2, range(same), range(same)] = 1
    np.testing.assert_array_equal(W[..., :same], passing)
    assert W[..., same:].all()
    assert not b.any()


def test_a_network_of_dirac_filters_is_a_shallow_one():
    layers = [Conv2D(1, 3, padding="same", activation="identity", init="dirac")] * 3
    net = CNNClassifier(layers=[*layers, GlobalAvgPool2D()], max_iter=1, learning_rate_init=1e-12)
    fitted = net.set_params(standardize=False).fit(IMAGES, DIGITS)
    maps = fitted.feature_maps(IMAGES, 3).reshape(IMAGES.shape)
    np.testing.assert_allclose(maps, IMAGES, atol=1e-5)
