"""Monte-Carlo dropout: means and spreads over thinned networks."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone

from sknn.estimators.prediction import NetworkPrediction
from sknn.layers import Conv2D, Dropout, SpatialDropout
from tests import reference
from tests.estimators.samples import (
    DIGITS,
    IMAGES,
    NUMBERS,
    TARGETS,
    X_NUMBERS,
    X,
    Y,
    classifier,
    cnn,
    cnn_regressor,
    regressor,
)

DROPPED = {"dropout": (0.2, 0.4), "activation": "tanh", "dtype": "float64"}


def thinned_outputs(net, x, draw):
    """The reference's logits of one draw of a perceptron with one hidden layer."""
    network, _ = NetworkPrediction(net).program()
    salts = iter(op.mask for op in network.plan.ops if op.drop_rate > 0)
    seed = ~net._optimizer.seed & (2**64 - 1)
    for layer, (W, b) in enumerate(zip(net.coefs_, net.intercepts_, strict=True)):
        x = np.tanh(x) if layer else x
        mask = reference.dropout_mask(
            seed, draw, [0], next(salts), len(W), DROPPED["dropout"][layer]
        )
        x = (x * mask) @ W + b
    return x


def test_moments_of_a_regressor_are_those_of_the_references_draws():
    net = regressor(**DROPPED).fit(X_NUMBERS, NUMBERS)
    draws = np.stack([thinned_outputs(net, X_NUMBERS, k)[:, 0] for k in range(30)])
    mean, std = net.predict(X_NUMBERS, return_std=True, mc_samples=30)
    np.testing.assert_allclose(mean, draws.mean(axis=0), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(std, draws.std(axis=0), rtol=1e-7, atol=1e-12)
    np.testing.assert_array_equal(net.predict(X_NUMBERS, mc_samples=30), mean)
    hundred = net.predict(X_NUMBERS, return_std=True, mc_samples=100)
    for a, b in zip(net.predict(X_NUMBERS, return_std=True), hundred, strict=True):
        np.testing.assert_array_equal(a, b)


def test_probabilities_are_means_over_the_references_draws():
    net = classifier(**DROPPED).fit(X, Y)
    draws = [reference.softmax(thinned_outputs(net, X, k)) for k in range(20)]
    found = net.predict_proba(X, mc_samples=20)
    np.testing.assert_allclose(found, np.mean(draws, axis=0), rtol=1e-9)
    assert found.dtype == np.float64
    assert not np.allclose(found, net.predict_proba(X), atol=1e-3)


def test_statistics_of_a_linear_network():
    """y = Σ w m x / (1 - r) + b has the mean of the whole network and a variance that is known."""
    rate = 0.3
    net = regressor(hidden_layer_sizes=(), dropout=(rate,), dtype="float64").fit(X_NUMBERS, NUMBERS)
    mean, std = net.predict(X_NUMBERS, return_std=True, mc_samples=4000)
    expected = np.sqrt(rate / (1 - rate) * ((X_NUMBERS * net.coefs_[0][:, 0]) ** 2).sum(axis=1))
    np.testing.assert_allclose(std, expected, rtol=0.1)
    assert abs((mean - net.predict(X_NUMBERS)) / expected * np.sqrt(4000)).max() < 5


@pytest.mark.parametrize("target", TARGETS)
def test_probabilities_of_any_target(target):
    net = classifier(dropout=0.5).fit(X, TARGETS[target])
    plain, drawn = net.predict_proba(X), net.predict_proba(X, mc_samples=9)
    if target == "columns":
        assert [p.shape for p in plain] == [p.shape for p in drawn]
        plain, drawn = plain[0], drawn[0]
    assert plain.shape == drawn.shape
    assert not np.allclose(plain, drawn)
    if target != "multilabel":
        np.testing.assert_allclose(drawn.sum(axis=1), 1)


IMAGE_LAYERS = {
    "dropout": {"dropout": 0.4},
    "layers": {"layers": [SpatialDropout(0.2), Conv2D(4, 3), SpatialDropout(0.3), Dropout(0.3)]},
    "test_time_augmentation": {"dropout": 0.4, "test_time_augmentation": True},
}


@pytest.mark.parametrize("case", IMAGE_LAYERS)
def test_images(case):
    net = cnn(**IMAGE_LAYERS[case]).fit(IMAGES, DIGITS)
    drawn = net.predict_proba(IMAGES, mc_samples=20)
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    assert not np.allclose(drawn, net.predict_proba(IMAGES), atol=1e-3)
    numbers = cnn_regressor(**IMAGE_LAYERS[case]).fit(IMAGES, DIGITS / 10)
    mean, std = numbers.predict(IMAGES, return_std=True, mc_samples=20)
    assert mean.shape == std.shape == (60,)
    assert std.min() > 0
    assert mean.dtype == std.dtype == np.float64


def test_any_number_of_threads_gives_the_same_bits():
    many = np.repeat(X, 40, axis=0).astype(np.float32)
    parameters = {"hidden_layer_sizes": (150, 90), "dropout": 0.3}
    net = classifier(**parameters).fit(X, Y)
    one, two, three = (
        net.set_params(n_threads=n).predict_proba(many, mc_samples=5) for n in (1, 2, 3)
    )
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, three)


def test_a_row_depends_on_no_other_row():
    net = regressor(dropout=0.5).fit(X_NUMBERS, NUMBERS)
    whole = net.predict(X_NUMBERS, return_std=True)
    part = net.predict(X_NUMBERS[200:230], return_std=True)
    for a, b in zip(whole, part, strict=True):
        np.testing.assert_array_equal(a[200:230], b)


def test_draws_follow_the_seed_of_the_fit():
    net = regressor(dropout=0.5).fit(X_NUMBERS, NUMBERS)
    found = net.predict(X_NUMBERS, mc_samples=5)
    again = clone(net).fit(X_NUMBERS, NUMBERS)
    for same in (net, again, pickle.loads(pickle.dumps(net))):
        np.testing.assert_array_equal(same.predict(X_NUMBERS, mc_samples=5), found)
    weights = net.get_weights()
    other = regressor(dropout=0.5, random_state=1).fit(X_NUMBERS, NUMBERS).set_weights(weights)
    assert not np.allclose(other.predict(X_NUMBERS, mc_samples=5), found)
    untrained = clone(net).initialize(X_NUMBERS, NUMBERS).set_weights(weights)
    assert np.isfinite(untrained.predict(X_NUMBERS, mc_samples=5)).all()


def test_several_outputs_sparse_rows_and_frames():
    y = np.column_stack([NUMBERS, -NUMBERS])
    net = regressor(dropout=(0.2, 0.3)).fit(X_NUMBERS, y)
    mean, std = net.predict(X_NUMBERS, return_std=True, mc_samples=7)
    assert mean.shape == std.shape == y.shape
    sparse = net.predict(sp.csr_matrix(X_NUMBERS), return_std=True, mc_samples=7)
    np.testing.assert_allclose(sparse, (mean, std), rtol=1e-4, atol=1e-5)


def test_the_poisson_mean_is_that_of_the_predictions():
    net = regressor(loss="poisson", **DROPPED).fit(X_NUMBERS, np.abs(NUMBERS))
    draws = [np.exp(thinned_outputs(net, X_NUMBERS, k)[:, 0]) for k in range(10)]
    np.testing.assert_allclose(net.predict(X_NUMBERS, mc_samples=10), np.mean(draws, axis=0))


def test_without_dropout_it_is_an_error():
    for net, call in [
        (regressor().fit(X, Y), lambda net: net.predict(X, return_std=True)),
        (regressor().fit(X, Y), lambda net: net.predict(X, mc_samples=5)),
        (regressor(solver="lbfgs").fit(X, Y), lambda net: net.predict(X, return_std=True)),
        (classifier().fit(X, Y), lambda net: net.predict_proba(X, mc_samples=5)),
        (cnn().fit(IMAGES, DIGITS), lambda net: net.predict_proba(IMAGES, mc_samples=5)),
    ]:
        with pytest.raises(ValueError, match="dropout > 0"):
            call(net)


@pytest.mark.parametrize("wrong", [0, -1, 2.5, True, "many"])
def test_wrong_numbers_of_draws(wrong):
    with pytest.raises(ValueError, match="mc_samples=.* must be an integer >= 1"):
        classifier(dropout=0.5).fit(X, Y).predict_proba(X, mc_samples=wrong)
    net = regressor(dropout=0.5).fit(X, Y)
    with pytest.raises(ValueError, match="integer >= 1"):
        net.predict(X, mc_samples=wrong)
    with pytest.raises(ValueError, match="integer >= 2"):
        net.predict(X, return_std=True, mc_samples=1)


def test_input_is_checked_as_in_predict():
    net = regressor(dropout=0.5).fit(X, Y)
    with pytest.raises(ValueError, match="NaN"):
        net.predict(np.full_like(X, np.nan), return_std=True)
    with pytest.raises(ValueError, match="features"):
        net.predict(X[:, :2], return_std=True)


def test_predict_itself_drops_nothing():
    net = classifier(dropout=0.5).fit(X, Y)
    np.testing.assert_array_equal(net.predict(X), net.predict_proba(X).argmax(axis=1))


def test_the_mean_over_views_uses_one_mask_per_draw():
    """Of an image of zeros all views are the same: test-time averaging changes nothing."""
    zeros = np.zeros((4, 8, 8))
    net = cnn(dropout=0.5, test_time_augmentation=True, standardize=False).fit(IMAGES, DIGITS)
    averaged = net.predict_proba(zeros, mc_samples=6)
    single = net.set_params(test_time_augmentation=False).predict_proba(zeros, mc_samples=6)
    np.testing.assert_allclose(averaged, single, rtol=1e-5)
    assert not np.allclose(averaged, net.predict_proba(zeros), rtol=1e-3)
